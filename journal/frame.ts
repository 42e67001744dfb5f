import { checksum } from '../platform/checksum.ts';

// A file is a header and then frames; a frame is a group of records that were written and synced together. Integers are
// little-endian; instants and sequences are float64, which holds them exactly.
//
//   file header   magic u32 | version u32 | journal id 16 bytes | first sequence f64 | begun at f64 | checksum u32
//   frame header  magic u32 | payload bytes u32 | records u32 | first sequence f64 | first received at f64 |
//                 payload checksum u32 | header checksum u32
//   record        body bytes u32, of which the upper 4 bits are the mark | ms since the first was received u32 | body
//
// Header checksums start from the journal id's checksum. So a frame of another journal is no frame here, and a payload
// that imitates a frame is not taken for one.

export type StoredRecord = { sequence: number; receivedAt: number; body: Uint8Array };
export type FileHeader = { journalId: string; firstSequence: number; begunAt: number };
export type FileKind = keyof typeof fileMagic;
/**
 * `mark`, 0 to 15, is the writer's own: the journal keeps the class of the append in it, a checkpoint whether a save is complete.
 * `receivedAt` does not decrease within a frame. A body has less than 256 MiB.
 */
export type FramedRecord = { receivedAt: number; mark: number; body: Uint8Array };
/** `bytes` is the length of the whole frame. `cut`: it may go on beyond these bytes, which end before `needs`. */
export type FrameRead =
  | { type: 'frame'; firstSequence: number; count: number; bytes: number }
  | { type: 'cut'; needs: number }
  | { type: 'bad' };

export const FILE_HEADER_BYTES = 44;
export const FRAME_HEADER_BYTES = 36;
export const RECORD_HEADER_BYTES = 8;

export function encodeFileHeader(kind: FileKind, { journalId, firstSequence, begunAt }: FileHeader): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, fileMagic[kind], true);
  view.setUint32(4, VERSION, true);
  bytes.set(Buffer.from(journalId, 'hex'), 8);
  view.setFloat64(24, firstSequence, true);
  view.setFloat64(32, begunAt, true);
  view.setUint32(40, checksum(bytes.subarray(0, 40)), true);
  return bytes;
}

/** `undefined` when these bytes are not the header of such a file, or of a version that this release cannot read. */
export function decodeFileHeader(kind: FileKind, bytes: Uint8Array): FileHeader | undefined {
  if (bytes.length < FILE_HEADER_BYTES) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== fileMagic[kind] || view.getUint32(4, true) !== VERSION) return undefined;
  if (view.getUint32(40, true) !== checksum(bytes.subarray(0, 40))) return undefined;
  const journalId = Buffer.from(bytes.subarray(8, 24)).toString('hex');
  return { journalId, firstSequence: view.getFloat64(24, true), begunAt: view.getFloat64(32, true) };
}

export function frameSeed(journalId: string): number {
  return checksum(Buffer.from(journalId, 'hex'));
}

export function frameBytes(records: readonly { body: Uint8Array }[]): number {
  let bytes = FRAME_HEADER_BYTES + records.length * RECORD_HEADER_BYTES;
  for (const { body } of records) {
    if (body.length > LENGTH_MASK) throw new RangeError(`a record of ${body.length} bytes does not fit into a frame`);
    bytes += body.length;
  }
  return bytes;
}

/** Writes the frame to the start of `target`, which has room for `frameBytes`, and answers its length. */
export function encodeFrame(
  target: Uint8Array,
  seed: number,
  firstSequence: number,
  records: readonly FramedRecord[],
): number {
  const view = viewOf(target);
  const base = records[0]?.receivedAt ?? 0;
  let at = FRAME_HEADER_BYTES;
  for (const { receivedAt, mark, body } of records) {
    view.setUint32(at, (mark << LENGTH_BITS) | body.length, true);
    view.setUint32(at + 4, receivedAt - base, true);
    target.set(body, at + RECORD_HEADER_BYTES);
    at += RECORD_HEADER_BYTES + body.length;
  }
  view.setUint32(0, FRAME_MAGIC, true);
  view.setUint32(4, at - FRAME_HEADER_BYTES, true);
  view.setUint32(8, records.length, true);
  view.setFloat64(12, firstSequence, true);
  view.setFloat64(20, base, true);
  view.setUint32(28, checksum(target.subarray(FRAME_HEADER_BYTES, at)), true);
  view.setUint32(32, checksum(target.subarray(0, 32), seed), true);
  return at;
}

/** Reads and verifies the frame at `at`. A frame that is cut by the end of `bytes` is told from one that is wrong. */
export function readFrame(bytes: Uint8Array, at: number, seed: number): FrameRead {
  if (bytes.length - at < FRAME_HEADER_BYTES) return { type: 'cut', needs: FRAME_HEADER_BYTES };
  if (!isFrameHeader(bytes, at, seed)) return { type: 'bad' };
  const view = viewOf(bytes);
  const needs = FRAME_HEADER_BYTES + view.getUint32(at + 4, true);
  if (bytes.length - at < needs) return { type: 'cut', needs };
  const payload = bytes.subarray(at + FRAME_HEADER_BYTES, at + needs);
  if (view.getUint32(at + 28, true) !== checksum(payload)) return { type: 'bad' };
  return {
    type: 'frame',
    firstSequence: view.getFloat64(at + 12, true),
    count: view.getUint32(at + 8, true),
    bytes: needs,
  };
}

/** The records of a frame that was verified; bodies are views into `bytes`. */
export function* recordsIn(bytes: Uint8Array, at: number, count: number): IterableIterator<FramedRecord> {
  const view = viewOf(bytes);
  const base = view.getFloat64(at + 20, true);
  let next = at + FRAME_HEADER_BYTES;
  for (let index = 0; index < count; index++) {
    const start = next + RECORD_HEADER_BYTES;
    const lengthAndMark = view.getUint32(next, true);
    const body = bytes.subarray(start, start + (lengthAndMark & LENGTH_MASK));
    yield { mark: lengthAndMark >>> LENGTH_BITS, receivedAt: base + view.getUint32(next + 4, true), body };
    next = start + body.length;
  }
}

/** The first place from `from` on where a frame of this journal begins, and its first sequence. */
export function findFrameHeader(
  bytes: Uint8Array,
  from: number,
  seed: number,
): { at: number; firstSequence: number } | undefined {
  const search = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = search.indexOf(frameMagicBytes, from); at >= 0; at = search.indexOf(frameMagicBytes, at + 1)) {
    if (bytes.length - at < FRAME_HEADER_BYTES) return undefined;
    if (isFrameHeader(bytes, at, seed)) return { at, firstSequence: viewOf(bytes).getFloat64(at + 12, true) };
  }
  return undefined;
}

function isFrameHeader(bytes: Uint8Array, at: number, seed: number): boolean {
  const view = viewOf(bytes);
  if (view.getUint32(at, true) !== FRAME_MAGIC) return false;
  return view.getUint32(at + 32, true) === checksum(bytes.subarray(at, at + 32), seed);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const LENGTH_BITS = 28;
const LENGTH_MASK = 2 ** LENGTH_BITS - 1;
const VERSION = 1;
const fileMagic = { journal: 0x314a5753, snapshot: 0x31535753, changes: 0x31435753 }; // "SWJ1", "SWS1", "SWC1"
const FRAME_MAGIC = 0x47ac_5e9d;
const frameMagicBytes = Uint8Array.of(0x9d, 0x5e, 0xac, 0x47);
