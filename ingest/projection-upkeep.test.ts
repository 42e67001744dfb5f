import { expect, test } from 'vitest';
import { databaseAway } from '../platform/errors.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { VirtualClock } from '../simulators/virtual-clock.ts';
import { createUpkeep } from './projection-upkeep.ts';

const minuteMs = 60_000;

/** An upkeep over a store of which each call takes a second, and answers, or fails, as `calls` says; in the end nothing is due. */
function keeper(calls: (number | Error)[]) {
  const clock = new VirtualClock({ startAt: 0 });
  const metrics = createMetrics();
  const asked: number[] = [];
  const died: unknown[] = [];
  const store = {
    async maintain(at: number) {
      asked.push(at);
      const answer = calls.shift() ?? 0;
      await new Promise<void>((done) => void clock.after(1_000, done));
      if (answer instanceof Error) throw answer;
      return { due: answer };
    },
  };
  const upkeep = createUpkeep({ store, clock, log: silentLog, metrics, died: (error) => died.push(error) });
  return { upkeep, clock, metrics, asked, died };
}

test('a turn goes on until nothing is due, and there is one a minute', async () => {
  const { upkeep, clock, asked } = keeper([2, 1, 0]);
  upkeep.ifDue(7);
  await clock.advance(10_000);
  upkeep.ifDue(8);
  await clock.advance(10_000);
  expect(asked).toEqual([7, 7, 7]);
  await clock.advance(minuteMs);
  upkeep.ifDue(9);
  await clock.advance(10_000);
  expect(asked).toEqual([7, 7, 7, 9]);
});

test('a turn that takes longer than a minute is not begun twice', async () => {
  const { upkeep, clock, asked } = keeper(Array.from({ length: 90 }, () => 1));
  for (let second = 0; second < 90; second++) {
    upkeep.ifDue(second);
    await clock.advance(1_000);
  }
  expect(new Set(asked)).toEqual(new Set([0]));
});

test('how much waits is told', async () => {
  const { upkeep, clock, metrics } = keeper([3]);
  upkeep.ifDue(0);
  await clock.advance(1_500);
  expect((await metrics.rollUpsDue.get()).values).toMatchObject([{ value: 3 }]);
  await clock.advance(2_000);
  expect((await metrics.rollUpsDue.get()).values).toMatchObject([{ value: 0 }]);
});

test('what fails is counted, and tried again in the next turn', async () => {
  const { upkeep, clock, metrics, asked, died } = keeper([databaseAway({}, 'stopped')]);
  upkeep.ifDue(0);
  await clock.advance(2_000);
  expect((await metrics.upkeepFailures.get()).values).toMatchObject([{ value: 1 }]);
  await clock.advance(minuteMs);
  upkeep.ifDue(1);
  await clock.advance(2_000);
  expect([asked, died]).toEqual([[0, 1], []]);
});

test('what is our own fault ends the process', async () => {
  const fault = new TypeError('undefined is no hour');
  const { upkeep, clock, died } = keeper([fault]);
  upkeep.ifDue(0);
  await clock.advance(2_000);
  expect(died).toEqual([fault]);
});

test('at a stop the piece in hand is done, and no other is begun', async () => {
  const { upkeep, clock, asked } = keeper([5, 4, 3]);
  upkeep.ifDue(0);
  await clock.advance(500);
  let isStopped = false;
  const stopped = upkeep.stop().then(() => {
    isStopped = true;
  });
  await clock.advance(400);
  expect(isStopped).toBe(false);
  await clock.advance(5_000);
  await stopped;
  expect(asked.length).toBe(1);
});
