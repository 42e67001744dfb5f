import type { JournalSource } from '../journal/follower.ts';
import type { Clock } from '../platform/clock.ts';

/**
 * A head that counts, and until when it was the head: everything received by then is at or before it, as exactly as the reader
 * looks. `at` is wall-clock epoch ms.
 */
export type Settled = { sequence: number; at: number };

/**
 * The reader of a journal sees a group before its sync has ended. What a power cut could still take away is not copied: a head
 * counts once it was seen for longer than a sync takes, and is known to be durable. One head at a time is waited for.
 * `look` answers what counts, and is to be called with each announcement of the reader, too. `settlesInMs` is for the head that is waited
 * for; undefined when only news can change anything.
 */
export function createSettling({ source, clock, isDurable }: SettlingParts) {
  let settled: Settled | undefined;
  let seen: (Settled & { countsAt: number }) | undefined;

  function look(): Settled | undefined {
    const [monotonic, at, sequence] = [clock.monotonic(), clock.now(), source.headSequence];
    // Nothing was announced since the last look, so that what counted then was the head up to this moment.
    if (!seen && settled) settled = { ...settled, at };
    // A sync that hangs is asked about again as often.
    if (seen && monotonic >= seen.countsAt && !isDurable(seen.sequence)) seen.countsAt = monotonic + settleMs;
    if (seen && monotonic >= seen.countsAt) {
      settled = { sequence: seen.sequence, at: seen.at };
      seen = undefined;
    }
    if (!seen && settled?.sequence !== sequence) seen = { sequence, at, countsAt: monotonic + settleMs };
    return settled;
  }
  look();
  return { look, settlesInMs: (): number | undefined => seen && Math.max(0, seen.countsAt - clock.monotonic()) };
}

type SettlingParts = {
  source: Pick<JournalSource, 'headSequence'>;
  clock: Clock;
  isDurable: (sequence: number) => boolean;
};

const settleMs = 200;
