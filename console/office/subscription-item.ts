import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { SubscriptionShown } from '../../api/answers.ts';
import { Form } from '../incident-forms.ts';
import { dateAndTime, type Speech } from '../words.ts';
import type { PageProps } from './accounts.ts';
import { areaWords } from './areas.ts';
import { Deliveries } from './deliveries.ts';
import type { SubscriptionEntered } from './office-requests.ts';
import { Confirm, SelectField } from './section.ts';
import { SubscriptionForm } from './subscription-form.ts';

/** One subscription: what it is told of, how it fares, and what can be done about it. */
export function SubscriptionItem({ one, asking, acts, access, areas, speech, isBusy }: ItemProps) {
  const { office, list } = speech.texts;
  const words = office.subscriptions;
  const [isLogShown, setLogShown] = useState(false);
  const { name, paused, types } = one;
  const common = { speech, isBusy, cancel: acts.close };
  const button = (label: string, press: () => void) =>
    html`<button type="button" class="button small" disabled=${isBusy} onClick=${press}>${label}</button>`;
  return html`<li class="office-item">
    <div class="office-what">
      <span class="office-head">
        <b>${name}</b> <span class="quiet">${one.id}</span>
        ${paused && html`<span class="badge">${words.paused}</span>`}
      </span>
      <p>${areaWords(one.areaId, areas, speech)}</p>
      <p class="quiet">${types.map((type) => words.events[type]).join(list)}</p>
      <p class="office-url">${one.url}</p>
      <${Health} ...${{ one, speech }} />
      ${
        one.publicKey !== undefined &&
        html`<details><summary>${words.publicKey}</summary><code class="office-url">${one.publicKey}</code></details>`
      }
    </div>
    ${asking === 'change' && html`<${SubscriptionForm} key=${one.version} ...${{ ...common, one, access, areas, title: name, send: office.save, save: acts.save }} />`}
    ${
      asking === 'rotate' &&
      html`<${Confirm} ...${common} title=${words.rotateTitle(name)} warning=${words.rotateWarning}
      send=${words.rotateSend} confirm=${acts.rotate} />`
    }
    ${
      asking === 'remove' &&
      html`<${Confirm} ...${common} title=${words.removeTitle(name)} warning=${words.removeWarning}
      send=${words.removeSend} confirm=${acts.remove} />`
    }
    ${asking === 'replay' && html`<${ReplayForm} ...${{ ...common, name, replay: acts.replay }} />`}
    ${
      asking === undefined &&
      html`<p class="buttons" role="group" aria-label=${name}>
        ${button(office.change, () => acts.ask('change'))}
        ${button(paused ? words.resume : words.pause, () => acts.pause(!paused))} ${button(words.test, acts.test)}
        <button type="button" class="button small" aria-expanded=${isLogShown} onClick=${() => setLogShown(!isLogShown)}>
          ${isLogShown ? words.hideLog : words.log}
        </button>
        ${button(words.replay, () => acts.ask('replay'))} ${button(words.rotate, () => acts.ask('rotate'))}
        ${button(office.remove, () => acts.ask('remove'))}
      </p>`
    }
    ${isLogShown && html`<${Deliveries} key=${JSON.stringify(one.health)} ...${{ id: one.id, name, speech }} />`}
  </li>`;
}

/** A form that is open instead of the buttons. */
export type Asking = 'change' | 'rotate' | 'remove' | 'replay';
export type SubscriptionActs = {
  ask: (what: Asking) => void;
  close: () => void;
  save: (entered: SubscriptionEntered) => void;
  pause: (paused: boolean) => void;
  rotate: () => void;
  remove: () => void;
  test: () => void;
  replay: (hours: number) => void;
};
type ItemProps = Omit<PageProps, 'signedOut'> & {
  one: SubscriptionShown;
  asking: Asking | undefined;
  acts: SubscriptionActs;
  isBusy: boolean;
};

function Health({ one: { health, previousUntil }, speech }: { one: SubscriptionShown; speech: Speech }) {
  const words = speech.texts.office.subscriptions;
  const { deliveredAt, failingSince, problem, waiting, missed, replaying } = health;
  const said = [
    deliveredAt === undefined ? words.nothingYet : words.delivered(dateAndTime(deliveredAt, speech)),
    waiting > 0 && words.waiting(waiting),
    missed > 0 && words.missed(missed),
    replaying && words.replaying,
  ];
  return html`
    ${
      failingSince !== undefined &&
      html`<p class="message message-kind">
        ${words.failing(dateAndTime(failingSince, speech))}${problem !== undefined && ` (${problem})`}
      </p>`
    }
    <p class="quiet">${said.filter(Boolean).join(' · ')}</p>
    ${previousUntil !== undefined && html`<p class="quiet">${words.twoSecrets(dateAndTime(previousUntil, speech))}</p>`}
  `;
}

function ReplayForm({ name, speech, isBusy, replay, cancel }: ReplayProps) {
  const words = speech.texts.office.subscriptions;
  const [hours, setHours] = useState('1');
  const submit = (event: Event) => {
    event.preventDefault();
    replay(Number(hours));
  };
  const title = words.replayTitle(name);
  return html`<${Form} ...${{ title, submit, cancel, speech, isBusy, isWhole: true, send: words.replaySend }}>
    <${SelectField} label=${words.replayFrom} value=${hours} set=${setHours} choices=${Object.entries(words.spans)} />
    <p class="quiet">${words.replayWarning}</p>
  </${Form}>`;
}
type ReplayProps = {
  name: string;
  speech: Speech;
  isBusy: boolean;
  replay: (hours: number) => void;
  cancel: () => void;
};
