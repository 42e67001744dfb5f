import type { Incident } from '../../records/incident.ts';
import type { Notice } from '../../records/notice.ts';
import type { Evidence } from './evidence.ts';
import { type Invariant, invariant, type Violation } from './invariant.ts';
import { reasonsToGoOn } from './invariants-quiet.ts';
import {
  decisionsOf,
  type EntryOf,
  entriesOf,
  hindrances,
  isClosing,
  issuedIn,
  longestCalmMs,
  once,
  type Step,
  stepsOf,
} from './reading.ts';

/** A journal that was put back knows less than everybody else, and is old news: what it does by itself is little, and people decide the rest. */
export const restoreInvariants: readonly Invariant[] = [
  invariant('rest', 'what is old when a backup is put back goes out by no one but people', oldNews),
  invariant(2, 'an emergency that is young when a backup is put back goes on', forgotten),
  invariant(2, 'a message that is late says so', silentLateness),
  invariant('rest', 'what is held can be let go', stuckHeld),
  invariant(5, 'no name of a time that was lost stands for something else', reusedNames),
];

const minuteMs = 60_000;
/** Of life safety; everything else is old at once. */
const youngMs = 120 * minuteMs;

type Stand = { start: EntryOf<'started'>; before: Step; after: Step[] };

/** Every incident of a journal that was put back, as it was then. */
const allStandsOf = once((evidence): readonly Stand[] => {
  const starts = entriesOf(evidence.journal, 'started').filter(({ record }) => record.restored);
  return starts.flatMap((start) =>
    [...stepsOf(decisionsOf(evidence)).values()].flatMap((steps) => {
      const before = steps.findLast(({ decision }) => decision.cause.sequence < start.sequence);
      const after = steps.filter(({ decision }) => decision.cause.sequence >= start.sequence);
      return before ? { start, before, after } : [];
    }),
  );
});

/** Those that are about people and their homes, and were not over. */
const standsOf = (evidence: Evidence): readonly Stand[] =>
  allStandsOf(evidence).filter(
    ({ before: { incident } }) => incident.state.phase !== 'resolved' && incident.category !== 'system',
  );

const isYoung = ({ severity, lastAlertAt }: Incident, at: number): boolean =>
  severity === 'critical' && lastAlertAt > at - youngMs;

/**
 * Nobody hears of it what was decided before somebody let it go, or there was news. Word that it is over is no news of it, nor is the line to
 * whoever answered.
 */
function* oldNews(evidence: Evidence): Iterable<Violation> {
  const issuedBy = new Map(issuedIn(decisionsOf(evidence)).map((one) => [one.notice.noticeId, one.decision]));
  const messages = Map.groupBy(evidence.messages, ({ notice }) => notice.incidentId);
  for (const { start, before, after } of standsOf(evidence)) {
    const { incidentId } = before.incident;
    if (isYoung(before.incident, start.receivedAt)) continue;
    const goesOn = after.find(({ timeline }) => timeline.some(({ what }) => reasonsToGoOn.has(what)));
    const until = goesOn?.decision.cause.sequence ?? Number.POSITIVE_INFINITY;
    for (const { notice, contactId, atMs } of messages.get(incidentId) ?? []) {
      const decision = issuedBy.get(notice.noticeId);
      if (atMs < start.atMs || isClosing(notice) || notice.purpose === 'reply') continue;
      if (!decision || decision.cause.sequence >= until) continue;
      yield { says: `${contactId} heard ${notice.noticeId} of before, and nobody had sent it`, incidentId, atMs };
    }
  }
}

/** It is not held; and where nobody was on the way, the next rung is told, or people had it in hand again before that. */
function* forgotten(evidence: Evidence): Iterable<Violation> {
  const away = hindrances(evidence, 'alarm', 'disk');
  for (const { start, before, after } of standsOf(evidence)) {
    const { incidentId, state, ladder } = before.incident;
    if (ladder.phase === 'held' || !isYoung(before.incident, start.receivedAt)) continue;
    const first = after.find(({ decision }) => decision.cause.sequence === start.sequence);
    if (first?.incident.ladder.phase === 'held')
      yield { says: `${incidentId} is held, and it is of now`, incidentId, atMs: start.atMs };
    if (state.phase !== 'open' && state.phase !== 'claimed') continue;
    const next = after.find(({ timeline }) => timeline.some(({ what, by }) => what === 'rung' || by !== undefined));
    const toMs = next?.decision.entry.atMs ?? evidence.endedAtMs;
    const calmMs = longestCalmMs({ fromMs: start.atMs, toMs }, away);
    if (calmMs > longestRestMs)
      yield { says: `${incidentId} was forgotten for ${Math.round(calmMs / minuteMs)} min`, incidentId, atMs: toMs };
  }
}
/** While a second person is asked; and a little. */
const longestRestMs = 31 * minuteMs;

/** What was decided so long before it was heard, or held so long, is no news of this moment; its words say that. */
function* silentLateness({ journal, messages }: Evidence): Iterable<Violation> {
  const start = entriesOf(journal, 'started').find(({ record }) => record.restored);
  for (const { notice, others, contactId, atMs, body } of messages) {
    const isLate = (one: Notice): boolean => {
      const isOfBefore = start !== undefined && atMs >= start.atMs && one.at < start.receivedAt - lateMs;
      return !isClosing(one) && (isOfBefore || (one.text.heldMs ?? 0) > lateMs);
    };
    const late = [notice, ...(others ?? [])].filter(isLate);
    const saysSo = others ? [...body.matchAll(agoWords)].length >= late.length : lateWords.test(body);
    if (late.length === 0 || saysSo) continue;
    const { noticeId, incidentId } = notice;
    yield { says: `${contactId} heard ${noticeId}, and nothing in it says how late it is`, incidentId, atMs };
  }
}
const lateMs = 6 * minuteMs;
/** As people read it; where one message says several, beside each. */
const lateWords = /This message is .+ late|本通知晚发/;
const agoWords = /\([^()]+ ago\)|（[^（）]+前）/g;

/** By whoever has seen what it is now. */
function* stuckHeld(evidence: Evidence): Iterable<Violation> {
  const steps = stepsOf(decisionsOf(evidence));
  for (const { cause, entry, record } of decisionsOf(evidence)) {
    const command = cause.record.kind === 'command' ? cause.record.command : undefined;
    if (command?.type !== 'let-go' || !record.result) continue;
    const { incidentId, choice, expectedVersion } = command;
    const { result } = record.result;
    const before = steps.get(incidentId)?.findLast(({ decision }) => decision.cause.sequence < cause.sequence);
    const isHeld = before?.incident.ladder.phase === 'held' && before.incident.state.phase !== 'resolved';
    if (!isHeld || before.incident.version !== expectedVersion) continue;
    const now = record.incidents?.find(({ incident }) => incident.incidentId === incidentId)?.incident;
    const isGone = choice === 'drop' || (now !== undefined && now.ladder.phase !== 'held');
    if (result.ok && isGone) continue;
    yield { says: `${incidentId} is held, and could not be let go`, incidentId, sequence: entry.sequence };
  }
}

/**
 * A receiver that knows the name of a message, or of an event, takes what comes under it for the same. Names of what an incident came to
 * after the backup, in either of its two lives, are never shared; those of the rungs of a ladder that had begun are.
 */
function* reusedNames(evidence: Evidence): Iterable<Violation> {
  const { lostTime, messages, told } = evidence;
  if (!lostTime) return;
  const versions = new Map(
    allStandsOf(evidence).map(({ before: { incident } }) => [incident.incidentId, incident.version]),
  );
  const isLater = (incidentId: string, version: number) =>
    version > (versions.get(incidentId) ?? Number.POSITIVE_INFINITY);
  const known = new Map(lostTime.messages.map(({ notice }) => [notice.noticeId, notice]));
  const backAtMs = entriesOf(evidence.journal, 'started').find(({ record }) => record.restored)?.atMs ?? 0;
  const issued = new Set(issuedIn(decisionsOf(evidence)).map(({ notice }) => notice.noticeId));
  for (const { notice, atMs } of messages) {
    const { noticeId, purpose, rung, incidentId } = notice;
    // Of what went out before the backup while nothing could be written, and never was: its name was free in the same life.
    if (atMs < backAtMs && !issued.has(noticeId)) continue;
    const before = known.get(noticeId);
    const isSame = before?.purpose === purpose && before.rung === rung && !isLater(incidentId, causeIn(noticeId));
    if (before && before.at !== notice.at && !isSame)
      yield { says: `${noticeId} was another message (${before.purpose}) in the lost time`, incidentId, atMs };
  }
  const events = new Map(lostTime.told.map(({ id, body }) => [id, body]));
  for (const { id, body, atMs } of told) {
    const before = events.get(id);
    const isSame =
      before?.type === body.type && !('version' in body.data && isLater(body.data.incidentId, body.data.version));
    if (before && !isSame) yield { says: `event ${id} was another one (${before.type}) in the lost time`, atMs };
  }
}
const causeIn = (noticeId: string): number => Number(/\/v(\d+)\//.exec(noticeId)?.[1]);
