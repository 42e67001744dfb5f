import type { AppendFile, Disk, Kept } from '../platform/disk.ts';
import {
  decodeFileHeader,
  encodeFrame,
  FILE_HEADER_BYTES,
  type FileKind,
  frameBytes,
  frameSeed,
  recordsIn,
} from './frame.ts';
import { walkFrames } from './frame-file.ts';

/**
 * A key of a table has this value from now on, or none when it is `undefined`. Values are JSON. `isLast`: it stands behind all others of
 * its table from now on.
 */
export type Change = { table: string; key: string; value: unknown; isLast?: true };

/** What a file of changes holds up to its last complete piece, which ends at byte `end` and reaches `sequence`. */
export type ChangesRead = {
  journalId: string;
  /** The sequence before the first change. */
  base: number;
  sequence: number;
  changes: Change[];
  end: number;
  /** Whether there is nothing behind `end`. */
  clean: boolean;
};

/**
 * Appends changes in pieces, a frame with one record each, of which the last is marked complete and carries `sequence`. Between two
 * pieces the event loop turns. `isWhole: false` leaves the end open: for a snapshot, which is complete only later. When it is no
 * longer wanted, it ends as on a full disk.
 */
export async function appendChanges(
  file: AppendFile,
  { journalId, sequence, isWhole }: { journalId: string; sequence: number; isWhole: boolean },
  changes: Iterable<Change>,
  isUnwanted = () => false,
): Promise<Kept> {
  const seed = frameSeed(journalId);
  const append = (items: string[], mark: number) => {
    const record = { receivedAt: 0, mark, body: Buffer.from(`[${items.join(',')}]`) };
    const bytes = new Uint8Array(frameBytes([record]));
    encodeFrame(bytes, seed, sequence, [record]);
    return file.append([bytes]);
  };
  let items: string[] = [];
  let length = 0;
  for (const change of changes) {
    const item = JSON.stringify(wordsOf(change));
    items.push(item);
    length += item.length;
    if (length < PIECE_LENGTH) continue;
    if (isUnwanted() || (await append(items, PART)) === 'full') return 'full';
    items = [];
    length = 0;
  }
  return isWhole || items.length > 0 ? append(items, isWhole ? COMPLETE : PART) : 'kept';
}

/** `undefined` when it is no such file, or its first bytes are damaged. */
export async function readChanges({
  disk,
  name,
  kind,
}: {
  disk: Disk;
  name: string;
  kind: FileKind;
}): Promise<ChangesRead | undefined> {
  const header = decodeFileHeader(kind, await disk.read(name, 0, FILE_HEADER_BYTES));
  const size = await disk.size(name);
  if (!header || size === undefined) return undefined;
  const read = {
    journalId: header.journalId,
    base: header.firstSequence,
    sequence: header.firstSequence,
    end: FILE_HEADER_BYTES,
  };
  const changes: Change[] = [];
  let complete = 0;
  const seed = frameSeed(header.journalId);
  const { at } = await walkFrames(
    { disk, name, seed, from: FILE_HEADER_BYTES, to: size },
    ({ bytes, at, fileAt, firstSequence }) => {
      for (const { mark, body } of recordsIn(bytes, at, 1)) {
        for (const words of JSON.parse(textOf(body)) as Words[]) changes.push(changeOf(words));
        if (mark !== COMPLETE) continue;
        complete = changes.length;
        read.sequence = firstSequence;
        read.end = fileAt + frameBytes([{ body }]);
      }
      return 'go-on';
    },
  );
  changes.length = complete;
  return { ...read, changes, clean: at === size && read.end === size };
}

/** Whether every frame of the file can be read back. */
export async function isReadable(disk: Disk, name: string, journalId: string): Promise<boolean> {
  const range = { from: FILE_HEADER_BYTES, to: (await disk.size(name)) ?? 0 };
  const { reason } = await walkFrames({ disk, name, seed: frameSeed(journalId), ...range }, () => 'go-on');
  return reason === 'end';
}

type Words = [string, string, unknown?, 1?];

function wordsOf({ table, key, value, isLast }: Change): Words {
  if (value === undefined) return [table, key];
  return isLast ? [table, key, value, 1] : [table, key, value];
}

function changeOf([table, key, value, isLast]: Words): Change {
  return isLast ? { table, key, value, isLast: true } : { table, key, value };
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8');
}

/** Takes about a millisecond to write as JSON. */
const PIECE_LENGTH = 192 * 1024;
const PART = 0;
const COMPLETE = 1;
