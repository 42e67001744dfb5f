import { expect, test } from 'vitest';
import { judgeSeed } from './verdict.ts';

/** In which a promise was not kept once, with what was wrong then. */
const keptSeeds = {
  5: 'the copy stood still when retention took what it was about to read',
  8: 'a device that only repeated itself was called silent',
  9: 'an unreadable alarm that was sent again looked like a counter that starts over',
  19: 'what went out while nothing could be written went on after it was overtaken',
  28: 'stored reports in any order were taken for new ones when they came again',
  46: 'what went out while nothing could be written went on after it was overtaken',
  89: 'the room of what a device sent long ago was missing for what it sent just now',
};
const fixedSeeds = Array.from({ length: 20 }, (_, index) => 101 + index);

test.each([...Object.keys(keptSeeds).map(Number), ...fixedSeeds])(
  'every promise is kept in the world of seed %i',
  { timeout: 60_000 },
  async (seed) => {
    const { violations, stuck } = await judgeSeed({ seed, hours: 48 });
    expect([...violations.map(({ invariant, says, story }) => `${invariant}: ${says}\n${story}`), ...stuck]).toEqual(
      [],
    );
  },
);

test('equal seeds make equal worlds, and others other ones', async () => {
  const traces = [];
  for (const seed of [7, 7, 8]) traces.push((await judgeSeed({ seed, hours: 12 })).trace);
  expect(traces[1]).toBe(traces[0]);
  expect(traces[2]).not.toBe(traces[0]);
});
