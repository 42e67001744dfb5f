import { expect, test } from 'vitest';
import { VirtualClock } from '../simulators/virtual-clock.ts';
import { type Observations, watchHealth } from './health.ts';

const fine: Observations = {
  alarm: { headSequence: 10, lagRecords: 0, lagMs: 0, hungForMs: 0, reserveInUse: false },
  duty: { sequence: 10, caughtUp: true, lagRecords: 0, lagMs: 0 },
  projection: { phase: 'running', lagRecords: 3, lagMs: 200 },
  database: { reachable: true },
};

function watch(first: Observations = fine) {
  const clock = new VirtualClock({ startAt: 1_800_000_000_000 });
  const world: { seen: Observations | undefined; isHanging: boolean } = { seen: first, isHanging: false };
  const health = watchHealth({
    clock,
    now: () => clock.now(),
    observe: async () => {
      if (world.isHanging) await new Promise(() => {});
      if (!world.seen) throw new Error('away');
      return world.seen;
    },
  });
  return { clock, world, health };
}

test('before anybody looked nothing is well', () => {
  const { health } = watch();
  expect(health.report()).toMatchObject({ overall: 'unknown', watching: 'unknown' });
});

test('with everything there it is well, with ages', async () => {
  const { health, clock } = watch();
  await clock.advance(100);
  expect(health.report()).toMatchObject({ overall: 'well', watching: 'well' });
  expect(health.report().parts.alarm).toEqual({ state: 'well', lagRecords: 0, lagMs: 0, seenAt: clock.now() - 100 });
});

test('an alarm process that does not answer is unknown, and since when is said', async () => {
  const { health, clock, world } = watch();
  await clock.advance(100);
  const { alarm: _, ...rest } = fine;
  world.seen = rest;
  await clock.advance(30_000);
  const { watching, parts } = health.report();
  expect(watching).toBe('unknown');
  expect(parts.alarm).toMatchObject({ state: 'unknown', why: 'no-answer' });
  expect(clock.now() - (parts.alarm.seenAt ?? 0)).toBeGreaterThanOrEqual(28_000);
  expect(parts.journal.state).toBe('unknown');
});

test('a look that hangs or fails makes everything unknown, and nobody who asks waits for it', async () => {
  for (const way of ['hangs', 'fails']) {
    const { health, clock, world } = watch();
    await clock.advance(100);
    if (way === 'hangs') world.isHanging = true;
    else world.seen = undefined;
    await clock.advance(15_000);
    expect(health.report(), way).toMatchObject({ overall: 'unknown', watching: 'unknown' });
  }
});

test('a database that is away is no reason to distrust the page', async () => {
  const { health, clock } = watch({
    ...fine,
    projection: { phase: 'waiting', lagRecords: 900, lagMs: 90_000 },
    database: { reachable: false },
  });
  await clock.advance(100);
  expect(health.report()).toMatchObject({ overall: 'failing', watching: 'well' });
  expect(health.report().parts.projection).toMatchObject({ state: 'failing', why: 'database-away', lagMs: 90_000 });
});

test.each<[string, Partial<Observations>, object]>([
  ['a disk that hangs', { alarm: { ...alarmOf(), hungForMs: 3_000 } }, { watching: 'failing' }],
  ['a full disk', { alarm: { ...alarmOf(), reserveInUse: true } }, { watching: 'failing' }],
  ['rules that are behind', { alarm: { ...alarmOf(), lagMs: 20_000, lagRecords: 9 } }, { watching: 'late' }],
  ['a desk that is behind', { duty: { ...fine.duty, lagMs: 9_000, lagRecords: 9 } }, { watching: 'late' }],
  ['a desk that catches up', { duty: { ...fine.duty, caughtUp: false } }, { watching: 'late' }],
  ['a copy that stopped', { projection: { phase: 'stopped', lagRecords: 0, lagMs: 0 } }, { overall: 'failing' }],
  ['a copy that starts', { projection: { phase: 'starting', lagRecords: 0, lagMs: 0 } }, { overall: 'unknown' }],
])('%s is not well', async (_, seen, expected) => {
  const { health, clock } = watch({ ...fine, ...seen });
  await clock.advance(100);
  expect(health.report()).toMatchObject(expected);
});

test('a desk that no longer sees new records is late, whatever it believes of itself', async () => {
  const { health, clock, world } = watch();
  await clock.advance(100);
  world.seen = { ...fine, alarm: { ...alarmOf(), headSequence: 50 } };
  await clock.advance(2_000);
  // What came since the last look may still be on its way.
  expect(health.report().watching).toBe('well');
  await clock.advance(2_000);
  expect(health.report().parts.desk).toMatchObject({ state: 'late', why: 'behind' });
  health.stop();
});

function alarmOf() {
  const { alarm } = fine;
  if (!alarm) throw new Error('no alarm');
  return alarm;
}

test('what was proved of the whole way stands beside the parts, and makes none of them worse', async () => {
  const drills = { nextAt: 1, latest: { phase: 'failed', beganAt: 0 }, channels: [{ channel: 'sms:modem' }] } as const;
  const deadMan = { problem: 'it answers 404' };
  const { health, clock, world } = watch();
  expect(health.report()).not.toHaveProperty('drills');
  world.seen = { ...fine, alarm: { ...alarmOf(), drills: { ...drills, channels: [...drills.channels] }, deadMan } };
  await clock.advance(3_000);
  expect(health.report()).toMatchObject({ overall: 'well', drills, deadMan });
});
