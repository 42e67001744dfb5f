import type { StoredRecord } from '../../journal/frame.ts';
import type { StateChange } from '../../records/fold-state.ts';
import { NewerRecord, recordKind } from '../../records/record-codec.ts';
import type { RuleSetting } from '../../records/registry.ts';
import type { HistoryRow } from '../../storage/sql-history.ts';
import { type Compared, createComparison } from './comparison.ts';
import { createRejudged } from './rejudged.ts';

/** What happened, from either place where it is kept. `homes`: those to begin with; `since`: epoch ms, from when on they are watched. */
export type History =
  | { source: 'journal'; homes: readonly StateChange[]; batches: AsyncIterable<StoredRecord[]> }
  | { source: 'database'; homes: readonly StateChange[]; since: number; batches: AsyncIterable<HistoryRow[]> };

/**
 * `reports`: how many were judged; `unreadable`: how many records a newer release wrote, which nobody can judge here. Instants are of the
 * first and the last thing that happened, epoch ms.
 */
export type Backtested = {
  compared: Compared;
  reports: number;
  unreadable: number;
  firstAt?: number;
  lastAt?: number;
};

/**
 * Runs history under the settings in force and under those that are tried, and compares what both raise from `from` to before `to` (epoch ms).
 * What was before `from` is what the rules learn from. The same history and settings give the same answer.
 */
export async function backtest(
  history: History,
  { tried, timeZone, from, to }: { tried: readonly RuleSetting[]; timeZone: string; from: number; to: number },
): Promise<Backtested> {
  const comparison = createComparison({ from, to });
  const rejudged = createRejudged({ tried, timeZone, heard: comparison.heard });
  const { record, row, visit, sweep } = rejudged;
  let hasBegun = false;
  if (history.source === 'database') rejudged.beginWith(history.homes, history.since);
  const read =
    history.source === 'journal'
      ? await readAll(history.batches, to, {
          atOf: ({ receivedAt }) => receivedAt,
          isReport: ({ body }) => recordKind(body) === 'report',
          step(stored) {
            // Homes of a journal whose beginning is gone are watched from its first record on: no record says that they came.
            if (!hasBegun && history.homes.length > 0) rejudged.beginWith(history.homes, stored.receivedAt);
            hasBegun = true;
            record(stored);
          },
          sweep,
        })
      : await readAll(history.batches, to, {
          atOf: (one) => (one.type === 'report' ? one.row.receivedAt : one.row.at),
          isReport: ({ type }) => type === 'report',
          step: (one) => (one.type === 'report' ? row(one.row) : visit(one.row)),
          sweep,
        });
  if (read.lastAt !== undefined) rejudged.until(read.lastAt);
  return { ...read, compared: comparison.end() };
}

type Reading<One> = {
  atOf(one: One): number;
  isReport(one: One): boolean;
  step(one: One): void;
  sweep(): void;
};

async function readAll<One>(
  batches: AsyncIterable<One[]>,
  to: number,
  { atOf, isReport, step, sweep }: Reading<One>,
): Promise<Omit<Backtested, 'compared'>> {
  const read: Omit<Backtested, 'compared'> = { reports: 0, unreadable: 0 };
  for await (const batch of batches) {
    for (const one of batch) {
      const at = atOf(one);
      if (at >= to) return read;
      read.firstAt ??= at;
      read.lastAt = at;
      try {
        if (isReport(one)) read.reports += 1;
        step(one);
      } catch (error) {
        if (!(error instanceof NewerRecord)) throw error;
        read.unreadable += 1;
      }
    }
    sweep();
  }
  return read;
}
