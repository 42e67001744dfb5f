import type { Clock } from '../../platform/clock.ts';
import { encodeRecord } from '../../records/record-codec.ts';
import type { Due } from '../../responders/outbox.ts';
import { noticeClass } from '../../responders/retry-schedule.ts';
import type { Alarm } from './alarm-core.ts';

/**
 * Goes the way of an alarm as far as that calls nobody: the broker's door opens, a record is written and synced, the judge has read it,
 * no message waits that should have gone, desk is heard. Undefined when all of it is so, else the first thing that is not.
 * Units: ms. Errors: none; whatever fails is the answer.
 */
export async function whyNotThrough({ alarm, doorOpens, clock }: PathParts): Promise<string | undefined> {
  if (!(await doorOpens())) return 'the broker takes no connection';
  const written = await within(clock, patienceMs, alarm.journal.append(encodeRecord({ kind: 'tick' }), 'essential'));
  if (written === undefined) return 'the journal takes no record';
  const since = clock.monotonic();
  while (alarm.health().position < written.sequence) {
    if (clock.monotonic() - since > patienceMs) return 'the judge is behind';
    const { promise, resolve } = Promise.withResolvers<void>();
    clock.after(lookEveryMs, resolve);
    await promise;
  }
  const { overdueMs: overdue, deskHeardMsAgo } = alarm.health();
  if (overdue > longestOverdueMs) return 'messages wait that should have gone';
  return deskHeardMsAgo > longestDeskSilenceMs ? 'the duty desk is not heard' : undefined;
}

export type PathParts = {
  alarm: { journal: Pick<Alarm['journal'], 'append'>; health: () => PathHealth };
  doorOpens: () => Promise<boolean>;
  clock: Clock;
};
type PathHealth = Pick<ReturnType<Alarm['health']>, 'position' | 'overdueMs' | 'deskHeardMsAgo'>;

/**
 * For how long the first try of a message of life safety could have gone, of the one that waits longest, ms; 0: none waits. What is tried
 * again may wait for a receiver that hangs, and is no sign of anything here. `now`: journal time.
 */
export function overdueMs(outbox: { due(now: number): Iterable<Due> }, now: number): number {
  const first = Iterator.from(outbox.due(now))
    .take(mostLookedAt)
    .filter(({ notice, attempt }) => attempt === 1 && noticeClass(notice) === 'life-safety');
  return first.reduce((longest, { activeAt }) => Math.max(longest, now - activeAt), 0);
}

/** Undefined: it did not come to pass in time, or failed. */
async function within<A>(clock: Clock, ms: number, promised: Promise<A>): Promise<A | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const cancel = clock.after(ms, () => resolve(undefined));
  const answer = await Promise.race([promised.catch(() => undefined), late]);
  cancel();
  return answer;
}

const lookEveryMs = 100;
const patienceMs = 10_000;
/** Those come first of all. */
const mostLookedAt = 1_000;
/** Longer than a receiver may take to answer, several times over, while others wait for their turn. */
const longestOverdueMs = 120_000;
/** A desk that starts again says nothing for half a minute. */
const longestDeskSilenceMs = 90_000;
