import type { Clock } from '../platform/clock.ts';

/**
 * Slows guessing: after some attempts that failed, the next has to wait, twice as long each time up to 15 minutes; where a limit says so,
 * for `lockMs` (a day) in the end, or until somebody opens it again. An attempt counts when it begins, so that many at once gain nothing; one that succeeds
 * clears its keys. Bounded: the key that was quiet for longest is forgotten.
 */
export function createThrottle({ clock, lockMs = aDayMs }: { clock: Clock; lockMs?: number }) {
  const attempts = new Map<string, Attempts>();

  function enter({ key, free, lockAfter = Number.POSITIVE_INFINITY }: Limit): void {
    const now = clock.monotonic();
    const before = attempts.get(key);
    const count = (before && now - before.lastAt < quietMs ? before.count : 0) + 1;
    const isLocked = count >= lockAfter;
    const waitMs = count < free ? 0 : Math.min(firstWaitMs * 2 ** Math.min(count - free, 20), longestWaitMs);
    attempts.delete(key);
    attempts.set(key, { count, blockedUntil: now + (isLocked ? lockMs : waitMs), isLocked, lastAt: now });
    if (attempts.size <= mostKeys) return;
    const [oldest] = attempts.keys();
    if (oldest !== undefined) attempts.delete(oldest);
  }

  const left = (key: string) => Math.max(0, (attempts.get(key)?.blockedUntil ?? 0) - clock.monotonic());

  return {
    /** Counts an attempt under all of its keys, or answers how many ms it has to wait. */
    attempt(limits: Limit[]): number {
      const waitMs = Math.max(0, ...limits.map(({ key }) => left(key)));
      if (waitMs === 0) for (const limit of limits) enter(limit);
      return waitMs;
    },
    /** An attempt that was counted, and then not made: as if it had never begun. Whatever waits, waits for its sake. */
    giveBack(limits: Limit[]): void {
      for (const { key } of limits) {
        const { count = 0, lastAt = 0 } = attempts.get(key) ?? {};
        if (count > 1) attempts.set(key, { count: count - 1, blockedUntil: 0, isLocked: false, lastAt });
        else attempts.delete(key);
      }
    },
    succeeded(limits: Limit[]): void {
      for (const { key } of limits) attempts.delete(key);
    },
    isLocked: (key: string): boolean => attempts.get(key)?.isLocked === true && left(key) > 0,
    /** What is locked, and for how many ms. */
    locked: (): { key: string; leftMs: number }[] =>
      [...attempts].flatMap(([key, { isLocked }]) => (isLocked && left(key) > 0 ? { key, leftMs: left(key) } : [])),
    forget: (key: string): boolean => attempts.delete(key),
  };
}

export type Throttle = ReturnType<typeof createThrottle>;
/** `free`: attempts before the first wait. `lockAfter`: attempts after which waiting a little is no longer enough. */
export type Limit = { key: string; free: number; lockAfter?: number };
type Attempts = { count: number; blockedUntil: number; isLocked: boolean; lastAt: number };

const firstWaitMs = 30_000;
const longestWaitMs = 15 * 60_000;
const aDayMs = 24 * 3_600_000;
const quietMs = 3_600_000;
const mostKeys = 10_000;
