import { expect, test } from 'vitest';
import { drawFaults } from './faults.ts';
import { judgeSeed, type Verdict } from './verdict.ts';

/** In which a promise was not kept once, with what was wrong then; as they were, before there were hostile clients in worlds. */
const keptSeeds = {
  168: 'two fires that were stored and told in any order: one alert stood for both, and the judge looked for two',
  169: 'a clock that was set back and forward before the next record: deadlines fired between the two steps',
  588: 'a full disk refused telemetry for hours: devices that spoke were called silent',
  802: 'a disk that hung for long: each alarm that was told before it was kept doubled the hints of deadlines',
  1033: 'an unreadable press that came again with its age passed for a counter that starts over',
  1044: 'a fire was kept in the moment in which the power went for hours: who was asked about it counts as told',
  1986: 'the disk failed while the registry was entered',
};
/** The same, with the hostile clients that it took. */
const keptWithHostile = {
  70: 'a press whose age could not be read was timed by a clock as wrong, and passed for one that was long over',
};
const hours = 48;
const fixedSeeds = Array.from({ length: 20 }, (_, index) => 101 + index);

test.each(Object.keys(keptSeeds).map(Number))(
  'every promise is kept again in the world of seed %i',
  { timeout: 60_000 },
  async (seed) => {
    const faults = { ...drawFaults({ seed, hours }), hostile: [] };
    expect(problemsOf(await judgeSeed({ seed, hours, faults }))).toEqual([]);
  },
);

test.each([...Object.keys(keptWithHostile).map(Number), ...fixedSeeds])(
  'every promise is kept in the world of seed %i',
  { timeout: 60_000 },
  async (seed) => {
    expect(problemsOf(await judgeSeed({ seed, hours }))).toEqual([]);
  },
);

test('equal seeds make equal worlds, and others other ones', async () => {
  const traces = [];
  for (const seed of [7, 7, 8]) traces.push((await judgeSeed({ seed, hours: 12 })).trace);
  expect(traces[1]).toBe(traces[0]);
  expect(traces[2]).not.toBe(traces[0]);
});

function problemsOf({ violations, stuck }: Verdict): string[] {
  return [...violations.map(({ invariant, says, story }) => `${invariant}: ${says}\n${story}`), ...stuck];
}
