import type { Clock } from '../platform/clock.ts';

/** How long a request waits until this process has folded what it asked for, and how often it looks. */
const foldedWithinMs = 2_000;
const lookEveryMs = 10;

/** What `look` finds when the news of what was done is here; undefined while it is still on its way after 2 s. */
export async function untilFolded<T>(clock: Clock, look: () => T | undefined): Promise<T | undefined> {
  let found = look();
  for (let waitedMs = 0; found === undefined && waitedMs < foldedWithinMs; waitedMs += lookEveryMs) {
    await new Promise<void>((next) => clock.after(lookEveryMs, next));
    found = look();
  }
  return found;
}
