import type { Entry, Evidence, Publish, Truth } from './evidence.ts';
import type { Window } from './faults.ts';
import { type Invariant, invariant, type Violation } from './invariant.ts';
import {
  decisionsOf,
  type EntryOf,
  fieldsOf,
  hinderedMs,
  hindrances,
  homesByDevice,
  isClosing,
  isCry,
  isDanger,
  isOfHome,
  isUrgent,
  keyOfPublish,
  longestCalmMs,
  merged,
  type Raised,
  raisedIn,
  reportsByKey,
  stepsOf,
  untrusted,
} from './reading.ts';
import { type Account, accountsOf, couldNotSend } from './truth-on-record.ts';

/** No alarm waits, none is lost, and what cannot be read is one all the same. */
export const alarmInvariants: readonly Invariant[] = [
  invariant(2, 'a fire or a call for help is heard of in the end', unheard),
  invariant(2, 'a fire or a call for help that was kept is in an incident', withoutIncident),
  invariant(2, 'one matter is one incident', doubledIncidents),
  invariant(2, 'what happened once is one alert', doubledAlerts),
  invariant(2, 'no alarm waits', waiting),
  invariant(3, 'what cannot be read raises an alarm', unreadAndSilent),
  invariant(2, 'a fall is judged', unjudgedFalls),
  invariant(2, 'a fall that was cancelled in time calls nobody', cancelledFalls),
  invariant(8, 'late is not lost', lateAndLost),
];

function* unheard(evidence: Evidence): Iterable<Violation> {
  for (const account of accountsOf(evidence, 'fire', 'emergency-press', 'fall')) {
    const { truth, cries } = account;
    if (cries.length > 0 || account.isPartlyLost || couldNotSend(account, evidence)) continue;
    yield { ...placeOf(account), says: `nothing of ${nameOf(account)} was ever kept`, atMs: truth.atMs };
  }
}

function* withoutIncident(evidence: Evidence): Iterable<Violation> {
  for (const account of accountsOf(evidence, 'fire', 'emergency-press')) {
    const [first] = account.cries;
    if (!first || account.incidents.length > 0) continue;
    yield { ...placeOf(account), says: `${nameOf(account)} was kept, and is in no incident`, ...at(first) };
  }
}

/** What people see as one thing is one piece of work: never are two open at one home for the same. */
function* doubledIncidents(evidence: Evidence): Iterable<Violation> {
  const open = new Map<string, string>();
  for (const { entry, record } of decisionsOf(evidence)) {
    const isOver = ({ incident }: { incident: { state: { phase: string } } }) => incident.state.phase === 'resolved';
    const changes = record.incidents ?? [];
    // One that ends makes room for one that begins in the same step.
    for (const { incident } of [...changes.filter(isOver), ...changes.filter((change) => !isOver(change))]) {
      const group = groupOf(incident.alerts[0]?.condition ?? '');
      const { placeId } = incident.where;
      if (!group || placeId === undefined) continue;
      const key = `${group} at ${placeId}`;
      const other = open.get(key);
      if (isOver({ incident })) {
        if (other === incident.incidentId) open.delete(key);
      } else if (other !== undefined && other !== incident.incidentId) {
        const says = `two incidents are open for ${key}: ${other} and ${incident.incidentId}`;
        yield { says, homeId: placeId, ...at(entry) };
      } else open.set(key, incident.incidentId);
    }
  }
}

function groupOf(condition: string): string | undefined {
  if (isDanger(condition)) return 'fire';
  if (isCry(condition)) return 'a cry for help';
  return condition === 'call-care' || condition === 'call-service' ? condition : undefined;
}

/** A report that comes again, on whatever way and at whatever time, leads to nothing new. */
function* doubledAlerts(evidence: Evidence): Iterable<Violation> {
  const known = new Map<string, Raised[]>();
  for (const decision of decisionsOf(evidence)) {
    for (const alert of raisedIn(decision)) {
      const { alertId, condition, lateMs, occurredAt, where } = alert;
      // Only a device's own clock says that two words are of one moment.
      if (lateMs === undefined || !isOfHome(condition) || untrusted(evidence).has(where.deviceId ?? '')) continue;
      const key = `${condition} ${where.deviceId}`;
      const before = known.get(key)?.find((one) => Math.abs(one.occurredAt - occurredAt) < sameMomentMs);
      const says = `${alertId} was raised for what had been raised as ${before?.alertId}`;
      if (before) yield { says, homeId: where.placeId, ...at(decision.entry) };
      known.set(key, [...(known.get(key) ?? []), alert]);
    }
  }
}
const sameMomentMs = 2_000;

/**
 * From when it was kept until a person or the desk had a message of it: never 90 s on end in which nothing was in the way. A
 * message that did not arrive is in the way as long as its next try may take. Somebody who ended it knew of it.
 */
function* waiting(evidence: Evidence): Iterable<Violation> {
  const general = hindrances(evidence, 'alarm', 'disk', 'providers');
  const byIncident = Map.groupBy(evidence.messages, ({ notice }) => notice.incidentId);
  const askedAbout = questionsOf(evidence);
  for (const account of accountsOf(evidence, 'fire', 'emergency-press')) {
    const [first] = account.cries;
    if (!first || account.incidents.length === 0) continue;
    const ids = account.incidents.flatMap(([step]) => step?.incident.incidentId ?? []);
    const questions = ids.flatMap((id) => askedAbout.get(id) ?? []);
    const messages = [...ids, ...questions]
      .flatMap((id) => byIncident.get(id) ?? [])
      .filter(({ notice }) => !isClosing(notice));
    // What was told before counts only where nothing new was decided: the same call, the same alarm.
    // And where somebody is on the way already: a second call is shown and sounded, and calls nobody else.
    const isAttended = account.incidents.some((steps) => {
      const before = steps.findLast(({ decision }) => decision.cause.sequence < first.sequence);
      return before?.incident.state.phase === 'responding' || before?.incident.state.phase === 'on-scene';
    });
    const fromMs = account.isNews && !isAttended ? firstArrival(account) : 0;
    const heard = messages.filter((one) => one.arrived && one.notice.severity === 'critical' && one.atMs >= fromMs);
    const ended = account.incidents.flat().filter(({ incident, decision }) => {
      return incident.state.phase === 'resolved' && decision.entry.atMs >= first.atMs;
    });
    const known = [...heard.map(({ atMs }) => atMs), ...ended.map(({ decision }) => decision.entry.atMs)];
    const toMs = Math.min(evidence.endedAtMs, ...known);
    const failed = messages.filter(({ arrived }) => !arrived).map(({ atMs }) => untilTriedAgain(atMs));
    const calmMs = longestCalmMs({ fromMs: first.atMs, toMs }, merged([...general, ...failed]));
    if (calmMs <= promptMs && known.length > 0) continue;
    const told = known.length > 0 ? `told ${seconds(toMs - first.atMs)} after it was kept` : 'told to nobody';
    const says = `${nameOf(account)} was ${told}, ${seconds(calmMs)} of it with nothing in the way`;
    yield { ...placeOf(account), says, ...at(first) };
  }
}

/** By incident, those of the system that say that it was left open: after hours without the system people are told of it by them. */
function questionsOf(evidence: Evidence): Map<string, string[]> {
  const steps = [...stepsOf(decisionsOf(evidence)).values()].flatMap((all) => all.at(-1) ?? []);
  const asked = steps.flatMap(({ incident: { incidentId, alerts } }) =>
    alerts.flatMap(({ condition, reason }) =>
      condition === 'emergency-left-open' ? [{ incidentId, about: String(reason.incidentId) }] : [],
    ),
  );
  return new Map(
    [...Map.groupBy(asked, ({ about }) => about)].map(([about, all]) => [about, all.map((one) => one.incidentId)]),
  );
}

/** Its attempt may have begun this long before, and the next one comes a minute after that failed. */
const untilTriedAgain = (atMs: number): Window => ({ fromMs: atMs - 30_000, toMs: atMs + 80_000 });
const promptMs = 90_000;

const firstArrival = ({ publishes }: Account): number => Math.min(...publishes.flatMap((one) => one.arrivedAtMs));

/** A publish that is no longer what its device made, and cannot be read, is an alert; the next within ten minutes is the same. */
function* unreadAndSilent(evidence: Evidence): Iterable<Violation> {
  const kept = reportsByKey(evidence, isUrgent);
  const homes = homesByDevice(evidence);
  const raisedBy = new Set(
    decisionsOf(evidence)
      .filter((decision) => raisedIn(decision).some(({ condition }) => condition === 'unreadable'))
      .map(({ cause }) => cause.sequence),
  );
  const unread = evidence.publishes.filter(({ garbled, report }) => isUnreadable(garbled) && isUrgent(report));
  const entries = [...Map.groupBy(unread, contentOf).values()].map((same) =>
    [...new Set(same.map(keyOfPublish))].flatMap((key) => kept.get(key) ?? []).sort((a, b) => a.sequence - b.sequence),
  );
  const firsts = new Set(entries.map(([first]) => first?.sequence));
  const heardAt = new Map<string, number>();
  for (const entry of entries.flat().sort((a, b) => a.sequence - b.sequence)) {
    const { deviceId, report } = entry.record;
    const key = `${deviceId} ${report}`;
    const isSame = entry.receivedAt - (heardAt.get(key) ?? -Infinity) < sameAlarmMs;
    heardAt.set(key, entry.receivedAt);
    if (isSame || raisedBy.has(entry.sequence) || !firsts.has(entry.sequence)) continue;
    const says = `a ${report} of ${deviceId} could not be read, and raised nothing`;
    yield { says, homeId: homes.get(deviceId), ...at(entry) };
  }
}
/** What is sent again says the same but for its age; of what was cut off, each piece is another. */
const contentOf = (publish: Publish): string =>
  publish.garbled === 'newer-version'
    ? `${publish.deviceId} ${publish.report} ${publish.boot} ${publish.seq}`
    : keyOfPublish(publish);
const isUnreadable = (garbled: string | undefined) => garbled === 'cut' || garbled === 'newer-version';
const sameAlarmMs = 10 * 60_000;

/** Confirmed, presumed, or not readable: somebody fell, and an alert says so. */
function* unjudgedFalls(evidence: Evidence): Iterable<Violation> {
  const decisions = decisionsOf(evidence);
  const away = hindrances(evidence, 'alarm');
  for (const account of accountsOf(evidence, 'fall')) {
    const [first] = account.cries;
    if (!first || account.incidents.length > 0) continue;
    const { deviceId } = account.truth;
    const withinMs = ({ atMs }: Entry) => longestVerdictMs + hinderedMs({ fromMs: first.atMs, toMs: atMs }, away);
    const raised = decisions.some(
      (decision) =>
        decision.cause.sequence > first.sequence &&
        raisedIn(decision).some((alert) => isCry(alert.condition) && alert.where.deviceId === deviceId) &&
        decision.cause.receivedAt - first.receivedAt < withinMs(decision.cause),
    );
    if (!raised) yield { ...placeOf(account), says: `${nameOf(account)} was kept, and never judged`, ...at(first) };
  }
}
/** A verdict is due after a minute; a server that was down judges when it is up again, and clocks may be set meanwhile. */
const longestVerdictMs = 4 * 3_600_000;

function* cancelledFalls(evidence: Evidence): Iterable<Violation> {
  const decisions = decisionsOf(evidence);
  for (const account of accountsOf(evidence, 'fall-cancelled')) {
    const { kept, cries, publishes, truth } = account;
    const [suspected] = cries;
    const cancelled = kept.find((entry) => !cries.includes(entry));
    if (!suspected || !cancelled || publishes.some(({ garbled }) => garbled)) continue;
    if (untrusted(evidence).has(truth.deviceId)) continue;
    // Stored reports come back to back; whoever gets up in time has said so within the shorter of the two windows.
    if (cancelled.receivedAt - suspected.receivedAt > 9_000 || cancelled.sequence < suspected.sequence) continue;
    const [fellAt, upAt] = [happenedAt(suspected) - sameMomentMs, happenedAt(cancelled) + sameMomentMs];
    const called = decisions.find(
      (decision) =>
        decision.cause.sequence >= suspected.sequence &&
        decision.cause.receivedAt - suspected.receivedAt < sameAlarmMs &&
        raisedIn(decision).some(
          ({ condition, where, occurredAt }) =>
            // What was stored comes together, and another fall of the same day may be there with it.
            condition === 'fall' && where.deviceId === truth.deviceId && occurredAt >= fellAt && occurredAt <= upAt,
        ),
    );
    if (called) yield { ...placeOf(account), says: `${nameOf(account)} called people`, ...at(called.entry) };
  }
}

/** By its age, on the journal's clock. */
const happenedAt = (entry: EntryOf<'report'>): number => entry.receivedAt - Number(fieldsOf(entry).age ?? 0) * 1000;

/** What was kept long after it happened is judged, or noted, with the time at which it happened. */
function* lateAndLost(evidence: Evidence): Iterable<Violation> {
  const decisions = decisionsOf(evidence);
  const diskTroubles = hindrances(evidence, 'disk');
  for (const account of accountsOf(evidence, ...whatIsJudged)) {
    const { truth, kept, publishes } = account;
    const [first] = kept;
    if (!first || first.atMs - truth.atMs < lateMs || publishes.some(({ garbled }) => garbled)) continue;
    // Where its beginning is lost, the rest of it came in time.
    if (account.isPartlyLost) continue;
    // What waited for the disk was received long before it was durable.
    if (hinderedMs({ fromMs: truth.atMs, toMs: first.atMs }, diskTroubles) > 0) continue;
    const elapsedMs = (truth.untilMs ?? truth.atMs) - truth.atMs;
    const dueAt = first.receivedAt - (first.atMs - truth.atMs);
    const isIt = (word: { where: { deviceId?: string }; occurredAt: number }) =>
      word.where.deviceId === truth.deviceId &&
      word.occurredAt > dueAt - toleranceMs &&
      word.occurredAt < dueAt + elapsedMs + toleranceMs;
    const own = new Set(kept.map(({ sequence }) => sequence));
    const said = decisions.some(({ record, entry }) =>
      (record.alerts ?? []).some(
        (change) =>
          // An alert that stands says since when by itself.
          (change.type === 'strengthen' && own.has(record.cause)) ||
          (change.type === 'raise' &&
            change.alert.lateMs !== undefined &&
            // What was stored comes in any order, and what is told of it first stands for what comes with it.
            (isIt(change.alert) || isTogether(change.alert, truth, entry, first))) ||
          (change.type === 'note' && isIt(change.note)),
      ),
    );
    if (said) continue;
    const says = `${nameOf(account)} was kept ${seconds(first.atMs - truth.atMs)} late, and nothing says so`;
    yield { ...placeOf(account), says, ...at(first) };
  }
}
const isTogether = (alert: Raised, { deviceId }: Truth, entry: Entry, first: Entry) =>
  alert.where.deviceId === deviceId && Math.abs(entry.atMs - first.atMs) < toleranceMs;
const whatIsJudged = ['fire', 'emergency-press', 'care-press', 'service-press', 'fall', 'fall-cancelled'] as const;
const lateMs = 20 * 60_000;
/** Networks delay, disks hang, and clocks are slewed. */
const toleranceMs = 3 * 60_000;

const nameOf = ({ truth: { what, deviceId } }: Account): string => `the ${what} of ${deviceId}`;
const placeOf = ({ truth: { homeId } }: Account) => ({ homeId });
const at = ({ sequence, atMs }: { sequence: number; atMs: number }) => ({ sequence, atMs });
const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
