import type { Evidence } from './evidence.ts';
import { type Invariant, invariant, type Violation } from './invariant.ts';
import { type Decision, decisionsOf, keyOfPublish, reportsByKey } from './reading.ts';

/** What broken and stolen devices say is kept like everything else, and a cry among it is a cry. */
export const hostileInvariants: readonly Invariant[] = [
  invariant(1, 'what a broken device was acknowledged is kept', lost),
  invariant(3, 'a cry of a broken device is in an incident', unheardCries),
];

function* lost(evidence: Evidence): Iterable<Violation> {
  const kept = reportsByKey(evidence);
  for (const { deviceId, report, hash, keptAtMs } of evidence.hostile.said) {
    if (keptAtMs === undefined || kept.has(keyOfPublish({ deviceId, report, hash }))) continue;
    yield {
      says: `${report} of ${deviceId} (${hash.slice(0, 8)}) was acknowledged, and is not in the journal`,
      atMs: keptAtMs,
    };
  }
}

/**
 * In the decision about it something is raised, strengthened or noted; or it goes on with what was raised a moment before, or says
 * the same in the same bytes.
 */
function* unheardCries(evidence: Evidence): Iterable<Violation> {
  const said = new Map(evidence.hostile.said.map((one) => [keyOfPublish(one), one]));
  const byCause = Map.groupBy(decisionsOf(evidence), ({ cause }) => cause.sequence);
  const heardAt = new Map<string, number>();
  const entries = [...reportsByKey(evidence)].flatMap(([key, all]) => {
    const { cries = [] } = said.get(key) ?? {};
    return all.flatMap((entry) => cries.map((condition) => ({ entry, key, condition })));
  });
  for (const { entry, key, condition } of entries.sort((a, b) => a.entry.sequence - b.entry.sequence)) {
    const { deviceId, report } = entry.record;
    const matter = `${deviceId} ${condition}`;
    const since = (what: string) => entry.receivedAt - (heardAt.get(what) ?? Number.NEGATIVE_INFINITY);
    const isHeard = byCause.get(entry.sequence)?.some((decision) => saysIt(decision, condition, deviceId));
    if (isHeard || since(matter) < sameMatterMs || since(key) < sameBytesMs) {
      heardAt.set(matter, entry.receivedAt);
      heardAt.set(key, entry.receivedAt);
      continue;
    }
    const says = `${report} of ${deviceId} cried ${condition}, and is in no incident`;
    yield { says, homeId: said.get(key)?.homeId, sequence: entry.sequence, atMs: entry.atMs };
  }
}
/** An alarm that comes back so soon is the same, and so is one that cannot be read; a call notes each of its presses. */
const sameMatterMs = 10 * 60_000;
/** A redelivery; later it is an alarm of its own. */
const sameBytesMs = 3_600_000;

function saysIt({ record }: Decision, condition: string, deviceId: string): boolean {
  const raised = (record.alerts ?? []).some((change) => {
    if (change.type === 'raise')
      return change.alert.condition === condition && change.alert.where.deviceId === deviceId;
    return change.type === 'strengthen' || (change.type === 'note' && change.note.where.deviceId === deviceId);
  });
  // A note alone leaves the incident as it is; what is raised opens one, or joins one.
  return raised && (record.incidents ?? []).length > 0;
}
