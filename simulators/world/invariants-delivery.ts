import type { Entry, Evidence, Heard } from './evidence.ts';
import { heldUp, timeLimitMs } from './held-up.ts';
import { type Invariant, invariant, type Violation } from './invariant.ts';
import { endsOf } from './notice-ends.ts';
import {
  type Attempt,
  attemptsOf,
  decisionsOf,
  hindrances,
  type Issued,
  isClosing,
  isLifeSafety,
  issuedIn,
  longestCalmMs,
  slewed,
} from './reading.ts';
import { rungsOf } from './written-ladders.ts';
import { nextTryAt } from './written-schedule.ts';

/** A critical message is tried until it is delivered, refused or overtaken, and meanwhile the next person is tried. */
export const deliveryInvariants: readonly Invariant[] = [
  invariant(5, 'a critical message does not rest', resting),
  invariant(5, 'every critical message comes to an end', endless),
  invariant(5, 'who cannot be reached is not waited for', waitedFor),
  invariant(5, 'a message of service is not doubled', doubled),
  invariant(5, 'a repeat carries the id of the first', strangeRepeats),
  invariant(5, 'a message is named once, by its cause', doubledNames),
  invariant(5, 'nothing goes out when it is over', afterTheEnd),
  invariant(5, 'what people hear is on record', unrecorded),
];

/**
 * From when it was decided to its first attempt, and from each failure to the next attempt: no longer than the schedule says, as
 * long as nothing held it up.
 */
function* resting(evidence: Evidence): Iterable<Violation> {
  const { journal, endedAtMs } = evidence;
  const decisions = decisionsOf(evidence);
  const ends = endsOf(evidence, decisions);
  const attempts = attemptsOf(journal);
  const inTheWay = heldUp(evidence);
  for (const { notice, decision } of issuedIn(decisions)) {
    if (!isLifeSafety(notice)) continue;
    const { noticeId } = notice;
    const endMs = ends.get(noticeId)?.atMs ?? endedAtMs;
    for (const { from, toMs = endMs, allowedMs, what, again } of restsOf(
      decision.entry,
      attempts.get(noticeId) ?? [],
    )) {
      // What went out before it was on record may be decided later after all: it rests from then on.
      const window = { fromMs: Math.max(from.atMs, decision.cause.atMs), toMs: Math.min(toMs, endMs) };
      const calmMs = longestCalmMs(window, inTheWay(notice, again));
      if (calmMs <= allowedMs / (1 - slewed) + slackMs) continue;
      const says = `${noticeId} rested ${Math.round(calmMs / 1000)} s ${what}`;
      yield { says, sequence: from.sequence, atMs: from.atMs };
    }
  }
}
/** Reading, judging and writing, after a pause of the supervisor as well. */
const slackMs = 12_000;

/** `again`: by which way it is tried again. */
type Rest = { from: Entry; toMs: number | undefined; allowedMs: number; what: string; again?: string };

function restsOf(decided: Entry, attempts: readonly Attempt[]): Rest[] {
  const rests: Rest[] = [{ from: decided, toMs: attempts[0]?.atMs, allowedMs: 0, what: 'before its first attempt' }];
  for (const [index, from] of attempts.entries()) {
    const { record } = from;
    const later = attempts.slice(index + 1).filter((one) => one.record.channel === record.channel);
    if (record.kind === 'attempting') {
      const outcome = later.find((one) => one.record.kind === 'outcome');
      rests.push({
        from,
        toMs: outcome?.atMs,
        allowedMs: timeLimitMs(record.channel),
        what: `in attempt ${record.attempt}`,
      });
    } else if (record.result === 'failed' && !record.final) {
      const begun = attempts.findLast(
        (one, at) =>
          at < index &&
          one.record.kind === 'attempting' &&
          one.record.channel === record.channel &&
          one.record.attempt === record.attempt,
      );
      // What its provider says later is when it failed.
      const startedAt = record.receipt ? undefined : begun?.receivedAt;
      const allowedMs = nextTryAt(record, { startedAt, failedAt: from.receivedAt }) - from.receivedAt;
      // Where there is no room for an attempt, only its outcome is on record.
      const next = later.find((one) => one.record.attempt > record.attempt);
      rests.push({
        from,
        ...{ toMs: next?.atMs, allowedMs, what: `after attempt ${record.attempt}`, again: record.channel },
      });
    }
  }
  return rests;
}

function* endless(evidence: Evidence): Iterable<Violation> {
  const decisions = decisionsOf(evidence);
  const ends = endsOf(evidence, decisions);
  for (const { notice, decision } of issuedIn(decisions)) {
    if (!isLifeSafety(notice) || ends.has(notice.noticeId)) continue;
    if (evidence.endedAtMs - decision.entry.atMs < slackMs) continue;
    const { sequence, atMs } = decision.entry;
    yield { says: `${notice.noticeId} was not delivered, refused or overtaken in the end`, sequence, atMs };
  }
}

/**
 * When every way to somebody on the newest rung has failed, and nobody has the incident in hand, the next rung is told in the same
 * step, as long as there are some that were not told yet.
 */
function* waitedFor(evidence: Evidence): Iterable<Violation> {
  for (const { entry, cause, record } of decisionsOf(evidence)) {
    if (cause.record.kind !== 'outcome') continue;
    for (const { incident, timeline } of record.incidents ?? []) {
      const gaveUp = timeline.find(({ what, details }) => what === 'undelivered' && details.everyChannel === true);
      const told = incident.told.find(({ contactId }) => contactId === gaveUp?.details.contactId);
      if (!gaveUp || !told || told.informed || told.answer || incident.state.phase !== 'open') continue;
      const rung = Number(/\/v\d+\/(\d+)\//.exec(cause.record.noticeId)?.[1]);
      const wentOn = timeline.some(({ what, details }) => what === 'rung' && Number(details.rung) > rung);
      const { ladder } = incident;
      const isNewest = ladder.phase !== 'ended' && ladder.phase !== 'held' && ladder.rung === rung;
      if (wentOn || !isNewest || rung === 0 || rung >= rungsOf(incident)) continue;
      const says = `${told.contactId} could not be reached, and rung ${rung + 1} was not told`;
      yield { says, homeId: incident.where.placeId, sequence: entry.sequence, atMs: entry.atMs };
    }
  }
}

/** It arrives twice only when a provider said that it had not; and never because the system forgot that it had sent it. */
function* doubled(evidence: Evidence): Iterable<Violation> {
  const service = (one: Heard) => one.arrived && !isLifeSafety(one.notice);
  for (const [noticeId, all] of Map.groupBy(evidence.messages.filter(service), ({ notice }) => notice.noticeId)) {
    const inOrder = all.toSorted((a, b) => a.atMs - b.atMs);
    const isKnown = ({ answer, channel }: Heard) =>
      answer === 'delivered' || (answer === 'accepted' && !channel.startsWith('voice'));
    const at = inOrder.findIndex(isKnown);
    const known = inOrder[at];
    if (!known) continue;
    // Two ways may be tried beside each other; none begins when one is known to have worked.
    const again = inOrder.slice(at + 1).find(({ given, atMs, channel }) => {
      return (given?.atMs ?? atMs) >= known.atMs + (channel === known.channel ? 0 : oneTryMs);
    });
    if (again) yield { ...aboutOf(again), says: `${noticeId} arrived again at ${again.contactId}` };
  }
  const attempts = attemptsOf(evidence.journal);
  for (const { notice } of issuedIn(decisionsOf(evidence))) {
    if (isLifeSafety(notice)) continue;
    const own = attempts.get(notice.noticeId) ?? [];
    const cutOff = own.findIndex(
      ({ record }) => record.kind === 'outcome' && record.detail === 'unknown after restart',
    );
    const again = cutOff < 0 ? undefined : own.slice(cutOff).find(({ record }) => record.kind === 'attempting');
    if (again)
      yield {
        says: `${notice.noticeId} was sent again, and may have arrived`,
        sequence: again.sequence,
        atMs: again.atMs,
      };
  }
}

function* strangeRepeats({ messages }: Evidence): Iterable<Violation> {
  const idOf = new Map<string, string>();
  const nameOf = new Map<string, string>();
  for (const { notice, others = [], channel, idempotencyId, atMs } of messages) {
    const { incidentId } = notice;
    // Where one message says several, it is named by all of them.
    const name = `${[notice, ...others].map(({ noticeId }) => noticeId).join(' and ')} by ${channel}`;
    const before = idOf.get(name);
    const other = nameOf.get(idempotencyId);
    if (before !== undefined && before !== idempotencyId)
      yield { says: `${name} went out under two ids`, incidentId, atMs };
    if (other !== undefined && other !== name) yield { says: `${name} and ${other} have one id`, incidentId, atMs };
    idOf.set(name, idempotencyId);
    nameOf.set(idempotencyId, name);
  }
}

/** The name says incident, version, rung and recipient, or what it answers, and no two messages have the same. */
function* doubledNames(evidence: Evidence): Iterable<Violation> {
  const known = new Map<string, Issued>();
  for (const issued of issuedIn(decisionsOf(evidence))) {
    const { noticeId, incidentId, rung, recipient, purpose } = issued.notice;
    const { sequence, atMs } = issued.decision.entry;
    const to = recipient.type === 'contact' ? recipient.contactId : recipient.areaId;
    const tail = noticeId.startsWith(`${incidentId}/v`) ? noticeId.slice(incidentId.length + 2) : '';
    const isNamed = /^\d+$/.test(tail.split('/', 1)[0] ?? '') && tail.endsWith(`/${rung}/${recipient.type}:${to}`);
    if (!isNamed && !(purpose === 'reply' && noticeId.startsWith(`${incidentId}/reply:`)))
      yield { says: `${noticeId} (${purpose}) is not named by its cause`, sequence, atMs };
    const before = known.get(noticeId);
    if (before) yield { says: `${noticeId} was issued as ${before.notice.purpose}, and as ${purpose}`, sequence, atMs };
    known.set(noticeId, issued);
  }
}

/** An attempt that is under way may still arrive, also when the process that sent it is gone; none begins. */
function* afterTheEnd(evidence: Evidence): Iterable<Violation> {
  const ends = endsOf(evidence, decisionsOf(evidence));
  for (const message of evidence.messages) {
    const { notice, contactId, atMs } = message;
    const end = ends.get(notice.noticeId);
    const underWayMs = end?.how === 'perhaps given up' ? pauseMs + oneTryMs : oneTryMs;
    if (!end || atMs <= end.atMs + underWayMs) continue;
    const lateS = Math.round((atMs - end.atMs) / 1000);
    yield { ...aboutOf(message), says: `${notice.noticeId} went to ${contactId} ${lateS} s after it was ${end.how}` };
  }
}
const oneTryMs = 35_000;
const pauseMs = 75_000;

/** While the disk does not take it, what cannot wait goes out before it is on record; its cause may then be lost. */
function* unrecorded(evidence: Evidence): Iterable<Violation> {
  const issued = new Set(issuedIn(decisionsOf(evidence)).map(({ notice }) => notice.noticeId));
  const inTheWay = hindrances(evidence, 'alarm', 'disk');
  for (const message of evidence.messages) {
    const { notice, contactId, atMs } = message;
    if (issued.has(notice.noticeId)) continue;
    const around = { fromMs: atMs - aroundMs, toMs: atMs + aroundMs };
    const isProvisional = notice.severity === 'critical' && !isClosing(notice);
    if (isProvisional && longestCalmMs(around, inTheWay) < 2 * aroundMs) continue;
    yield { ...aboutOf(message), says: `${contactId} heard ${notice.noticeId}, which nobody had decided` };
  }
}
const aroundMs = 2 * 60_000;

const aboutOf = ({ notice: { incidentId }, atMs }: Heard) => ({ incidentId, atMs });
