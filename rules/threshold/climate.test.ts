import { expect, test } from 'vitest';
import type { Device, Household, Person } from '../../records/registry.ts';
import { entities } from '../../records/registry.ts';
import { HOUR_MS, MINUTE_MS, type ShortReport, START_AT, watch } from '../watch.test-support.ts';
import { climate } from './climate.ts';

const nara = (absence?: Person['absence']): Person =>
  entities.person.parse({ id: 'nara', householdId: 'h1', name: 'Nara', ...(absence && { absence }) });

/** One person lives there; a detector hangs in the bedroom. */
function homeOf(people: Person[] = [nara()], more: Parameters<typeof watch>[1] = {}) {
  return watch(climate, {
    registry: {
      household: (id): Household => ({ id, areaId: 'gacha-1', currentPlaceId: 'house-1' }),
      referring: (from) => (from === 'person' ? people : []) as never,
    },
    ...more,
  });
}
const seen = (temperature: number): ShortReport => ({ name: 'status', temperature });

test('a home below 5 °C for two hours is a matter for the desk', () => {
  const home = homeOf();
  home.readEvery(30 * MINUTE_MS, seen(3), { for: 3 * HOUR_MS });
  expect(home.alerts).toMatchObject([
    {
      ...{ rule: 'climate', condition: 'cold', severity: 'urgent', at: START_AT + 2 * HOUR_MS },
      reason: { observed: 3, limit: 5, sinceAt: START_AT, readings: 5 },
    },
  ]);
});

test('a home below 18 °C around the clock is work for the village', () => {
  const home = homeOf();
  home.readEvery(HOUR_MS, seen(15), { for: 30 * HOUR_MS });
  expect(home.alerts).toMatchObject([{ condition: 'cold', severity: 'service', at: START_AT + 24 * HOUR_MS }]);
});

test('a stove that goes out every night and is lit every morning is nothing', () => {
  const home = homeOf();
  for (let day = 0; day < 5; day++) {
    home.readEvery(HOUR_MS, seen(14), { for: 10 * HOUR_MS });
    home.readEvery(HOUR_MS, seen(21), { for: 14 * HOUR_MS });
  }
  expect(home.changes).toEqual([]);
});

test('a detector that reports once a day is judged by two words in a row, and for the lesser cold by three', () => {
  const home = homeOf();
  home.readEvery(24 * HOUR_MS, seen(2), { for: 3 * 24 * HOUR_MS });
  expect(home.alerts.map(({ severity, reason }) => [severity, reason.readings])).toEqual([
    ['urgent', 2],
    ['service', 3],
  ]);
});

test('a room above 39 °C for two hours is a matter for the desk, and before that work for the village', () => {
  const home = homeOf();
  home.readEvery(HOUR_MS, seen(41), { for: 8 * HOUR_MS });
  expect(home.alerts.map(({ severity, at }) => [severity, at - START_AT])).toEqual([
    ['urgent', 2 * HOUR_MS],
    ['service', 6 * HOUR_MS],
  ]);
});

test('a camp where nobody lives now may be as cold as it likes', () => {
  const camp = { deviceId: 'dev-1', placeId: 'camp-1', areaId: 'gacha-1' };
  const home = homeOf([], { devices: [camp], registry: { referring: () => [] } });
  home.readEvery(HOUR_MS, seen(-20), { for: 30 * HOUR_MS });
  expect(home.changes).toEqual([]);
});

test('a home whose people are all in hospital may be cold, until they are back', () => {
  const home = homeOf([nara({ reason: 'hospital', since: START_AT, until: START_AT + 10 * HOUR_MS })]);
  home.readEvery(HOUR_MS, seen(2), { for: 9.5 * HOUR_MS });
  expect(home.changes).toEqual([]);
  home.readEvery(HOUR_MS, seen(2), { for: 4 * HOUR_MS });
  expect(home.alerts).toMatchObject([{ condition: 'cold', severity: 'urgent' }]);
});

test('what is worn measures its own case', () => {
  const home = homeOf();
  for (let hour = 0; hour < 6; hour++) {
    home.read(seen(2), { deviceKind: 'wearable' satisfies Device['kind'] });
    home.advance(HOUR_MS);
  }
  expect(home.changes).toEqual([]);
});

test('a home in which all is well keeps nothing', () => {
  const home = homeOf();
  home.readEvery(HOUR_MS, seen(21), { for: 10 * HOUR_MS });
  expect(home.state('climate', 'dev-1')).toBeUndefined();
});
