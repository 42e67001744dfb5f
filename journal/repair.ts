import type { Disk } from '../platform/disk.ts';
import { journalDamaged, journalFull } from '../platform/errors.ts';
import {
  decodeFileHeader,
  encodeFileHeader,
  encodeFrame,
  FILE_HEADER_BYTES,
  findFrameHeader,
  frameBytes,
  frameSeed,
  readFrame,
  recordsIn,
} from './frame.ts';
import { JOURNAL_FOLDER, listSegments, type Segment } from './segments.ts';

/** The records from `from` up to and with `to` cannot be read, and are empty records now. */
export type Loss = { segment: string; from: number; to: number };

/**
 * The way out of JOURNAL_DAMAGED, for a person to take once the disk is trusted again: every group that can still be read stays in its
 * place, and what cannot becomes records with nothing in them, so that positions keep their meaning and the loss stays visible. The
 * damaged file is kept beside, as `*.damaged`. A torn end is left to the next start, unless somebody knows of records behind it:
 * `reached` answers the last sequence of that journal that any follower has handled.
 * Errors: JOURNAL_DAMAGED when no header of any segment can be read; JOURNAL_FULL.
 */
export async function repairJournal(
  disk: Disk,
  reached: (journalId: string) => Promise<number> = async () => 0,
): Promise<Loss[]> {
  const list = await listSegments(disk);
  const journalId = await findJournalId(disk, list);
  const endsBehind = (await reached(journalId)) + 1;
  const losses: Loss[] = [];
  for (const [index, segment] of list.entries()) {
    losses.push(
      ...(await repairSegment({ disk, segment, journalId, followedBy: list[index + 1]?.first ?? endsBehind })),
    );
  }
  return losses;
}

type Parts = { disk: Disk; segment: Segment; journalId: string; followedBy: number };

async function repairSegment({ disk, segment, journalId, followedBy }: Parts): Promise<Loss[]> {
  const { name } = segment;
  const bytes = await disk.read(name, 0, segment.bytes);
  const { kept, losses } = sift(bytes, segment, frameSeed(journalId), followedBy);
  const header = { journalId, firstSequence: segment.first, begunAt: decodeFileHeader('journal', bytes)?.begunAt ?? 0 };
  const isHeaderWhole = decodeFileHeader('journal', bytes)?.firstSequence === segment.first;
  if (losses.length === 0 && isHeaderWhole) return [];
  const repaired = Buffer.concat([encodeFileHeader('journal', header), ...kept]);
  if ((await disk.writeWhole(`${name}.repaired`, repaired)) === 'full')
    throw journalFull({}, await disk.freeBytes(JOURNAL_FOLDER));
  await disk.rename(name, `${name}.damaged`);
  await disk.rename(`${name}.repaired`, name);
  return losses;
}

/** The frames that can be read, with frames of empty records where some are missing. */
function sift(bytes: Uint8Array, { name, first }: Segment, seed: number, followedBy: number) {
  const kept: Uint8Array[] = [];
  const losses: Loss[] = [];
  let lastAt = 0;
  let next = first;
  for (let at = FILE_HEADER_BYTES; ; ) {
    const found = findFrame(bytes, at, next, seed);
    const until = found?.firstSequence ?? followedBy;
    if (until > next) {
      losses.push({ segment: name, from: next, to: until - 1 });
      for (let from = next; from < until; from += LOST_IN_FRAME)
        kept.push(emptyRecords(from, Math.min(LOST_IN_FRAME, until - from), lastAt, seed));
    }
    if (!found) return { kept, losses };
    kept.push(bytes.subarray(found.at, found.at + found.bytes));
    for (const { receivedAt } of recordsIn(bytes, found.at, found.count)) lastAt = receivedAt;
    at = found.at + found.bytes;
    next = found.firstSequence + found.count;
  }
}

/** The first frame at or behind `at` that is whole and not before `next`. */
function findFrame(bytes: Uint8Array, at: number, next: number, seed: number) {
  for (let header = findFrameHeader(bytes, at, seed); header; header = findFrameHeader(bytes, header.at + 1, seed)) {
    const frame = readFrame(bytes, header.at, seed);
    if (frame.type === 'frame' && frame.firstSequence >= next) return { ...frame, at: header.at };
  }
  return undefined;
}

function emptyRecords(firstSequence: number, count: number, receivedAt: number, seed: number): Uint8Array {
  const records = Array.from({ length: count }, () => ({ receivedAt, mark: LOST, body: new Uint8Array() }));
  const bytes = new Uint8Array(frameBytes(records));
  encodeFrame(bytes, seed, firstSequence, records);
  return bytes;
}

async function findJournalId(disk: Disk, list: Segment[]): Promise<string> {
  for (const { name } of list) {
    const header = decodeFileHeader('journal', await disk.read(name, 0, FILE_HEADER_BYTES));
    if (header) return header.journalId;
  }
  throw journalDamaged({}, list[0]?.name ?? 'journal/', 0);
}

/** Beside the marks of the append classes. */
const LOST = 0;
/** Whoever reads a frame holds the whole of it. */
const LOST_IN_FRAME = 10_000;
