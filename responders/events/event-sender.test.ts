import { expect, test } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { FoldState } from '../../records/fold-state.ts';
import { put } from '../../records/registry.test-support.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { chanceOf } from '../../simulators/seeded-chance.ts';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import type { Posted } from '../channels/guarded-post.ts';
import { countyTime } from '../texts/county-time.ts';
import { createEventQueues } from './event-queues.ts';
import { type EventSenderParts, startEventSender } from './event-sender.ts';
import { answers, away, county, HOUR_MS, MINUTE_MS, SECOND_MS, secret } from './feed.test-support.ts';

const year = 365 * 24 * HOUR_MS;

test('a wall clock that was a year ahead and is set back holds up no event', async () => {
  const world = await county();
  world.subscribe('all');
  world.receivers.set('all', () => away);
  await world.open();
  world.clock.stepWall(year);
  await world.incident(1);
  await world.clock.advance(10 * MINUTE_MS);
  world.clock.stepWall(-year);
  world.got.length = 0;
  world.receivers.delete('all');
  await world.clock.advance(2 * MINUTE_MS);
  expect(world.toldTo('all')).toEqual(['i:1']);
});

test('a receiver that is away is not asked the more often because the wall clock was set back', async () => {
  const world = await county();
  world.subscribe('all');
  world.receivers.set('all', () => away);
  await world.open();
  world.clock.stepWall(year);
  for (let number = 1; number <= 100; number++) await world.incident(number);
  await world.clock.advance(10 * MINUTE_MS);
  world.clock.stepWall(-year);
  world.got.length = 0;
  await world.clock.advance(20 * MINUTE_MS);
  expect(world.got.length).toBeGreaterThan(10);
  expect(world.got.length).toBeLessThan(60);
});

test('one event that its receiver always fails at is asked by its schedule, however many others arrive', async () => {
  const world = await county();
  world.subscribe('all');
  world.receivers.set('all', ({ data }) => answers(data.incidentId === 'i:0' ? 500 : 204));
  await world.open();
  await world.incident(0);
  for (let number = 1; number <= 120; number++) {
    await world.clock.advance(10 * SECOND_MS);
    await world.incident(number);
  }
  expect(new Set(world.toldTo('all')).size).toBe(121);
  expect(world.toldTo('all').filter((incident) => incident === 'i:0')).toHaveLength(3);
});

test('the second of two answers that it is gone does not close what a person opened after the first', async () => {
  const world = await county();
  world.subscribe('all');
  const waiting: ((posted: Posted) => void)[] = [];
  world.receivers.set('all', () => new Promise<Posted>((answer) => waiting.push(answer)));
  await world.open();
  await world.incident(1);
  await world.incident(2);
  await world.clock.advance(SECOND_MS);
  waiting[0]?.(answers(410));
  await world.clock.advance(SECOND_MS);
  world.subscribe('all', { paused: true });
  await world.incident(3);
  waiting[1]?.(answers(410));
  await world.clock.advance(SECOND_MS);
  const asked = world.paused.length;

  world.receivers.delete('all');
  world.subscribe('all', { paused: false });
  await world.incident(4);
  await world.clock.advance(2 * MINUTE_MS);
  expect(world.paused).toHaveLength(asked);
  expect(new Set(world.toldTo('all'))).toEqual(new Set(['i:1', 'i:2', 'i:3', 'i:4']));
});

/** One subscription, whose queue a test fills itself. */
function sender(more: Partial<EventSenderParts> = {}) {
  const clock = new VirtualClock({ startAt: Date.UTC(2026, 10, 2) });
  const registry = createRegistry({ state: new FoldState() });
  registry.apply([
    put('subscription', { id: 'all', name: 'all', types: ['device.heard'], url: 'https://a.example/', secret }),
  ]);
  const queues = createEventQueues({ state: new FoldState() });
  queues.begin('all', 0);
  const ids: string[] = [];
  const outcomes: string[] = [];
  const failures: unknown[] = [];
  const { pump } = startEventSender({
    ...{ queues, registry, clock, log: silentLog, metrics: createMetrics(), chance: chanceOf(1, 'sender') },
    subscription: (id) => registry.get('subscription', id),
    address: () => ({ url: 'https://a.example/', secrets: secret, keys: [] }),
    async post({ id }) {
      ids.push(id);
      return answers(204);
    },
    isDurable: () => true,
    position: String,
    gone: () => {},
    tried: (_id, { outcome }) => void outcomes.push(outcome),
    fail: (error) => void failures.push(error),
    time: countyTime('Asia/Shanghai'),
    ...more,
  });
  return { clock, queues, ids, outcomes, failures, pump };
}

test('two gaps over the same stretch are two events', async () => {
  const { clock, queues, ids, pump } = sender();
  for (let times = 1; times <= 2; times++) {
    queues.missed('all', { from: 1, to: 3 }, clock.now());
    pump('all');
    await clock.advance(SECOND_MS);
  }
  expect(ids).toHaveLength(2);
  expect(ids[0]).not.toBe(ids[1]);
});

test('an event that cannot be put into words is a failed attempt, and ends nothing', async () => {
  const position = () => {
    throw new Error('no words');
  };
  const { clock, queues, outcomes, failures, pump } = sender({ position });
  queues.missed('all', { from: 1, to: 3 }, clock.now());
  pump('all');
  await clock.advance(SECOND_MS);
  expect(failures).toEqual([]);
  expect(outcomes).toEqual(['later']);
});
