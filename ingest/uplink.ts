import type { FoldState, Table } from '../records/fold-state.ts';
import type { JournalRecord } from '../records/journal-record.ts';

/** What is known of our uplink by the host that is asked: it answers, it does not though devices are heard, or nobody is reached. */
export type UplinkWord = 'answers' | 'unanswered' | 'lost';

/** What the journal says last. Before anything was said it answers. */
export function uplinkWord(state: FoldState): UplinkWord {
  const refusals = refusalsOf(state);
  if (refusals.has('uplink')) return 'lost';
  return refusals.has('unanswered') ? 'unanswered' : 'answers';
}

/** Keeps what a record says of it; false when that is known, so that nothing is to be judged. */
export function noteUplink(state: FoldState, record: UplinkRecord, at: number): boolean {
  const word = wordOf(record);
  if (word === uplinkWord(state)) return false;
  const refusals = refusalsOf(state);
  refusals.delete('uplink');
  refusals.delete('unanswered');
  if (word !== 'answers') refusals.set(word === 'lost' ? 'uplink' : 'unanswered', at);
  return true;
}

/**
 * Since when, or up to when it was counted, no device could be heard: `since` for want of room, `uplink` for want of a way here. Beside
 * them `unanswered`: since when the host that is asked does not answer, though devices are heard.
 */
export const refusalsOf = (state: FoldState): Table<number> => state.table<number>('refusals');

type UplinkRecord = Extract<JournalRecord, { kind: 'uplink' }>;

function wordOf({ reachable, heard }: UplinkRecord): UplinkWord {
  if (reachable) return 'answers';
  return heard ? 'unanswered' : 'lost';
}
