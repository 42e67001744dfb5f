import type { Beat, HealthReport, IncidentCard, Snapshot } from '../api/answers.ts';

/** What the page knows, and since when. `heard`: the last word from the desk, by its time and by the clocks of this machine. */
export type LiveState = {
  connection: 'connecting' | 'open' | 'broken';
  cards: ReadonlyMap<string, IncidentCard>;
  moreOpen: number;
  health?: HealthReport;
  heard?: { at: number; local: LocalTime };
};
/** `monotonic` stops while some machines sleep, `wall` may be set: the larger of what passed is believed. */
export type LocalTime = { monotonic: number; wall: number };

export const nothingHeard: LiveState = { connection: 'connecting', cards: new Map(), moreOpen: 0 };

export function fromSnapshot({ at, open, moreOpen, resolved, health }: Snapshot, local: LocalTime): LiveState {
  const cards = new Map([...open, ...resolved].map((card) => [card.incidentId, card]));
  return { connection: 'open', cards, moreOpen, health, heard: { at, local } };
}

/** An older word about an incident never replaces a newer one. Only the latest resolved ones are kept. */
export function withIncident(state: LiveState, card: IncidentCard): LiveState {
  const before = state.cards.get(card.incidentId);
  if (before && before.revision > card.revision) return state;
  const cards = new Map(state.cards).set(card.incidentId, card);
  for (const { incidentId } of resolvedIn(cards).slice(mostResolved)) cards.delete(incidentId);
  return { ...state, cards };
}

export function withBeat(state: LiveState, { at, health }: Beat, local: LocalTime): LiveState {
  return { ...state, connection: 'open', health, heard: { at, local } };
}

/** How long nothing was heard, ms; undefined: never. */
export function silentMs({ heard }: LiveState, local: LocalTime): number | undefined {
  if (!heard) return undefined;
  return Math.max(0, local.monotonic - heard.local.monotonic, local.wall - heard.local.wall);
}

/** The desk's time now, epoch ms. */
export function deskNow(state: LiveState, local: LocalTime): number | undefined {
  const silent = silentMs(state, local);
  return state.heard && silent !== undefined ? state.heard.at + silent : undefined;
}

/**
 * Whether what is shown can be relied on. `live` is said only while words come and the desk itself sees the alarm process.
 * Ages in ms; `unknown` without one: never heard.
 */
export type Sight =
  | { type: 'connecting' }
  | { type: 'live' }
  | { type: 'reconnecting' }
  | { type: 'lost'; ageMs: number }
  | { type: 'unknown'; ageMs?: number }
  | { type: 'failing'; why: 'disk-hangs' | 'disk-full' }
  | { type: 'late'; why: 'behind' | 'catching-up'; ageMs: number };

export function sightOf(state: LiveState, local: LocalTime): Sight {
  const silent = silentMs(state, local);
  if (silent === undefined) return { type: 'connecting' };
  if (silent > lostAfterMs) return { type: 'lost', ageMs: silent };
  const { health } = state;
  if (!health || health.watching === 'unknown') return unknownSince(state, silent);
  if (health.watching === 'failing') {
    return { type: 'failing', why: health.parts.journal.why === 'disk-full' ? 'disk-full' : 'disk-hangs' };
  }
  if (health.watching === 'late') {
    const { desk, alarm } = health.parts;
    const why = desk.why === 'catching-up' ? 'catching-up' : 'behind';
    return { type: 'late', why, ageMs: Math.max(desk.lagMs ?? 0, alarm.lagMs ?? 0) };
  }
  return state.connection === 'broken' ? { type: 'reconnecting' } : { type: 'live' };
}

function unknownSince({ health, heard }: LiveState, silent: number): Sight {
  const seenAt = health?.parts.alarm.seenAt;
  if (seenAt === undefined || !heard) return { type: 'unknown' };
  return { type: 'unknown', ageMs: Math.max(0, heard.at - seenAt) + silent };
}

/** In the order in which they need somebody: the most urgent, then whom nobody has, then the oldest. */
export function openIn(cards: LiveState['cards']): IncidentCard[] {
  return [...cards.values()]
    .filter(({ state }) => state.phase !== 'resolved')
    .sort((a, b) => urgency(a) - urgency(b) || inHand(a) - inHand(b) || a.openedAt - b.openedAt);
}

export function resolvedIn(cards: LiveState['cards']): IncidentCard[] {
  const resolved = [...cards.values()].filter(({ state }) => state.phase === 'resolved');
  return resolved.sort((a, b) => b.state.since - a.state.since);
}

const urgency = ({ severity }: IncidentCard): number => ({ critical: 0, urgent: 1, service: 2 })[severity];
const inHand = ({ state }: IncidentCard): number => (state.phase === 'open' ? 0 : 1);

/** Two beats that did not come. */
export const lostAfterMs = 11_000;
const mostResolved = 20;
