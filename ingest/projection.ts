import type { Checkpoint } from '../journal/checkpoint.ts';
import type { JournalReader } from '../journal/reader.ts';
import type { Clock } from '../platform/clock.ts';
import { databaseUnfit, OperationalError } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { ProjectionBatch, Store } from '../storage/store.ts';
import type { Stored } from './judge.ts';
import { createProjectionFold } from './projection-fold.ts';
import { noRows, type ProjectedRows, rowsWhere, singleRecords } from './projection-rows.ts';
import { createUpkeep } from './projection-upkeep.ts';
import { createSettling, type Settled } from './settling.ts';
import { strangeness } from './strangeness.ts';

/**
 * Copies the journal into the store, in batches whose position is saved with them. Holds one batch in memory, whatever
 * happens: with the database away it waits, then catches up.
 * `died` is called once, for what is our own fault; the process must end. A copy or a journal that do not belong
 * together stop it with a status that says why: that is for a person to decide, and nothing is skipped. When somebody has, it
 * goes on.
 * Units: milliseconds. Source: docs/decisions/0011-copy-in-the-database.md
 */
export function startProjection(options: ProjectionOptions): Projection {
  const { clock, log, metrics, source, name: follower = 'projection' } = options;
  const run = new ProjectionRun(options);
  const finished = run.run().catch((error) => {
    run.stopped(error instanceof Error ? error.message : String(error));
    if (!(error instanceof OperationalError)) return options.died(error);
    log.error({ err: error }, 'the copy of the journal in the database stands still until a person acts');
  });
  const stopListening = source.onDurable(() => run.heard());
  return {
    status: () => run.status,
    lag() {
      const records = source.headSequence - run.committed.sequence;
      const ms = records > 0 ? Math.max(0, clock.now() - run.trueUntil) : 0;
      metrics.followerLagRecords.set({ follower }, records);
      metrics.followerLagSeconds.set({ follower }, ms / 1000);
      return { records, ms };
    },
    needsFrom: () => Math.min(run.committed.sequence, options.checkpoint.reachesBackTo) + 1,
    async stop() {
      stopListening();
      run.stop();
      await finished;
    },
  };
}

export type ProjectionOptions = {
  name?: 'projection' | 'influxdb';
  source: Pick<JournalReader, 'id' | 'headSequence' | 'firstSequence' | 'readBatch' | 'onDurable' | 'position'>;
  /** Whether the journal has synced up to there, as far as is known. */
  isDurable: (sequence: number) => boolean;
  store: Pick<Store, 'position' | 'writeBatch'> & Partial<Pick<Store, 'maintain'>>;
  /** Named for this projection; not loaded yet. */
  checkpoint: Checkpoint;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  died: (error: unknown) => void;
  /** How often it vouches for a copy in which nothing changes. */
  sayEveryMs?: number | undefined;
  checkpointEveryMs?: number | undefined;
};

export type Projection = {
  status(): ProjectionStatus;
  /** `ms`: age of the oldest record that is not in the store. The metrics have what was answered last. */
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
  readonly #settling: ReturnType<typeof createSettling>;
  readonly #upkeep: ReturnType<typeof createUpkeep>;
  #stopping = false;
  #wake = () => {};
  #waitsForNews = false;
  #savedAt = Number.NEGATIVE_INFINITY;
  #savedSequence = 0;
  /** A state that is older than the snapshots would make them look damaged. */
  #savesFrom = 0;
  /** When it is time to vouch for the copy again. */
  #sayAt = Number.NEGATIVE_INFINITY;

  constructor(parts: ProjectionOptions) {
    this.#parts = parts;
    this.#settling = createSettling(parts);
    this.#upkeep = createUpkeep(parts);
    this.trueUntil = parts.clock.now();
  }

  async run(): Promise<void> {
    await this.#findCopy();
    if (this.#stopping) return;
    const first = await this.#openFold();
    // Reports find their weeks there.
    await this.#patiently(async () => this.#parts.store.maintain?.(this.trueUntil));
    if (!this.#stopping) this.status = { phase: 'running' };
    await this.#follow(first);
    await this.#upkeep.stop();
    await this.#parts.checkpoint.close();
  }

  stop(): void {
    this.#stopping = true;
    this.#wake();
  }

  /** Something new is durable. While a batch is in hand or gathered, it is looked at in its time. */
  heard(): void {
    this.#look();
    if (this.#waitsForNews) this.#wake();
  }

  stopped(why: string): void {
    this.status = { phase: 'stopped', why };
  }

  /**
   * Reads where the copy stands. One that does not belong to this journal is looked at again until a person has done something
   * about it; answers whether there was any.
   */
  async #findCopy(): Promise<boolean> {
    const { source, store, log } = this.#parts;
    for (let wasStrange = false; ; wasStrange = true) {
      const stored = await this.#patiently(() => store.position());
      if (!stored.done) return wasStrange;
      this.committed = stored.value ?? { sequence: 0, receivedAt: 0 };
      const why = await strangeness(stored.value, source);
      if (!why) {
        if (wasStrange) this.status = { phase: 'running' };
        return wasStrange;
      }
      if (this.status.phase !== 'stopped') {
        log.error({ err: why }, 'the copy of the journal in the database stands still until a person acts');
        this.stopped(why.message);
      }
      await this.#pause(lookAgainMs);
    }
  }

  /** Loads the fold; answers the first sequence that it has to read. */
  async #openFold(): Promise<number> {
    const loaded = await this.#parts.checkpoint.load(this.#fold.load);
    this.#fold.rebuild();
    return loaded <= this.committed.sequence ? loaded + 1 : this.#goBack(loaded);
  }

  /** The database was put back, and the fold, which would take what it lacks for repeats, begins anew. */
  #goBack(foldedTo: number): number {
    const { source, log } = this.#parts;
    const { sequence, receivedAt } = this.committed;
    log.warn(
      { database: sequence, copied: foldedTo },
      'the database is older than what was copied into it: copying again from where it stands',
    );
    if (sequence > 0) this.trueUntil = receivedAt;
    this.#fold.forget(source.firstSequence > 1 ? { registryIsAt: foldedTo } : {});
    this.#savesFrom = foldedTo;
    return 1;
  }

  async #follow(from: number): Promise<void> {
    const { source, clock, sayEveryMs = defaultSayEveryMs, checkpointEveryMs = defaultCheckpointEveryMs } = this.#parts;
    let next = from;
    let rows = noRows();
    // A batch is folded while the one before it is written: both take about as long.
    let writing = Promise.resolve(true);
    const written = async (): Promise<boolean> => {
      if (await writing) return true;
      writing = Promise.resolve(true);
      next = this.#goBack(next - 1);
      rows = noRows();
      return false;
    };
    while (!this.#stopping) {
      const startedAt = clock.monotonic();
      this.#upkeep.ifDue(this.trueUntil);
      const settled = this.#look();
      next = this.#skipLost(next, rows);
      const stored = settled && next <= settled.sequence ? await source.readBatch(next, batchLimits) : [];
      const records = stored.filter(({ sequence }) => sequence <= (settled?.sequence ?? 0));
      await this.#project(records, rows);
      next += records.length;
      if (!(await written())) continue;
      if (settled && (next - 1 > this.committed.sequence || startedAt >= this.#sayAt)) {
        writing = this.#commit(rows, records, settled);
        writing.catch(() => {}); // Whoever asks for it hears of it.
        rows = noRows();
        this.#sayAt = startedAt + sayEveryMs;
      }
      const waiting = (settled?.sequence ?? 0) - next + 1;
      const saveIsDue = startedAt - this.#savedAt >= checkpointEveryMs;
      if ((waiting >= fullBatch && !saveIsDue) || !(await written())) continue;
      if (saveIsDue) this.#save(next - 1);
      if (waiting >= fullBatch) continue;
      if (waiting > 0) await this.#pause(startedAt + batchMs - clock.monotonic());
      else await this.#awaitMore();
    }
    await written();
    await this.#save(next - 1);
  }

  /** Everything that counts is copied: until more does, or until it is time to vouch for that. */
  async #awaitMore(): Promise<void> {
    const settlesInMs = this.#settling.settlesInMs();
    this.#waitsForNews = settlesInMs === undefined;
    await this.#pause(settlesInMs ?? this.#sayAt - this.#parts.clock.monotonic());
    this.#waitsForNews = false;
  }

  #look(): Settled | undefined {
    const settled = this.#settling.look();
    if (settled && this.committed.sequence >= settled.sequence) this.trueUntil = settled.at;
    return settled;
  }

  /** What the journal no longer holds is skipped on record. */
  #skipLost(next: number, rows: ProjectedRows): number {
    const { source, log } = this.#parts;
    const first = source.firstSequence;
    if (next >= first) return next;
    const from = Math.max(next, this.committed.sequence + 1);
    if (from < first) {
      log.error({ from, to: first - 1 }, 'the journal no longer holds what the projection comes to next');
      rows.gaps.push({ from, to: first - 1 });
    } else
      log.warn(
        { from: first },
        'what devices sent before is not known: a report from then that is sent again is a new row',
      );
    return first;
  }

  /** Steps the fold, and keeps the rows that the store does not have. */
  async #project(records: Stored[], rows: ProjectedRows): Promise<void> {
    for (const [index, record] of records.entries()) {
      if (index % sliceRecords === sliceRecords - 1) await this.#parts.clock.turn();
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

  /** False: the database was put back, and everything after `committed` has to come again. */
  async #commit(rows: ProjectedRows, read: Stored[], settled: Settled): Promise<boolean> {
    const { store, log } = this.#parts;
    // While they were folded the batch before may have been found to be there, with more of what a dead process wrote.
    const isNews = (at: { sequence: number }) => at.sequence > this.committed.sequence;
    const records = read.filter(isNews);
    const batch = this.#batchOf(records.length < read.length ? rowsWhere(rows, isNews) : rows, records, settled);
    try {
      const written = await this.#patiently(() => store.writeBatch(batch));
      if (written.done) this.#committed(batch);
      else if (written.refused) {
        log.warn({ err: written.refused }, 'a batch was refused: its records are written one by one');
        for (const single of singleRecords(batch, records)) if (!(await this.#commitSingle(single))) break;
      }
      return true;
    } catch (error) {
      const { sequence } = this.committed;
      if (!(await this.#hasMoved(error))) throw error;
      // A process before this one may have been killed while its last commit was under way: what that holds is there.
      return this.committed.sequence < sequence ? false : this.#commit(rows, records, settled);
    }
  }

  #batchOf(rows: ProjectedRows, records: Stored[], settled: Settled): ProjectionBatch {
    const { source, clock } = this.#parts;
    const last = records.at(-1) ?? this.committed;
    return {
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
  }

  /** Whether the database stands elsewhere than where this process left it. */
  async #hasMoved(error: unknown): Promise<boolean> {
    if (!(error instanceof OperationalError) || error.code !== databaseUnfit.code) return false;
    const { sequence } = this.committed;
    const isAnother = await this.#findCopy();
    return isAnother || this.#stopping || this.committed.sequence !== sequence;
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

  /** Keeps the fold, which has seen `sequence`; what is kept never says more than the database has. */
  async #save(sequence: number): Promise<void> {
    const { checkpoint, clock, log } = this.#parts;
    if (sequence > this.committed.sequence || sequence === this.#savedSequence || sequence < this.#savesFrom) return;
    this.#savedAt = clock.monotonic();
    try {
      const kept = await checkpoint.save(sequence, this.#fold.state.takeChanges());
      if (kept === 'kept') this.#savedSequence = sequence;
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

const batchLimits = { maxRecords: 5_000, maxBytes: 4 * 1024 * 1024 };
/** Less than this waits for more to come, up to `batchMs` after the batch before. */
const fullBatch = 1_000;
const batchMs = 200;
const sliceRecords = 256;
const defaultSayEveryMs = 5_000;
const defaultCheckpointEveryMs = 5_000;
const lookAgainMs = 10_000;
const firstPauseMs = 200;
const longestPauseMs = 10_000;
