import { expect, test } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import type { Posted } from '../../responders/channels/guarded-post.ts';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import { pingOutside } from './dead-man.ts';
import { overdueMs, type PathParts, whyNotThrough } from './full-path.ts';

const minuteMs = 60_000;

function handle() {
  const clock = new VirtualClock({ startAt: 1_800_000_000_000 });
  const world = { problem: undefined as string | undefined, answer: 'well' as 'well' | 'refuses' | 'hangs' };
  const pings: number[] = [];
  const metrics = createMetrics();
  const deadMan = pingOutside({
    ...{ url: 'https://example.org/secret', clock, log: silentLog, metrics },
    whyNot: async () => world.problem,
    post: {
      async post({ signal }): Promise<Posted> {
        pings.push(clock.monotonic() / 1_000);
        if (world.answer === 'well') return { type: 'answered', status: 200 };
        if (world.answer === 'refuses') return { type: 'answered', status: 404 };
        const { promise, resolve } = Promise.withResolvers<Posted>();
        signal.addEventListener('abort', () => resolve({ type: 'failed', reason: 'ABORT_ERR' }));
        return promise;
      },
    },
  });
  return { clock, world, pings, deadMan, text: () => metrics.registry.metrics() };
}

test('each minute in which all is well somebody outside is told so', async () => {
  const { clock, pings, deadMan } = handle();
  expect(deadMan.report()).toEqual({ problem: 'nothing was sent yet' });
  await clock.advance(4 * minuteMs);
  expect(pings).toEqual([60, 120, 180, 240]);
  expect(deadMan.report()).toEqual({ lastPingAt: clock.now() });
});

test('nothing is said while the way of an alarm is blocked, and why is known here', async () => {
  const { clock, world, pings, deadMan } = handle();
  await clock.advance(minuteMs);
  world.problem = 'the judge is behind';
  await clock.advance(5 * minuteMs);
  expect(pings).toEqual([60]);
  expect(deadMan.report()).toMatchObject({ problem: 'the judge is behind', lastPingAt: 1_800_000_060_000 });
  world.problem = undefined;
  await clock.advance(minuteMs);
  expect(deadMan.report().problem).toBeUndefined();
});

test('another side that refuses or hangs is asked again with the next minute, and never twice at once', async () => {
  const { clock, world, pings, deadMan } = handle();
  world.answer = 'refuses';
  await clock.advance(minuteMs);
  expect(deadMan.report().problem).toBe('it answers 404');
  world.answer = 'hangs';
  await clock.advance(2 * minuteMs);
  expect(pings.length).toBeLessThanOrEqual(4);
  expect(deadMan.report().problem).toBe('it does not answer (ABORT_ERR)');
  deadMan.stop();
  await clock.advance(10 * minuteMs);
  expect(pings.length).toBeLessThanOrEqual(4);
});

test('what operators watch: pings that were answered, were not, and were withheld, and when it was heard last', async () => {
  const { clock, world, text } = handle();
  await clock.advance(2 * minuteMs);
  world.problem = 'the judge is behind';
  await clock.advance(minuteMs);
  Object.assign(world, { problem: undefined, answer: 'refuses' });
  await clock.advance(minuteMs);
  const said = await text();
  for (const [outcome, count] of Object.entries({ answered: 2, withheld: 1, unanswered: 1 }))
    expect(said).toContain(`steppewatch_dead_man_pings_total{outcome="${outcome}"} ${count}`);
  expect(said).toContain('steppewatch_dead_man_answered_timestamp_seconds 1800000120');
});

/** Of a way on which all is well, but for the changes. */
function path(changes: { opens?: boolean; append?: () => Promise<never>; health?: Partial<Health> } = {}) {
  const clock = new VirtualClock({ startAt: 0 });
  const health = { position: 7, overdueMs: 0, deskHeardMsAgo: 5_000, ...changes.health };
  const written = { sequence: 7, receivedAt: 0, body: new Uint8Array() };
  const append = changes.append ?? (async () => written);
  const alarm: PathParts['alarm'] = { journal: { append }, health: () => health };
  const answer = whyNotThrough({ alarm, doorOpens: async () => changes.opens ?? true, clock });
  return { answer, clock, health };
}
type Health = ReturnType<PathParts['alarm']['health']>;

test('the way is free when the door opens, a record is kept and read, nothing is overdue and desk is heard', async () => {
  expect(await path().answer).toBeUndefined();
  expect(await path({ opens: false }).answer).toBe('the broker takes no connection');
  expect(await path({ append: () => Promise.reject(new Error('no room')) }).answer).toBe('the journal takes no record');
  expect(await path({ health: { overdueMs: 121_000 } }).answer).toBe('messages wait that should have gone');
  expect(await path({ health: { deskHeardMsAgo: Number.POSITIVE_INFINITY } }).answer).toBe(
    'the duty desk is not heard',
  );
});

test('a disk that hangs and a judge that falls behind are waited for, and not for ever', async () => {
  const hanging = path({ append: () => new Promise(() => {}) });
  await hanging.clock.advance(10_000);
  expect(await hanging.answer).toBe('the journal takes no record');
  const behind = path({ health: { position: 6 } });
  await behind.clock.advance(11_000);
  expect(await behind.answer).toBe('the judge is behind');
  const late = path({ health: { position: 6 } });
  await late.clock.advance(3_000);
  late.health.position = 7;
  await late.clock.advance(200);
  expect(await late.answer).toBeUndefined();
});

test('first tries of life safety alone count as overdue: what is tried again may wait for a receiver that hangs', () => {
  const due = (severity: 'critical' | 'urgent', attempt: number, activeAt: number) =>
    ({ notice: { severity, purpose: 'alarm' }, attempt, activeAt }) as never;
  const outbox = { due: () => [due('urgent', 1, 0), due('critical', 3, 0), due('critical', 1, 90_000)] };
  expect(overdueMs(outbox, 100_000)).toBe(10_000);
  expect(overdueMs({ due: () => [] }, 100_000)).toBe(0);
});
