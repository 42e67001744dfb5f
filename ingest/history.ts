import { isDeepStrictEqual } from 'node:util';
import type { Incidents } from '../incidents/incidents.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { DecidedRecord, JournalRecord, StartedRecord } from '../records/journal-record.ts';
import type { NoticeFold } from './collection.ts';
import type { Decoder } from './decoder.ts';
import type { Downlinks } from './downlinks.ts';

/** What was decided about a record before this version came to it. */
export type Overruled = { cause: number; version: string };
type Parts = {
  state: FoldState;
  outbox: NoticeFold;
  incidents: Incidents;
  downlinks: Downlinks;
  decoder: Pick<Decoder, 'decided'>;
};

/** History's word wins: what this version would have decided otherwise is replaced, and reported. */
export function acceptDecided(parts: Parts, record: DecidedRecord): Overruled | undefined {
  parts.decoder.decided(record);
  const overruled = overruleBefore(parts, record);
  const isDecided = (pending: JournalRecord) => pending.kind === 'decided';
  const mine = takePending(parts.state, record.cause, isDecided) as DecidedRecord | undefined;
  if (mine && sameDecision({ ...mine, version: record.version }, record)) {
    parts.downlinks.agreed(record.cause, mine.downlinks);
    return overruled;
  }
  const theirs = new Set(record.notices?.map((notice) => notice.noticeId));
  for (const notice of mine?.notices ?? []) if (!theirs.has(notice.noticeId)) parts.outbox.withdraw(notice.noticeId);
  for (const notice of record.notices ?? []) parts.outbox.issue(notice);
  parts.incidents.applyDecided(record.incidents ?? [], mine?.incidents ?? []);
  for (const { incident } of record.incidents ?? []) parts.outbox.follow(incident);
  parts.downlinks.applyDecided(record.cause, record.downlinks, mine?.downlinks);
  return { cause: record.cause, version: record.version };
}

/** A power cut may leave the mark of a restore in the folder once more: what happened since then is of now. */
export function heardOnce(state: FoldState, started: StartedRecord): StartedRecord {
  const { restored, ...again } = started;
  const newest = state.table<number>('restored');
  if (!restored || newest.get('takenAt') === restored.takenAt) return again;
  newest.set('takenAt', restored.takenAt);
  return started;
}

/** This version's own decision about a record, which waits for the word of history; it is taken when it is asked for. */
export function takePending(state: FoldState, cause: number, isMine: (record: JournalRecord) => boolean) {
  const pending = state.table<JournalRecord[]>('pending-decisions');
  const records = pending.get(String(cause));
  const mine = records?.find(isMine);
  if (!records || !mine) return undefined;
  const rest = records.filter((record) => record !== mine);
  if (rest.length > 0) pending.set(String(cause), rest);
  else pending.delete(String(cause));
  return mine;
}

/** The journal was damaged there: what was decided about the records before may have stood in it. */
export function rememberLoss(state: FoldState, sequence: number): void {
  lossesOf(state).set('last', sequence);
}
const lossesOf = (state: FoldState) => state.table<number>('losses');

/**
 * Decisions stand in the journal in the order of their causes. What this version decided about an earlier record, and history
 * did not, was judged by another version, which found nothing to do: nobody is called for it now. Not where it may have been lost.
 */
function overruleBefore(
  { state, outbox, incidents, downlinks }: Omit<Parts, 'decoder'>,
  record: DecidedRecord,
): Overruled | undefined {
  const pending = state.table<JournalRecord[]>('pending-decisions');
  const lostAt = lossesOf(state).get('last') ?? 0;
  let overruled: Overruled | undefined;
  for (const [cause, records] of pending.entries()) {
    if (Number(cause) >= record.cause) return overruled;
    if (Number(cause) <= lostAt) continue;
    for (const mine of records) {
      if (mine.kind !== 'decided') continue;
      for (const { noticeId } of mine.notices ?? []) outbox.withdraw(noticeId);
      incidents.applyDecided([], mine.incidents);
      downlinks.applyDecided(Number(cause), [], mine.downlinks);
    }
    pending.delete(cause);
    overruled = { cause: Number(cause), version: record.version };
  }
  return overruled;
}

function sameDecision(mine: DecidedRecord, theirs: DecidedRecord): boolean {
  // The journal holds JSON, which has no `undefined`; what reads the same is the same, and seldom does it only mean the same.
  const json = JSON.stringify(mine);
  return json === JSON.stringify(theirs) || isDeepStrictEqual(JSON.parse(json), theirs);
}
