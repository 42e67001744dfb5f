import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { ApiKeyShown } from '../../api/answers.ts';
import type { Grant } from '../../records/registry.ts';
import { Form } from '../incident-forms.ts';
import { dateAndTime, type Speech } from '../words.ts';
import type { PageProps } from './accounts.ts';
import { grantWords } from './areas.ts';
import { useChange, useListing } from './changing.ts';
import { GrantsField } from './grants.ts';
import { everyKey, makeKey, revokeKey } from './office-requests.ts';
import { Confirm, idField, Section, SelectField, TextField } from './section.ts';

/** Keys of programs. The token of a new one is on the page until it is hidden, and nowhere else. */
export function Keys({ access, areas, speech, signedOut }: PageProps) {
  const listing = useListing(everyKey, signedOut);
  const change = useChange({ speech, signedOut, reload: listing.reload });
  const [opened, setOpened] = useState<'new' | { revoke: string }>();
  const { office } = speech.texts;
  const words = office.keys;
  const open = (what: typeof opened) => {
    change.say(undefined);
    setOpened(what);
  };
  const close = () => setOpened(undefined);
  const make = async (asked: Parameters<typeof makeKey>[0]) => {
    const made = await change.send(() => makeKey(asked));
    if (made === 'refused') return;
    close();
    change.show(words.tokenOf(asked.name), made.token);
  };
  const revoke = async (key: ApiKeyShown) => {
    if ((await change.send(() => revokeKey(key))) !== 'refused') close();
  };
  const common = { speech, isBusy: change.isBusy, cancel: close };
  const adding =
    opened === 'new'
      ? html`<${KeyForm} ...${{ ...common, access, areas, make }} />`
      : html`<p class="buttons">
          <button type="button" class="button" onClick=${() => open('new')}>${words.add}</button>
        </p>`;
  const item = (key: ApiKeyShown) => html`<li key=${key.id} class="office-item">
    <div class="office-what">
      <span class="office-head"><b>${key.name}</b> <span class="quiet">${key.id}</span></span>
      <p class="quiet">${[endWords(key, speech), useWords(key, speech)].join(' · ')}</p>
      <ul class="office-grants">
        ${key.grants.map((grant) => html`<li key=${grantWords(grant, areas, speech)}>${grantWords(grant, areas, speech)}</li>`)}
      </ul>
    </div>
    ${
      typeof opened === 'object' && opened.revoke === key.id
        ? html`<${Confirm} ...${common} title=${words.revokeTitle(key.name)} warning=${words.revokeWarning}
            send=${words.revokeSend} confirm=${() => revoke(key)} />`
        : html`<p class="buttons" role="group" aria-label=${key.name}>
            <button type="button" class="button small" onClick=${() => open({ revoke: key.id })}>${words.revoke}</button>
          </p>`
    }
  </li>`;
  const found = ({ id, name, grants }: ApiKeyShown) =>
    [id, name, ...grants.map((grant) => grantWords(grant, areas, speech))].join(' ');
  return html`<${Section} ...${{ words, title: office.pages.keys, listing, change, adding, item, found, speech }} />`;
}

function KeyForm({ access, areas, speech, isBusy, make, cancel }: FormProps) {
  const { office } = speech.texts;
  const words = office.keys;
  const [id, setId] = useState('');
  const [name, setName] = useState('');
  const [days, setDays] = useState<string>('365');
  const [grants, setGrants] = useState<readonly Grant[]>([]);
  const submit = (event: Event) => {
    event.preventDefault();
    const end = days === 'never' ? {} : { expiresAt: Date.now() + Number(days) * dayMs };
    make({ id, name: name.trim(), grants, ...end });
  };
  const isWhole = id !== '' && name.trim() !== '' && grants.length > 0;
  const lifetimes = Object.entries(words.lifetimes);
  return html`<${Form} ...${{ title: words.title, submit, cancel, speech, isBusy, isWhole, send: words.create }}>
    <${TextField} label=${words.nameLabel} value=${name} set=${setName} maxlength=${60} />
    <${TextField} label=${office.id} value=${id} set=${setId} hint=${office.idHint} ...${idField} />
    <${SelectField} label=${words.lifetime} value=${days} set=${setDays} choices=${lifetimes} />
    <${GrantsField} ...${{ grants, set: setGrants, access, areas, speech }} />
  </${Form}>`;
}
type FormProps = Omit<PageProps, 'signedOut'> & {
  isBusy: boolean;
  make: (asked: Parameters<typeof makeKey>[0]) => void;
  cancel: () => void;
};

function endWords({ expiresAt }: ApiKeyShown, speech: Speech): string {
  const words = speech.texts.office.keys;
  if (expiresAt === undefined) return words.endless;
  const when = dateAndTime(expiresAt, speech);
  return expiresAt <= Date.now() ? words.ended(when) : words.ends(when);
}

function useWords({ lastUsedAt }: ApiKeyShown, speech: Speech): string {
  const words = speech.texts.office.keys;
  return lastUsedAt === undefined ? words.unused : words.used(dateAndTime(lastUsedAt, speech));
}

const dayMs = 24 * 3_600_000;
