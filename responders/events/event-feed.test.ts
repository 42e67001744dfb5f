import { expect, test } from 'vitest';
import type { JournalRecord } from '../../records/journal-record.ts';
import { put } from '../../records/registry.test-support.ts';
import { answers, away, county, HOUR_MS, hangs, incidentRecord, MINUTE_MS, SECOND_MS } from './feed.test-support.ts';

test('what happens is told to those who asked for it, where they asked', async () => {
  const world = await county();
  world.subscribe('east', { areaId: 'east' });
  world.subscribe('west', { areaId: 'west' });
  world.subscribe('all');
  world.subscribe('visits', { types: ['visit.recorded'] });
  await world.open();
  await world.incident(1);
  await world.clock.advance(SECOND_MS);
  expect(world.got.map(({ to }) => to).sort()).toEqual(['all', 'east']);
  expect(world.got[0]).toMatchObject({ type: 'incident.opened', data: { incidentId: 'i:1', code: 'K7QM' } });
  expect(world.got[0]?.data.position).toBe(world.journal.position(world.journal.headSequence));
});

test('every event is signed, and its id says nothing', async () => {
  const world = await county();
  world.subscribe('all');
  await world.open();
  await world.incident(1);
  await world.clock.advance(SECOND_MS);
  expect(world.got[0]?.signature).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
  expect(world.got[0]?.id).toMatch(/^msg_[A-Za-z0-9_-]{43}$/);
});

test('a subscription hears nothing of what was before it', async () => {
  const world = await county();
  await world.open();
  await world.incident(1);
  await world.clock.advance(SECOND_MS);
  world.subscribe('all');
  await world.incident(2);
  await world.clock.advance(SECOND_MS);
  expect(world.toldTo('all')).toEqual(['i:2']);
});

test('nothing is told of a record that a power cut could still take', async () => {
  const world = await county();
  world.subscribe('all');
  let synced = 0;
  await world.open({ isDurable: (sequence) => sequence <= synced });
  await world.incident(1);
  await world.clock.advance(10 * SECOND_MS);
  expect(world.got).toEqual([]);
  synced = world.journal.headSequence;
  await world.clock.advance(SECOND_MS);
  expect(world.toldTo('all')).toEqual(['i:1']);
});

test('an attempt that fails is made again by the schedule of Standard Webhooks, under the same id', async () => {
  const world = await county();
  world.subscribe('all');
  world.receivers.set('all', () => away);
  const feed = await world.open();
  await world.incident(1);
  await world.clock.advance(80 * HOUR_MS);
  const tries = world.got.filter(({ type }) => type === 'incident.opened');
  expect(new Set(tries.map(({ id }) => id)).size).toBe(1);
  const rests = tries.slice(1).map(({ at }, index) => (at - (tries[index]?.at ?? 0)) / SECOND_MS);
  const schedule = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
  expect(rests).toHaveLength(schedule.length);
  for (const [index, rest] of rests.entries()) {
    expect(rest).toBeGreaterThanOrEqual(schedule[index] ?? 0);
    expect(rest).toBeLessThan((schedule[index] ?? 0) * 1.1 + 1);
  }
  // It is given up then, and the receiver will hear that it missed something.
  expect(feed.health('all')).toMatchObject({ waiting: 1, missed: 1, problem: 'ECONNREFUSED' });
  world.receivers.delete('all');
  await world.clock.advance(25 * HOUR_MS);
  expect(world.got.at(-1)).toMatchObject({ type: 'subscription.gap', data: { missed: 1 } });
  expect(feed.health('all')).toMatchObject({ waiting: 0, missed: 1 });
});

test('a receiver that was away for an hour hears everything in its order, soon after the next thing that happens', async () => {
  const world = await county();
  world.subscribe('all');
  const feed = await world.open();
  world.receivers.set('all', () => away);
  for (const what of ['opened', 'claimed', 'resolved'] as const) {
    await world.incident(1, what);
    await world.clock.advance(20 * MINUTE_MS);
  }
  expect(feed.health('all')).toMatchObject({ waiting: 3, failingSince: expect.any(Number) });
  world.got.length = 0;
  world.receivers.delete('all');
  await world.incident(2);
  await world.clock.advance(5 * SECOND_MS);
  const whats = world.got.map(({ data }) => [data.incidentId, (data.changes as string[])[0]]);
  expect(whats.filter(([incident]) => incident === 'i:1').map(([, what]) => what)).toEqual([
    'opened',
    'claimed',
    'resolved',
  ]);
  expect(whats).toContainEqual(['i:2', 'opened']);
  expect(feed.health('all')).toEqual({ waiting: 0, missed: 0, replaying: false, deliveredAt: expect.any(Number) });
});

test('while an event waits, what comes after it about the same incident waits behind it', async () => {
  const world = await county();
  world.subscribe('all');
  let isBusy = true;
  world.receivers.set('all', ({ data }) => (isBusy && data.incidentId === 'i:1' ? answers(503) : answers(204)));
  await world.open();
  await world.incident(1);
  await world.incident(1, 'claimed');
  await world.incident(2);
  await world.clock.advance(SECOND_MS);
  expect(world.got.map(({ type, data }) => `${type} ${data.incidentId}`)).not.toContain('incident.changed i:1');
  expect(world.toldTo('all')).toContain('i:2');
  isBusy = false;
  await world.clock.advance(10 * SECOND_MS);
  const first = world.got.filter(({ data }) => data.incidentId === 'i:1').map(({ type }) => type);
  expect(first.slice(-2)).toEqual(['incident.opened', 'incident.changed']);
});

test('an event that its receiver does not want holds up nothing behind it', async () => {
  const world = await county();
  world.subscribe('all');
  world.receivers.set('all', ({ type }) => answers(type === 'incident.opened' ? 422 : 204));
  await world.open();
  await world.incident(1);
  await world.incident(1, 'resolved');
  await world.clock.advance(SECOND_MS);
  expect(world.typesTo('all')).toEqual(['incident.opened', 'incident.resolved']);
});

test('at most two requests are under way, and one that hangs is let go after fifteen seconds', async () => {
  const world = await county();
  world.subscribe('slow');
  world.subscribe('well');
  world.receivers.set('slow', hangs);
  await world.open();
  for (let number = 1; number <= 5; number++) await world.incident(number);
  await world.clock.advance(14 * SECOND_MS);
  expect(world.toldTo('slow')).toEqual(['i:1', 'i:2']);
  expect(world.toldTo('well')).toHaveLength(5);
  await world.clock.advance(2 * SECOND_MS);
  expect(world.toldTo('slow')).toEqual(['i:1', 'i:2', 'i:3', 'i:4']);
});

test('a receiver that asks for rest has it, for everything', async () => {
  const world = await county();
  world.subscribe('all');
  let isFirst = true;
  world.receivers.set('all', () => {
    const answer = isFirst ? answers(429, { retryAfterMs: MINUTE_MS }) : answers(204);
    isFirst = false;
    return answer;
  });
  await world.open();
  await world.incident(1);
  await world.clock.advance(SECOND_MS);
  await world.incident(2);
  await world.clock.advance(50 * SECOND_MS);
  expect(world.toldTo('all')).toEqual(['i:1']);
  await world.clock.advance(20 * SECOND_MS);
  expect(world.toldTo('all').slice(1).sort()).toEqual(['i:1', 'i:2']);
});

test('a receiver that is gone is paused, until the registry says so, and keeps what it did not hear', async () => {
  const world = await county();
  world.subscribe('all');
  world.receivers.set('all', () => answers(410));
  const feed = await world.open();
  await world.incident(1);
  await world.clock.advance(SECOND_MS);
  await world.incident(2);
  await world.clock.advance(3 * MINUTE_MS);
  expect(world.toldTo('all')).toEqual(['i:1']);
  expect(world.paused.length).toBeGreaterThan(1);
  world.subscribe('all', { paused: true });
  await world.incident(3);
  await world.clock.advance(2 * MINUTE_MS);
  const asked = world.paused.length;
  await world.clock.advance(10 * MINUTE_MS);
  expect(world.paused).toHaveLength(asked);

  world.receivers.delete('all');
  world.subscribe('all', { paused: false });
  await world.incident(4);
  await world.clock.advance(SECOND_MS);
  expect(world.toldTo('all')).toEqual(['i:1', 'i:1', 'i:2', 'i:3', 'i:4']);
  expect(feed.health('all').waiting).toBe(0);
});

test('ten thousand events to a dead receiver stay in bounds, and it is told what it missed', async () => {
  const world = await county();
  world.subscribe('dead');
  world.subscribe('well');
  world.receivers.set('dead', () => away);
  const feed = await world.open();
  const at = world.clock.now();
  for (let from = 0; from < 10_000; from += 500) {
    const some = Array.from({ length: 500 }, (_, n) => incidentRecord(from + n, 'opened', 'east', at));
    await world.append(...some);
    await world.clock.advance(SECOND_MS);
  }
  expect(world.toldTo('well')).toHaveLength(10_000);
  expect(feed.health('dead')).toMatchObject({ waiting: 5_000, missed: 5_001 });
  const counted = await feed.metrics.outgoingEventsWaiting.get();
  expect(counted.values[0]?.value).toBe(5_000);

  // It was asked the less often the longer it was away.
  expect(world.toldTo('dead').length).toBeLessThan(50);

  world.got.length = 0;
  world.receivers.delete('dead');
  await world.incident(10_000);
  await world.clock.advance(MINUTE_MS);
  const gap = world.got.find(({ type }) => type === 'subscription.gap');
  expect(gap?.data).toEqual({ from: world.journal.position(1), to: expect.any(String), missed: 5_002 });
  expect(new Set(world.toldTo('dead')).size).toBe(5_000);
  expect(feed.health('dead').waiting).toBe(0);
});

test('when all together have too much, whoever has most gives way', async () => {
  const world = await county({ limits: { each: 100, all: 20 } });
  for (const id of ['greedy', 'modest']) {
    world.subscribe(id, id === 'modest' ? { areaId: 'west' } : {});
    world.receivers.set(id, () => away);
  }
  const feed = await world.open();
  await world.incident(0, 'opened', 'west');
  for (let number = 1; number <= 50; number++) await world.incident(number);
  await world.clock.advance(SECOND_MS);
  expect(feed.health('modest')).toMatchObject({ waiting: 1, missed: 0 });
  expect(feed.health('greedy').waiting).toBe(19);
});

test('after a crash what was not kept as delivered goes out again, under the same ids, and nothing is left out', async () => {
  const world = await county();
  world.subscribe('all');
  const first = await world.open();
  for (let number = 1; number <= 3; number++) await world.incident(number);
  await world.clock.advance(6 * SECOND_MS);
  for (let number = 4; number <= 6; number++) await world.incident(number);
  await world.clock.advance(SECOND_MS);
  first.kill();
  await world.incident(7);
  const before = world.got.splice(0);
  await world.open();
  await world.clock.advance(6 * SECOND_MS);
  expect(world.toldTo('all')).toEqual(['i:4', 'i:5', 'i:6', 'i:7']);
  const idOf = (from: typeof before, incidentId: string) => from.find(({ data }) => data.incidentId === incidentId)?.id;
  for (const incidentId of ['i:4', 'i:5', 'i:6']) expect(idOf(world.got, incidentId)).toBe(idOf(before, incidentId));
});

test('a stop in good order repeats nothing, and what waits is still due at its time', async () => {
  const world = await county();
  world.subscribe('all');
  world.subscribe('dead');
  world.receivers.set('dead', () => away);
  const first = await world.open();
  await world.incident(1);
  await world.clock.advance(10 * SECOND_MS);
  await first.stop();
  world.got.length = 0;
  world.receivers.delete('dead');
  const second = await world.open();
  await world.clock.advance(2 * MINUTE_MS);
  expect(world.got).toEqual([]);
  expect(second.health('dead')).toMatchObject({ waiting: 1 });
  await world.clock.advance(5 * MINUTE_MS);
  expect(world.got.map(({ to }) => to)).toEqual(['dead']);
});

test('a journal that went on without it is told as a gap', async () => {
  const world = await county({ journalLimits: { segmentBytes: 4_000, budgetBytes: 8_000 } });
  world.subscribe('all');
  const first = await world.open();
  await world.incident(1);
  await world.clock.advance(6 * SECOND_MS);
  await first.stop();
  for (let number = 2; number <= 60; number++) {
    await world.incident(number);
    await world.clock.advance(SECOND_MS);
  }
  expect(world.journal.firstSequence).toBeGreaterThan(5);
  world.got.length = 0;
  await world.open();
  await world.clock.advance(20 * SECOND_MS);
  const [gap, ...others] = world.got;
  const { firstSequence } = world.journal;
  expect(gap).toMatchObject({ type: 'subscription.gap' });
  expect(gap?.data).toEqual({ from: world.journal.position(2), to: world.journal.position(firstSequence - 1) });
  expect(others).toHaveLength(60 - firstSequence + 1);
});

test('a record that cannot be told is a gap of one, and everything goes on', async () => {
  const world = await county();
  world.subscribe('all');
  const feed = await world.open();
  const broken = { kind: 'decided', cause: 1, version: 'x', incidents: [{}] } as unknown as JournalRecord;
  await world.append(broken);
  await world.incident(2);
  await world.clock.advance(SECOND_MS);
  expect(world.failures).toEqual([]);
  expect(world.typesTo('all').sort()).toEqual(['incident.opened', 'subscription.gap']);
  const quarantined = await feed.metrics.quarantined.get();
  expect(quarantined.values).toMatchObject([{ value: 1, labels: { follower: 'events' } }]);
});

test('whoever is subscribed when the state of the feed is lost hears that nobody knows what was told', async () => {
  const world = await county();
  await world.incident(1);
  world.subscribe('all');
  await world.open();
  await world.incident(2);
  await world.clock.advance(SECOND_MS);
  expect(world.got.map(({ type }) => type)).toEqual(['subscription.gap', 'incident.opened']);
  expect(world.got[0]?.data).toEqual({ from: world.journal.position(1), to: world.journal.position(1) });
});

test('what waits for an area that was taken away is not sent', async () => {
  const world = await county();
  world.subscribe('all', { areaId: 'county' });
  world.receivers.set('all', () => away);
  const feed = await world.open();
  await world.incident(1);
  await world.incident(2, 'opened', 'west');
  await world.clock.advance(SECOND_MS);
  world.got.length = 0;
  world.subscribe('all', { areaId: 'west' });
  world.receivers.delete('all');
  await world.incident(3, 'opened', 'west');
  await world.clock.advance(10 * SECOND_MS);
  expect(world.toldTo('all').sort()).toEqual(['i:2', 'i:3']);
  expect(feed.health('all').waiting).toBe(0);
});

test('a subscription that ends takes its queue with it', async () => {
  const world = await county();
  world.subscribe('all');
  world.receivers.set('all', () => away);
  const feed = await world.open();
  await world.incident(1);
  await world.clock.advance(2 * SECOND_MS);
  expect((await readDeliveries(world, feed)).deliveries).toHaveLength(1);
  world.unsubscribe('all');
  await world.incident(2);
  await world.clock.advance(10 * MINUTE_MS);
  expect(world.got).toHaveLength(1);
  expect(feed.health('all').waiting).toBe(0);
  expect((await readDeliveries(world, feed)).deliveries).toEqual([]);
});

test('a test arrives at once, also at a receiver that is paused', async () => {
  const world = await county();
  world.subscribe('all', { paused: true });
  const feed = await world.open();
  const [first, second] = [feed.test('all'), feed.test('all')];
  await world.clock.settled();
  expect(await first).toMatchObject({ type: 'subscription.test', outcome: 'delivered', detail: 'HTTP 204' });
  expect(await second).toBeUndefined();
  expect(await feed.test('nobody')).toBeUndefined();
  expect(world.typesTo('all')).toEqual(['subscription.test']);
});

test('an area of the registry may change its name between two attempts; the event keeps its id', async () => {
  const world = await county();
  world.subscribe('all');
  world.receivers.set('all', () => away);
  await world.open();
  await world.incident(1);
  await world.clock.advance(SECOND_MS);
  world.registry.apply([put('area', { id: 'east', level: 'village', parentId: 'township', name: 'New Well' })]);
  await world.clock.advance(10 * SECOND_MS);
  expect(new Set(world.got.map(({ id }) => id)).size).toBe(1);
  expect(world.got.length).toBe(2);
});

async function readDeliveries(world: Awaited<ReturnType<typeof county>>, feed: Awaited<ReturnType<typeof world.open>>) {
  const page = feed.deliveries('all', { limit: 10 });
  await world.clock.settled();
  return page;
}

test('a crash in its first seconds loses nothing', async () => {
  const world = await county();
  await world.incident(1);
  const first = await world.open();
  await world.clock.advance(500);
  world.subscribe('all');
  await world.incident(2);
  await world.clock.advance(500);
  first.kill();
  await world.incident(3);
  world.got.length = 0;
  await world.open();
  await world.clock.advance(SECOND_MS);
  expect(world.toldTo('all')).toEqual(['i:2', 'i:3']);
});
