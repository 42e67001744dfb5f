import { describe, expect, test } from 'vitest';
import { type FaultPlan, noFaults } from './faults.ts';
import { bug, expectCaught, type PlantedBug } from './planted-bug.test-support.ts';
import { runWorld } from './world.ts';

// Ten homes call at the same moment, every twenty minutes, so that whoever answers for them reads of several in one message;
// and providers do not take some of it, or lose it. Beside it a rule that is only tried.

const hours = 3;
const calm = noFaults(hours * 3_600_000);
const faults: FaultPlan = {
  ...calm,
  hostile: Array.from({ length: 10 }, () => ({ manner: 'garbage', fromMs: 3_600_000, everyMs: 20 * 60_000, count: 5 })),
  lines: { ...calm.lines, throttleChance: 0.3, lostChance: 0.2 },
};

test('where many call at once, somebody reads of several in one message', { timeout: 120_000 }, async () => {
  const { evidence } = await runWorld({ seed: 1, hours, telephones: true, faults });
  expect(evidence.messages.filter(({ others = [] }) => others.length > 2).length).toBeGreaterThan(0);
});

const plantedBugs: PlantedBug[] = [
  bug<typeof import('../../responders/texts/digest.ts')>({
    bug: 'a message about several leaves the last one out',
    caughtBy: 'a message about several names each of them',
    module: '../../responders/texts/digest.ts',
    plant: ({ digestText }) => ({
      digestText: ([first, ...others]) => digestText([first, ...others.slice(0, -1)]),
    }),
  }),
  bug<typeof import('../../responders/attempt.ts')>({
    bug: 'what a message names counts as told, whether it was taken or not',
    caughtBy: 'who was told of several in one message was told of each as far as that one came',
    module: '../../responders/attempt.ts',
    plant: ({ attempt }) => ({
      async attempt(...about) {
        const outcomes = await attempt(...about);
        return outcomes.map((one) => (one.digestOf === undefined ? one : { ...one, result: 'delivered' }));
      },
    }),
  }),
  bug<typeof import('../../rules/shadows.ts')>({
    bug: 'what a rule says that is only tried is taken for its word',
    caughtBy: 'a device that speaks is not called silent',
    ...{ hours: 24, office: true, telephones: false, faults: oftenCut(24) },
    module: '../../rules/shadows.ts',
    plant: ({ shadowWord }) => ({
      shadowWord: (setting, at, change) =>
        change.type === 'failed' ? shadowWord(setting, at, change) : (change as ReturnType<typeof shadowWord>),
    }),
  }),
];

/** Every three hours nothing is heard of anybody for a hundred minutes. */
function oftenCut(forHours: number): FaultPlan {
  const plan = noFaults(forHours * 3_600_000);
  const cuts = Array.from({ length: forHours / 3 - 1 }, (_, index) => {
    const fromMs = (index + 1) * 3 * 3_600_000;
    return { fromMs, toMs: fromMs + 100 * 60_000 };
  });
  return { ...plan, network: { ...plan.network, cuts } };
}

describe('a planted fault is caught:', () => {
  test.each(plantedBugs)('$bug', { timeout: 120_000 }, (planted) =>
    expectCaught(planted, { seed: 1, hours, telephones: true, faults }),
  );
});
