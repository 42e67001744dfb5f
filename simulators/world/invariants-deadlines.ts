import type { Incident } from '../../records/incident.ts';
import type { Entry, Evidence } from './evidence.ts';
import { type Invariant, invariant, type Violation } from './invariant.ts';
import { decisionsOf, entriesOf, hindrances, longestCalmMs, raisedIn, type Step, stepsOf } from './reading.ts';
import { releases } from './releases.ts';
import { waitAfterMs } from './written-ladders.ts';

/** Time enters through the journal: no deadline fires before its time, none is lost, none is waited for in vain. */
export const deadlineInvariants: readonly Invariant[] = [
  invariant('rest', 'no deadline fires early', early),
  invariant('rest', 'no deadline is lost', lost),
  invariant('rest', 'a deadline that is due is soon on record', tardy),
  invariant('rest', 'the next rung is due when the ladder says', strangeRungs),
];

/** When time alone changes an incident, in journal time: a claim expires, a rung is due. One that is resolved waits for nothing. */
function deadlineOf({ state, ladder }: Incident): number {
  if (state.phase === 'resolved') return Infinity;
  const claimEnds = state.phase === 'claimed' && !state.acted ? state.expiresAt : Infinity;
  return Math.min(claimEnds, rungDueAt({ ladder }));
}
const rungDueAt = ({ ladder }: Pick<Incident, 'ladder'>): number =>
  'nextAt' in ladder && ladder.nextAt !== undefined ? ladder.nextAt : Infinity;

/** Consecutive steps of each incident. */
function* pairsOf(evidence: Evidence): Iterable<{ before: Step; after: Step | undefined }> {
  for (const steps of stepsOf(decisionsOf(evidence)).values())
    for (const [index, before] of steps.entries()) yield { before, after: steps[index + 1] };
}

/** Whether the ladder went on, on its own account: not because somebody declined, let go, or could not be reached. */
function climbedByItself({ incident: { ladder: from } }: Step, { incident: { ladder: to }, decision }: Step): boolean {
  const { kind } = decision.cause.record;
  if (kind === 'outcome' || kind === 'command') return false;
  return from.phase !== 'ended' && to.phase !== 'ended' && to.cause === from.cause && to.rung > from.rung;
}

function* early(evidence: Evidence): Iterable<Violation> {
  for (const { before, after } of pairsOf(evidence)) {
    if (!after) continue;
    const { receivedAt } = after.decision.cause;
    const { state } = before.incident;
    const expired = after.timeline.some(({ what }) => what === 'claim-expired');
    const dueAt = expired && state.phase === 'claimed' ? state.expiresAt : deadlineOf(before.incident);
    if (!expired && !climbedByItself(before, after)) continue;
    // No claim of before holds anybody off then, and journal time may have stood still: docs/decisions/0025.
    const isEnded = expired && isPutBack(after.decision.cause);
    if (receivedAt < dueAt && !isEnded)
      yield { ...placeOf(after), says: `${nameOf(after)} went on ${dueAt - receivedAt} ms before its time` };
  }
  yield* earlyVerdicts(evidence);
}

const isPutBack = ({ record }: Entry): boolean => record.kind === 'started' && record.restored !== undefined;

/** A suspected fall has its window for a verdict; what was decided for want of one was not decided before that. */
function* earlyVerdicts(evidence: Evidence): Iterable<Violation> {
  const windowOf = new Map(
    Object.values(releases).map(({ version, rules }) => {
      return [version, Number(rules.find(({ name }) => name === 'fall')?.settings.verdictMs)] as const;
    }),
  );
  for (const decision of decisionsOf(evidence)) {
    // What was suspected under the other release keeps that one's window.
    const windowMs = evidence.faults.releases.length > 0 ? Math.min(...windowOf.values()) : contractWindowMs;
    for (const { alertId, at, lateMs, occurredAt, reason, where } of raisedIn(decision)) {
      if (reason.transition !== 'suspected to no verdict') continue;
      const waitedMs = lateMs ?? at - occurredAt;
      const { cause, entry } = decision;
      if (waitedMs >= windowMs && cause.receivedAt >= at) continue;
      const says = `${alertId} was presumed ${Math.min(waitedMs, windowMs - (at - cause.receivedAt))} ms after it happened`;
      yield { says, homeId: where.placeId, sequence: entry.sequence, atMs: entry.atMs };
    }
  }
}
/** A suspicion is followed by its verdict within a minute. */
const contractWindowMs = 60_000;

/** Before a record is judged, everything that is due by its time has fired: so that very record, or an earlier one, is the cause. */
function* lost(evidence: Evidence): Iterable<Violation> {
  const { journal } = evidence;
  for (const { before, after } of pairsOf(evidence)) {
    const dueAt = deadlineOf(before.incident);
    const firing = dueAt === Infinity ? undefined : firstAt(journal, dueAt, before.decision.cause.sequence + 1);
    if (!firing || (after && after.decision.cause.sequence <= firing.sequence)) continue;
    const says = `${nameOf(before)} had something due, and record ${firing.sequence}, which came later, changed nothing`;
    yield { ...placeOf(before), says, atMs: firing.atMs };
  }
}

/** The first entry from `sequence` on that was received at `at` or later. Instants in the journal never decrease. */
function firstAt(journal: readonly Entry[], at: number, sequence: number): Entry | undefined {
  let low = Math.max(0, sequence - (journal[0]?.sequence ?? 1));
  let high = journal.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((journal[middle]?.receivedAt ?? Infinity) >= at) high = middle;
    else low = middle + 1;
  }
  return journal[low];
}

/** Where nothing else happens, a tick comes for it. What the clock jumped over, or fell due while nobody was there, fires at once. */
function* tardy(evidence: Evidence): Iterable<Violation> {
  const { journal, endedAtMs } = evidence;
  const away = hindrances(evidence, 'alarm', 'disk');
  const jumps = [...entriesOf(journal, 'clock-step'), ...entriesOf(journal, 'started')].map(
    ({ receivedAt }) => receivedAt,
  );
  const last = journal.at(-1);
  for (const { before, after } of pairsOf(evidence)) {
    const dueAt = deadlineOf(before.incident);
    if (dueAt === Infinity || !last) continue;
    const from = before.decision.cause;
    const next = after?.decision.cause;
    // Without another record journal time went on as the world's did.
    const until = next ?? { receivedAt: last.receivedAt + endedAtMs - last.atMs, atMs: endedAtMs };
    const lateMs = until.receivedAt - Math.max(dueAt, from.receivedAt);
    if (lateMs <= promptMs || jumps.some((at) => at >= dueAt && at <= until.receivedAt)) continue;
    const calmMs = longestCalmMs({ fromMs: until.atMs - lateMs, toMs: until.atMs }, away);
    if (calmMs <= promptMs) continue;
    const says = `${nameOf(before)} had something due for ${Math.round(calmMs / 1000)} s`;
    yield { ...placeOf(before), says, atMs: until.atMs };
  }
}
const promptMs = 5_000;

/** A rung is due so long after the one before was, or, when that came late, after it came. */
function* strangeRungs(evidence: Evidence): Iterable<Violation> {
  for (const { before, after } of pairsOf(evidence)) {
    if (!after || !climbedByItself(before, after)) continue;
    const { incident, decision } = after;
    const { ladder } = incident;
    if (ladder.phase !== 'running') continue;
    const waitMs = waitAfterMs(incident, ladder.rung);
    const dueAt = [deadlineOf(before.incident), decision.cause.receivedAt].map((at) => at + (waitMs ?? Infinity));
    if (dueAt.includes(ladder.nextAt ?? Infinity)) continue;
    const says = `${nameOf(after)} goes on after rung ${ladder.rung} at ${ladder.nextAt}, not at ${dueAt.join(' or ')}`;
    yield { ...placeOf(after), says };
  }
}

const nameOf = ({ incident: { incidentId } }: Step): string => incidentId;
const placeOf = ({ incident, decision: { entry } }: Step) => ({
  ...{ homeId: incident.where.placeId, sequence: entry.sequence, atMs: entry.atMs },
});
