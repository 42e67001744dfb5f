import { describe, expect, test } from 'vitest';
import { FoldState } from '../../records/fold-state.ts';
import { bug, expectCaught, type PlantedBug } from './planted-bug.test-support.ts';
import { judgeSeed } from './verdict.ts';

// Worlds in which somebody looks, visits and edits, desk keeps account of it, and a program elsewhere is told what happens; and faults
// in those who do it.

const hours = 24;

// In 3 and 10 a power cut once left a hole in the account, behind which it went on as if nothing were missing. In 172 a device speaks before
// its county is entered, and with it who is told elsewhere; in 546 a machine is lost whose clock was behind its journal, so that a claim
// of before has not run out when it ends.
test.each([3, 10, 172, 546, 301, 302, 303, 304])(
  'every promise is kept in the world of seed %i, in which an office works',
  { timeout: 60_000 },
  async (seed) => {
    const { violations, stuck } = await judgeSeed({ seed, hours: 48, commands: true, office: true });
    expect([...violations.map(({ invariant, says, story }) => `${invariant}: ${says}\n${story}`), ...stuck]).toEqual(
      [],
    );
  },
);

test('equal seeds make equal worlds', { timeout: 60_000 }, async () => {
  const one = async () => (await judgeSeed({ seed: 301, hours: 6, office: true })).trace;
  expect(await one()).toBe(await one());
});

const plantedBugs: PlantedBug[] = [
  bug<typeof import('../../ingest/audit-fold.ts')>({
    bug: 'whoever broke the glass is not in the account',
    caughtBy: 'who looked or changed something is in the account, once',
    module: '../../ingest/audit-fold.ts',
    plant: ({ createAuditFold }) => ({
      createAuditFold(parts) {
        const fold = createAuditFold(parts);
        return { ...fold, step: (stored) => fold.step(stored).filter(({ what }) => what !== 'glass') };
      },
    }),
  }),
  bug<typeof import('../../ingest/audit-trail.ts')>({
    bug: 'a start does not look how far the account reaches',
    caughtBy: 'who looked or changed something is in the account, once',
    module: '../../ingest/audit-trail.ts',
    plant: ({ openAuditTrail }) => ({
      async openAuditTrail(parts) {
        const trail = await openAuditTrail(parts);
        return { ...trail, last: undefined, place: async () => undefined };
      },
    }),
  }),
  bug<typeof import('../../responders/events/event-queues.ts')>({
    bug: 'what waits for a program elsewhere is forgotten at a restart',
    caughtBy: 'who subscribed hears of every incident, and of every visit',
    seed: 5,
    module: '../../responders/events/event-queues.ts',
    plant: ({ createEventQueues }) => ({
      createEventQueues: (parts) => createEventQueues({ ...parts, state: new FoldState() }),
    }),
  }),
  bug<typeof import('../../responders/events/event-queues.ts')>({
    bug: 'the newest of what waits goes first',
    caughtBy: 'of one incident a program hears in its order',
    module: '../../responders/events/event-queues.ts',
    plant: ({ createEventQueues }) => ({
      createEventQueues(parts) {
        const queues = createEventQueues(parts);
        return { ...queues, rows: (id) => [...queues.rows(id)].reverse() };
      },
    }),
  }),
  bug<typeof import('../../records/outgoing-event.ts')>({
    bug: 'an event is named by when it was read',
    caughtBy: 'an event that goes out again has the id that it had',
    seed: 16,
    module: '../../records/outgoing-event.ts',
    plant({ eventsOf }) {
      let count = 0;
      return {
        eventsOf: (...asked) =>
          eventsOf(...asked).map((event) => {
            count += 1;
            return { ...event, cause: `${event.cause} ${count}` };
          }),
      };
    },
  }),
  bug<typeof import('../../records/outgoing-event.ts')>({
    bug: 'an event names the version that comes next',
    caughtBy: 'a program is told what happened, and nothing else',
    module: '../../records/outgoing-event.ts',
    plant: ({ eventsOf }) => ({
      eventsOf: (...asked) =>
        eventsOf(...asked).map((event) =>
          'version' in event.said ? { ...event, said: { ...event.said, version: event.said.version + 1 } } : event,
        ),
    }),
  }),
];

describe('a planted fault is caught:', () => {
  test.each(plantedBugs)('$bug', { timeout: 120_000 }, (planted) =>
    expectCaught(planted, { seed: 5, hours, office: true }),
  );
});
