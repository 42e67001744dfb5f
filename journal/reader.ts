import type { Clock } from '../platform/clock.ts';
import type { Disk } from '../platform/disk.ts';
import { type OperationalError, positionUnknown } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { FILE_HEADER_BYTES, recordsIn, type StoredRecord } from './frame.ts';
import type { Frame } from './frame-file.ts';
import { assertKept, formatPosition, type Position, sequenceAt } from './position.ts';
import { listSegments, readSegmentHeader, type Segment, Segments, segmentName } from './segments.ts';
import { type BatchLimits, Tail } from './tail.ts';

export type JournalReaderOptions = {
  disk: Disk;
  clock: Clock;
  log: Log;
  /** How often to look for new groups when nobody pokes. Milliseconds. */
  lookEveryMs?: number;
  tailBytes?: number;
};

/**
 * Reads a journal that another process writes, never past what a valid checksum covers. Waits until there is a journal.
 * What it reads may still wait for its sync: after a power cut it can know a last group that the journal does not; a position in it is
 * then POSITION_UNKNOWN.
 * Errors: JOURNAL_DAMAGED.
 */
export async function openJournalReader(options: JournalReaderOptions): Promise<JournalReader> {
  const { disk, clock, log, lookEveryMs = LOOK_EVERY_MS } = options;
  let list = await listSegments(disk);
  if (list.length === 0) log.info({}, 'there is no journal yet: waiting for one');
  while (list.length === 0) {
    await new Promise<void>((resolve) => clock.after(lookEveryMs, resolve));
    list = await listSegments(disk);
  }
  const last = list.at(-1) as Segment;
  const { journalId: id } = await readSegmentHeader(disk, last);
  last.bytes = FILE_HEADER_BYTES;
  const segments = new Segments({ disk, journalId: id, list });
  const reader = new JournalReader({
    disk,
    clock,
    id,
    segments,
    lookEveryMs,
    tailBytes: options.tailBytes ?? TAIL_BYTES,
  });
  await reader.poke();
  return reader;
}

type Parts = { disk: Disk; clock: Clock; id: string; segments: Segments; lookEveryMs: number; tailBytes: number };

/** The reading half of a journal: the same positions, batches and announcements, from the files alone. */
export class JournalReader {
  readonly id: string;
  readonly partition = 0;
  /** Resolves when the journal below was replaced or cannot be read: the process must end and open it anew. */
  readonly failed: Promise<unknown>;
  readonly #parts: Parts;
  readonly #failure = Promise.withResolvers<unknown>();
  readonly #tail: Tail;
  readonly #durable = new Set<() => void>();
  #headSequence: number;
  #syncedSequence: number;
  #looking: Promise<void> | undefined;
  #cancel = () => {};
  #closed = false;

  constructor(parts: Parts) {
    this.id = parts.id;
    this.failed = this.#failure.promise;
    this.#parts = parts;
    this.#tail = new Tail(parts.tailBytes);
    this.#headSequence = (parts.segments.list.at(-1)?.first ?? 1) - 1;
    this.#syncedSequence = this.#headSequence;
  }

  get headSequence(): number {
    return this.#headSequence;
  }
  get firstSequence(): number {
    return this.#parts.segments.first;
  }
  /** What no power cut can take away any more: a group or a segment stands behind it, which is begun only after its sync. */
  get syncedSequence(): number {
    return this.#syncedSequence;
  }

  /** Where the newest segments begin that hold at most so many bytes together; the last one counts in any case. */
  firstWithin(bytes: number): number {
    const { list } = this.#parts.segments;
    let rest = bytes;
    const within = list.findLastIndex((segment) => {
      rest -= segment.bytes;
      return rest < 0;
    });
    return (list[Math.min(within + 1, list.length - 1)] as Segment).first;
  }

  /** As the journal's own. Errors: POSITION_UNKNOWN, JOURNAL_DAMAGED. */
  async readBatch(fromSequence: number, limits: BatchLimits): Promise<StoredRecord[]> {
    if (fromSequence === this.#headSequence + 1) return [];
    assertKept(fromSequence - 1, this);
    const recent = this.#tail.read(fromSequence, limits);
    if (recent) return recent;
    const { segments } = this.#parts;
    return segments.read(fromSequence, limits).catch(async (error) => {
      if ((error as { code?: string }).code !== 'ENOENT') throw error;
      // The writer removed the file: what is left decides whether the place is lost.
      await this.#forgetRemoved();
      return segments.read(fromSequence, limits);
    });
  }

  onDurable(listener: () => void): () => void {
    this.#durable.add(listener);
    return () => this.#durable.delete(listener);
  }

  position(sequence: number): Position {
    return formatPosition(this.id, sequence);
  }
  /** Errors: POSITION_UNKNOWN for a foreign journal, or out of what is kept. */
  sequenceOf(position: Position): number {
    return sequenceAt(position, this);
  }

  /** Looks at once, for those who heard that something was written. Resolves when it has looked. */
  poke(): Promise<void> {
    this.#cancel();
    this.#looking ??= this.#look()
      .catch((error) => this.#fail(error))
      .finally(() => {
        this.#looking = undefined;
        if (!this.#closed) this.#cancel = this.#parts.clock.after(this.#parts.lookEveryMs, () => this.poke());
      });
    return this.#looking;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const headBefore = this.#headSequence;
    while (!this.#closed && ((await this.#readNewGroups()) || (await this.#findNextSegment())));
    if (this.#headSequence === headBefore) return;
    for (const listener of this.#durable) listener();
  }

  async #readNewGroups(): Promise<boolean> {
    const { disk, segments, tailBytes } = this.#parts;
    const last = segments.list.at(-1) as Segment;
    const bytes = await disk.size(last.name);
    if (bytes === undefined || bytes < last.bytes) throw this.#replaced();
    if (bytes === last.bytes) return false;
    const from = { sequence: this.#headSequence + 1, at: last.bytes };
    // A copy, so that nobody reads the end of the file as if it were verified; the marks are the segment's own.
    const end = await segments.walk({ ...last, bytes }, from, (frame) => {
      this.#syncedSequence = frame.firstSequence - 1;
      if (frame.fileAt >= bytes - tailBytes) this.#remember(frame);
      return 'go-on';
    });
    const isNews = end.at > last.bytes;
    last.bytes = end.at;
    this.#headSequence = end.next - 1;
    return isNews;
  }

  #remember({ bytes, at, firstSequence, count }: Frame): void {
    const records: StoredRecord[] = [];
    for (const { receivedAt, body } of recordsIn(bytes, at, count)) {
      records.push({ sequence: firstSequence + records.length, receivedAt, body });
    }
    this.#tail.push(records);
  }

  /** The next segment is named by the sequence that comes next, so one look at one name is enough. */
  async #findNextSegment(): Promise<boolean> {
    const { disk, segments } = this.#parts;
    const next = this.#headSequence + 1;
    const last = segments.list.at(-1);
    if (last?.first === next || (await disk.size(segmentName(next))) === undefined) return false;
    const segment = { name: segmentName(next), first: next, bytes: FILE_HEADER_BYTES, marks: [] };
    if ((await readSegmentHeader(disk, segment)).journalId !== this.id) throw this.#replaced();
    segments.list.push(segment);
    this.#syncedSequence = this.#headSequence;
    await this.#forgetRemoved();
    return true;
  }

  async #forgetRemoved(): Promise<void> {
    const { disk, segments } = this.#parts;
    const oldest = (await listSegments(disk))[0]?.first ?? 0;
    const removed = segments.list.findIndex(({ first }) => first >= oldest);
    segments.list.splice(0, removed);
  }

  #replaced(): OperationalError {
    return positionUnknown({}, this.position(this.#headSequence), 'the journal on the disk ends before it');
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure.resolve(error);
  }
}

const LOOK_EVERY_MS = 20;
const TAIL_BYTES = 16 * 1024 * 1024;
