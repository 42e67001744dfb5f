import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { HeldIncident, HoldingPage, IncidentCard } from '../api/answers.ts';
import { letAllGo, sendCommand, whatIsHeld } from './requests.ts';
import type { Texts } from './texts/en.ts';
import { ageText, channelWords, placeOf, type Speech, titleOf } from './words.ts';

/**
 * Asks about what the system holds since it stood still for hours or was put back: what it is, how old, who would be told. One is sent or
 * dropped by itself, or all together; nothing of it goes out meanwhile.
 */
export function Holding({ open, speech, learn }: HoldingProps) {
  const held = open.filter(({ ladder }) => ladder.phase === 'held' && !ladder.dropped);
  const [isShown, setShown] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  const [page, setPage] = useState<HoldingPage>();
  const latest = held.map(({ incidentId, version }) => `${incidentId} ${version}`).join();
  useEffect(() => {
    if (!isShown || latest === '') return;
    whatIsHeld().then((answer) => answer.type === 'done' && setPage(answer.body));
  }, [isShown, latest]);
  if (held.length === 0) return null;

  const words = speech.texts.holding;
  const doing = async (work: () => Promise<boolean>) => {
    setBusy(true);
    setFailed(!(await work()));
    setBusy(false);
  };
  const one = ({ incidentId, version: expectedVersion }: IncidentCard, choice: Choice) =>
    doing(async () => {
      const answer = await sendCommand(incidentId, { type: 'let-go', choice, expectedVersion });
      const now =
        answer.type === 'done' ? answer.body : answer.type === 'refused' ? answer.problem.incident : undefined;
      if (now) learn(now);
      return answer.type === 'done';
    });
  const all = (choice: Choice) =>
    doing(async () => {
      const answer = await letAllGo(choice);
      return answer.type === 'done' && answer.body.refused.length === 0;
    });
  const stillHeld = new Set(held.map(({ incidentId }) => incidentId));
  const shown = page?.held.filter(({ incident }) => stillHeld.has(incident.incidentId)) ?? [];
  return html`<section class="banner banner-late holding" aria-busy=${isBusy}>
    <strong role="alert">${words.title(held.length)}</strong>
    <p>${words.why}</p>
    ${failed && html`<p class="message message-kind" role="status">${words.failed}</p>`}
    <p class="buttons">
      <button type="button" class="button small" aria-expanded=${isShown} onClick=${() => setShown(!isShown)}>
        ${isShown ? words.hide : words.show}
      </button>
      <${Choices} ...${{ words, isBusy, all: true, choose: all }} />
    </p>
    ${
      isShown &&
      html`<ul class="held">
        ${shown.map((item) => html`<${HeldLine} key=${item.incident.incidentId} ...${{ item, speech, isBusy, one }} />`)}
        ${held.length > shown.length && page && html`<li class="quiet">${speech.texts.andMore(held.length - shown.length)}</li>`}
      </ul>`
    }
  </section>`;
}

type Choice = 'send' | 'drop';
type HoldingProps = { open: IncidentCard[]; speech: Speech; learn: (card: IncidentCard) => void };

function HeldLine({ item: { incident, ageMs, desk, would }, speech, isBusy, one }: LineProps) {
  const { texts } = speech;
  const words = texts.holding;
  const people = would.map(
    ({ role, channels }) =>
      `${texts.roles[role]} (${[...new Set(channels)].map((one) => channelWords(one, texts)).join(texts.list)})`,
  );
  const who = [...(desk ? [words.deskSounds] : []), ...people].join(texts.list);
  return html`<li>
    <a href=${`#/incident/${encodeURIComponent(incident.incidentId)}`}>
      <b>${incident.code}</b> ${titleOf(incident, speech)} · ${placeOf(incident, speech)}
    </a>
    <span>${words.age(ageText(ageMs, speech))} ${words.would(who)}</span>
    <span class="buttons">
      <${Choices} ...${{ words, isBusy, all: false, choose: (choice: Choice) => one(incident, choice) }} />
    </span>
  </li>`;
}
type LineProps = {
  item: HeldIncident;
  speech: Speech;
  isBusy: boolean;
  one: (card: IncidentCard, choice: Choice) => void;
};

/** Sending is undone by nobody, and neither is dropping what somebody waits for: both are asked for twice. */
function Choices({ words, isBusy, all, choose }: ChoicesProps) {
  const [chosen, setChosen] = useState<Choice>();
  const button = (label: string, press: () => void, kind = '') =>
    html`<button type="button" class=${`button small ${kind}`} disabled=${isBusy} onClick=${press}>${label}</button>`;
  if (chosen === undefined) {
    return html`${button(all ? words.sendAll : words.send, () => setChosen('send'))}
    ${button(all ? words.dropAll : words.drop, () => setChosen('drop'))}`;
  }
  const sure = () => {
    setChosen(undefined);
    choose(chosen);
  };
  return html`${button(chosen === 'send' ? words.sureSend : words.sureDrop, sure, 'primary')}
  ${button(words.cancel, () => setChosen(undefined))}`;
}
type ChoicesProps = { words: Texts['holding']; isBusy: boolean; all: boolean; choose: (choice: Choice) => void };
