import type { Incident } from '../../records/incident.ts';
import type { Evidence } from './evidence.ts';
import { type Invariant, invariant, type Violation } from './invariant.ts';
import { type Decision, decisionsOf, entriesOf, entryAt, raisedIn } from './reading.ts';
import { differences } from './same-rows.ts';

/** Same journal, same alerts; history is not judged again. */
export const historyInvariants: readonly Invariant[] = [
  invariant(4, 'the same journal leads to the same incidents', otherIncidents),
  invariant(4, 'a record is decided once, and in its turn', outOfTurn),
  invariant(4, 'a decision bears the version that judged', strangeVersions),
  invariant(4, 'a newer version calls nobody for what was judged', judgedAgain),
  invariant(4, 'an alert is raised once', raisedTwice),
];

/** Another release may see the past differently, and then history's word wins: who decided what is judged by the others below. */
function* otherIncidents({ live, anew, faults }: Evidence): Iterable<Violation> {
  if (faults.releases.length > 0) return;
  if (anew.differs > 0)
    yield { says: `${anew.differs} records would be decided otherwise by the version that decided them` };
  if (live.openNotices !== anew.openNotices)
    yield { says: `${live.openNotices} notices are open, and ${anew.openNotices} by the journal` };
  yield* differentIncidents(live.incidents, anew.incidents, 'the alarm process');
}

/** `who` sees other incidents than the journal leads to. */
export function* differentIncidents(
  live: readonly Incident[],
  anew: readonly Incident[],
  who: string,
): Iterable<Violation> {
  const own = new Map(live.map((incident) => [incident.incidentId, incident]));
  for (const due of anew) {
    const incident = own.get(due.incidentId);
    own.delete(due.incidentId);
    const { incidentId, where } = due;
    const differing = incident && differences(incident, due);
    const says = differing
      ? `${who} sees ${incidentId} with another ${differing.join(', ')}`
      : `${who} does not see ${incidentId}`;
    if (!incident || (differing && differing.length > 0)) yield { says, homeId: where.placeId };
  }
  for (const { incidentId, where } of own.values())
    yield { says: `${who} sees ${incidentId}, which the journal does not lead to`, homeId: where.placeId };
}

/** Each cause has one decision, which stands behind it, and decisions stand in the order of their causes. */
function* outOfTurn({ journal }: Evidence): Iterable<Violation> {
  const decided = new Map<number, number>();
  let latest = 0;
  for (const { sequence, atMs, record } of entriesOf(journal, 'decided')) {
    const { cause } = record;
    const before = decided.get(cause);
    if (before !== undefined) yield { says: `record ${cause} was decided at ${before}, and again`, sequence, atMs };
    else if (cause >= sequence || !entryAt(journal, cause))
      yield { says: `the decision ${sequence} is about record ${cause}, which was not there yet`, sequence, atMs };
    else if (cause < latest) yield { says: `record ${cause} was decided after record ${latest}`, sequence, atMs };
    decided.set(cause, sequence);
    latest = Math.max(latest, cause);
  }
}

/** The one that ran when it was written, or, when a crash came between, the one that had judged the cause. */
function* strangeVersions(evidence: Evidence): Iterable<Violation> {
  const runs = runsOf(evidence);
  for (const { entry, cause, record } of decisionsOf(evidence)) {
    const able = [runAt(runs, entry.sequence), runAt(runs, cause.sequence)].map((run) => run?.version);
    if (able.includes(record.version)) continue;
    const says = `decision ${entry.sequence} is by version ${record.version}, and ${able[0]} was running`;
    yield { says, sequence: entry.sequence, atMs: entry.atMs };
  }
}

/**
 * What the version before had gone past, it had judged, and found nothing to do. `passed`: the highest cause that it decided in its
 * run.
 */
function* judgedAgain(evidence: Evidence): Iterable<Violation> {
  const runs = runsOf(evidence);
  const decisions = decisionsOf(evidence);
  for (const { entry, cause, record } of decisions) {
    const own = runAt(runs, entry.sequence);
    if (!own || cause.sequence >= own.sequence || (record.notices ?? []).length === 0) continue;
    const others = runs.filter((run) => run.sequence < own.sequence && run.version !== own.version);
    const passed = Math.max(0, ...decisions.filter(isBy(others, runs, own.sequence)).map((one) => one.cause.sequence));
    if (record.version !== own.version || passed <= cause.sequence) continue;
    const says = `version ${own.version} calls people for record ${cause.sequence}, which was judged before it came`;
    yield { says, sequence: entry.sequence, atMs: entry.atMs };
  }
}

const isBy = (some: readonly Run[], runs: readonly Run[], before: number) => (decision: Decision) => {
  const run = runAt(runs, decision.entry.sequence);
  return run !== undefined && some.includes(run) && decision.entry.sequence < before;
};

type Run = { sequence: number; version: string };
const runsOf = ({ journal }: Evidence): Run[] =>
  entriesOf(journal, 'started').map(({ sequence, record: { version } }) => ({ sequence, version }));
const runAt = (runs: readonly Run[], sequence: number): Run | undefined =>
  runs.findLast((run) => run.sequence <= sequence);

function* raisedTwice(evidence: Evidence): Iterable<Violation> {
  const causes = new Map<string, number>();
  for (const decision of decisionsOf(evidence)) {
    const { sequence, atMs } = decision.entry;
    for (const { alertId, where } of raisedIn(decision)) {
      const before = causes.get(alertId);
      const says = `${alertId} was raised by record ${before}, and again by record ${decision.cause.sequence}`;
      if (before !== undefined) yield { says, homeId: where.placeId, sequence, atMs };
      causes.set(alertId, decision.cause.sequence);
    }
  }
}
