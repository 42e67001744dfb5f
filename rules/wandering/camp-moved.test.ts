import { expect, test } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../watch.test-support.ts';
import { campMoved } from './camp-moved.ts';
import { herder, places, nara as where } from './steppe.test-support.ts';

type Household = ReturnType<typeof herder>;

function stay(household: Household, north: number, hours: number): void {
  for (let hour = 0; hour < hours; hour++) {
    household.fix(20, north);
    household.advance(HOUR_MS);
  }
}

test('a household that is seen at another camp for a day and a night is asked about, once, and nobody is sent', () => {
  const household = herder(campMoved, { places });
  stay(household, 0, 3);
  stay(household, 30_000, 18);
  expect(household.alerts).toEqual([]);
  stay(household, 30_000, 40);
  expect(household.alerts).toMatchObject([
    {
      ...{ condition: 'camp-moved', severity: 'service', subject: { type: 'place', id: 'house-1' } },
      reason: { toPlaceId: 'summer-camp', toPlace: 'Summer camp at the lake', limitMs: 18 * HOUR_MS },
    },
  ]);
  expect(household.alerts[0]?.where).not.toHaveProperty('personId');
});

test('a day’s work at the other camp is no move', () => {
  const household = herder(campMoved, { places });
  for (let day = 0; day < 5; day++) {
    stay(household, 30_000, 10);
    stay(household, 0, 14);
  }
  expect(household.changes).toEqual([]);
});

test('while somebody of them is at home, they have not moved', () => {
  const household = herder(campMoved, { places });
  for (let hour = 0; hour < 48; hour++) {
    household.fix(20, 30_000);
    household.advance(MINUTE_MS);
    household.fix(20, 0, { where: { ...where, deviceId: 'dev-2', personId: 'bold' } });
    household.advance(HOUR_MS);
  }
  expect(household.changes).toEqual([]);
});

test('the question ends when the registry moves them, and when they come home', () => {
  const moved = herder(campMoved, { places });
  stay(moved, 30_000, 20);
  moved.steppe.livesAt = 'summer-camp';
  moved.tell({ type: 'home-changed', at: moved.now, where: { householdId: 'h1' }, householdId: 'h1' });
  expect(moved.later).toMatchObject([{ type: 'clear', reason: { transition: 'asked to moved' } }]);
  stay(moved, 30_000, 40);
  expect(moved.alerts).toHaveLength(1);

  const back = herder(campMoved, { places });
  stay(back, 30_000, 20);
  back.tell({ type: 'home-changed', at: back.now, where: { householdId: 'h1' }, householdId: 'h1' });
  expect(back.later).toEqual([]);
  stay(back, 0, 1);
  expect(back.later).toMatchObject([{ type: 'clear', reason: { transition: 'asked to home' } }]);
});

test('a wearable that was left at the camp and is not worn is nobody’s stay', () => {
  const household = herder(campMoved, { places });
  household.read({ name: 'status', boot: 1, seq: 1, worn: 'no' });
  stay(household, 30_000, 60);
  expect(household.changes).toEqual([]);
});

test('stored fixes of the time at home, which come later, do not take the stay back', () => {
  const household = herder(campMoved, { places });
  stay(household, 30_000, 10);
  household.fix(0, 0, { lateMs: 12 * HOUR_MS });
  stay(household, 30_000, 10);
  expect(household.alerts).toHaveLength(1);
});
