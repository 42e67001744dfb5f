import { expect, test } from 'vitest';
import { testClock } from './journal.test-support.ts';
import { JournalClock } from './journal-clock.ts';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

test('an ordinary hour is an hour, with nothing on record', async () => {
  const { clock, journalClock, start } = world();
  await look(clock, journalClock, HOUR_MS);
  expect(journalClock.now()).toBe(start + HOUR_MS);
  expect(journalClock.takeSteps()).toEqual([]);
});

test('a clock that steps forward by a day takes journal time with it, and it is on record once', async () => {
  const { clock, journalClock, start } = world();
  await look(clock, journalClock, 10 * SECOND_MS);
  clock.stepWall(DAY_MS);
  expect(journalClock.now()).toBe(start + DAY_MS + 10 * SECOND_MS);
  expect(journalClock.takeSteps()).toEqual([{ byMs: DAY_MS, wallAt: start + DAY_MS + 10 * SECOND_MS }]);
  expect(journalClock.takeSteps()).toEqual([]);
});

test('a clock that steps back by an hour freezes no deadline: a minute later is a minute later, within two seconds', async () => {
  const { clock, journalClock, start } = world();
  clock.stepWall(-HOUR_MS);
  expect(journalClock.now()).toBe(start);
  expect(journalClock.takeSteps()).toEqual([{ byMs: -HOUR_MS, wallAt: start - HOUR_MS }]);
  const before = journalClock.now();
  await look(clock, journalClock, 60 * SECOND_MS);
  expect(journalClock.now() - before).toBeGreaterThan(58 * SECOND_MS);
  expect(journalClock.now() - before).toBeLessThan(60 * SECOND_MS);
  expect(journalClock.takeSteps()).toEqual([]);
});

test('after a step back the wall clock is caught up with, slowly', async () => {
  const { clock, journalClock } = world();
  clock.stepWall(-60 * SECOND_MS);
  await look(clock, journalClock, HOUR_MS);
  expect(journalClock.now()).toBe(clock.now());
});

test('a step back that is corrected is on record as a step that moved nothing', async () => {
  const { clock, journalClock, start } = world();
  clock.stepWall(-HOUR_MS);
  await look(clock, journalClock, 10 * SECOND_MS);
  journalClock.takeSteps();
  clock.stepWall(HOUR_MS);
  const after = journalClock.now();
  expect(Math.abs(after - (start + 10 * SECOND_MS))).toBeLessThan(SECOND_MS);
  expect(journalClock.takeSteps()).toEqual([{ byMs: 0, wallAt: start + 10 * SECOND_MS }]);
});

test('a start in 1970 goes on from the last record, and the correction moves time by the downtime alone', async () => {
  const last = Date.UTC(2026, 10, 3);
  const clock = testClock(5 * SECOND_MS);
  const journalClock = new JournalClock(clock, last);
  expect(journalClock.now()).toBe(last);
  expect(journalClock.takeSteps()).toEqual([{ byMs: 5 * SECOND_MS - last, wallAt: 5 * SECOND_MS }]);
  await look(clock, journalClock, 60 * SECOND_MS);
  expect(journalClock.now() - last).toBeGreaterThan(58 * SECOND_MS);
  const before = journalClock.now();
  clock.stepWall(last + 2 * HOUR_MS - 65 * SECOND_MS);
  expect(journalClock.now()).toBe(last + 2 * HOUR_MS);
  expect(journalClock.takeSteps()).toEqual([{ byMs: last + 2 * HOUR_MS - before, wallAt: last + 2 * HOUR_MS }]);
});

test('a start in 1970 with no record before takes the clock as it is', () => {
  const journalClock = new JournalClock(testClock(0), undefined);
  expect(journalClock.now()).toBe(0);
  expect(journalClock.takeSteps()).toEqual([]);
});

test('downtime is no step', () => {
  const clock = testClock();
  const journalClock = new JournalClock(clock, clock.now() - DAY_MS);
  expect(journalClock.now()).toBe(clock.now());
  expect(journalClock.takeSteps()).toEqual([]);
});

test('a clock that is set by less than two seconds is followed without a word, and never backward', async () => {
  for (const byMs of [1_900, -1_900]) {
    const { clock, journalClock } = world();
    clock.stepWall(byMs);
    const before = journalClock.now();
    await look(clock, journalClock, 10 * SECOND_MS);
    expect(Math.abs(journalClock.now() - before - 10 * SECOND_MS)).toBeLessThanOrEqual(201);
    await look(clock, journalClock, 120 * SECOND_MS);
    expect(journalClock.now()).toBe(clock.now());
    expect(journalClock.takeSteps()).toEqual([]);
  }
});

test('steps in both directions before a record are both told, the one forward first', () => {
  const { clock, journalClock } = world();
  clock.stepWall(-HOUR_MS);
  journalClock.now();
  clock.stepWall(3 * HOUR_MS);
  journalClock.now();
  expect(journalClock.takeSteps().map(({ byMs }) => byMs)).toEqual([2 * HOUR_MS, -HOUR_MS]);
});

test('whatever the wall clock does, journal time never goes back and never stands still', async () => {
  const { clock, journalClock } = world();
  let before = journalClock.now();
  for (const byMs of [500, -500, DAY_MS, -2 * DAY_MS, 1_999, -1_999, 3 * DAY_MS, -1, 1, -HOUR_MS]) {
    clock.stepWall(byMs);
    expect(journalClock.now()).toBeGreaterThanOrEqual(before);
    before = journalClock.now();
    await look(clock, journalClock, 10 * SECOND_MS);
    expect(journalClock.now() - before).toBeGreaterThanOrEqual(9_799);
    before = journalClock.now();
  }
});

function world() {
  const clock = testClock();
  return { clock, journalClock: new JournalClock(clock, undefined), start: clock.now() };
}

/** Time passes, and somebody looks at it every now and then. */
async function look(clock: ReturnType<typeof testClock>, journalClock: JournalClock, ms: number) {
  for (let passed = 0; passed < ms; passed += ms / 20) {
    await clock.pass(ms / 20, ms / 20);
    journalClock.now();
  }
}
