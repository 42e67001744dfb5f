import { expect, test } from 'vitest';
import type { LocalTime } from '../local-time.ts';
import { inactivitySettings as settings } from './inactivity-settings.ts';
import { firstRhythm, type Gap, lasts, type Rhythm, withSign } from './rhythm.ts';

const hourMs = 3_600_000;
const localOf = (at: number): LocalTime => {
  const day = Math.floor(at / (24 * hourMs));
  return { day, minuteOfDay: Math.floor((at - day * 24 * hourMs) / 60_000), weekday: 1, month: 1 };
};

/** Days with a sign at each of these hours; what each gap is follows from its end. */
function lived(hours: number[], days: number, whatAt: (at: number) => Gap['what'] = () => 'home'): Rhythm {
  let rhythm = firstRhythm(localOf(0), settings);
  let fromAt = 0;
  for (let day = 1; day <= days; day++) {
    for (const hour of hours) {
      const toAt = (day * 24 + hour) * hourMs;
      rhythm = withSign(rhythm, { fromAt, toAt, what: whatAt(toAt) }, localOf(toAt), settings);
      fromAt = toAt;
    }
  }
  return rhythm;
}
const byDay = [7, 9, 11, 13, 15, 17, 19, 21];
const limitHours = (rhythm: Rhythm, fromHour: number) =>
  lasts(rhythm, rhythm.usualQuiet, localOf(fromHour * hourMs), 24 * hourMs) / hourMs;

test('a home that sleeps at night has a limit of hours by day, and of the night and some by night', () => {
  const rhythm = lived(byDay, 60);
  expect(limitHours(rhythm, 9)).toBeLessThan(5);
  expect(limitHours(rhythm, 21)).toBeGreaterThan(9.5);
});

test('hours in which nobody ever was about count next to nothing', () => {
  const { presence, pace } = lived(byDay, 60);
  expect(presence[3]).toBeLessThan(0.1);
  expect(pace[3]).toBeLessThan(0.1 * (pace[9] ?? 0));
  expect(pace.reduce((sum, weight) => sum + weight, 0) / 24).toBeCloseTo(1);
});

test('days of which nobody knows teach nothing', () => {
  const before = lived(byDay, 30);
  const after = lived(byDay, 40, (at) => (at > 30.99 * 24 * hourMs ? 'unjudged' : 'home'));
  expect(after.quiets).toEqual(lived(byDay, 31).quiets);
  expect(after.presence[3]).toBeCloseTo(before.presence[3] ?? 0, 1);
});

test('weeks of another season change what is usual', () => {
  const summer = lived(byDay, 30);
  let rhythm = summer;
  let fromAt = (30 * 24 + 21) * hourMs;
  for (let day = 31; day <= 60; day++) {
    for (const hour of [9, 15]) {
      const toAt = (day * 24 + hour) * hourMs;
      rhythm = withSign(rhythm, { fromAt, toAt, what: 'home' }, localOf(toAt), settings);
      fromAt = toAt;
    }
  }
  expect(limitHours(rhythm, 9)).toBeGreaterThan(limitHours(summer, 9) + 1);
});

test('the longest way to town is remembered for weeks', () => {
  const away = lived([8, 18], 30, (at) => {
    const isBack = (at / hourMs) % 24 === 18;
    return isBack && at < 11 * 24 * hourMs ? 'away' : 'unjudged';
  });
  expect(away.awayMs).toBeLessThan(7 * hourMs);
  expect(away.awayMs).toBeGreaterThan(5 * hourMs);
});

test('what a home is known by stays small', () => {
  const rhythm = lived(byDay, 200);
  expect(rhythm.quiets).toHaveLength(settings.quietDays);
  expect(JSON.stringify(rhythm).length).toBeLessThan(900);
});
