import { carrierOf } from '../../records/channel-names.ts';
import type { Entry, Evidence, Heard } from './evidence.ts';
import type { Window } from './faults.ts';
import { type Invariant, invariant, type Violation } from './invariant.ts';
import { endsOf } from './notice-ends.ts';
import {
  type Attempt,
  addressesOf,
  attemptsOf,
  type Decision,
  decisionsOf,
  hindrances,
  type Issued,
  isClosing,
  isLifeSafety,
  issuedIn,
  longestCalmMs,
  merged,
} from './reading.ts';
import { rungsOf } from './written-ladders.ts';

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
 * long as the system was up, the disk answered, and the same receiver was not busy with two others; nor, for what is tried again, the
 * same carrier with sixty-four.
 */
function* resting(evidence: Evidence): Iterable<Violation> {
  const { journal, endedAtMs } = evidence;
  const decisions = decisionsOf(evidence);
  const ends = endsOf(evidence, decisions);
  const attempts = attemptsOf(journal);
  const away = hindrances(evidence, 'alarm', 'disk');
  const addresses = addressesOf(evidence);
  const addressOf = (contactId: string) => addresses.get(contactId) ?? contactId;
  const busy = busyReceivers({ decisions, attempts, endedAtMs, addressOf });
  for (const { notice, decision } of issuedIn(decisions)) {
    if (!isLifeSafety(notice)) continue;
    const { noticeId, recipient } = notice;
    const own = recipient.type === 'contact' ? (busy.addresses.get(addressOf(recipient.contactId)) ?? []) : [];
    const inTheWay = own.length > 0 ? merged([...away, ...own]) : away;
    const endMs = ends.get(noticeId)?.atMs ?? endedAtMs;
    for (const rest of restsOf(decision.entry, attempts.get(noticeId) ?? [])) {
      const { from, toMs = endMs, allowedMs, what, again } = rest;
      const behind = again === undefined ? undefined : busy.carriers.get(again);
      const calmMs = longestCalmMs(
        { fromMs: from.atMs, toMs: Math.min(toMs, endMs) },
        behind ? merged([...inTheWay, ...behind]) : inTheWay,
      );
      if (calmMs <= allowedMs + slackMs) continue;
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
      const allowedMs = record.channel.startsWith('voice') ? callTimeoutMs : timeoutMs;
      rests.push({ from, toMs: outcome?.atMs, allowedMs, what: `in attempt ${record.attempt}` });
    } else if (record.result === 'failed' && !record.final) {
      const begun = attempts.findLast(
        (one, at) =>
          at < index &&
          one.record.kind === 'attempting' &&
          one.record.channel === record.channel &&
          one.record.attempt === record.attempt,
      );
      const restMs = scheduleMs[record.attempt - 1] ?? steadyMs;
      // What its provider says later is when it failed.
      const sinceMs = begun && !record.receipt ? from.receivedAt - begun.receivedAt : 0;
      const wishedMs = record.retryAfterMs ?? 0;
      const allowedMs = Math.max(
        0,
        restMs - sinceMs,
        record.trouble === 'limit' ? wishedMs : Math.min(wishedMs, steadyMs),
      );
      // Where there is no room for an attempt, only its outcome is on record.
      const next = later.find((one) => one.record.attempt > record.attempt);
      rests.push({
        from,
        ...{ toMs: next?.atMs, allowedMs, what: `after attempt ${record.attempt}`, again: carrierOf(record.channel) },
      });
    }
  }
  return rests;
}
/** Between the beginnings of attempts; a provider that asks for more rest gets a minute at most, unless a limit is reached. */
const scheduleMs = [5_000, 10_000, 30_000];
const steadyMs = 60_000;
/** A receiver that has not answered by then does not answer. */
const timeoutMs = 15_000;
const callTimeoutMs = 60_000;

/** When two attempts to one address were under way, or sixty-four by one carrier: another one may wait. */
function busyReceivers({ decisions, attempts, endedAtMs, addressOf }: Tried): {
  addresses: Map<string, Window[]>;
  carriers: Map<string, Window[]>;
} {
  const underWay = issuedIn(decisions).flatMap(({ notice: { noticeId, recipient } }) => {
    if (recipient.type !== 'contact') return [];
    const own = attempts.get(noticeId) ?? [];
    return own.flatMap((one, index) => {
      if (one.record.kind !== 'attempting') return [];
      const outcome = own.find((other, at) => at > index && other.record.kind === 'outcome');
      const { channel } = one.record;
      const window = { fromMs: one.atMs, toMs: outcome?.atMs ?? endedAtMs };
      return { address: addressOf(recipient.contactId), carrier: carrierOf(channel), ...window };
    });
  });
  return {
    addresses: overlapsBy(underWay, ({ address }) => address, 2),
    carriers: overlapsBy(underWay, ({ carrier }) => carrier, 64),
  };
}

function overlapsBy<W extends Window>(windows: readonly W[], keyOf: (window: W) => string, count: number) {
  return new Map([...Map.groupBy(windows, keyOf)].map(([key, own]) => [key, overlaps(own, count)] as const));
}
type Tried = {
  decisions: readonly Decision[];
  attempts: ReadonlyMap<string, Attempt[]>;
  endedAtMs: number;
  addressOf: (contactId: string) => string;
};

/** Where at least so many of them are at once. */
function overlaps(windows: readonly Window[], count: number): Window[] {
  const edges = windows.flatMap(({ fromMs, toMs }) => [
    { atMs: fromMs, by: 1 },
    { atMs: toMs, by: -1 },
  ]);
  const found: Window[] = [];
  let underWay = 0;
  let sinceMs = 0;
  for (const { atMs, by } of edges.sort((a, b) => a.atMs - b.atMs || a.by - b.by)) {
    if (by === 1 && underWay === count - 1) sinceMs = atMs;
    if (by === -1 && underWay === count) found.push({ fromMs: sinceMs, toMs: atMs });
    underWay += by;
  }
  return found;
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
    const known = inOrder.findIndex(isKnown);
    const knownMs = inOrder[known]?.atMs ?? Infinity;
    // Two ways may be tried beside each other; none begins when one is known to have worked.
    const again = inOrder.slice(known + 1).find(({ given }) => !given || given.atMs > knownMs + oneTryMs);
    if (known >= 0 && again) yield { ...aboutOf(again), says: `${noticeId} arrived again at ${again.contactId}` };
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
  for (const { notice, channel, idempotencyId, atMs } of messages) {
    const { incidentId } = notice;
    const name = `${notice.noticeId} by ${channel}`;
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
