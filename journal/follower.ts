import type { Clock } from '../platform/clock.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { StoredRecord } from './frame.ts';
import type { BatchLimits } from './tail.ts';

/** What a follower needs of a journal or of its reader. */
export type JournalSource = {
  readonly headSequence: number;
  readBatch(fromSequence: number, limits: BatchLimits): Promise<StoredRecord[]>;
  onDurable(listener: () => void): () => void;
};

export type FollowerOptions = {
  name: string;
  source: JournalSource;
  /** The first sequence to handle: one after the last that this follower's state has. */
  from: number;
  /** Called in order, one at a time, once a record. What it returns is waited for. */
  handle: (record: StoredRecord) => void | Promise<void>;
  /** Called after the last record of a batch, before the next is read. */
  afterBatch?: (lastSequence: number) => void | Promise<void>;
  /** `handle` or `afterBatch` threw, or the record could not be read: the follower has stopped, and its process must end. */
  died: (death: { follower: string; sequence: number; error: unknown }) => void;
  clock: Clock;
  metrics?: Metrics;
  batch?: BatchLimits;
};

export type Follower = {
  /** The last sequence that was handled. */
  position(): number;
  lagRecords(): number;
  /** Age of the oldest record that was not handled, at `now` in journal time; 0 when there is none. Milliseconds. */
  lagMs(now: number): number;
  /** Resolves when the head that was found at the start has been handled. */
  caughtUp: Promise<void>;
  /** Resolves when the record in hand is done; none is handled after that. */
  stop(): Promise<void>;
};

/** Reads a journal from a place on, for ever, and never holds the event loop for much longer than a slice. */
export function runFollower(options: FollowerOptions): Follower {
  const { name, source, clock, metrics, died } = options;
  const state = { sequence: options.from - 1, nextAt: 0, stopped: false };
  const target = source.headSequence;
  const caughtUp = Promise.withResolvers<void>();
  const wake = signal();
  const stopListening = source.onDurable(wake.raise);
  const lagRecords = () => source.headSequence - state.sequence;
  const lagMs = (now: number) => (lagRecords() > 0 ? Math.max(0, now - state.nextAt) : 0);

  async function follow(): Promise<void> {
    while (!state.stopped) {
      if (state.sequence >= target) caughtUp.resolve();
      metrics?.followerLagRecords.set({ follower: name }, lagRecords());
      metrics?.followerLagSeconds.set({ follower: name }, lagMs(clock.now()) / 1000);
      const batch = await source.readBatch(state.sequence + 1, options.batch ?? BATCH);
      if (batch.length === 0) await wake.raised();
      else await handleBatch(options, state, batch);
    }
  }
  const finished = follow()
    .catch((error) => died({ follower: name, sequence: state.sequence + 1, error }))
    .finally(stopListening);

  return {
    position: () => state.sequence,
    lagRecords,
    lagMs,
    caughtUp: caughtUp.promise,
    stop() {
      state.stopped = true;
      wake.raise();
      return finished;
    },
  };
}

type Progress = { sequence: number; nextAt: number; stopped: boolean };

async function handleBatch(
  { handle, afterBatch, clock }: FollowerOptions,
  state: Progress,
  batch: StoredRecord[],
): Promise<void> {
  let sliceEndsAt = clock.monotonic() + SLICE_MS;
  for (const record of batch) {
    if (state.stopped) return;
    state.nextAt = record.receivedAt;
    const done = handle(record);
    if (done) await done;
    state.sequence = record.sequence;
    if (clock.monotonic() < sliceEndsAt) continue;
    await clock.turn();
    sliceEndsAt = clock.monotonic() + SLICE_MS;
  }
  const done = afterBatch?.(state.sequence);
  if (done) await done;
  // The journal's tail answers without the event loop, so a follower far behind would otherwise keep it from turning.
  if (batch.length >= LARGE_BATCH) await clock.turn();
}

/** Remembers that it was raised when nobody was waiting yet. */
function signal() {
  let wake: (() => void) | undefined;
  let isRaised = false;
  return {
    raise() {
      isRaised = true;
      wake?.();
    },
    async raised(): Promise<void> {
      if (!isRaised) await new Promise<void>((resolve) => (wake = resolve));
      wake = undefined;
      isRaised = false;
    },
  };
}

const BATCH: BatchLimits = { maxRecords: 2_000, maxBytes: 1024 * 1024 };
/** Short against what a person or a device waits for, long against one turn of the event loop. */
const SLICE_MS = 5;
const LARGE_BATCH = 64;
