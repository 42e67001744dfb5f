import type { Clock } from '../platform/clock.ts';

/**
 * Slows guessing: after some attempts that failed, the next has to wait, twice as long each time up to 15 minutes. An
 * attempt counts when it begins, so that many at once gain nothing; one that succeeds clears its keys. Bounded: the key that
 * was quiet for longest is forgotten.
 */
export function createThrottle({ clock }: { clock: Clock }) {
  const attempts = new Map<string, { count: number; blockedUntil: number; lastAt: number }>();

  function enter({ key, free }: Limit): void {
    const now = clock.monotonic();
    const before = attempts.get(key);
    const count = (before && now - before.lastAt < quietMs ? before.count : 0) + 1;
    const waitMs = count < free ? 0 : Math.min(firstWaitMs * 2 ** Math.min(count - free, 20), longestWaitMs);
    attempts.delete(key);
    attempts.set(key, { count, blockedUntil: now + waitMs, lastAt: now });
    if (attempts.size <= mostKeys) return;
    const [oldest] = attempts.keys();
    if (oldest !== undefined) attempts.delete(oldest);
  }

  return {
    /** Counts an attempt under all of its keys, or answers how many ms it has to wait. */
    attempt(limits: Limit[]): number {
      const now = clock.monotonic();
      const waitMs = Math.max(0, ...limits.map(({ key }) => (attempts.get(key)?.blockedUntil ?? now) - now));
      if (waitMs === 0) for (const limit of limits) enter(limit);
      return waitMs;
    },
    succeeded(limits: Limit[]): void {
      for (const { key } of limits) attempts.delete(key);
    },
  };
}

/** `free`: attempts before the first wait. */
export type Limit = { key: string; free: number };

const firstWaitMs = 30_000;
const longestWaitMs = 15 * 60_000;
const quietMs = 3_600_000;
const mostKeys = 10_000;
