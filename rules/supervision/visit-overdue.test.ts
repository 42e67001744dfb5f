import fc from 'fast-check';
import { expect, test } from 'vitest';
import { put, remove } from '../../records/registry.test-support.ts';
import { hazard } from '../hazard.ts';
import { HOUR_MS, localTime } from '../watch.test-support.ts';
import { countyOf, watchCounty } from './county.test-support.ts';
import { visitOverdue } from './visit-overdue.ts';

const DAY_MS = 24 * HOUR_MS;
const home = 't0v0h0';

function oneHome(categories: string[] = []) {
  const county = watchCounty([hazard, visitOverdue], countyOf({ townships: 1, villages: 1, homes: 1 }));
  const { house, registry } = county;
  const person = (words: object) => put('person', { id: home, householdId: home, name: 'somebody', ...words });
  county.change(person({ categories }));
  return {
    ...county,
    person: (words: object) => county.change(person({ categories, ...words })),
    visit: (result: 'well' | 'nobody-there' = 'well', agoMs = 0) =>
      house.tell({
        ...{ type: 'visit', at: house.now, householdId: home, visitedAt: house.now - agoMs, result },
        where: { ...registry.whereaboutsOf({ type: 'household', id: home }), householdId: home },
      }),
    /** Days until an alert, at most. */
    dueIn(most = 200): number | undefined {
      const before = house.alerts.length;
      for (let day = 1; day <= most; day++) {
        house.advance(DAY_MS);
        if (house.alerts.length > before) return day;
      }
      return undefined;
    },
  };
}

test('a home is visited each quarter, and one of somebody who lives alone each month; it is told in the morning', () => {
  expect(oneHome().dueIn()).toBe(93);
  const alone = oneHome(['living-alone']);
  expect(alone.dueIn()).toBe(32);
  const [alert] = alone.house.alerts;
  expect(alert).toMatchObject({
    condition: 'visit-overdue',
    severity: 'service',
    subject: { type: 'place', id: home },
    where: { householdId: home, areaId: 't0v0' },
  });
  expect(Math.floor(localTime(alert?.at ?? 0).minuteOfDay / 60)).toBe(8);
  expect(alert?.reason.dueAt).toBeLessThan(alert?.at ?? 0);
});

test('what falls due in a village is told together, and each village in a minute of its own', () => {
  const county = watchCounty([visitOverdue], countyOf({ townships: 1, villages: 5, homes: 4 }));
  county.house.advance(33 * DAY_MS);
  const byVillage = Map.groupBy(county.house.alerts, ({ where }) => where.areaId);
  expect([...byVillage.values()].map((alerts) => new Set(alerts.map(({ at }) => at)).size)).toEqual([1, 1, 1, 1, 1]);
  expect(new Set(county.house.alerts.map(({ at }) => at)).size).toBe(5);
});

test('a visit that met somebody ends it and begins the month anew; one that met nobody does not', () => {
  const house = oneHome(['living-alone']);
  house.dueIn();
  house.visit('nobody-there');
  expect(house.house.later).toEqual([]);
  house.visit('well', DAY_MS);
  expect(house.house.later).toMatchObject([{ type: 'clear', alertId: house.house.alerts[0]?.alertId }]);
  expect(house.dueIn()).toBe(31);
});

test('a visit that was before the last one changes nothing', () => {
  const house = oneHome(['living-alone']);
  house.visit('well');
  house.visit('well', 30 * DAY_MS);
  expect(house.dueIn()).toBe(32);
});

test('after an emergency somebody is to be met within a week', () => {
  const house = oneHome();
  house.visit();
  house.house.advance(HOUR_MS);
  house.house.read(
    { name: 'alarm', source: 'smoke', state: 'on' },
    { where: house.registry.whereabouts(home), deviceKind: 'smoke-detector' },
  );
  expect(house.dueIn()).toBe(8);
  expect(house.house.alerts.map(({ condition }) => condition)).toEqual(['smoke', 'visit-overdue']);
  expect(house.house.alerts.at(-1)?.reason.emergencyAt).toBeDefined();
  house.visit();
  expect(house.dueIn()).toBe(93);
});

test('an emergency in a home whose visit is overdue leaves the one alert, which the visit ends', () => {
  const house = oneHome(['living-alone']);
  house.dueIn();
  house.house.read(
    { name: 'alarm', source: 'smoke', state: 'on' },
    { where: house.registry.whereabouts(home), deviceKind: 'smoke-detector' },
  );
  house.house.advance(10 * DAY_MS);
  const visits = house.house.alerts.filter(({ condition }) => condition === 'visit-overdue');
  expect(visits).toHaveLength(1);
  house.visit();
  expect(house.house.later).toMatchObject([{ type: 'clear', alertId: visits[0]?.alertId }]);
});

test('who is in hospital is not visited at home, and is soon after', () => {
  const house = oneHome(['living-alone']);
  house.house.advance(20 * DAY_MS);
  house.person({ absence: { reason: 'hospital', since: house.house.now, until: house.house.now + 60 * DAY_MS } });
  expect(house.dueIn()).toBe(64);
  house.person({ absence: { reason: 'with-family', since: house.house.now } });
  expect(house.house.later).toMatchObject([{ type: 'clear' }]);
  expect(house.dueIn()).toBeUndefined();
  house.person({});
  expect(house.dueIn()).toBe(1);
});

test('a home in which nobody lives any more is not visited', () => {
  const house = oneHome(['living-alone']);
  house.dueIn();
  house.change(remove('person', home));
  expect(house.house.later).toMatchObject([{ type: 'clear' }]);
  expect(house.dueIn()).toBeUndefined();
});

test('who lives in a care home is seen every day, and is on no round', () => {
  const house = oneHome(['dementia']);
  house.change(
    put('site', { id: 'care', areaId: 't0v0', name: 'Evening House', kind: 'care-home' }),
    put('place', { id: home, areaId: 't0v0', siteId: 'care', kind: 'room', name: 'room 1' }),
  );
  expect(house.dueIn()).toBeUndefined();
});

test('a home that was registered before there were rounds is known from the next word of its device', () => {
  const house = oneHome(['living-alone']);
  const where = house.registry.whereabouts(home);
  const old = watchCounty([visitOverdue], { ...countyOf({ townships: 1, villages: 1, homes: 1 }), changes: [] });
  old.registry.apply(countyOf({ townships: 1, villages: 1, homes: 1 }).changes);
  old.house.advance(10 * DAY_MS);
  old.house.read({ name: 'status' }, { where, deviceKind: 'smoke-detector' });
  old.house.advance(33 * DAY_MS);
  expect(old.house.alerts).toHaveLength(1);
});

test('visits in whatever order they are entered, and however often, leave the same day on which the next is due', () => {
  const days = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(days, fc.infiniteStream(fc.nat()), (agoDays, keys) => {
      const due = (order: number[]) => {
        const house = oneHome(['living-alone']);
        house.house.advance(DAY_MS);
        for (const ago of order) house.visit('well', ago * DAY_MS);
        house.house.advance(40 * DAY_MS);
        return house.house.alerts.at(-1)?.reason.dueAt;
      };
      const random = [...keys.take(agoDays.length)];
      const shuffled = [...agoDays, ...agoDays]
        .map((day, index) => ({ day, key: random[index % random.length] ?? 0 }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ day }) => day);
      expect(due(shuffled)).toBe(due(agoDays));
    }),
    { seed: 8, numRuns: 40 },
  );
});

test('nobody is sent to visit somebody who has died, and a widower is visited as he is', () => {
  const home = oneHome(['living-alone']);
  home.person({ absence: { reason: 'deceased', since: home.house.now } });
  expect(home.dueIn()).toBeUndefined();
  const couple = oneHome(['disabled']);
  couple.person({ absence: { reason: 'deceased', since: couple.house.now } });
  couple.change(put('person', { id: 'widower', householdId: 't0v0h0', name: 'somebody' }));
  expect(couple.dueIn()).toBe(93);
});

test('what was overdue is over when the last of a home has moved away', () => {
  const home = oneHome(['living-alone']);
  expect(home.dueIn()).toBe(32);
  home.person({ absence: { reason: 'moved', since: home.house.now } });
  expect(home.house.later.at(-1)).toMatchObject({ type: 'clear', reason: { transition: 'nobody lives there' } });
});
