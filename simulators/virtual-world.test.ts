import { expect, test } from 'vitest';
import { chanceOf, oneOf } from './seeded-chance.ts';
import { VirtualClock } from './virtual-clock.ts';

test('timers run in the order of their time, then of their setting, each at its own time', async () => {
  const clock = new VirtualClock({ startAt: 1_000 });
  const seen: string[] = [];
  const note = (name: string) => () => void seen.push(`${name}@${clock.now()}`);
  clock.after(20, note('c'));
  clock.after(10, note('a'));
  clock.after(10, () => {
    note('b')();
    clock.after(5, note('later'));
  });
  const cancel = clock.after(15, note('never'));
  cancel();
  await clock.advance(19);
  expect(seen).toEqual(['a@1010', 'b@1010', 'later@1015']);
  await clock.advance(1);
  expect(seen.at(-1)).toBe('c@1020');
});

test('what follows from a timer is done before the next one', async () => {
  const clock = new VirtualClock({ startAt: 0 });
  const seen: string[] = [];
  clock.after(1, async () => {
    for (let turn = 0; turn < 50; turn++) await undefined;
    seen.push('slow');
  });
  clock.after(2, () => void seen.push('next'));
  await clock.advance(5);
  expect(seen).toEqual(['slow', 'next']);
});

test('what takes turns of the event loop takes no time, however many', async () => {
  const clock = new VirtualClock({ startAt: 0 });
  const seen: string[] = [];
  clock.after(1, async () => {
    for (let turn = 0; turn < 1_000; turn++) await clock.turn();
    seen.push(`turned@${clock.monotonic()}`);
  });
  clock.after(2, () => void seen.push('next'));
  await clock.advance(5);
  expect(seen).toEqual(['turned@1', 'next']);
});

test('among thousands of timers that are set and cancelled, the rest come in their order', async () => {
  const clock = new VirtualClock({ startAt: 0 });
  const chance = chanceOf(3, 'timers');
  const rang: number[] = [];
  const set = Array.from({ length: 5_000 }, (_, order) => {
    const delayMs = Math.floor(chance.fraction() * 1_000);
    return { delayMs, order, cancel: clock.after(delayMs, () => void rang.push(order)) };
  });
  const stays = set.filter(({ cancel }) => {
    const isCancelled = chance.fraction() < 0.6;
    if (isCancelled) cancel();
    return !isCancelled;
  });
  await clock.advance(1_000);
  expect(rang).toEqual(stays.sort((a, b) => a.delayMs - b.delayMs || a.order - b.order).map(({ order }) => order));
});

test('a timer that rang cannot be cancelled any more, and takes no other with it', async () => {
  const clock = new VirtualClock({ startAt: 0 });
  const seen: string[] = [];
  const cancel = clock.after(1, () => void seen.push('first'));
  clock.after(2, () => void seen.push('second'));
  await clock.advance(1);
  cancel();
  cancel();
  await clock.advance(1);
  expect(seen).toEqual(['first', 'second']);
});

test('a time that no clock could tell is the nearest one that a clock can', async () => {
  const clock = new VirtualClock({ startAt: 1_000 });
  const seen: number[] = [];
  for (const delayMs of [0.4, 1.5, 7.2]) clock.after(delayMs, () => seen.push(clock.now()));
  await clock.advance(10);
  expect(seen).toEqual([1_000, 1_002, 1_007]);
});

test('somebody who sets the wall clock moves no timer', async () => {
  const clock = new VirtualClock({ startAt: 0 });
  let rang = false;
  clock.after(1_000, () => {
    rang = true;
  });
  clock.stepWall(86_400_000);
  await clock.advance(999);
  expect(rang).toBe(false);
  await clock.advance(1);
  expect([rang, clock.now(), clock.monotonic()]).toEqual([true, 86_401_000, 1_000]);
});

test('the timers of a process that was killed are gone, and those of others stay', async () => {
  const clock = new VirtualClock({ startAt: 0 });
  const seen: string[] = [];
  const dying = clock.ofProcess();
  dying.clock.after(5, () => void seen.push('dead'));
  clock.ofProcess().clock.after(5, () => void seen.push('alive'));
  dying.end();
  dying.clock.after(6, () => void seen.push('dead, too'));
  dying.clock.turn().then(() => seen.push('dead, and turned'));
  await clock.advance(10);
  expect(seen).toEqual(['alive']);
});

test('chance is the same for a seed and a name, and nobody moves the draws of another', () => {
  const draws = (seed: number, name: string) => {
    const chance = chanceOf(seed, name);
    return Array.from({ length: 5 }, () => chance.fraction());
  };
  expect(draws(7, 'a')).toEqual(draws(7, 'a'));
  expect(draws(7, 'a')).not.toEqual(draws(7, 'b'));
  expect(draws(8, 'a')).not.toEqual(draws(7, 'a'));
  const chance = chanceOf(1, 'mean');
  const mean = Array.from({ length: 10_000 }, () => chance.fraction()).reduce((sum, one) => sum + one / 10_000, 0);
  expect(mean).toBeCloseTo(0.5, 1);
  expect(() => oneOf(chance, [])).toThrow('nothing to choose from');
});
