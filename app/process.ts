import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { exitCodeOf } from './exit.ts';

/**
 * What both processes do alike: end in good order on SIGTERM, SIGINT or when the supervisor is gone; end at once when
 * something broke that only a restart mends; and tell how long their event loop was held up.
 */
export function runProcess({ name, log, metrics, close }: ProcessParts): {
  fail(error: unknown): void;
} {
  let ending = false;
  const fail = (error: unknown) => {
    if (ending) return;
    ending = true;
    log.error({ err: error }, 'the process ends');
    process.exit(exitCodeOf(error));
  };
  const end = async () => {
    if (ending) return;
    ending = true;
    await close().catch((error) => log.error({ err: error }, 'not everything could be ended in good order'));
    process.exit(0);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('disconnect', end);
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);

  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const nanoseconds = 1e9;
  setInterval(() => {
    metrics.eventLoopDelay.set({ quantile: '0.5', process: name }, delay.percentile(50) / nanoseconds);
    metrics.eventLoopDelay.set({ quantile: '0.99', process: name }, delay.percentile(99) / nanoseconds);
    metrics.eventLoopDelay.set({ quantile: '1', process: name }, delay.max / nanoseconds);
    delay.reset();
  }, 5_000).unref();
  return { fail };
}

type ProcessParts = { name: 'alarm' | 'desk'; log: Log; metrics: Metrics; close: () => Promise<void> };
