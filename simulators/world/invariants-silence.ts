import type { Evidence } from './evidence.ts';
import { type Invariant, invariant, type Violation } from './invariant.ts';
import {
  decisionsOf,
  entriesOf,
  hinderedMs,
  hindrances,
  homesByDevice,
  type Raised,
  raisedIn,
  slewed,
  untrusted,
} from './reading.ts';

/** Silence is news: of a device that fell silent, not of one that was heard; and it proves nothing. */
export const silenceInvariants: readonly Invariant[] = [
  invariant(7, 'a device that died is missed', unmissed),
  invariant(7, 'a device that speaks is not called silent', calledSilent),
  invariant(7, 'nothing is over because nobody speaks of it', overBySilence),
  invariant(7, 'whoever loses their last device is on record as blind', unwatched),
];

const minuteMs = 60_000;
/** Two promised reports stay out (the next release waits for a third), and a quarter of an hour on top. */
const fewestMissed = 2;
const mostMissed = 3;
const graceMs = 15 * minuteMs;
/** A device's words are noted to the minute, and silence is noticed on the minute. */
const resolutionMs = minuteMs;

function intervals({ homes }: Evidence): Map<string, number> {
  return new Map(
    homes.flatMap(({ devices }) => devices.map((one) => [one.id, one.intervalMinutes * minuteMs] as const)),
  );
}

/** Whatever died long enough before the world ended, with time in which nobody listened counted out. */
function* unmissed(evidence: Evidence): Iterable<Violation> {
  const { journal, truth, endedAtMs, crashes, faults } = evidence;
  const intervalMs = intervals(evidence);
  const away = hindrances(evidence, 'alarm', 'disk');
  const missed = decisionsOf(evidence).flatMap((decision) =>
    raisedIn(decision).flatMap(({ condition, where }) =>
      condition === 'device-silent' ? { deviceId: where.deviceId, atMs: decision.entry.atMs } : [],
    ),
  );
  for (const { what, deviceId, homeId, atMs } of truth) {
    if (what !== 'battery-death' || untrusted(evidence).has(deviceId)) continue;
    const heard = entriesOf(journal, 'report').findLast(({ record }) => record.deviceId === deviceId);
    const fromMs = Math.max(atMs, heard?.atMs ?? 0);
    const outage = hinderedMs({ fromMs, toMs: endedAtMs }, away);
    const limitMs = mostMissed * (intervalMs.get(deviceId) ?? Infinity) + graceMs + resolutionMs;
    // After each stop the time since the last record counts as time in which nobody listened, and so does a step forward.
    const stops = crashes.length + faults.releases.length;
    const steps = faults.clockSteps.reduce((sum, { byMs }) => sum + Math.abs(byMs), 0);
    const dueMs = fromMs + limitMs * (1 + slewed) + outage + stops * 15 * minuteMs + steps + slackMs;
    if (dueMs > endedAtMs || missed.some((one) => one.deviceId === deviceId && one.atMs >= (heard?.atMs ?? 0)))
      continue;
    yield { says: `${deviceId} died, and nobody missed it`, homeId, atMs };
  }
}
const slackMs = 5 * minuteMs;

/** Both in the journal's time and in the world's, where time in which nobody listened proves nothing. */
function* calledSilent(evidence: Evidence): Iterable<Violation> {
  const intervalMs = intervals(evidence);
  const homes = homesByDevice(evidence);
  // A start that waits for a full disk listens all the same: what it takes in is stamped, and counts, before it is on disk.
  const disk = hindrances(evidence, 'disk');
  const away = hindrances(evidence, 'alarm').filter((window) => hinderedMs(window, disk) === 0);
  const reports = Map.groupBy(entriesOf(evidence.journal, 'report'), ({ record }) => record.deviceId);
  for (const decision of decisionsOf(evidence)) {
    const { sequence, atMs } = decision.cause;
    for (const { condition, where, at, alertId } of raisedIn(decision)) {
      const { deviceId = '' } = where;
      const interval = intervalMs.get(deviceId);
      if (condition !== 'device-silent' || interval === undefined) continue;
      const last = reports.get(deviceId)?.findLast((entry) => entry.sequence < sequence);
      const limitMs = fewestMissed * interval + graceMs - resolutionMs;
      const heardAtMs = last?.atMs ?? 0;
      const listenedMs = atMs - heardAtMs - hinderedMs({ fromMs: heardAtMs, toMs: atMs }, away);
      const silentMs = Math.min(last ? at - last.receivedAt : Infinity, listenedMs / (1 - slewed) + slackMs);
      if (silentMs >= limitMs) continue;
      const says = `${alertId} was raised after ${Math.round(silentMs / minuteMs)} min in which it was not heard`;
      yield { says, homeId: homes.get(deviceId), sequence: decision.entry.sequence, atMs };
    }
  }
}

/** What a device has said is taken back by a device of that home, or by whoever takes it out of the registry. */
function* overBySilence(evidence: Evidence): Iterable<Violation> {
  const homes = homesByDevice(evidence);
  const raised = new Map<string, Raised>();
  for (const decision of decisionsOf(evidence)) {
    for (const alert of raisedIn(decision)) raised.set(alert.alertId, alert);
    const { cause, entry } = decision;
    if (cause.record.kind === 'command') continue;
    const speaker = cause.record.kind === 'report' ? homes.get(cause.record.deviceId) : undefined;
    for (const change of decision.record.alerts ?? []) {
      const alert = change.type === 'clear' ? raised.get(change.alertId) : undefined;
      const { deviceId } = alert?.where ?? {};
      if (!alert || deviceId === undefined || alert.condition === 'counter-reused') continue;
      if (speaker === homes.get(deviceId)) continue;
      const says = `${alert.alertId} was cleared by a record of kind ${cause.record.kind}`;
      yield { says, homeId: homes.get(deviceId), sequence: entry.sequence, atMs: entry.atMs };
    }
  }
}

/** A device for each harm would notice it. */
const noticedBy = [
  { harm: 'fire', kind: 'smoke-detector' },
  { harm: 'fall', kind: 'wearable' },
] as const;

/** What was never heard watches nobody, so that its silence takes nothing away. */
function* unwatched(evidence: Evidence): Iterable<Violation> {
  const reports = entriesOf(evidence.journal, 'report');
  const heardBefore = (deviceId: string, sequence: number) =>
    reports.some((entry) => entry.record.deviceId === deviceId && entry.sequence < sequence);
  const silentBy = new Map<string, string>();
  for (const decision of decisionsOf(evidence)) {
    const { alerts = [] } = decision.record;
    for (const change of alerts) if (change.type === 'clear') silentBy.delete(change.alertId);
    const fell = raisedIn(decision).filter(({ condition }) => condition === 'device-silent');
    for (const { alertId, where } of fell) silentBy.set(alertId, where.deviceId ?? '');
    const silent = new Set(silentBy.values());
    for (const { harm, kind } of noticedBy) {
      for (const { id: homeId, person, devices } of evidence.homes) {
        const own = devices.filter((device) => device.kind === kind).map(({ id }) => id);
        if (!fell.some(({ where }) => own.includes(where.deviceId ?? '')) || !own.every((id) => silent.has(id)))
          continue;
        if (!own.some((id) => heardBefore(id, decision.cause.sequence))) continue;
        const isSaid = alerts.some(
          (change) =>
            change.type === 'coverage' &&
            change.personId === person.id &&
            change.harm === harm &&
            change.state === 'blind',
        );
        const { sequence, atMs } = decision.entry;
        if (!isSaid)
          yield { says: `${person.id} lost what notices a ${harm}, and it is not on record`, homeId, sequence, atMs };
      }
    }
  }
}
