import type { Clock } from '../platform/clock.ts';
import type { Disk } from '../platform/disk.ts';
import { journalBusy, journalFailed, journalFull, OperationalError } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Chance } from '../platform/random.ts';
import type { FramedRecord, StoredRecord } from './frame.ts';
import { JournalClock } from './journal-clock.ts';
import { formatPosition, type Position, sequenceAt } from './position.ts';
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
  const { disk, clock, chance, log } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const recovered = await recoverJournal({ disk, clock, chance, log });
  const failure = Promise.withResolvers<OperationalError>();
  const failed = (error: unknown) => failure.resolve(asFailure(error));
  const reserve = await Reserve.open({ disk, clock, chance, log, limits, failed });
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
  #headSequence: number;
  #lastSequence: number;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #waitingSince = 0;
  #group: Waiting[] = [];
  #groupSince = 0;
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
    for (const { byMs, wallAt } of journalClock.takeSteps()) {
      // Its own failure is that of the record behind it, which is rejected too.
      this.#enqueue(clockStepBody(byMs, wallAt), 'essential', at).catch(() => {});
    }
    return this.#enqueue(body, appendClass, at);
  }

  /** How long the oldest record that is not on disk has been waiting, in milliseconds. */
  hungForMs(): number {
    const since = this.#group.length > 0 ? this.#groupSince : this.#waiting.length > 0 ? this.#waitingSince : undefined;
    return since === undefined ? 0 : this.#parts.clock.monotonic() - since;
  }

  /** Life-safety records that are not on disk yet, in order: when a sync hangs, their first notices go out provisionally. */
  waitingLifeSafety(): StoredRecord[] {
    return [...this.#group, ...this.#waiting]
      .map(({ record }) => record)
      .filter(({ mark }) => mark === markOf['life-safety']);
  }

  /**
   * Durable records from `fromSequence` on, contiguous; empty at the head.
   * Errors: POSITION_UNKNOWN when `fromSequence` is no longer kept, or lies beyond what this journal ever gave out; JOURNAL_DAMAGED.
   */
  async readBatch(fromSequence: number, limits: BatchLimits): Promise<StoredRecord[]> {
    if (fromSequence === this.#headSequence + 1) return [];
    sequenceAt(this.position(fromSequence - 1), this);
    return this.#tail.read(fromSequence, limits) ?? this.#parts.segments.read(fromSequence, limits);
  }

  /** Calls the listener after each group that reached the disk. */
  onDurable(listener: () => void): () => void {
    this.#durable.add(listener);
    return () => this.#durable.delete(listener);
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
    if (this.#waiting.length === 0) return undefined;
    const share = shareOfQueue[appendClass];
    const fits =
      this.#waiting.length < limits.waitingRecords * share &&
      this.#waitingBytes + body.length <= limits.waitingBytes * share;
    return fits ? undefined : journalBusy({}, this.#waiting.length);
  }

  #enqueue(body: Uint8Array, appendClass: AppendClass, receivedAt: number): Promise<StoredRecord> {
    this.#lastSequence += 1;
    const record = { sequence: this.#lastSequence, receivedAt, mark: markOf[appendClass], body };
    const { promise, resolve, reject } = Promise.withResolvers<StoredRecord>();
    if (this.#waiting.length === 0) this.#waitingSince = this.#parts.clock.monotonic();
    this.#waiting.push({ record, resolve, reject });
    this.#waitingBytes += body.length;
    this.#pumping ??= this.#pump();
    return promise;
  }

  /** One group after the other; what comes while one is written is the next. */
  async #pump(): Promise<void> {
    // A turn of microtasks, here and after each group, so that callers who append together are written together.
    await undefined;
    while (this.#waiting.length > 0) {
      this.#takeGroup();
      try {
        await this.#writeGroup();
      } catch (error) {
        this.#parts.failure.resolve(asFailure(error));
        await this.failed;
      }
      await undefined;
    }
    this.#pumping = undefined;
  }

  #takeGroup(): void {
    const { limits, metrics } = this.#parts;
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && (count === 0 || bytes < limits.groupBytes)) {
      bytes += this.#waiting[count]?.record.body.length ?? 0;
      count += 1;
    }
    const all = count === this.#waiting.length;
    this.#group = all ? this.#waiting : this.#waiting.slice(0, count);
    this.#waiting = all ? [] : this.#waiting.slice(count);
    this.#waitingBytes -= bytes;
    this.#groupSince = this.#waitingSince;
    metrics?.journalWaiting.set(this.#waiting.length);
  }

  async #writeGroup(): Promise<void> {
    const { clock, writer, reserve, segments, metrics } = this.#parts;
    const records = this.#group.map(({ record }) => record);
    const segmentsBefore = segments.list.length;
    const begunAt = clock.monotonic();
    for (
      let retryMs = FIRST_RETRY_MS;
      (await writer.append(records)) === 'full';
      retryMs = Math.min(2 * retryMs, MAX_RETRY_MS)
    ) {
      if (await reserve.giveUp()) continue;
      if (this.#ended) return this.#stop(journalFull({}, reserve.state.freeBytes));
      await new Promise<void>((resolve) => clock.after(retryMs, resolve));
    }
    metrics?.journalSync.observe((clock.monotonic() - begunAt) / 1000);
    this.#settle(records);
    if (segments.list.length > segmentsBefore) await this.retain();
  }

  #settle(records: readonly StoredRecord[]): void {
    const group = this.#group;
    this.#group = [];
    this.#headSequence = records.at(-1)?.sequence ?? this.#headSequence;
    this.#tail.push(records);
    for (const { resolve, record } of group) resolve(record);
    for (const listener of this.#durable) listener();
  }

  #stop(error: OperationalError): void {
    this.#ended = error;
    const lost = [...this.#group, ...this.#waiting];
    this.#group = [];
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const { reject } of lost) reject(error);
  }
}

type Waiting = {
  record: StoredRecord & FramedRecord;
  resolve: (record: StoredRecord) => void;
  reject: (error: unknown) => void;
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
