import type { OutcomeRecord } from '../../records/journal-record.ts';

/**
 * When a way to somebody is tried again after an attempt for life safety, by the schedule of docs/webhooks.md. Infinity: not by itself. Epoch ms
 * of the journal. `startedAt`: absent where there was no room for the attempt, or its provider said later what had become of it.
 */
export function nextTryAt(
  { result, attempt, trouble, retryAfterMs: wishedMs = 0 }: OutcomeRecord,
  { startedAt, failedAt }: { startedAt: number | undefined; failedAt: number },
): number {
  if (result !== 'failed') return Number.POSITIVE_INFINITY;
  // A provider that asks for more rest gets a minute at most, unless a limit is reached.
  const restMs = trouble === 'limit' ? wishedMs : Math.min(wishedMs, steadyMs);
  return Math.max((startedAt ?? failedAt) + (betweenMs[attempt - 1] ?? steadyMs), failedAt + restMs);
}
/** Between the beginnings of attempts. */
const betweenMs = [5_000, 10_000, 30_000];
const steadyMs = 60_000;
