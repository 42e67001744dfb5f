import { expect, test } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { type FollowerOptions, runFollower } from './follower.ts';
import type { StoredRecord } from './frame.ts';
import { openTestJournal, settled, TestDisk, testClock, text, wordsOf } from './journal.test-support.ts';

test('a follower handles what is there, says when it has caught up, and goes on with what comes', async () => {
  const { journal, follow } = await world(['one', 'two', 'three']);
  const { follower, handled } = follow({ from: 2 });
  await follower.caughtUp;
  expect(wordsOf(handled)).toEqual(['two', 'three']);
  await journal.append(text('four'), 'telemetry');
  await settled();
  expect(wordsOf(handled)).toEqual(['two', 'three', 'four']);
  expect([follower.position(), follower.lagRecords(), follower.lagMs(journal.now())]).toEqual([4, 0, 0]);
});

test('a follower at the head has caught up at once', async () => {
  const { follow } = await world(['one']);
  const { follower, handled } = follow({ from: 2 });
  await follower.caughtUp;
  expect(handled).toEqual([]);
});

test('records are handled one at a time, and lag is how long the oldest has waited', async () => {
  const { journal, clock, follow } = await world(['one', 'two']);
  const gates: (() => void)[] = [];
  const { follower } = follow({ handle: () => new Promise<void>((resolve) => gates.push(resolve)) });
  await clock.pass(3_000);
  expect(gates.length).toBe(1);
  expect([follower.lagRecords(), follower.lagMs(journal.now())]).toEqual([2, 3_000]);
  gates[0]?.();
  await settled();
  expect(gates.length).toBe(2);
});

test('a record that a follower dies of is named, and nothing after it is handled', async () => {
  const { follow } = await world(['one', 'two', 'three']);
  const handled: number[] = [];
  const { follower, deaths } = follow({
    handle({ sequence }) {
      if (sequence === 2) throw new Error('cannot divide by a goat');
      handled.push(sequence);
    },
  });
  await settled();
  expect(deaths).toMatchObject([{ follower: 'test', sequence: 2, error: { message: 'cannot divide by a goat' } }]);
  expect(handled).toEqual([1]);
  expect(follower.position()).toBe(1);
});

test('a follower whose place is no longer kept dies of that, and skips nothing', async () => {
  const { follow } = await world(['one']);
  const { deaths, handled } = follow({ from: 9 });
  await settled();
  expect(deaths).toMatchObject([{ sequence: 9, error: { code: 'POSITION_UNKNOWN' } }]);
  expect(handled).toEqual([]);
});

test('stopping waits for the record in hand, and handles no other', async () => {
  const { follow } = await world(['one', 'two']);
  let finish = () => {};
  const { follower, batches } = follow({ handle: () => new Promise<void>((resolve) => (finish = resolve)) });
  await settled();
  let isStopped = false;
  const stopped = follower.stop().then(() => (isStopped = true));
  await settled();
  expect(isStopped).toBe(false);
  finish();
  await stopped;
  expect(follower.position()).toBe(1);
  expect(batches).toEqual([]);
});

test('catching up lets the event loop turn', async () => {
  const { journal, follow } = await world([]);
  await Promise.all(Array.from({ length: 5_000 }, () => journal.append(text('status'), 'telemetry')));
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const spin = () => {
    for (const end = performance.now() + 0.05; performance.now() < end; );
  };
  const { follower } = follow({ handle: spin, clock: systemClock });
  await follower.caughtUp;
  clearInterval(timer);
  expect(turns).toBeGreaterThan(10);
});

async function world(words: string[]) {
  const clock = testClock();
  const journal = await openTestJournal({ disk: new TestDisk(), clock });
  for (const one of words) await journal.append(text(one), 'telemetry');
  const follow = (options: Partial<FollowerOptions>) => {
    const handled: StoredRecord[] = [];
    const batches: number[] = [];
    const deaths: object[] = [];
    const follower = runFollower({
      name: 'test',
      source: journal,
      from: 1,
      handle: (record) => void handled.push(record),
      afterBatch: (sequence) => void batches.push(sequence),
      died: (death) => deaths.push(death),
      clock,
      ...options,
    });
    return { follower, handled, batches, deaths };
  };
  return { journal, clock, follow };
}
