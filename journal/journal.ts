import type { Clock } from '../platform/clock.ts';
import type { Disk } from '../platform/disk.ts';
import { journalBusy, journalFailed, journalFull, OperationalError } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Chance } from '../platform/random.ts';
import type { FramedRecord, StoredRecord } from './frame.ts';
import { JournalClock } from './journal-clock.ts';
import { assertKept, formatPosition, type Position, sequenceAt } from './position.ts';
import { recoverJournal } from './recovery.ts';
import { Reserve, type ReserveLimits, type ReserveState } from './reserve.ts';
import { type Pin, planRetention, type RetentionLimits } from './retention.ts';
import { SegmentWriter } from './segment-writer.ts';
import type { Segments } from './segments.ts';
import { type BatchLimits, Tail } from './tail.ts';

/** `essential`: commands, outcomes, decisions, ticks. When there is little room, telemetry is refused first. */
export type AppendClass = 'life-safety' | 'essential' | 'telemetry';

export type JournalLimits = ReserveLimits &
  RetentionLimits & {
    segmentBytes: number;
    /** A group takes in what waits until it is this large. */
    groupBytes: number;
    waitingRecords: number;
    waitingBytes: number;
    /** The newest records that are kept in memory for followers. */
    tailBytes: number;
  };

export type JournalOptions = {
  disk: Disk;
  clock: Clock;
  log: Log;
  metrics?: Metrics;
  chance: Chance;
  limits?: Partial<JournalLimits>;
  /** The record that says so when journal time and the wall clock part; see `ClockStep`. */
  clockStepBody: (byMs: number, wallAt: number) => Uint8Array;
};

/**
 * Opens the journal of a data folder for writing, or begins one. One process at a time: hold the folder's lock.
 * Errors: JOURNAL_DAMAGED, JOURNAL_FULL.
 * Source: docs/decisions/0003-journal-before-acknowledge.md
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { disk, clock, chance, log, metrics } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const recovered = await recoverJournal({ disk, clock, chance, log });
  const failure = Promise.withResolvers<OperationalError>();
  const failed = (error: unknown) => failure.resolve(asFailure(error));
  const reserve = await Reserve.open({ disk, clock, chance, log, metrics, limits, failed });
  const downMs = recovered.lastAt === undefined ? 0 : Math.max(0, clock.now() - recovered.lastAt);
  const writer = new SegmentWriter({
    disk,
    journalId: recovered.id,
    segments: recovered.segments,
    active: recovered.active,
    limits,
  });
  const journalClock = new JournalClock(clock, recovered.lastAt);
  const { id, segments, headSequence } = recovered;
  return new Journal({
    ...options,
    limits,
    id,
    segments,
    headSequence,
    downMs,
    reserve,
    writer,
    journalClock,
    failure,
  });
}

type Parts = Omit<JournalOptions, 'limits'> & {
  limits: JournalLimits;
  id: string;
  segments: Segments;
  headSequence: number;
  downMs: number;
  reserve: Reserve;
  writer: SegmentWriter;
  journalClock: JournalClock;
  failure: PromiseWithResolvers<OperationalError>;
};

/** The durable, ordered account. Sequences begin at 1 and have no gaps. */
export class Journal {
  readonly id: string;
  readonly partition = 0;
  /** How long nobody wrote before this process did, by the wall clock; 0 for a new journal. */
  readonly openedAfterMs: number;
  /** Resolves when the journal can never write again (JOURNAL_FAILED): the process must end and recover. */
  readonly failed: Promise<OperationalError>;
  readonly #parts: Parts;
  readonly #tail: Tail;
  readonly #pins = new Map<string, Pin>();
  readonly #durable = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  #headSequence: number;
  #lastSequence: number;
  /** Groups that wait, the first of which is written next and the last of which still takes in records. */
  #queue: Group[] = [];
  #waitingRecords = 0;
  #waitingBytes = 0;
  #writing: Group | undefined;
  #pumping: Promise<void> | undefined;
  #ended: OperationalError | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.id = parts.id;
    this.openedAfterMs = parts.downMs;
    this.failed = parts.failure.promise;
    this.#tail = new Tail(parts.limits.tailBytes);
    this.#headSequence = parts.headSequence;
    this.#lastSequence = parts.headSequence;
    this.failed.then((error) => this.#stop(error));
  }

  /** The last record that is on disk; 0 when there is none. */
  get headSequence(): number {
    return this.#headSequence;
  }
  /** The first record that is kept, or would be. */
  get firstSequence(): number {
    return this.#parts.segments.first;
  }
  get reserve(): ReserveState {
    return this.#parts.reserve.state;
  }

  /** Journal time: what the next record would be stamped with. Epoch milliseconds, never decreasing. */
  now(): number {
    return this.#parts.journalClock.now();
  }

  /**
   * Takes the next sequence at once, and resolves with it, in call order, when the record is on disk. The body must not change.
   * Units: `receivedAt` is epoch milliseconds and never decreases.
   * Errors: JOURNAL_FULL and JOURNAL_BUSY, try later; JOURNAL_FAILED, never: the process must restart and recover.
   * Source: docs/decisions/0003-journal-before-acknowledge.md
   */
  append(body: Uint8Array, appendClass: AppendClass): Promise<StoredRecord> {
    const refusal = this.#ended ?? this.#refusal(body, appendClass);
    if (refusal) return Promise.reject(refusal);
    const { journalClock, clockStepBody } = this.#parts;
    const at = journalClock.now();
    if (journalClock.hasSteps) {
      for (const { byMs, wallAt } of journalClock.takeSteps()) {
        // Its own failure is that of the record behind it, which is rejected too.
        this.#enqueue(clockStepBody(byMs, wallAt), 'essential', at).catch(() => {});
      }
    }
    return this.#enqueue(body, appendClass, at);
  }

  /** Whether `append` would answer JOURNAL_BUSY now. */
  isBusy(body: Uint8Array, appendClass: AppendClass): boolean {
    return this.#ended === undefined && this.#refusal(body, appendClass)?.code === journalBusy.code;
  }

  /** Whether any record is not on disk yet. */
  get isWaiting(): boolean {
    return this.#pumping !== undefined;
  }

  /** How long the oldest record that is not on disk has been waiting, in milliseconds. */
  hungForMs(): number {
    const oldest = this.#writing ?? this.#queue[0];
    return oldest ? this.#parts.clock.monotonic() - oldest.since : 0;
  }

  /** Life-safety records that are not on disk yet, in order: when a sync hangs, their first notices go out provisionally. */
  waitingLifeSafety(): StoredRecord[] {
    const groups = this.#writing ? [this.#writing, ...this.#queue] : this.#queue;
    return groups.flatMap(({ records }) => records.filter(({ mark }) => mark === markOf['life-safety']));
  }

  /**
   * Durable records from `fromSequence` on, contiguous; empty at the head.
   * Errors: POSITION_UNKNOWN when `fromSequence` is no longer kept, or lies beyond what this journal ever gave out; JOURNAL_DAMAGED.
   */
  async readBatch(fromSequence: number, limits: BatchLimits): Promise<StoredRecord[]> {
    if (fromSequence === this.#headSequence + 1) return [];
    assertKept(fromSequence - 1, this);
    return this.#tail.read(fromSequence, limits) ?? this.#parts.segments.read(fromSequence, limits);
  }

  /** Calls the listener after each group that reached the disk. */
  onDurable(listener: () => void): () => void {
    this.#durable.add(listener);
    return () => this.#durable.delete(listener);
  }

  /** Calls the listener when a record begins to wait for the disk while none did, and with each life-safety one that does. */
  onWaiting(listener: () => void): () => void {
    this.#waiting.add(listener);
    return () => this.#waiting.delete(listener);
  }

  /** Telemetry began or ceased to be refused, because there is little room. */
  onReserve(listener: (state: ReserveState) => void): () => void {
    return this.#parts.reserve.onChange(listener);
  }

  /** The follower of that name has read up to `sequence`, and needs what comes after it; soft ones within their budget. */
  pin(name: string, sequence: number, { hard }: { hard: boolean }): void {
    this.#pins.set(name, { sequence, hard });
  }
  unpin(name: string): void {
    this.#pins.delete(name);
  }

  position(sequence: number): Position {
    return formatPosition(this.id, sequence);
  }
  /** Errors: POSITION_UNKNOWN for a foreign journal, or out of what is kept. */
  sequenceOf(position: Position): number {
    return sequenceAt(position, this);
  }

  /** Removes old segments that are past their budget; also done whenever a segment is full. */
  async retain(): Promise<void> {
    const { segments, limits, disk, log, metrics } = this.#parts;
    const { remove, lost } = planRetention(segments.list, this.#pins, limits);
    for (const name of lost) {
      log.error({ follower: name }, 'the journal could not wait any longer: a follower lost its place');
      this.#pins.delete(name);
    }
    const removed = segments.list.splice(0, remove);
    for (const { name } of removed) await disk.remove(name);
    metrics?.journalBytes.set(segments.bytes);
  }

  /** Refuses what comes, and waits until what came is on disk; what waits for room on a full disk is refused too. */
  async close(): Promise<void> {
    this.#ended ??= journalFailed({}, 'it is closed');
    await this.#pumping;
    this.#parts.reserve.close();
    await this.#parts.writer.close();
  }

  #refusal(body: Uint8Array, appendClass: AppendClass): OperationalError | undefined {
    const { limits, reserve } = this.#parts;
    if (appendClass === 'telemetry' && reserve.state.inUse) return journalFull({}, reserve.state.freeBytes);
    if (this.#waitingRecords === 0) return undefined;
    const share = shareOfQueue[appendClass];
    const fits =
      this.#waitingRecords < limits.waitingRecords * share &&
      this.#waitingBytes + body.length <= limits.waitingBytes * share;
    return fits ? undefined : journalBusy({}, this.#waitingRecords);
  }

  #enqueue(body: Uint8Array, appendClass: AppendClass, receivedAt: number): Promise<StoredRecord> {
    this.#lastSequence += 1;
    const record = { sequence: this.#lastSequence, receivedAt, mark: markOf[appendClass], body };
    const waiter = Promise.withResolvers<StoredRecord>();
    let group = this.#queue.at(-1);
    if (!group || group.bytes >= this.#parts.limits.groupBytes) {
      group = { records: [], waiters: [], bytes: 0, since: this.#parts.clock.monotonic() };
      this.#queue.push(group);
    }
    group.records.push(record);
    group.waiters.push(waiter);
    group.bytes += body.length;
    this.#waitingRecords += 1;
    this.#waitingBytes += body.length;
    const isNews = this.#pumping === undefined || appendClass === 'life-safety';
    this.#pumping ??= this.#pump();
    if (isNews) for (const listener of this.#waiting) listener();
    return waiter.promise;
  }

  /** One group after the other; what comes while one is written is the next. */
  async #pump(): Promise<void> {
    // A turn of microtasks, here and after each group, so that callers who append together are written together.
    await undefined;
    for (let group = this.#queue.shift(); group; group = this.#queue.shift()) {
      this.#writing = group;
      this.#waitingRecords -= group.records.length;
      this.#waitingBytes -= group.bytes;
      this.#parts.metrics?.journalWaiting.set(this.#waitingRecords);
      try {
        await this.#write(group);
      } catch (error) {
        this.#parts.failure.resolve(asFailure(error));
        await this.failed;
      }
      await undefined;
    }
    this.#pumping = undefined;
  }

  async #write(group: Group): Promise<void> {
    const { clock, writer, reserve, segments, metrics, failure } = this.#parts;
    const segmentsBefore = segments.list.length;
    const begunAt = clock.monotonic();
    let retryMs = FIRST_RETRY_MS;
    while ((await writer.append(group.records)) === 'full') {
      if (await reserve.giveUp()) continue;
      if (this.#ended) return this.#stop(journalFull({}, reserve.state.freeBytes));
      await new Promise<void>((resolve) => clock.after(retryMs, resolve));
      retryMs = Math.min(2 * retryMs, MAX_RETRY_MS);
    }
    metrics?.journalSync.observe((clock.monotonic() - begunAt) / 1000);
    metrics?.journalBytes.set(segments.bytes);
    this.#settle(group);
    // Beside the next group: to remove a large file takes tens of milliseconds.
    if (segments.list.length > segmentsBefore) this.retain().catch((error) => failure.resolve(asFailure(error)));
  }

  #settle({ records, waiters }: Group): void {
    this.#writing = undefined;
    this.#headSequence = records.at(-1)?.sequence ?? this.#headSequence;
    this.#tail.push(records);
    records.forEach((record, index) => {
      waiters[index]?.resolve(record);
    });
    for (const listener of this.#durable) listener();
  }

  #stop(error: OperationalError): void {
    this.#ended = error;
    const lost = this.#writing ? [this.#writing, ...this.#queue] : this.#queue;
    this.#writing = undefined;
    this.#queue = [];
    this.#waitingRecords = 0;
    this.#waitingBytes = 0;
    for (const { waiters } of lost) for (const { reject } of waiters) reject(error);
  }
}

/** Records that are written and synced together, each with who waits for it; `since` is the monotonic clock at the first. */
type Group = {
  records: (StoredRecord & FramedRecord)[];
  waiters: PromiseWithResolvers<StoredRecord>[];
  bytes: number;
  since: number;
};

const MIB = 1024 * 1024;
const defaultLimits: JournalLimits = {
  segmentBytes: 64 * MIB,
  groupBytes: MIB,
  waitingRecords: 20_000,
  waitingBytes: 32 * MIB,
  tailBytes: 16 * MIB,
  keepBytes: 1024 * MIB,
  budgetBytes: 8192 * MIB,
  reserveBytes: 64 * MIB,
  floorBytes: 256 * MIB,
  lookEveryMs: 10_000,
};

/** How much of the queue a class may fill: a flood of telemetry leaves room for a command, and both for an alarm. */
const shareOfQueue: Record<AppendClass, number> = { telemetry: 0.7, essential: 0.9, 'life-safety': 1 };
/** Kept with the record in the file; a number never changes its meaning. */
const markOf: Record<AppendClass, number> = { 'life-safety': 1, essential: 2, telemetry: 3 };

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;

function asFailure(cause: unknown): OperationalError {
  return cause instanceof OperationalError ? cause : journalFailed({ cause }, 'the disk could not write or sync');
}
