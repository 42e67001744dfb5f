import type { JournalReader } from '../journal/reader.ts';
import type { Disk } from '../platform/disk.ts';
import { decodeRecord, recordKind } from '../records/record-codec.ts';
import type { ChainEnd } from './audit-lines.ts';
import { placeFile } from './audit-trail.ts';

/**
 * What is known of the account beside the account: what the journal was told once a day, as far back as it reaches, and the place that
 * desk keeps. Reads the whole journal. Errors: JOURNAL_DAMAGED.
 */
export async function auditMarksOf({ disk, journal }: MarkParts): Promise<ChainEnd[]> {
  const marks = new Map<number, ChainEnd>();
  if ((await disk.size(placeFile)) !== undefined) {
    const { n, hash } = JSON.parse(Buffer.from(await disk.read(placeFile, 0, 4_096)).toString('utf8')) as ChainEnd;
    if (n > 0) marks.set(n, { n, hash });
  }
  if (!journal) return [...marks.values()];
  for (let next = journal.firstSequence; next <= journal.headSequence; ) {
    const batch = await journal.readBatch(next, { maxRecords: 2_000, maxBytes: 4 * 1024 * 1024 });
    if (batch.length === 0) break;
    for (const { body, sequence } of batch) {
      next = sequence + 1;
      if (recordKind(body) !== 'command') continue;
      const record = decodeRecord(body);
      if (record.kind !== 'command' || record.command.type !== 'audit-mark') continue;
      const { n, hash } = record.command;
      if (!marks.has(n)) marks.set(n, { n, hash });
    }
  }
  return [...marks.values()];
}

type MarkParts = {
  disk: Pick<Disk, 'read' | 'size'>;
  journal: Pick<JournalReader, 'firstSequence' | 'headSequence' | 'readBatch'> | undefined;
};
