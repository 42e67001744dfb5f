import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { SubscriptionShown } from '../../api/answers.ts';
import type { EventType } from '../../records/registry.ts';
import { grantsFor, may } from '../../records/rights.ts';
import { Form } from '../incident-forms.ts';
import type { PageProps } from './accounts.ts';
import { areaWords } from './areas.ts';
import type { SubscriptionEntered } from './office-requests.ts';
import { idField, SelectField, TextField } from './section.ts';

/** A new subscription, or one that is there: its id stays. Only areas whose subscriptions somebody manages are offered. */
export function SubscriptionForm({ one, access, areas, speech, isBusy, title, send, save, cancel }: FormProps) {
  const { office } = speech.texts;
  const words = office.subscriptions;
  const managesAll = grantsFor(access, 'subscription:manage').some(({ areaId }) => areaId === undefined);
  const places = [
    ...areas.sorted.map(({ id }) => id).filter((id) => may(access, 'subscription:manage', id, areas)),
    ...(managesAll ? [everywhere] : []),
  ];
  const [id, setId] = useState(one?.id ?? '');
  const [name, setName] = useState(one?.name ?? '');
  const [url, setUrl] = useState(one?.url ?? '');
  const [place, setPlace] = useState(one ? (one.areaId ?? everywhere) : (places[0] ?? everywhere));
  const [types, setTypes] = useState<readonly EventType[]>(one?.types ?? []);
  const submit = (event: Event) => {
    event.preventDefault();
    const area = place === everywhere ? {} : { areaId: place };
    save({ name: name.trim(), url: url.trim(), types: [...types], paused: one?.paused ?? false, ...area }, id);
  };
  const isWhole = id !== '' && name.trim() !== '' && url.trim() !== '' && types.length > 0;
  const placeChoices = places.map((areaId) => [areaId, areaWords(areaId || undefined, areas, speech)] as const);
  return html`<${Form} ...${{ title, submit, cancel, speech, isBusy, isWhole, send }}>
    <${TextField} label=${office.name} value=${name} set=${setName} maxlength=${60} />
    ${!one && html`<${TextField} label=${office.id} value=${id} set=${setId} hint=${office.idHint} ...${idField} />`}
    <${TextField} label=${words.url} value=${url} set=${setUrl} type="url" maxlength=${500} />
    <${SelectField} label=${office.area} value=${place} set=${setPlace} choices=${placeChoices} />
    <fieldset class="choices">
      <legend>${words.types}</legend>
      ${(Object.entries(words.events) as [EventType, string][]).map(
        ([type, label]) => html`<label key=${type} class="choice">
          <input type="checkbox" checked=${types.includes(type)}
            onChange=${() => setTypes(types.includes(type) ? types.filter((it) => it !== type) : [...types, type])} />
          <span>${label}</span>
        </label>`,
      )}
    </fieldset>
  </${Form}>`;
}

/** As a choice, which has to be text; the last, so that nobody takes it by not choosing. */
const everywhere = '';
type FormProps = Omit<PageProps, 'signedOut'> & {
  /** Absent: a new one. */
  one?: SubscriptionShown;
  isBusy: boolean;
  title: string;
  send: string;
  save: (entered: SubscriptionEntered, id: string) => void;
  cancel: () => void;
};
