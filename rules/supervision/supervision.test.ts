import { expect, test } from 'vitest';
import type { RuleEvent } from '../event.ts';
import { unreadable } from '../unreadable.ts';
import {
  HOUR_MS,
  home,
  MINUTE_MS,
  SECOND_MS,
  type ShortReport,
  stranger,
  type WatchOptions,
  watch,
} from '../watch.test-support.ts';
import { batteryLow } from './battery-low.ts';
import { counterReused } from './counter-reused.ts';
import { deviceSilent } from './device-silent.ts';

const heartbeat: ShortReport = { name: 'status' };
const registered = (at: number, intervalMinutes = 60): RuleEvent => ({
  type: 'device-added',
  at,
  where: home,
  deviceId: 'dev-1',
  intervalMinutes,
});
const removed = (at: number): RuleEvent => ({ ...registered(at), type: 'device-removed' }) as RuleEvent;

function watched(options: WatchOptions = {}) {
  const house = watch(deviceSilent, options);
  house.tell(registered(house.now));
  return house;
}

test('a device that misses two hourly reports and the grace is silent, once', () => {
  const house = watched();
  house.advance(2 * HOUR_MS + 15 * MINUTE_MS - 1);
  expect(house.alerts).toEqual([]);
  house.advance(1);
  expect(house.alerts).toMatchObject([
    {
      condition: 'device-silent',
      severity: 'service',
      at: house.now,
      subject: { type: 'device', id: 'dev-1' },
      where: home,
      reason: { intervalMinutes: 60, missedReports: 2 },
    },
  ]);
  house.advance(100 * HOUR_MS);
  expect(house.alerts).toHaveLength(1);
});

test('devices that were last heard within the same minute are found silent together', () => {
  const devices = ['dev-1', 'dev-2', 'dev-3'].map((deviceId) => ({ ...home, deviceId }));
  const village = watch(deviceSilent, { devices });
  for (const where of devices) {
    village.advance(SECOND_MS);
    village.tell({ ...registered(village.now), where, deviceId: where.deviceId } as RuleEvent);
  }
  village.advance(3 * HOUR_MS);
  expect(village.alerts).toHaveLength(3);
  expect(new Set(village.alerts.map(({ at }) => at)).size).toBe(1);
});

test('every report, stored or unreadable, is a word of the device', () => {
  const house = watched();
  house.advance(2 * HOUR_MS);
  house.read({ name: 'position', source: 'none' }, { lateMs: 30 * HOUR_MS });
  house.advance(2 * HOUR_MS);
  house.tell({ type: 'unreadable', at: house.now, causeId: 'c', where: home, reportName: 'press', problem: 'cut' });
  house.advance(2 * HOUR_MS);
  expect(house.alerts).toEqual([]);
});

test('a device that speaks every second is noted once a minute', () => {
  const house = watched();
  house.advance(MINUTE_MS);
  house.read(heartbeat);
  const noted = house.state('device-silent', 'dev-1');
  house.advance(59 * SECOND_MS);
  house.read(heartbeat);
  expect(house.state('device-silent', 'dev-1')).toBe(noted);
  house.advance(SECOND_MS);
  house.read(heartbeat);
  expect(house.state('device-silent', 'dev-1')).not.toBe(noted);
});

test('that a person tests a device is no word of the device', () => {
  const house = watched();
  house.advance(2 * HOUR_MS);
  house.tell({
    type: 'test-window',
    at: house.now,
    where: home,
    deviceId: 'dev-1',
    until: house.now + HOUR_MS,
    by: 'account:bat',
  });
  house.advance(15 * MINUTE_MS);
  expect(house.alerts).toHaveLength(1);
});

test('a silent device that speaks again is cleared and watched on', () => {
  const house = watched();
  house.advance(3 * HOUR_MS);
  house.read(heartbeat);
  expect(house.later).toMatchObject([{ type: 'clear', alertId: house.alerts[0]?.alertId }]);
  house.advance(3 * HOUR_MS);
  expect(new Set(house.alerts.map(({ alertId }) => alertId)).size).toBe(2);
});

test('a device that was never registered is not missed', () => {
  const house = watch(deviceSilent, { devices: [stranger] });
  house.read(heartbeat);
  house.advance(1000 * HOUR_MS);
  expect(house.changes).toEqual([]);
});

test('a device that is removed is no longer missed, and its silence is over', () => {
  const house = watched();
  house.tell(removed(house.now));
  house.advance(10 * HOUR_MS);
  expect(house.changes).toEqual([]);
  house.tell(registered(house.now));
  house.advance(10 * HOUR_MS);
  house.tell(removed(house.now));
  expect(house.later).toMatchObject([{ type: 'clear', reason: { transition: 'silent to removed' } }]);
});

test('a new interval counts from when it was set, and setting the same again gives no reprieve', () => {
  const house = watched();
  house.advance(2 * HOUR_MS);
  house.tell(registered(house.now, 10));
  house.advance(30 * MINUTE_MS);
  house.tell(registered(house.now, 10));
  house.advance(5 * MINUTE_MS);
  expect(house.alerts).toMatchObject([{ reason: { silentSinceAt: house.now - 35 * MINUTE_MS } }]);
  house.tell(registered(house.now, 60));
  house.read(heartbeat);
  house.advance(2 * HOUR_MS);
  expect(house.alerts).toHaveLength(1);
});

test('while nobody listened no device was silent', () => {
  const house = watched();
  house.advance(HOUR_MS);
  house.engine.rebase(24 * HOUR_MS);
  house.advance(25 * HOUR_MS);
  expect(house.alerts).toEqual([]);
  house.advance(15 * MINUTE_MS);
  expect(house.alerts).toHaveLength(1);
});

test('a low battery raises once and is over only when it is clearly better', () => {
  const house = watch(batteryLow);
  for (const charge of [50, 20, 19, 30, 18]) house.read({ name: 'status', charge });
  expect(house.alerts).toMatchObject([
    {
      condition: 'battery-low',
      severity: 'service',
      reason: { chargePercent: 20, low: 20, enough: 40, transition: 'enough to low' },
    },
  ]);
  expect(house.later).toEqual([]);
  house.read({ name: 'status', charge: 40 });
  expect(house.later).toMatchObject([{ type: 'clear', reason: { chargePercent: 40 } }]);
  expect(house.state('battery-low', 'dev-1')).toBeUndefined();
});

test('a voltage is judged by the kind of device', () => {
  const house = watch(batteryLow);
  house.read({ name: 'status', battery: 3.4 }, { deviceKind: 'smoke-detector' });
  expect(house.alerts).toEqual([]);
  house.read({ name: 'status', battery: 3.4 }, { deviceKind: 'wearable' });
  expect(house.alerts).toMatchObject([{ reason: { batteryVolts: 3.4, low: 3.5 } }]);
});

test('a battery that is charging, or that nobody measured, is not low', () => {
  const house = watch(batteryLow);
  house.read({ name: 'status', charge: 5, charging: true });
  house.read({ name: 'status' });
  expect(house.alerts).toEqual([]);
});

test('a battery that was low days ago, told after it was changed, is not low; nor was it changed by what was before', () => {
  const house = watch(batteryLow);
  house.read({ name: 'status', charge: 90 });
  house.read({ name: 'status', charge: 5 }, { lateMs: 3 * HOUR_MS });
  expect(house.changes).toEqual([]);
  house.advance(MINUTE_MS);
  house.read({ name: 'status', charge: 10 });
  house.read({ name: 'status', charge: 90 }, { lateMs: 30 * SECOND_MS });
  expect(house.changes.map(({ type }) => type)).toEqual(['raise']);
});

test('limits that contradict each other do not make a battery flicker', () => {
  const house = watch(batteryLow, { settings: { lowPercent: 50, enoughPercent: 10 } });
  for (const charge of [30, 30, 30]) house.read({ name: 'status', charge });
  expect(house.changes).toHaveLength(1);
});

test('a device that is removed takes its low battery with it', () => {
  const house = watch(batteryLow);
  house.read({ name: 'status', charge: 5 });
  house.tell(removed(house.now));
  expect(house.later).toMatchObject([{ type: 'clear' }]);
});

test('a counter that is used again is one fault a day, and over after a quiet day', () => {
  const house = watch(counterReused);
  const reused = (): RuleEvent => ({
    type: 'counter-reused',
    at: house.now,
    causeId: `dev-1:0:0:${house.now}`,
    where: home,
    boot: 0,
    seq: 0,
  });
  house.tell(reused());
  house.advance(23 * HOUR_MS);
  house.tell(reused());
  house.advance(23 * HOUR_MS);
  expect(house.alerts).toMatchObject([
    { condition: 'counter-reused', severity: 'service', reason: { boot: 0, seq: 0 } },
  ]);
  expect(house.later).toEqual([]);
  house.engine.rebase(HOUR_MS);
  house.advance(2 * HOUR_MS - 1);
  expect(house.later).toEqual([]);
  house.advance(1);
  expect(house.later).toMatchObject([{ type: 'clear', alertId: house.alerts[0]?.alertId }]);
  expect(house.state('counter-reused', 'dev-1')).toBeUndefined();
});

test('an alarm that cannot be read calls people and says what could not be read', () => {
  const house = watch(unreadable);
  house.tell({
    type: 'unreadable',
    at: house.now,
    causeId: 'dev-1:@7.0',
    where: home,
    reportName: 'alarm',
    problem: 'v 2',
  });
  expect(house.alerts).toMatchObject([
    {
      alertId: 'unreadable:dev-1:@7.0',
      condition: 'unreadable',
      severity: 'critical',
      subject: { type: 'place', id: 'house-1' },
      reason: { report: 'alarm', unread: ['v 2'] },
    },
  ]);
});

test('what is resent and still cannot be read is one alert; a fall beside an alarm is another', () => {
  const house = watch(unreadable);
  const arrive = (reportName: 'alarm' | 'fall', part: number) =>
    house.tell({
      type: 'unreadable',
      at: house.now,
      causeId: `dev-1:@${part}`,
      where: home,
      reportName,
      problem: 'cut after 12 bytes',
    });
  for (let part = 0; part < 30; part++) {
    arrive('alarm', part);
    house.advance(MINUTE_MS);
  }
  arrive('fall', 99);
  expect(house.alerts.map(({ subject }) => subject.type)).toEqual(['place', 'person']);
  house.advance(10 * MINUTE_MS);
  arrive('alarm', 100);
  expect(house.alerts).toHaveLength(3);
});
