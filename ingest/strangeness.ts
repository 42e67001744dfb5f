import type { JournalReader } from '../journal/reader.ts';
import { type OperationalError, positionUnknown } from '../platform/errors.ts';
import type { StoredPosition } from '../storage/store.ts';

/**
 * Why a copy and this journal do not belong together, as POSITION_UNKNOWN; undefined: they do. A copy of another journal, or one
 * that knows what the journal does not, is never written over: what to do about it is for a person to decide.
 * Source: docs/operation.md, "Database"
 */
export async function strangeness(
  stored: StoredPosition | undefined,
  source: KnownJournal,
): Promise<OperationalError | undefined> {
  if (!stored) return undefined;
  const { journalId, sequence, receivedAt } = stored;
  const { id, firstSequence, headSequence } = source;
  const stranger = (why: string) =>
    positionUnknown({}, `${journalId}/0/${sequence}`, `${why}; \`npm run projection -- rebuild\` is the way out`);
  if (journalId !== id) return stranger(`the database is a copy of it, and this is journal ${id}`);
  if (sequence > headSequence)
    return stranger(`the database reaches there, and the journal ends at ${source.position(headSequence)}`);
  if (sequence < firstSequence) return undefined;
  const [record] = await source.readBatch(sequence, { maxRecords: 1, maxBytes: 1 });
  if (record?.receivedAt === receivedAt) return undefined;
  return stranger('the database has another record there: one of the two was restored from a backup');
}

export type KnownJournal = Pick<JournalReader, 'id' | 'firstSequence' | 'headSequence' | 'position' | 'readBatch'>;
