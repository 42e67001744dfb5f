import { expect, test } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import { createCommandAnswers } from '../../records/command-answers.ts';
import { FoldState } from '../../records/fold-state.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import { createEventQueues } from './event-queues.ts';
import { createReplays } from './event-replay.ts';
import { away, county, MINUTE_MS, SECOND_MS, type TestCounty } from './feed.test-support.ts';

type Feed = Awaited<ReturnType<TestCounty['open']>>;
async function replay(world: TestCounty, feed: Feed, range: Parameters<Feed['replay']>[1]) {
  const asked = feed.replay('all', range);
  await world.clock.settled();
  const answer = await asked;
  await world.clock.advance(5 * SECOND_MS);
  return answer;
}
const position = (world: TestCounty, sequence: number) => ({ position: world.journal.position(sequence) });

/** Six incidents, a minute apart, of which the receiver heard all. */
async function told() {
  const world = await county();
  world.subscribe('all');
  const feed = await world.open();
  for (let number = 1; number <= 6; number++) {
    await world.incident(number);
    await world.clock.advance(MINUTE_MS);
  }
  return { world, feed, first: world.got.splice(0) };
}

test('what was missed is sent again from one position to another, under the ids that it had', async () => {
  const { world, feed, first } = await told();
  const answer = await replay(world, feed, { from: position(world, 2), to: position(world, 4) });
  expect(answer).toEqual({ from: world.journal.position(2), to: world.journal.position(4), isWhole: true });
  expect(world.toldTo('all')).toEqual(['i:2', 'i:3', 'i:4']);
  expect(world.got.map(({ id }) => id)).toEqual(first.slice(1, 4).map(({ id }) => id));
  expect(world.got.map(({ data }) => data)).toEqual(first.slice(1, 4).map(({ data }) => data));
  expect(feed.health('all').replaying).toBe(false);
});

test('or from one time to another, or up to now', async () => {
  const { world, feed } = await told();
  const end = world.clock.now();
  const at = (number: number) => ({ at: end - (6 - number + 1) * MINUTE_MS });
  expect(await replay(world, feed, { from: at(3), to: at(4) })).toMatchObject({ isWhole: true });
  expect(world.toldTo('all')).toEqual(['i:3', 'i:4']);
  world.got.length = 0;
  await replay(world, feed, { from: at(5) });
  expect(world.toldTo('all')).toEqual(['i:5', 'i:6']);
});

test('only what the subscription may hear now is sent again', async () => {
  const { world, feed } = await told();
  world.subscribe('all', { areaId: 'west' });
  await world.incident(7, 'opened', 'west');
  await world.clock.advance(SECOND_MS);
  world.got.length = 0;
  await replay(world, feed, { from: position(world, 1) });
  expect(world.toldTo('all')).toEqual(['i:7']);
});

test('nothing of another journal, of the future, or for nobody', async () => {
  const { world, feed } = await told();
  expect(await replay(world, feed, { from: { position: `${'0'.repeat(32)}/0/1` } })).toBeUndefined();
  expect(await replay(world, feed, { from: position(world, 7) })).toBeUndefined();
  expect(await replay(world, feed, { from: { at: world.clock.now() + MINUTE_MS } })).toBeUndefined();
  expect(await replay(world, feed, { from: position(world, 3), to: position(world, 2) })).toBeUndefined();
  expect(await feed.replay('nobody', { from: position(world, 1) })).toBeUndefined();
  expect(world.got).toEqual([]);
});

test('it says when the journal does not reach back that far', async () => {
  const world = await county({ journalLimits: { segmentBytes: 4_000, budgetBytes: 8_000 } });
  world.subscribe('all');
  const feed = await world.open();
  for (let number = 1; number <= 60; number++) {
    await world.incident(number);
    await world.clock.advance(SECOND_MS);
  }
  const { firstSequence, headSequence } = world.journal;
  world.got.length = 0;
  const answer = await replay(world, feed, { from: position(world, 1) });
  expect(answer).toEqual({
    from: world.journal.position(firstSequence),
    to: world.journal.position(headSequence),
    isWhole: false,
  });
  expect(world.got).toHaveLength(headSequence - firstSequence + 1);
});

test('a long replay pushes out nothing that is new, waits for its receiver, and goes on after a restart', async () => {
  const world = await county({ limits: { each: 600, all: 2_000 } });
  const first = await world.open();
  world.subscribe('all');
  for (let from = 0; from < 1_500; from += 100) {
    for (let number = from; number < from + 100; number++) await world.incident(number);
    await world.clock.advance(SECOND_MS);
  }
  world.receivers.set('all', () => away);
  world.got.length = 0;
  await replay(world, first, { from: position(world, 1) });
  await world.incident(2_000);
  await world.clock.advance(10 * SECOND_MS);
  expect(first.health('all')).toMatchObject({ waiting: 501, missed: 0, replaying: true });
  first.kill();

  world.got.length = 0;
  world.receivers.delete('all');
  const second = await world.open();
  await world.incident(2_001);
  await world.clock.advance(2 * MINUTE_MS);
  const heard = new Set(world.toldTo('all'));
  expect(heard.size).toBe(1_502);
  expect(second.health('all')).toMatchObject({ waiting: 0, missed: 0, replaying: false });
});

/** A replay of records 11-30 that was asked for before this process began, over a journal that the test makes up. */
async function goingOn(reader: { firstSequence: number; readBatch: () => Promise<never[]> }) {
  const clock = new VirtualClock({ startAt: 0 });
  const state = new FoldState();
  const queues = createEventQueues({ state });
  const failures: unknown[] = [];
  queues.begin('all', 0);
  queues.edit('all', (lane) => ({ ...lane, replay: { next: 11, to: 30 } }));
  const replays = createReplays({
    ...{ queues, clock, log: silentLog, registry: createRegistry({ state: new FoldState() }) },
    reader: { id: '', headSequence: 90, position: String, ...reader },
    answers: createCommandAnswers(state),
    subscription: () => undefined,
    sender: { pump: () => {} },
    changed: () => {},
    fail: (error) => failures.push(error),
  });
  replays.goOn('all');
  await clock.advance(SECOND_MS);
  const told = Array.from(queues.rows('all'), ({ event }) => event);
  return { told, failures, replaying: queues.lane('all')?.replay };
}

test('what cannot be read any more is told as missing, and ends nothing', async () => {
  const readBatch = () => Promise.reject(new Error('JOURNAL_DAMAGED'));
  expect(await goingOn({ firstSequence: 1, readBatch })).toEqual({
    told: [{ type: 'subscription.gap', of: 'gap', at: expect.any(Number), from: 11, to: 30 }],
    failures: [],
    replaying: undefined,
  });
});

test('what the journal let go while a replay waited is told as missing', async () => {
  const { told, replaying } = await goingOn({ firstSequence: 21, readBatch: async () => [] });
  expect(told).toMatchObject([{ from: 11, to: 20 }]);
  expect(replaying).toBeUndefined();
  const all = await goingOn({
    firstSequence: 50,
    readBatch: () => Promise.reject(new Error('nothing of it is there')),
  });
  expect(all.told).toMatchObject([{ from: 11, to: 30 }]);
});

test('a visit that was refused is not told by a replay, either, when it was sent again, corrected', async () => {
  const world = await county();
  world.subscribe('all');
  const feed = await world.open();
  const by = { type: 'account', id: 'li' } as const;
  const visit = { type: 'visit', by, visitedAt: world.clock.now(), why: 'round', result: 'well' } as const;
  for (const [commandId, householdId] of [
    ['visit-1', 'nobody'],
    ['visit-1', 'alone'],
    ['visit-2', 'alone'],
  ] as const)
    await world.append({ kind: 'command', command: { ...visit, commandId, householdId } });
  await world.clock.advance(SECOND_MS);
  expect(world.got.splice(0).map(({ data }) => data.householdId)).toEqual(['alone']);
  await replay(world, feed, { from: position(world, 1) });
  expect(world.got).toHaveLength(1);
});
