import { expect, test } from 'vitest';
import { type Crashed, crash } from './crashes.test-support.ts';

test('in 300 crashes, half with the power, nothing acknowledged is lost, and nothing stands that was not appended', async () => {
  const worlds: Crashed[] = [];
  for (let seed = 1; seed <= 35; seed++) worlds.push(await crash(seed, 10));
  const sum = (count: (world: Crashed) => number) => worlds.reduce((all, one) => all + count(one), 0);
  expect(sum(({ crashes }) => crashes)).toBeGreaterThanOrEqual(300);
  expect(sum(({ powerCuts }) => powerCuts)).toBeGreaterThan(100);
  expect(sum(({ failures }) => failures)).toBeGreaterThan(20);
  expect(sum(({ acknowledged }) => acknowledged)).toBeGreaterThan(5_000);
});

test('a world of crashes comes out the same again', async () => {
  expect(await crash(7, 10)).toEqual(await crash(7, 10));
});
