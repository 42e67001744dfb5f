import type { StoredRecord } from '../../journal/frame.ts';
import type { AlertChange } from '../../records/alert.ts';
import { FoldState, type StateChange } from '../../records/fold-state.ts';
import type { JournalRecord } from '../../records/journal-record.ts';
import { decodeRecord, NewerRecord, recordKind } from '../../records/record-codec.ts';
import type { RuleSetting } from '../../records/registry.ts';
import { followRegistry } from '../../records/registry-commands.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { type Compared, type Comparison, createComparison } from './comparison.ts';

/** What came of a setting that ran, or runs, beside those in force; `setting`: as it is now, absent when it is there no more. */
export type Trial = {
  settingId: string;
  setting?: RuleSetting;
  /** When it was first known of, epoch ms. */
  since: number;
  compared: Compared;
};
/** `unreadable`: how many records a newer release wrote. */
export type Trials = { trials: Trial[]; unreadable: number; firstAt?: number; lastAt?: number };

/**
 * What settings of the mode `shadow` said on record from `from` to before `to` (epoch ms), each beside what its rule said in force in the same
 * homes. Nothing is judged again. A bound: `mostTrials` at different times.
 */
export async function readTrials(
  { homes, batches }: { homes: readonly StateChange[]; batches: AsyncIterable<StoredRecord[]> },
  { from, to }: { from: number; to: number },
): Promise<Trials> {
  const state = new FoldState();
  const registry = createRegistry({ state });
  const commands = followRegistry({ state, registry });
  for (const change of homes) state.load(change);
  registry.rebuild();
  const comparisons = new Map<string, Comparison & { since: number }>();
  const read: Omit<Trials, 'trials'> = { unreadable: 0 };

  function comparisonOf(settingId: string, since: number): Comparison | undefined {
    const known = comparisons.get(settingId);
    if (known || comparisons.size >= mostTrials) return known;
    const comparison = { ...createComparison({ from, to }), since };
    comparisons.set(settingId, comparison);
    return comparison;
  }

  function hear(change: AlertChange, at: number): void {
    const failures: never[] = [];
    const silence = { changes: [], failures };
    if (change.type === 'shadow') {
      const { change: said, settingId, rule } = change;
      const tried =
        said.type === 'failed'
          ? { changes: [], failures: [{ rule, subject: said.subject, lifeSafety: false, error: said.error }] }
          : { changes: [said], failures };
      comparisonOf(settingId, at)?.heard({ at, live: silence, tried });
      return;
    }
    for (const id of registry.shadowSettings()) {
      const setting = registry.ruleSetting(id);
      if (!setting || !isOf(change, setting, registry.isWithin)) continue;
      comparisonOf(id, at)?.heard({ at, live: { changes: [change], failures }, tried: silence });
    }
  }

  for await (const batch of batches) {
    for (const { body, receivedAt } of batch) {
      if (receivedAt >= to) break;
      read.firstAt ??= receivedAt;
      read.lastAt = receivedAt;
      const record = saidIn(body);
      if (record === 'unreadable') read.unreadable += 1;
      else if (record?.kind === 'command') {
        commands.follow(record.command);
        for (const id of registry.shadowSettings()) comparisonOf(id, receivedAt);
      } else if (record?.kind === 'decided') for (const change of record.alerts ?? []) hear(change, receivedAt);
    }
    state.takeChanges();
  }
  const trials = [...comparisons].map(([settingId, { since, end }]) => {
    const setting = registry.ruleSetting(settingId);
    return { settingId, since, ...(setting && { setting }), compared: end() };
  });
  return { ...read, trials };
}

const mostTrials = 1_000;

type Said = Extract<JournalRecord, { kind: 'decided' | 'command' }>;

/** A decision or a command; nothing: it is of no concern here. */
function saidIn(body: Uint8Array): Said | 'unreadable' | undefined {
  try {
    const kind = recordKind(body);
    if (kind !== 'decided' && kind !== 'command') return undefined;
    const record = decodeRecord(body);
    return record.kind === 'decided' || record.kind === 'command' ? record : undefined;
  } catch (error) {
    if (error instanceof NewerRecord) return 'unreadable';
    throw error;
  }
}

/** A word that strengthens is of an alert that the comparison knows, or not. */
function isOf(
  change: AlertChange,
  { rule, scope }: RuleSetting,
  isWithin: ReturnType<typeof createRegistry>['isWithin'],
): boolean {
  if (change.type === 'strengthen') return true;
  return change.type === 'raise' && change.alert.rule === rule && isWithin(scope, change.alert.where);
}
