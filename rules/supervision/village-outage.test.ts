import fc from 'fast-check';
import { expect, test } from 'vitest';
import { put } from '../../records/registry.test-support.ts';
import type { DeviceConditionEvent } from '../event.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS, unknownHome } from '../watch.test-support.ts';
import { countyOf, watchCounty } from './county.test-support.ts';
import { deviceSilent } from './device-silent.ts';
import { villageOutage } from './village-outage.ts';

const rules = [deviceSilent, villageOutage];
const DAY_MS = 24 * HOUR_MS;
const of = (ids: readonly string[], prefix: string) => ids.filter((id) => id.startsWith(prefix));
const notOf = (ids: readonly string[], prefix: string) => ids.filter((id) => !id.startsWith(prefix));

test('a village whose devices fall silent within a quarter of an hour is out, once', () => {
  const parts = countyOf({ townships: 2, villages: 4, homes: 40 });
  const county = watchCounty(rules, parts);
  county.missed(of(parts.detectors, 't0v0'), 15 * MINUTE_MS, notOf(parts.detectors, 't0v0'));
  expect(county.out()).toEqual(['area:t0v0']);
  const [alert] = county.house.alerts.filter(({ condition }) => condition === 'village-outage');
  expect(alert).toMatchObject({
    severity: 'urgent',
    where: { areaId: 't0v0' },
    reason: { devices: 40, limitDevices: 5, households: 40 },
  });
  expect(alert?.reason.round).toHaveLength(40);
});

test('four of forty in a quarter of an hour are work, five are an outage; of two hundred it takes twenty', () => {
  const many = countyOf({ townships: 1, villages: 1, homes: 200 });
  const few = countyOf({ townships: 1, villages: 1, homes: 40 });
  const outage = (parts: typeof few, count: number) => {
    const county = watchCounty(rules, parts);
    county.missed(parts.detectors.slice(0, count), 5 * MINUTE_MS, parts.detectors.slice(count));
    county.house.advance(HOUR_MS);
    return county.out().length;
  };
  expect([outage(few, 4), outage(few, 5), outage(many, 19), outage(many, 20)]).toEqual([0, 1, 0, 1]);
});

test('devices that fall silent over a day are no outage until a third of the village is silent', () => {
  const parts = countyOf({ townships: 1, villages: 1, homes: 40 });
  const county = watchCounty(rules, parts);
  const silent = parts.detectors.slice(0, 30);
  county.missed(silent, DAY_MS, parts.detectors.slice(30));
  const [alert] = county.house.alerts.filter(({ condition }) => condition === 'village-outage');
  expect(alert?.reason).toMatchObject({ silentDevices: 12, limitDevices: 12 });
});

test('devices that were never heard are no outage', () => {
  const parts = countyOf({ townships: 1, villages: 1, homes: 40 });
  const county = watchCounty(rules, { ...parts, detectors: [] });
  county.house.advance(3 * DAY_MS);
  expect(county.house.alerts).toHaveLength(40);
  expect(county.out()).toEqual([]);
});

test('those who come back within two minutes are none', () => {
  const parts = countyOf({ townships: 1, villages: 1, homes: 40 });
  const county = watchCounty(rules, parts);
  const silent = parts.detectors.slice(0, 6);
  county.missed(silent, 10 * SECOND_MS, parts.detectors.slice(6));
  for (const id of silent.slice(0, 3)) county.speak(id);
  county.house.advance(HOUR_MS);
  expect(county.out()).toEqual([]);
});

test('an outage ends when less than half of what makes one is still silent', () => {
  const parts = countyOf({ townships: 1, villages: 1, homes: 100 });
  const county = watchCounty(rules, parts);
  const silent = parts.detectors.slice(0, 20);
  county.missed(silent, MINUTE_MS, parts.detectors.slice(20));
  county.house.advance(10 * MINUTE_MS);
  for (const id of silent.slice(0, 15)) county.speak(id);
  county.house.advance(10 * MINUTE_MS);
  expect(county.out()).toEqual(['area:t0v0']);
  county.speak(silent[15] ?? '');
  county.house.advance(5 * MINUTE_MS);
  expect(county.out()).toEqual([]);
});

test('most villages of a township are one outage of the township, and those of several townships one of the county', () => {
  const parts = countyOf({ townships: 3, villages: 4, homes: 20 });
  const township = watchCounty(rules, parts);
  const mixedUp = (ids: readonly string[]) => ids.toSorted((a, b) => (a.slice(4) < b.slice(4) ? -1 : 1));
  township.missed(mixedUp(of(parts.detectors, 't0')), 15 * MINUTE_MS, notOf(parts.detectors, 't0'));
  township.house.advance(HOUR_MS);
  expect(township.out()).toEqual(['area:t0']);
  const county = watchCounty(rules, parts);
  const silent = [...of(parts.detectors, 't0'), ...of(parts.detectors, 't1')];
  county.missed(mixedUp(silent), 5 * MINUTE_MS, of(parts.detectors, 't2'));
  county.house.advance(HOUR_MS);
  expect(county.out()).toEqual(['area:county']);
});

test('a township that is mostly back leaves the village that is not', () => {
  const parts = countyOf({ townships: 2, villages: 4, homes: 10 });
  const county = watchCounty(rules, parts);
  county.missed(of(parts.detectors, 't0'), MINUTE_MS, of(parts.detectors, 't1'));
  county.house.advance(10 * MINUTE_MS);
  expect(county.out()).toEqual(['area:t0']);
  for (const id of [...notOf(of(parts.detectors, 't0'), 't0v2'), ...of(parts.detectors, 't1')]) county.speak(id);
  county.house.advance(10 * MINUTE_MS);
  expect(county.out()).toEqual(['area:t0v2']);
});

test('a village that is still dark when its township is back is told of before the whole is over, in the same minute', () => {
  const parts = countyOf({ townships: 2, villages: 4, homes: 10 });
  const county = watchCounty(rules, parts);
  county.missed(of(parts.detectors, 't0'), MINUTE_MS, of(parts.detectors, 't1'));
  county.house.advance(10 * MINUTE_MS);
  for (const id of [...notOf(of(parts.detectors, 't0'), 't0v2'), ...of(parts.detectors, 't1')]) county.speak(id);
  for (let minute = 0; minute < 9 && county.out().includes('area:t0'); minute++) {
    expect(county.out()).toEqual(['area:t0']);
    county.house.advance(MINUTE_MS);
  }
  expect(county.out()).toEqual(['area:t0v2']);
  for (const id of of(parts.detectors, 't0v2')) county.speak(id);
  county.house.advance(10 * MINUTE_MS);
  expect(county.out()).toEqual([]);
  expect(county.house.state('village-outage', 'all')).toMatchObject({ areas: {} });
});

test('a township whose villages fall again while it is about to end goes on', () => {
  const parts = countyOf({ townships: 2, villages: 4, homes: 10 });
  const county = watchCounty(rules, parts);
  county.missed(of(parts.detectors, 't0'), MINUTE_MS, of(parts.detectors, 't1'));
  county.house.advance(10 * MINUTE_MS);
  const back = of(parts.detectors, 't0').filter((id) => /v[01]/.test(id));
  for (const id of [...back, ...of(parts.detectors, 't1')]) county.speak(id);
  const isEnding = () => JSON.stringify(county.house.state('village-outage', 'all')).includes('endsAt');
  for (let minute = 0; minute < 5 && !isEnding(); minute++) county.house.advance(MINUTE_MS);
  expect(isEnding()).toBe(true);
  for (const deviceId of back) {
    const where = county.registry.whereabouts(deviceId);
    county.house.tell({
      type: 'device-condition',
      at: county.house.now,
      where,
      deviceId,
      condition: 'silent',
      began: true,
    });
  }
  county.house.advance(3 * MINUTE_MS);
  expect([county.out(), isEnding()]).toEqual([['area:t0'], false]);
});

test('each device that falls silent after those that made it an outage counts nothing anew', () => {
  const parts = countyOf({ townships: 1, villages: 1, homes: 40 });
  const county = watchCounty([villageOutage], parts);
  let counted = 0;
  const { devicesIn } = unknownHome.areas;
  const areas = {
    ...unknownHome.areas,
    standing: () => ({ silent: true, lastAt: 0 }),
    devicesIn(id: string) {
      counted += 1;
      return devicesIn(id);
    },
  };
  let state = villageOutage.initial;
  for (const deviceId of parts.detectors) {
    const where = county.registry.whereabouts(deviceId);
    const event = { type: 'device-condition', at: 1000, where, deviceId, condition: 'silent', began: true } as const;
    [state] = villageOutage.step(state, event, villageOutage.settings, { ...unknownHome, areas });
  }
  expect(counted).toBe(2);
});

test('limits that count in one village alone are no limits of another, nor of the county', () => {
  const parts = countyOf({ townships: 1, villages: 2, homes: 40 });
  const county = watchCounty(rules, parts);
  const scope = { type: 'area', id: 't0v0' } as const;
  county.change(
    put('ruleSetting', { id: 's', rule: 'village-outage', scope, settings: { leastDevices: 30, checkMs: HOUR_MS } }),
  );
  const dark = [...of(parts.detectors, 't0v1').slice(0, 10), ...of(parts.detectors, 't0v0').slice(0, 10)];
  county.missed(
    dark,
    MINUTE_MS,
    parts.detectors.filter((id) => !dark.includes(id)),
  );
  county.house.advance(10 * MINUTE_MS);
  expect(county.out().sort()).toEqual(['area:t0v0', 'area:t0v1']);
});

test('when all fell silent and nobody at all is heard, our own uplink is lost; when somebody is, the villages are out', () => {
  const parts = countyOf({ townships: 2, villages: 4, homes: 10 });
  const county = watchCounty(rules, parts);
  county.house.advance(2 * DAY_MS + 30 * MINUTE_MS);
  expect(county.out()).toEqual(['system:uplink-lost']);
  expect(county.house.alerts.at(-1)).toMatchObject({ severity: 'critical', reason: { by: 'silence' } });
  county.house.advance(HOUR_MS);
  county.speak('t0v0h0');
  county.house.advance(30 * MINUTE_MS);
  expect(county.out()).toEqual(['area:county']);
});

test('a probe that is not answered is a lost uplink until it is', () => {
  const county = watchCounty(rules, countyOf({ townships: 1, villages: 1, homes: 5 }));
  const uplink = (reachable: boolean) =>
    county.house.tell({ type: 'uplink', at: county.house.now, where: {}, reachable, probe: 'example.org:443' });
  uplink(false);
  uplink(false);
  expect(county.out()).toEqual(['system:uplink-lost']);
  expect(county.house.alerts.at(-1)?.reason).toMatchObject({ by: 'probe', probe: 'example.org:443' });
  uplink(true);
  expect(county.out()).toEqual([]);
});

test('the round begins with who needs help soonest and was seen longest ago; who is away is not on it', () => {
  const parts = countyOf({ townships: 1, villages: 1, homes: 10 });
  const county = watchCounty(rules, parts);
  const person = (id: string, words: object) =>
    put('person', { id: `t0v0h${id}`, householdId: `t0v0h${id}`, name: 'somebody', ...words });
  county.change(
    person('7', { categories: ['dementia', 'living-alone'] }),
    person('3', { categories: ['living-alone', 'advanced-age'] }),
    person('1', { categories: ['living-alone'], absence: { reason: 'hospital', since: county.house.now } }),
    put('person', { id: 'wife', householdId: 't0v0h0', name: 'somebody' }),
    person('0', { categories: [] }),
  );
  const press = { name: 'press', call: 'test' } as const;
  county.house.read(press, { where: county.registry.whereabouts('t0v0h5') });
  county.missed(parts.detectors, MINUTE_MS, []);
  county.house.advance(20 * MINUTE_MS);
  const round = county.house.alerts.at(-1)?.reason.round;
  expect(round).toEqual(['7', '3', '2', '4', '6', '8', '9', '5', '0'].map((id) => `t0v0h${id}`));
});

test('while nobody listened no village fell silent', () => {
  const parts = countyOf({ townships: 1, villages: 4, homes: 10 });
  const county = watchCounty(rules, parts);
  county.house.advance(DAY_MS);
  county.house.engine.rebase(10 * DAY_MS);
  county.house.advance(11 * DAY_MS);
  expect(county.house.alerts).toEqual([]);
});

test('in whatever order devices fall silent within a minute, and however often that is said, the same areas are out', () => {
  const parts = countyOf({ townships: 2, villages: 3, homes: 6 });
  const outOf = (order: readonly string[]) => {
    const county = watchCounty(rules, parts);
    county.missed([...new Set(order)], 30 * SECOND_MS, awake(order));
    for (const id of order) county.house.tell(silent(county, id));
    county.house.advance(10 * MINUTE_MS);
    return county.out();
  };
  const awake = (order: readonly string[]) => parts.detectors.filter((id) => !order.includes(id));
  const silent = ({ registry, house }: ReturnType<typeof watchCounty>, deviceId: string): DeviceConditionEvent => {
    const where = registry.whereabouts(deviceId);
    return { type: 'device-condition', at: house.now, where, deviceId, condition: 'silent', began: true };
  };
  fc.assert(
    fc.property(fc.shuffledSubarray(parts.detectors, { minLength: 5 }), (order) => {
      expect(outOf([...order, ...order.slice(0, 7)]).sort()).toEqual(outOf(order.toSorted()).sort());
    }),
    { seed: 10, numRuns: 40 },
  );
});
