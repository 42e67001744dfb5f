import type { FoldState } from '../records/fold-state.ts';
import type { JournalRecord } from '../records/journal-record.ts';

/**
 * For how long the release before judged on this folder, in ms of journal time: it leaves the rows of rules that it has not where they
 * were, so that to them nobody was heard for so long. Known at the start alone, by when this release judged a record last. `unheardMs`
 * counts already. Source: docs/decisions/0025-backup-holding-and-the-way-back.md
 */
export function judgedElsewhereMs(
  state: FoldState,
  { record, at, unheardMs }: { record: JournalRecord; at: number; unheardMs: number },
): number {
  const heard = state.table<number>('heard-until');
  const until = heard.get('until');
  if (until === undefined || at - until >= notedEveryMs) heard.set('until', at);
  if (record.kind !== 'started' || until === undefined) return 0;
  const elsewhereMs = at - until - unheardMs;
  return elsewhereMs >= leastMs ? elsewhereMs : 0;
}

/** What the release before judges itself is of now when it ends. */
export const isNewSinceBefore = (rule: string): boolean => !rulesOfBefore.has(rule);
const rulesOfBefore: ReadonlySet<string> = new Set(['device-silent', 'battery-low', 'counter-reused']);

const notedEveryMs = 60_000;
/** More than lies between two notes and a slow start. */
const leastMs = 5 * 60_000;
