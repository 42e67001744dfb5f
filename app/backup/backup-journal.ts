import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { FILE_HEADER_BYTES, recordsIn } from '../../journal/frame.ts';
import { listSegments, readSegmentHeader, type Segment, Segments, type WalkEnd } from '../../journal/segments.ts';
import type { Disk } from '../../platform/disk.ts';
import { backupUnfit, journalDamaged } from '../../platform/errors.ts';
import { beginning, linkTo, sha256Of, writeNew } from './backup-files.ts';
import type { BackupManifest, Found, ManifestFile } from './backup-manifest.ts';

export const noJournal = 'there is no journal: set STEPPEWATCH_DATA to the data folder of the system';

/** Segments that were opened can be read to their end, whatever retention removes meanwhile. */
export type OpenSegments = { held: Map<string, FileHandle>; open(): Promise<Segment[]>; close(): Promise<void> };

export async function openSegments(dataFolder: string, disk: Disk): Promise<OpenSegments> {
  const held = new Map<string, FileHandle>();
  const opened = {
    held,
    /** Those that came since, too; answers what there is now. */
    async open(): Promise<Segment[]> {
      const list = (await listSegments(disk)).filter(({ bytes }) => bytes >= FILE_HEADER_BYTES);
      for (const { name } of list) {
        if (held.has(name)) continue;
        // The oldest may be removed between a look and the next; what a later one begins with is in the database.
        const file = await open(join(dataFolder, name)).catch(goneMeanwhile);
        if (file) held.set(name, file);
      }
      return list;
    },
    async close(): Promise<void> {
      for (const file of held.values()) await file.close();
    },
  };
  await opened.open();
  return opened;
}

export function goneMeanwhile(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/**
 * Copies the journal up to its last whole group that is at or before `durableHead` (absent: nobody writes). Closed segments that the
 * backup before has already, and can still read as they were, are the same file under one more name.
 * Errors: BACKUP_UNFIT: there is no journal. JOURNAL_DAMAGED: also when records before that end cannot be read.
 */
export async function copyJournal(parts: JournalParts): Promise<CopiedJournal> {
  const { segments, disk, to, before, durableHead } = parts;
  const list = await segments.open();
  const last = list.at(-1);
  if (!last) throw backupUnfit({}, noJournal);
  const { journalId } = await readSegmentHeader(disk, last);
  const end = await endOf(list, { disk, journalId, durableHead });
  const linkable = new Map(
    before?.manifest.journalId === journalId ? before.manifest.files.map((one) => [one.name, one]) : [],
  );
  const files: ManifestFile[] = [];
  for (const [name, file] of [...segments.held].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (name === last.name) {
      files.push({ name, ...(await writeNew(join(to, name), beginning(file, end.bytes))) });
      continue;
    }
    const { size, mtimeMs: writtenAt } = await file.stat();
    const known = linkable.get(name);
    const isKnown = before !== undefined && known?.bytes === size && known.writtenAt === writtenAt;
    if (isKnown && (await linkWhole(join(before.folder, name), known, join(to, name)))) files.push(known);
    else files.push({ name, writtenAt, ...(await writeNew(join(to, name), beginning(file, size))) });
  }
  const first = firstOf(files[0]?.name ?? last.name);
  return {
    files,
    journalId,
    journal: { first, last: end.last, ...(end.lastAt !== undefined && { lastAt: end.lastAt }) },
  };
}

/** A file of a backup that was damaged since is not handed on to the next, which copies it anew. */
async function linkWhole(from: string, { sha256 }: ManifestFile, to: string): Promise<boolean> {
  const found = await sha256Of(from).catch(() => undefined);
  return found === sha256 && (await linkTo(from, to));
}

export type CopiedJournal = Pick<BackupManifest, 'journalId' | 'journal'> & { files: ManifestFile[] };
type JournalParts = {
  segments: OpenSegments;
  disk: Disk;
  /** The folder of the backup that is being taken. */
  to: string;
  before: Found<BackupManifest> | undefined;
  durableHead: number | undefined;
};

const firstOf = (name: string): number => Number.parseInt(name.slice(name.lastIndexOf('/') + 1), 10);

/** How much of the last segment is copied, and which record is the last. A new segment may have none yet. */
async function endOf(list: Segment[], { disk, journalId, durableHead }: EndParts) {
  const segments = new Segments({ disk, journalId, list });
  let lastAt: number | undefined;
  let end: { bytes: number; last: number } | undefined;
  for (const segment of list.toReversed()) {
    let last = segment.first - 1;
    const walked = await segments.walk(segment, undefined, ({ firstSequence, count, ...frame }) => {
      if (firstSequence + count - 1 > (durableHead ?? Infinity)) return 'bad';
      last = firstSequence + count - 1;
      for (const { receivedAt } of recordsIn(frame.bytes, frame.at, count)) lastAt = receivedAt;
      return 'go-on';
    });
    if (!end && (await isDamaged(segments, segment, { walked, last, durableHead })))
      throw journalDamaged({}, segment.name, walked.at);
    end ??= { bytes: walked.at, last };
    if (lastAt !== undefined) break;
  }
  return { bytes: FILE_HEADER_BYTES, last: 0, ...end, lastAt };
}
type EndParts = { disk: Disk; journalId: string; durableHead: number | undefined };

/** A torn end was never acknowledged, and is left out; what was, and cannot be read, must not be missing in silence. */
async function isDamaged(segments: Segments, segment: Segment, { walked, last, durableHead }: SegmentEnd) {
  if (durableHead !== undefined) return last < durableHead;
  return walked.reason !== 'end' && (await segments.goesOnBehind(segment, walked));
}
type SegmentEnd = { walked: WalkEnd; last: number; durableHead: number | undefined };
