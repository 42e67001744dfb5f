import type { Checkpoint } from '../journal/checkpoint.ts';
import type { StoredRecord } from '../journal/frame.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../platform/clock.ts';
import { journalBusy } from '../platform/errors.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { JournalRecord } from '../records/journal-record.ts';
import { encodeRecord } from '../records/record-codec.ts';

// Small loops around the journal: our own word and time enter it, state is kept beside it, and a disk that hangs is noticed.

/** How long what found no room waits until it looks again, and how much may wait so. */
const lookAgainMs = 50;
const mostOwnWaiting = 50_000;

/**
 * Decisions and ticks are not refused like what people and devices send: while the journal is busy they wait here, and what comes
 * later waits behind them, because decisions stand in the order of their causes. Resolves when the record is on disk.
 * Errors: those of the journal; JOURNAL_BUSY when more wait than memory has room for, which only a restart can help.
 */
export function wayOfOwnRecords({ journal, clock }: { journal: Pick<Journal, 'append' | 'isBusy'>; clock: Clock }) {
  const waiting: ({ body: Uint8Array } & PromiseWithResolvers<unknown>)[] = [];
  function write(): void {
    for (let first = waiting[0]; first; first = waiting[0]) {
      if (journal.isBusy(first.body, 'essential')) return void clock.after(lookAgainMs, write);
      waiting.shift();
      journal.append(first.body, 'essential').then(first.resolve, first.reject);
    }
  }
  return async (record: JournalRecord): Promise<void> => {
    if (waiting.length >= mostOwnWaiting) throw journalBusy({}, waiting.length);
    const own = { body: encodeRecord(record), ...Promise.withResolvers<unknown>() };
    waiting.push(own);
    if (waiting.length === 1) write();
    await own.promise;
  };
}

/** Appends a `tick` when the earliest deadline is due in journal time: one at a time, and none while it is under way. */
export function tickSource({ clock, now, due, append, fail }: TickParts) {
  let cancel = () => {};
  let isUnderWay = false;
  let isStopped = false;
  function arm(): void {
    cancel();
    const next = due();
    if (isStopped || isUnderWay || next === undefined) return;
    cancel = clock.after(Math.max(1, next - now()), async () => {
      isUnderWay = true;
      await append({ kind: 'tick' }).catch(fail);
      isUnderWay = false;
      arm();
    });
  }
  return {
    arm,
    stop(): void {
      isStopped = true;
      cancel();
    },
  };
}
type TickParts = {
  clock: Clock;
  now: () => number;
  due: () => number | undefined;
  append: (record: JournalRecord) => Promise<void>;
  fail: (error: unknown) => void;
};

/**
 * Saves what changed, every few seconds and one save at a time; records never wait for it. `synced` resolves when a sequence is
 * in the journal for certain: whoever reads a journal that another process writes must not keep what a power cut may take away.
 */
export function checkpointing({ checkpoint, state, clock, everyMs, fail, synced }: CheckpointParts) {
  let savedAt = clock.monotonic();
  let isSaving = false;
  async function save(sequence: number, then: () => void): Promise<void> {
    isSaving = true;
    savedAt = clock.monotonic();
    try {
      await checkpoint.save(sequence, state.takeChanges(), synced?.(sequence));
    } finally {
      isSaving = false;
    }
    then();
    await checkpoint.snapshotIfDue(() => state.entries());
  }
  return {
    maybe(sequence: number, then: () => void): void {
      if (!isSaving && clock.monotonic() - savedAt >= everyMs) save(sequence, then).catch(fail);
    },
    async last(sequence: number): Promise<void> {
      await checkpoint.save(sequence, state.takeChanges());
      await checkpoint.close();
    },
  };
}
type CheckpointParts = {
  checkpoint: Checkpoint;
  state: FoldState;
  clock: Clock;
  everyMs: number;
  fail: (error: unknown) => void;
  synced?: (sequence: number) => Promise<void>;
};

/** After this long without an answer of the disk, first critical notices go out before their cause is durable. */
const hungAfterMs = 2_000;

/**
 * While the disk does not answer, what waits for it and is life safety is told to people before it is durable. It sleeps while
 * nothing waits.
 */
export function watchDisk({ clock, journal, notifyProvisionally }: WatchParts) {
  const told = new Set<number>();
  let isHung = false;
  let nextLookAt = Number.POSITIVE_INFINITY;
  let cancel = () => {};
  function lookIn(delayMs: number): void {
    const at = clock.monotonic() + delayMs;
    if (at >= nextLookAt) return;
    nextLookAt = at;
    cancel();
    cancel = clock.after(delayMs, look);
  }
  function look(): void {
    nextLookAt = Number.POSITIVE_INFINITY;
    const hungForMs = journal.hungForMs();
    isHung = hungForMs > hungAfterMs;
    if (!isHung) told.clear();
    else {
      for (const stored of journal.waitingLifeSafety()) {
        if (!told.has(stored.sequence)) notifyProvisionally(stored);
        told.add(stored.sequence);
      }
    }
    if (journal.isWaiting) lookIn(isHung ? hungAfterMs : hungAfterMs - hungForMs + 1);
  }
  const stopListening = journal.onWaiting(() => lookIn(isHung ? 0 : hungAfterMs + 1));
  return {
    stop(): void {
      stopListening();
      cancel();
    },
  };
}
type WatchParts = {
  clock: Clock;
  journal: Pick<Journal, 'isWaiting' | 'hungForMs' | 'waitingLifeSafety' | 'onWaiting'>;
  notifyProvisionally: (stored: StoredRecord) => void;
};
