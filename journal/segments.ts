import type { Disk } from '../platform/disk.ts';
import { journalDamaged, positionUnknown } from '../platform/errors.ts';
import {
  decodeFileHeader,
  FILE_HEADER_BYTES,
  type FileHeader,
  findFrameHeader,
  frameSeed,
  recordsIn,
  type StoredRecord,
} from './frame.ts';
import { type Visit, type Walk, walkFrames } from './frame-file.ts';
import { formatPosition } from './position.ts';
import type { BatchLimits } from './tail.ts';

/** One file of the journal. `bytes` is what may be read of it; `marks` are some of the places where a frame begins. */
export type Segment = { name: string; first: number; bytes: number; marks: Mark[] };
type Mark = { sequence: number; at: number };
/** Where reading ended, and the sequence that comes next. */
export type WalkEnd = Walk & { next: number };

export const JOURNAL_FOLDER = 'journal';

export function segmentName(first: number): string {
  return `${JOURNAL_FOLDER}/${String(first).padStart(16, '0')}.segment`;
}

/** The segments in order. `bytes` is the size of the file, of which the end may be torn. */
export async function listSegments(disk: Disk): Promise<Segment[]> {
  const files = await disk.list(JOURNAL_FOLDER);
  return files
    .filter(({ name }) => /^\d{16}\.segment$/.test(name))
    .map(({ name, bytes }) => ({
      name: `${JOURNAL_FOLDER}/${name}`,
      first: Number.parseInt(name, 10),
      bytes,
      marks: [],
    }))
    .sort((a, b) => a.first - b.first);
}

/** Errors: JOURNAL_DAMAGED when the header is not that of this segment. */
export async function readSegmentHeader(disk: Disk, { name, first }: Segment): Promise<FileHeader> {
  const header = decodeFileHeader('journal', await disk.read(name, 0, FILE_HEADER_BYTES));
  if (header?.firstSequence !== first) throw journalDamaged({}, name, 0);
  return header;
}

/** The readable segments of one journal: finds a sequence, reads on from it, and remembers places on the way. */
export class Segments {
  readonly list: Segment[];
  readonly #disk: Disk;
  readonly #journalId: string;
  readonly #seed: number;
  /** Where the last reads ended, by the sequence that comes next: followers read on from where they were. */
  readonly #resume = new Map<number, { segment: Segment; mark: Mark }>();

  constructor({ disk, journalId, list }: { disk: Disk; journalId: string; list: Segment[] }) {
    this.list = list;
    this.#disk = disk;
    this.#journalId = journalId;
    this.#seed = frameSeed(journalId);
  }

  get first(): number {
    return this.list[0]?.first ?? 1;
  }
  get bytes(): number {
    return this.list.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /**
   * Records from `from` on, contiguous, at least one.
   * Errors: POSITION_UNKNOWN when `from` is no longer kept; JOURNAL_DAMAGED.
   */
  async read(from: number, limits: BatchLimits): Promise<StoredRecord[]> {
    const resumed = this.#resume.get(from);
    this.#resume.delete(from);
    const segment = resumed?.segment ?? this.list.findLast(({ first }) => first <= from);
    if (!segment || segment.first < this.first) throw this.#forgotten(from);
    const mark = resumed?.mark ?? segment.marks.findLast(({ sequence }) => sequence <= from);
    const batch = collector(from, limits);
    const end = await this.walk(segment, mark, batch.visit).catch((error) => {
      // Retention may have removed it meanwhile.
      throw segment.first < this.first ? this.#forgotten(from) : error;
    });
    if (end.reason === 'cut' || end.reason === 'bad') throw journalDamaged({}, segment.name, end.at);
    const next = from + batch.records.length;
    if (batch.records.length === 0) return this.#readFollowing(segment, end, limits);
    if (end.reason === 'stopped') this.#remember(next, segment, batch.place() ?? { sequence: end.next, at: end.at });
    return batch.records;
  }

  /** The segment ended right before `from`; what follows begins the next one, or something is missing in between. */
  async #readFollowing(segment: Segment, { at, next }: WalkEnd, limits: BatchLimits): Promise<StoredRecord[]> {
    const following = this.list[this.list.indexOf(segment) + 1];
    if (following?.first !== next) throw journalDamaged({}, segment.name, at);
    return this.read(next, limits);
  }

  /** Goes through the frames of a segment from a mark (or its start) on, up to `segment.bytes`. */
  async walk(segment: Segment, mark: Mark | undefined, visit: Visit): Promise<WalkEnd> {
    let next = mark?.sequence ?? segment.first;
    const range = { from: mark?.at ?? FILE_HEADER_BYTES, to: segment.bytes };
    const walked = await walkFrames({ disk: this.#disk, name: segment.name, seed: this.#seed, ...range }, (frame) => {
      if (frame.firstSequence !== next) return 'bad';
      markPlace(segment, next, frame.fileAt);
      next += frame.count;
      return visit(frame);
    });
    return { ...walked, next };
  }

  /** Whether a later frame of this journal begins behind the place where reading had to end: then records are missing. */
  async goesOnBehind(segment: Segment, { at, next }: WalkEnd): Promise<boolean> {
    for (let from = at; from < segment.bytes; from += CHUNK_BYTES) {
      const bytes = await this.#disk.read(segment.name, from, CHUNK_BYTES + FILE_HEADER_BYTES);
      let found = findFrameHeader(bytes, 0, this.#seed);
      while (found && found.firstSequence <= next) found = findFrameHeader(bytes, found.at + 1, this.#seed);
      if (found) return true;
    }
    return false;
  }

  #remember(next: number, segment: Segment, mark: Mark): void {
    this.#resume.set(next, { segment, mark });
    for (const oldest of this.#resume.keys()) {
      if (this.#resume.size <= MAX_RESUMED) break;
      this.#resume.delete(oldest);
    }
  }

  #forgotten(from: number) {
    return positionUnknown({}, formatPosition(this.#journalId, from), `this journal begins at ${this.first}`);
  }
}

/** Keeps a place now and then, so that reading from the middle does not begin at the start of the file. */
export function markPlace(segment: Segment, sequence: number, at: number): void {
  const last = segment.marks.at(-1);
  if (at >= (last?.at ?? 0) + MARK_EVERY_BYTES) segment.marks.push({ sequence, at });
}

/** Gathers the records from `from` on until a limit is reached; `place` is the frame to go on with when it was not used up. */
function collector(from: number, { maxRecords, maxBytes }: BatchLimits) {
  const records: StoredRecord[] = [];
  let room = maxBytes;
  let unfinished: Mark | undefined;
  const visit: Visit = ({ bytes, at, fileAt, firstSequence, count }) => {
    if (firstSequence + count <= from) return 'go-on';
    let sequence = firstSequence;
    for (const { receivedAt, body } of recordsIn(bytes, at, count)) {
      if (sequence >= from) {
        if (records.length > 0 && (records.length >= maxRecords || body.length > room)) {
          unfinished = { sequence: firstSequence, at: fileAt };
          return 'stop';
        }
        records.push({ sequence, receivedAt, body });
        room -= body.length;
      }
      sequence += 1;
    }
    return records.length >= maxRecords || room <= 0 ? 'stop' : 'go-on';
  };
  return { records, visit, place: () => unfinished };
}

const CHUNK_BYTES = 512 * 1024;
const MARK_EVERY_BYTES = 1024 * 1024;
const MAX_RESUMED = 64;
