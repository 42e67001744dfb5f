import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { SubscriptionMade, SubscriptionShown } from '../../api/answers.ts';
import type { Answer } from '../requests.ts';
import type { Texts } from '../texts/en.ts';
import type { PageProps } from './accounts.ts';
import { areaWords } from './areas.ts';
import { type Change, useChange, useListing } from './changing.ts';
import {
  addSubscription,
  changeSubscription,
  everySubscription,
  removeSubscription,
  replaySubscription,
  rotateSecret,
  type SubscriptionEntered,
  testSubscription,
} from './office-requests.ts';
import { Section } from './section.ts';
import { SubscriptionForm } from './subscription-form.ts';
import { type Asking, type SubscriptionActs, SubscriptionItem } from './subscription-item.ts';

/** Programs elsewhere that are told what happens, and how they fare. */
export function Subscriptions({ access, areas, speech, signedOut }: PageProps) {
  const listing = useListing(everySubscription, signedOut);
  const change = useChange({ speech, signedOut, reload: listing.reload });
  const [opened, setOpened] = useState<Opened>();
  const { office } = speech.texts;
  const words = office.subscriptions;
  const open = (what: Opened) => {
    change.say(undefined);
    setOpened(what);
  };
  const close = () => setOpened(undefined);
  const parts = { change, open, close, words, refused: office.refused };
  const common = { access, areas, speech, isBusy: change.isBusy };
  const adding =
    opened === 'new'
      ? html`<${SubscriptionForm} ...${{ ...common, title: words.title, send: words.create, cancel: close }}
          save=${(entered: SubscriptionEntered, id: string) => made(parts, () => addSubscription(id, entered))} />`
      : html`<p class="buttons">
          <button type="button" class="button" onClick=${() => open('new')}>${words.add}</button>
        </p>`;
  const item = (one: SubscriptionShown) =>
    html`<${SubscriptionItem} key=${one.id} ...${{ ...common, one, acts: actsOn(one, parts) }}
      asking=${typeof opened === 'object' && opened.id === one.id ? opened.what : undefined} />`;
  const found = ({ id, name, areaId, url = '' }: SubscriptionShown) =>
    [id, name, url, areaWords(areaId, areas, speech)].join(' ');
  return html`<${Section} ...${{ words, title: office.pages.subscriptions, listing, change, adding, item, found, speech }} />`;
}

/** What can be done about one of them. */
function actsOn(one: SubscriptionShown, parts: ActParts): SubscriptionActs {
  const { change, open, close, words, refused } = parts;
  const done = async (work: () => Promise<Answer<unknown>>) => {
    if ((await change.send(work)) !== 'refused') close();
  };
  return {
    ask: (what) => open({ id: one.id, what }),
    close,
    save: (entered) => done(() => changeSubscription(one, entered)),
    pause: (paused) => done(() => changeSubscription(one, { ...enteredOf(one), paused })),
    rotate: () => made(parts, () => rotateSecret(one)),
    remove: () => done(() => removeSubscription(one)),
    async test() {
      const came = await change.send(() => testSubscription(one.id));
      if (came === 'refused') return;
      const text = words.tested(words.outcomes[came.outcome], came.detail);
      change.say({ tone: came.outcome === 'delivered' ? 'good' : 'kind', text });
    },
    async replay(hours) {
      const from = Date.now() - hours * hourMs;
      const begun = await change.send(() => replaySubscription(one.id, from), { 'not-allowed': refused.nothingThere });
      if (begun === 'refused') return;
      close();
      change.say({ tone: 'good', text: begun.isWhole ? words.replayWhole : words.replayPart });
    },
  };
}

/** Asks for something whose answer has a secret, and shows that. */
async function made({ change, close, words }: ActParts, work: () => Promise<Answer<SubscriptionMade>>): Promise<void> {
  const answer = await change.send(work);
  if (answer === 'refused') return;
  close();
  change.show(words.secretOf(answer.subscription.name), answer.secret);
}

type Opened = 'new' | { id: string; what: Asking };
type ActParts = {
  change: Change;
  open: (what: Opened) => void;
  close: () => void;
  words: Texts['office']['subscriptions'];
  refused: Texts['office']['refused'];
};

/** As it is, in the words of a change. */
const enteredOf = ({ name, areaId, types, url = '', paused }: SubscriptionShown): SubscriptionEntered => ({
  ...{ name, types, url, paused },
  ...(areaId !== undefined && { areaId }),
});

const hourMs = 3_600_000;
