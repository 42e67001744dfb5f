import { expect, test } from 'vitest';
import { MemoryDisk } from './memory-disk.ts';
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

test('time does not pass while there is work that needs none', async () => {
  let left = 5;
  const clock = new VirtualClock({ startAt: 0, isBusy: () => --left > 0 });
  await clock.settled();
  expect(left).toBe(0);
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
  await clock.advance(10);
  expect(seen).toEqual(['alive']);
});

test('a disk that was copied at a crash does not hear of what the dead process writes', async () => {
  const disk = new MemoryDisk();
  const file = await disk.openAppend('journal/1');
  await file.append([Uint8Array.of(1, 2, 3)]);
  const found = disk.copy();
  await file.truncate(1);
  await file.append([Uint8Array.of(9, 9, 9, 9)]);
  expect([...(await found.read('journal/1', 0, 10))]).toEqual([1, 2, 3]);
  expect([...(await disk.read('journal/1', 0, 10))]).toEqual([1, 9, 9, 9, 9]);
  expect(await disk.list('journal')).toEqual([{ name: '1', bytes: 5 }]);
  expect(await disk.copy({ without: (name) => name.startsWith('journal/') }).list('journal')).toEqual([]);
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
