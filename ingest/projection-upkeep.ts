import type { Clock } from '../platform/clock.ts';
import { OperationalError } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Store } from '../storage/store.ts';

/**
 * Keeps the store in order beside the copying, which it does not hold up: one turn at a time, once a minute, until nothing is due.
 * What fails is tried again in the next turn; `died` is called for what is our own fault.
 */
export function createUpkeep({ store, clock, log, metrics, died }: UpkeepParts) {
  let dueAt = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;
  let isStopping = false;

  async function turn(trueUntil: number): Promise<void> {
    try {
      for (let due = Number.POSITIVE_INFINITY; due > 0 && !isStopping; metrics.rollUpsDue.set(due)) {
        ({ due } = (await store.maintain?.(trueUntil)) ?? { due: 0 });
      }
    } catch (error) {
      if (!(error instanceof OperationalError)) return died(error);
      metrics.upkeepFailures.inc();
      if (error.retry === 'never')
        log.error({ err: error }, 'the upkeep of the database failed; trying again in a minute');
    }
  }

  return {
    /** Begins a turn when it is time for one. `trueUntil`: everything received by then is in the store, epoch ms. */
    ifDue(trueUntil: number): void {
      if (!store.maintain || running || clock.monotonic() < dueAt) return;
      dueAt = clock.monotonic() + everyMs;
      running = turn(trueUntil).finally(() => {
        running = undefined;
      });
    },
    /** Resolves when the piece in hand is done. */
    async stop(): Promise<void> {
      isStopping = true;
      await running;
    },
  };
}

type UpkeepParts = {
  /** One without upkeep needs none. */
  store: Partial<Pick<Store, 'maintain'>>;
  clock: Clock;
  log: Log;
  metrics: Pick<Metrics, 'rollUpsDue' | 'upkeepFailures'>;
  died: (error: unknown) => void;
};

const everyMs = 60_000;
