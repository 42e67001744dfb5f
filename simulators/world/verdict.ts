import type { Evidence } from './evidence.ts';
import type { FaultKind } from './faults.ts';
import { invariants } from './invariants.ts';
import { storyOf } from './story.ts';
import { runWorld, type WorldOptions } from './world.ts';

/** What one seed came to, small enough to be sent from a thread to another. */
export type Verdict = {
  seed: number;
  kinds: readonly FaultKind[];
  trace: string;
  hours: number;
  /** How much there was of it. */
  counts: { records: number; reports: number; crashes: number; alerts: number; notices: number; messages: number };
  /** By invariant, what was wrong, with the shortest story of the first one. Nothing: every promise was kept. */
  violations: { invariant: string; says: string[]; story: string }[];
  stuck: readonly string[];
};

/** Lets a world happen, and judges it. */
export async function judgeSeed(options: WorldOptions): Promise<Verdict> {
  const { evidence, trace } = await runWorld(options);
  const violations = invariants.flatMap(({ name, holds }) => {
    const found = holds(evidence);
    const [first] = found;
    return first ? [{ invariant: name, says: found.map(({ says }) => says), story: storyOf(first, evidence) }] : [];
  });
  const { seed, hours, faults, stuck } = evidence;
  return { seed, kinds: faults.kinds, trace, hours, counts: countsOf(evidence), violations, stuck };
}

export function countsOf({ journal, crashes, messages }: Evidence): Verdict['counts'] {
  const decided = journal.flatMap(({ record }) => (record.kind === 'decided' ? record : []));
  return {
    records: journal.length,
    reports: journal.filter(({ record }) => record.kind === 'report').length,
    crashes: crashes.length,
    alerts: decided.flatMap(({ alerts = [] }) => alerts).filter(({ type }) => type === 'raise').length,
    notices: decided.flatMap(({ notices = [] }) => notices).length,
    messages: messages.filter(({ arrived }) => arrived).length,
  };
}
