import { describe, expect, test } from 'vitest';
import { bug, expectCaught, type PlantedBug } from './planted-bug.test-support.ts';
import { judgeSeed } from './verdict.ts';

// Worlds in which somebody sits at the desk or does not, shifts are taken over, people are asked themselves, and a button is
// tried each night.

test.each([1, 3])(
  'every promise is kept in the world of seed %i, in which people have duties',
  { timeout: 120_000 },
  async (seed) => {
    const { violations, stuck } = await judgeSeed({ seed, hours: 48, telephones: true, duty: true });
    expect([...violations.map(({ invariant, says, story }) => `${invariant}: ${says}\n${story}`), ...stuck]).toEqual(
      [],
    );
  },
);

const plantedBugs: PlantedBug[] = [
  bug<typeof import('../../rules/inactivity/inactivity.ts')>({
    bug: 'nobody is thought to have a way to be asked',
    caughtBy: 'who can be asked is asked before anybody hears of their silence',
    ...{ seed: 4, hours: 48 },
    module: '../../rules/inactivity/inactivity.ts',
    plant: ({ inactivity }) => ({
      inactivity: {
        ...inactivity,
        step: (state, event, settings, home) =>
          inactivity.step(state, event, settings, { ...home, canAsk: () => false }),
      },
    }),
  }),
  bug<typeof import('../../ingest/desk-watch.ts')>({
    bug: 'where nobody sits at the desk, nobody is missed',
    caughtBy: 'a desk at which nobody sits is missed, and the township hears of it',
    module: '../../ingest/desk-watch.ts',
    plant: ({ deskChanges }) => ({
      deskChanges: (...of) => deskChanges(...of).filter(({ type }) => type !== 'raise'),
    }),
  }),
  bug<typeof import('../../incidents/drills.ts')>({
    bug: 'a drill that nobody heard is forgotten',
    caughtBy: 'each night the way to people is proved, or an alert says that it was not',
    ...{ seed: 2, hours: 48 },
    module: '../../incidents/drills.ts',
    plant: ({ createDrills }) => ({
      createDrills(parts) {
        const drills = createDrills(parts);
        return { ...drills, fire: (...due) => ({ ...drills.fire(...due), alerts: [] }) };
      },
    }),
  }),
  bug<typeof import('../../incidents/hand-overs.ts')>({
    bug: 'the first of a roster is on duty all the time',
    caughtBy: 'who is off duty is not told in the place of whoever is on duty',
    module: '../../incidents/hand-overs.ts',
    plant: ({ createHandOvers }) => ({
      createHandOvers(parts) {
        const handOvers = createHandOvers(parts);
        const first = (rosterId: string) => parts.registry.roster(rosterId)?.shifts[0]?.contactId ?? '';
        return { ...handOvers, onDuty: (rosterId) => [first(rosterId)] };
      },
    }),
  }),
];

describe('a planted fault is caught:', () => {
  test.each(plantedBugs)('$bug', { timeout: 120_000 }, (planted) =>
    expectCaught(planted, { seed: 1, hours: 24, duty: true }),
  );
});
