import { expect, test } from 'vitest';
import { Tally } from './tally.ts';

test('who holds most is known after every change', () => {
  const tally = new Tally<string>();
  const changes: [string, 1 | -1, string | undefined][] = [
    ['a', 1, 'a'],
    ['b', 1, 'a'],
    ['b', 1, 'b'],
    ['b', 1, 'b'],
    ['a', 1, 'b'],
    ['b', -1, 'a'],
    ['b', -1, 'a'],
    ['a', -1, 'b'],
    ['b', -1, 'a'],
    ['a', -1, undefined],
  ];
  for (const [key, by, most] of changes) {
    tally.add(key, by);
    expect(tally.most()).toBe(most);
  }
  expect([tally.of('a'), tally.of('b')]).toEqual([0, 0]);
});
