import type { Checkpoint } from '../journal/checkpoint.ts';
import type { JournalReader } from '../journal/reader.ts';
import type { Clock } from '../platform/clock.ts';
import { OperationalError, positionUnknown } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { ProjectionBatch, Store, StoredPosition } from '../storage/store.ts';
import type { Stored } from './judge.ts';
import { createProjectionFold, noRows, type ProjectedRows, rowLists } from './projection-fold.ts';

/**
 * Copies the journal into the store, in batches whose position is saved with them. Holds one batch in memory, whatever
 * happens: with the database away it waits, then catches up.
 * `died` is called once, for what is our own fault; the process must end. A copy or a journal that do not belong
 * together stop it with a status that says why: that is for a person to decide, and nothing is skipped.
 * Units: milliseconds. Source: docs/decisions/0011-copy-in-the-database.md
 */
export function startProjection(options: ProjectionOptions): Projection {
  const { clock, log, metrics, source } = options;
  const run = new ProjectionRun(options);
  const finished = run.run().catch((error) => {
    run.stopped(error instanceof Error ? error.message : String(error));
    if (!(error instanceof OperationalError)) return options.died(error);
    log.error({ err: error }, 'the copy of the journal in the database stands still until a person acts');
  });
  const lag = () => {
    const records = source.headSequence - run.committed.sequence;
    return { records, ms: records > 0 ? Math.max(0, clock.now() - run.trueUntil) : 0 };
  };
  const cancelReports = every(clock, lagReportMs, () => {
    metrics.followerLagRecords.set({ follower: 'projection' }, lag().records);
    metrics.followerLagSeconds.set({ follower: 'projection' }, lag().ms / 1000);
  });
  return {
    status: () => run.status,
    lag,
    needsFrom: () => Math.min(run.committed.sequence, options.checkpoint.reachesBackTo) + 1,
    async stop() {
      cancelReports();
      run.stop();
      await finished;
    },
  };
}

export type ProjectionOptions = {
  source: Pick<JournalReader, 'id' | 'headSequence' | 'firstSequence' | 'readBatch' | 'position'>;
  store: Store;
  /** Named for this projection; not loaded yet. */
  checkpoint: Checkpoint;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  died: (error: unknown) => void;
};

export type Projection = {
  status(): ProjectionStatus;
  /** `ms`: age of the oldest record that is not in the store. */
  lag(): { records: number; ms: number };
  /** The first sequence that the journal should still hold for it. */
  needsFrom(): number;
  /** Resolves when the batch in hand is written or given up; what is not written comes again at the next start. */
  stop(): Promise<void>;
};

export type ProjectionStatus =
  | { phase: 'starting' }
  | { phase: 'running' }
  /** The database is away since then. */
  | { phase: 'waiting'; since: number; why: string }
  | { phase: 'stopped'; why: string };

/** What is known of one run: where the copy stands, and where the fold. The fold is never behind the copy while writing. */
class ProjectionRun {
  status: ProjectionStatus = { phase: 'starting' };
  committed = { sequence: 0, receivedAt: 0 };
  /** What was received until then is in the store. */
  trueUntil: number;
  readonly #parts: ProjectionOptions;
  readonly #fold = createProjectionFold();
  readonly #settled: () => Settled | undefined;
  #stopping = false;
  #wake = () => {};
  #maintainedAt = Number.NEGATIVE_INFINITY;
  #savedAt = Number.NEGATIVE_INFINITY;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(parts: ProjectionOptions) {
    this.#parts = parts;
    this.#settled = createSettling(parts);
    this.trueUntil = parts.clock.now();
  }

  async run(): Promise<void> {
    const stored = await this.#patiently(() => this.#parts.store.position());
    if (this.#stopping) return;
    if (stored.done) this.#checkSame(stored.value, await this.#recordAt(stored.value?.sequence));
    const first = await this.#openFold();
    if (!this.#stopping) this.status = { phase: 'running' };
    await this.#follow(first);
    await this.#parts.checkpoint.close();
  }

  stop(): void {
    this.#stopping = true;
    this.#wake();
  }

  stopped(why: string): void {
    this.status = { phase: 'stopped', why };
  }

  /** A copy of another journal, or one that knows what the journal does not, is never written over. */
  #checkSame(stored: StoredPosition | undefined, record: Stored | undefined): void {
    if (!stored) return;
    const { source } = this.#parts;
    const { id, headSequence } = source;
    const at = `${stored.journalId}/0/${stored.sequence}`;
    if (stored.journalId !== id)
      throw positionUnknown({}, at, `the database is a copy of it, and this is journal ${id}`);
    if (stored.sequence > headSequence) {
      throw positionUnknown(
        {},
        at,
        `the database reaches there, and the journal ends at ${source.position(headSequence)}`,
      );
    }
    if (record && record.receivedAt !== stored.receivedAt) {
      throw positionUnknown({}, at, 'the database has another record there: one of the two was restored from a backup');
    }
    this.committed = stored;
  }

  async #recordAt(sequence: number | undefined): Promise<Stored | undefined> {
    const { source } = this.#parts;
    if (sequence === undefined || sequence < source.firstSequence || sequence > source.headSequence) return undefined;
    const [record] = await source.readBatch(sequence, { maxRecords: 1, maxBytes: 1 });
    return record;
  }

  /** Loads the fold; answers the first sequence that it has to read. */
  async #openFold(): Promise<number> {
    const { checkpoint, source, log } = this.#parts;
    const loaded = await checkpoint.load(this.#fold.load);
    this.#fold.rebuild();
    if (loaded <= this.committed.sequence) return loaded + 1;
    // The fold would take what the database lacks for repeats.
    log.warn(
      { database: this.committed.sequence, checkpoint: loaded },
      'the database is older than what was copied into it: copying again from where it stands',
    );
    this.#fold.forget({ keepRegistry: source.firstSequence > 1 });
    return 1;
  }

  async #follow(from: number): Promise<void> {
    const { source, clock } = this.#parts;
    let next = from;
    let rows = noRows();
    while (!this.#stopping) {
      const startedAt = clock.monotonic();
      await this.#maintainIfDue();
      const settled = this.#settled();
      next = this.#skipLost(next, rows);
      const stored = settled && next <= settled.sequence ? await source.readBatch(next, batchLimits) : [];
      const records = stored.filter(({ sequence }) => sequence <= (settled?.sequence ?? 0));
      await this.#project(records, rows);
      next += records.length;
      const isNews = next - 1 > this.committed.sequence;
      if (settled && (isNews || startedAt - this.#saidAt > sayMs)) {
        await this.#commit(rows, isNews ? records : [], settled);
        rows = noRows();
        this.#saidAt = startedAt;
      }
      if (settled && this.committed.sequence >= settled.sequence) this.trueUntil = settled.at;
      if (startedAt - this.#savedAt > checkpointMs) this.#save(next - 1);
      if (!settled || settled.sequence - next < fullBatch) await this.#pause(startedAt + batchMs - clock.monotonic());
    }
    await this.#save(next - 1);
  }

  /** What the journal no longer holds is skipped on record, with the registry as it is now in place of its changes. */
  #skipLost(next: number, rows: ProjectedRows): number {
    const { source, log } = this.#parts;
    const first = source.firstSequence;
    if (next >= first) return next;
    log.error({ from: next, to: first - 1 }, 'the journal no longer holds what the projection comes to next');
    if (this.committed.sequence < first - 1) {
      rows.gaps.push({ from: Math.max(next, this.committed.sequence + 1), to: first - 1 });
      rows.entities.push(...this.#fold.everyEntity(first));
    }
    return first;
  }

  /** Steps the fold, and keeps the rows that the store does not have. */
  async #project(records: Stored[], rows: ProjectedRows): Promise<void> {
    for (const [index, record] of records.entries()) {
      if (index % sliceRecords === sliceRecords - 1) await new Promise<void>((done) => setImmediate(done));
      const isNews = record.sequence > this.committed.sequence;
      try {
        this.#fold.step(record, isNews ? rows : noRows());
      } catch (error) {
        this.#parts.log.error(
          { err: error, sequence: record.sequence },
          'a record was not copied: it could not be read',
        );
        if (isNews) rows.gaps.push({ from: record.sequence, to: record.sequence });
      }
    }
  }

  async #commit(rows: ProjectedRows, records: Stored[], settled: Settled): Promise<void> {
    const { source, store, clock, log } = this.#parts;
    const last = records.at(-1) ?? this.committed;
    const batch: ProjectionBatch = {
      ...rows,
      journalId: source.id,
      after: this.committed.sequence,
      sequence: last.sequence,
      receivedAt: last.receivedAt,
      freshness: {
        headSequence: source.headSequence,
        trueUntil: last.sequence >= settled.sequence ? settled.at : last.receivedAt,
        seenAt: clock.now(),
      },
    };
    const written = await this.#patiently(() => store.writeBatch(batch));
    if (written.done) this.#committed(batch);
    else if (written.refused) {
      log.warn({ err: written.refused }, 'a batch was refused: its records are written one by one');
      for (const single of singleRecords(batch, records)) if (!(await this.#commitSingle(single))) return;
    }
  }

  #committed({ sequence, receivedAt, freshness }: ProjectionBatch): void {
    this.committed = { sequence, receivedAt };
    this.trueUntil = freshness.trueUntil;
  }

  /** What is refused even alone goes on record as missing, and holds up nobody else. */
  async #commitSingle(batch: ProjectionBatch): Promise<boolean> {
    const { store, log } = this.#parts;
    let written = await this.#patiently(() => store.writeBatch(batch));
    if (!written.done && written.refused) {
      log.error({ err: written.refused, sequence: batch.sequence }, 'a record was not copied: the database refused it');
      const gap = { from: batch.sequence, to: batch.sequence };
      const empty = { ...batch, ...noRows(), gaps: [...batch.gaps, gap] };
      written = await this.#patiently(() => store.writeBatch(empty));
    }
    if (written.done) this.#committed(batch);
    return written.done;
  }

  /** Tries until the database answers; not done when it was refused, or when we are to stop. */
  async #patiently<T>(work: () => Promise<T>): Promise<Attempt<T>> {
    const { clock, log } = this.#parts;
    for (let pauseMs = firstPauseMs; !this.#stopping; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        const value = await work();
        if (this.status.phase === 'waiting') {
          log.info({ awayMs: clock.now() - this.status.since }, 'the database is back');
          this.status = { phase: 'running' };
        }
        return { done: true, value };
      } catch (error) {
        if (!(error instanceof OperationalError)) throw error;
        if (error.code === 'DATABASE_REFUSED') return { done: false, refused: error };
        if (error.retry === 'never') throw error;
        if (this.status.phase !== 'waiting') {
          log.warn({ err: error }, 'the database is away: the projection waits, alarms are not affected');
          this.status = { phase: 'waiting', since: clock.now(), why: error.message };
        }
        await this.#pause(pauseMs);
      }
    }
    return { done: false };
  }

  async #maintainIfDue(): Promise<void> {
    const now = this.#parts.clock.monotonic();
    if (now - this.#maintainedAt < maintainMs) return;
    this.#maintainedAt = now;
    await this.#patiently(() => this.#parts.store.maintain(this.#parts.clock.now()));
  }

  /** Keeps the fold, which has seen `sequence`; what is kept never says more than the database has. */
  async #save(sequence: number): Promise<void> {
    const { checkpoint, clock, log } = this.#parts;
    if (sequence > this.committed.sequence) return;
    this.#savedAt = clock.monotonic();
    try {
      await checkpoint.save(sequence, this.#fold.state.takeChanges());
      await checkpoint.snapshotIfDue(() => this.#fold.state.entries());
    } catch (error) {
      log.error({ err: error }, 'the state of the projection was not kept');
    }
  }

  async #pause(delayMs: number): Promise<void> {
    if (this.#stopping || delayMs <= 0) return;
    await new Promise<void>((done) => {
      const cancel = this.#parts.clock.after(delayMs, done);
      this.#wake = () => {
        cancel();
        done();
      };
    });
  }
}

type Attempt<T> = { done: true; value: T } | { done: false; refused?: OperationalError };

/** A head that was seen a moment ago, and when: everything received by then is at or before it. */
type Settled = { sequence: number; at: number };

/**
 * The reader sees a group before its sync has ended. What a power cut could still take away is not copied: a head counts
 * once it is older than any sync but a hanging one.
 */
function createSettling({ source, clock }: Pick<ProjectionOptions, 'source' | 'clock'>): () => Settled | undefined {
  let settled: Settled | undefined;
  let seen = { sequence: source.headSequence, at: clock.now(), since: clock.monotonic() };
  return () => {
    const now = clock.monotonic();
    if (now - seen.since >= settleMs) {
      settled = { sequence: seen.sequence, at: seen.at };
      seen = { sequence: source.headSequence, at: clock.now(), since: now };
    }
    return settled;
  };
}

/** Each of its records as a batch of its own. */
function* singleRecords(batch: ProjectionBatch, records: Stored[]): IterableIterator<ProjectionBatch> {
  let { after, gaps } = batch;
  for (const { sequence, receivedAt } of records) {
    const rows = noRows();
    for (const list of rowLists) {
      for (const row of batch[list]) if (row.sequence === sequence) (rows[list] as object[]).push(row);
    }
    yield { ...batch, ...rows, gaps, after, sequence, receivedAt };
    after = sequence;
    gaps = [];
  }
}

function every(clock: Clock, periodMs: number, run: () => void): () => void {
  let cancel = () => {};
  const next = () => {
    cancel = clock.after(periodMs, () => {
      run();
      next();
    });
  };
  next();
  return () => cancel();
}

const batchLimits = { maxRecords: 2_000, maxBytes: 4 * 1024 * 1024 };
/** Less than this waits for more to come, up to `batchMs` after the batch before. */
const fullBatch = 1_000;
const batchMs = 200;
const sliceRecords = 256;
const settleMs = 200;
const sayMs = 5_000;
const checkpointMs = 5_000;
const maintainMs = 3_600_000;
const lagReportMs = 1_000;
const firstPauseMs = 200;
const longestPauseMs = 10_000;
