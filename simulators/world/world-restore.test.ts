import { describe, expect, test } from 'vitest';
import { chanceOf } from '../seeded-chance.ts';
import { drawFaults, drawRestore, type FaultPlan, noFaults, withRestore } from './faults.ts';
import { bug, expectCaught, type PlantedBug } from './planted-bug.test-support.ts';
import { judgeSeed } from './verdict.ts';

// Worlds whose machine is lost in the middle of anything, and another one goes on from a backup of hours ago, while devices, providers and
// people know what happened since.

const hours = 48;
const stormMs = hours * 3_600_000;
const lostIn = (seed: number, faults: FaultPlan) => withRestore(faults, drawRestore(chanceOf(seed, 'loss'), stormMs));

test.each([401, 402, 403, 404, 405, 406])(
  'every promise that can be kept is kept in the world of seed %i, whose machine is lost',
  { timeout: 60_000 },
  async (seed) => {
    const faults = lostIn(seed, drawFaults({ seed, hours }));
    const { violations, stuck } = await judgeSeed({ seed, hours, faults, commands: true, office: true });
    expect([...violations.map(({ invariant, says, story }) => `${invariant}: ${says}\n${story}`), ...stuck]).toEqual(
      [],
    );
  },
);

test('a machine is lost in one world of twenty, and changes nothing else that the seed draws', () => {
  const plans = Array.from({ length: 2_000 }, (_, seed) => drawFaults({ seed, hours }));
  const lost = plans.filter(({ restore }) => restore);
  expect(lost.length / plans.length).toBeCloseTo(0.05, 2);
  for (const { kinds, restore } of plans) expect(kinds.includes('restore')).toBe(restore !== undefined);
  for (const { restore } of lost) {
    const { takenAtMs = 0, lostAtMs = 0, backAtMs = 0 } = restore ?? {};
    expect([0 < takenAtMs, takenAtMs < lostAtMs, lostAtMs < backAtMs, backAtMs < stormMs]).not.toContain(false);
  }
});

type IncidentsModule = typeof import('../../incidents/incidents.ts');
type StoodStill = ReturnType<IncidentsModule['createIncidents']>['stoodStill'];

/** Incidents that stand still in another way after a start. */
const standingStill = (change: (stoodStill: StoodStill) => StoodStill) => (real: IncidentsModule) => ({
  createIncidents(parts: Parameters<IncidentsModule['createIncidents']>[0]) {
    const incidents = real.createIncidents(parts);
    return { ...incidents, stoodStill: change(incidents.stoodStill) };
  },
});

/** After eight hours a backup is taken; the machine is lost so long after it, and put back ten minutes later. */
function lostAfter(lostMs: number): Pick<PlantedBug, 'hours' | 'faults'> {
  const takenAtMs = 8 * 3_600_000;
  const lostAtMs = takenAtMs + lostMs;
  const restore = { takenAtMs, lostAtMs, backAtMs: lostAtMs + 10 * 60_000 };
  return { hours: 24, faults: withRestore(noFaults(stormMs / 2), restore) };
}

const plantedBugs: PlantedBug[] = [
  bug<IncidentsModule>({
    bug: 'a journal that was put back goes on as if it were of now',
    caughtBy: 'what is old when a backup is put back goes out by no one but people',
    seed: 3,
    module: '../../incidents/incidents.ts',
    plant: standingStill(
      (stoodStill) =>
        (at, { downMs, restored }) =>
          stoodStill(at, { downMs: restored ? 0 : downMs }),
    ),
  }),
  bug<IncidentsModule>({
    bug: 'what comes after a restore bears the names of the lost time',
    caughtBy: 'no name of a time that was lost stands for something else',
    seed: 2,
    ...lostAfter(3 * 3_600_000),
    module: '../../incidents/incidents.ts',
    plant: standingStill(
      (stoodStill) =>
        (at, { downMs, restored }) =>
          stoodStill(at, { downMs: restored ? 0 : downMs }),
    ),
  }),
  bug<IncidentsModule>({
    bug: 'after a restore an emergency of minutes ago waits like an old one',
    caughtBy: 'an emergency that is young when a backup is put back goes on',
    ...lostAfter(40 * 60_000),
    module: '../../incidents/incidents.ts',
    plant: standingStill((stoodStill) => (at, started) => stoodStill(at + 24 * 3_600_000, started)),
  }),
  bug<typeof import('../../responders/texts/message.ts')>({
    bug: 'what is told late does not say so',
    caughtBy: 'a message that is late says so',
    module: '../../responders/texts/message.ts',
    plant: ({ messageText }) => ({
      messageText: ({ text: { heldMs: _, ...text }, ...notice }, context) =>
        messageText({ ...notice, text, at: context.now }, context),
    }),
  }),
  bug<typeof import('../../incidents/commands.ts')>({
    bug: 'what is held can only be claimed and ended',
    caughtBy: 'what is held can be let go',
    module: '../../incidents/commands.ts',
    plant: ({ stepCommand }) => ({
      stepCommand: (round, command) =>
        command.type === 'let-go'
          ? { ok: false, problem: 'not-allowed', message: 'it is held' }
          : stepCommand(round, command),
    }),
  }),
];

describe('a planted fault is caught:', () => {
  test.each(plantedBugs)('$bug', { timeout: 120_000 }, (planted) => {
    const { seed = 1 } = planted;
    return expectCaught(planted, { seed, hours, faults: lostIn(seed, noFaults(stormMs)), office: true });
  });
});
