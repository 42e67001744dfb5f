import { html } from 'htm/preact';
import type { IncidentCard } from '../api/answers.ts';
import { openIn, resolvedIn } from './live-state.ts';
import { type DeskClock, RunningClock, SeverityMark } from './marks.ts';
import { areaOf, clockWords, dayAndMinute, placeOf, type Speech, stateWords, titleOf } from './words.ts';

/** The queue: whom nobody has, what is in hand, who is being asked (`asked`), the work list, and what ended. */
export function IncidentList({ cards, moreOpen, selectedId, speech, now, asked }: ListProps) {
  const { sections } = speech.texts;
  const open = openIn(cards);
  const work = open.filter(({ severity }) => severity === 'service');
  const waiting = open.filter(({ severity, state }) => severity !== 'service' && state.phase === 'open');
  const inHand = open.filter(({ severity, state }) => severity !== 'service' && state.phase !== 'open');
  const resolved = resolvedIn(cards);
  const list = (some: IncidentCard[]) =>
    html`<ul class="cards">
      ${some.map((card) => html`<${Card} key=${card.incidentId} ...${{ card, speech, now, selectedId }} />`)}
    </ul>`;
  const section = (name: string, title: string, some: IncidentCard[]) =>
    some.length > 0 &&
    html`<section class=${`queue queue-${name}`} aria-label=${title}>
      <h2>${title} <span class="count">${some.length}</span></h2>
      ${list(some)}
    </section>`;
  return html`
    ${section('waiting', sections.waiting, waiting)} ${section('in-hand', sections.inHand, inHand)} ${asked}
    ${section('work', sections.work, work)} ${moreOpen > 0 && html`<p class="quiet">${sections.more(moreOpen)}</p>`}
    ${
      resolved.length > 0 &&
      html`<details class="queue queue-resolved">
        <summary>${sections.resolved} <span class="count">${resolved.length}</span></summary>
        ${list(resolved)}
      </details>`
    }
  `;
}

type ListProps = {
  cards: ReadonlyMap<string, IncidentCard>;
  moreOpen: number;
  selectedId: string | undefined;
  speech: Speech;
  now: DeskClock;
  asked: unknown;
};

function Card({ card, selectedId, speech, now }: CardProps) {
  const { texts } = speech;
  const { incidentId, severity, state, where, told, openedAt } = card;
  const reached = told.filter((one) => one.reached === 'delivered').length;
  const area = areaOf(card, speech);
  return html`<li>
    <a
      class=${`card card-${severity} card-${state.phase}`}
      href=${linkTo(incidentId)}
      aria-current=${incidentId === selectedId ? 'true' : undefined}
    >
      <span class="card-top">
        <${SeverityMark} severity=${severity} speech=${speech} />
        <span class="card-clock">
          ${
            state.phase === 'resolved'
              ? html`<time class="clock">${clockWords(state.since - openedAt, speech)}</time>`
              : html`<${RunningClock} ...${{ now, speech }} since=${openedAt} />`
          }
        </span>
      </span>
      <strong class="card-title">${titleOf(card, speech)}</strong>
      <span class="card-place">
        ${placeOf(card, speech)}${where.person && html` <span class="person">${where.person}</span>`}
      </span>
      ${area && html`<span class="card-area">${area}</span>`}
      <span class="card-state">
        <span>${stateWords(card, speech)}</span>
        <${StateClock} ...${{ card, speech, now }} />
        ${state.phase !== 'resolved' && told.length > 0 && html`<span class="card-told">${texts.reachedCount(reached, told.length)}</span>`}
      </span>
    </a>
  </li>`;
}

/** The clock of the state that it is in: to verify, to arrive, to resolve. */
export function StateClock({ card: { state }, speech, now }: Omit<CardProps, 'selectedId'>) {
  const { clock } = speech.texts;
  switch (state.phase) {
    case 'open':
      return null;
    case 'claimed':
      return state.acted
        ? html`<${RunningClock} ...${{ now, speech }} since=${state.since} label=${() => clock.acted} />`
        : html`<${RunningClock} ...${{ now, speech }} until=${state.expiresAt} label=${() => clock.expires} />`;
    case 'responding':
      return html`<${RunningClock}
        ...${{ now, speech }}
        until=${state.expectedAt}
        label=${(isLate: boolean) => (isLate ? clock.overdue : clock.responding)}
      />`;
    case 'on-scene':
      return html`<${RunningClock} ...${{ now, speech }} since=${state.since} label=${() => clock['on-scene']} />`;
    case 'resolved':
      return html`<span class="clock"><time>${dayAndMinute(state.since, now() ?? state.since, speech)}</time></span>`;
  }
}

type CardProps = { card: IncidentCard; selectedId: string | undefined; speech: Speech; now: DeskClock };

export const linkTo = (incidentId: string): string => `#/incident/${encodeURIComponent(incidentId)}`;

/** Which incident the address names. */
export function linkedIncident(hash: string): string | undefined {
  const [, encoded] = /^#\/incident\/(.+)$/.exec(hash) ?? [];
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
