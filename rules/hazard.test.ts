import { expect, test } from 'vitest';
import type { RuleEvent } from './event.ts';
import { type Hazard, hazard } from './hazard.ts';
import { unreadable } from './unreadable.ts';
import {
  HOUR_MS,
  home,
  MINUTE_MS,
  otherRoom,
  SECOND_MS,
  type ShortReport,
  stranger,
  unknownHome,
  watch,
} from './watch.test-support.ts';

const smoke = (state: 'on' | 'off' | 'hushed'): ShortReport => ({ name: 'alarm', source: 'smoke', state });
const carbonMonoxide = (state: 'on' | 'off'): ShortReport => ({ name: 'alarm', source: 'co', state, co: 180 });
const pressedTestButton: ShortReport = { name: 'test', by: 'button', result: 'passed' };

test('smoke is critical at the first report and says what was measured', () => {
  const house = watch(hazard);
  house.read(
    { name: 'alarm', source: 'smoke', state: 'on', obscuration: 0.4, temperature: 31 },
    { unread: ['gas 300'] },
  );
  expect(house.alerts).toEqual([
    {
      alertId: 'hazard:dev-1:1:1:abcd',
      rule: 'hazard',
      condition: 'smoke',
      severity: 'critical',
      at: house.now,
      occurredAt: house.now,
      clock: 'trusted',
      lateMs: 0,
      subject: { type: 'place', id: 'house-1' },
      where: home,
      reason: {
        source: 'smoke',
        state: 'on',
        obscurationDbPerM: 0.4,
        celsius: 31,
        unread: ['gas 300'],
        transition: 'quiet to on',
      },
    },
  ]);
});

test('heat, carbon monoxide, gas and water each raise for themselves', () => {
  const house = watch(hazard);
  for (const source of ['heat', 'co', 'gas', 'water', 'smoke'] as const)
    house.read({ name: 'alarm', source, state: 'on' });
  expect(house.alerts.map(({ condition }) => condition)).toEqual(['heat', 'co', 'gas', 'water', 'smoke']);
});

test('an alarm that is repeated every minute for an hour is one alert', () => {
  const house = watch(hazard);
  house.readEvery(MINUTE_MS, smoke('on'), { for: HOUR_MS });
  expect(house.changes).toHaveLength(1);
});

test('smoke that clears itself after 15 s was an alarm all the same', () => {
  const house = watch(hazard);
  house.read(smoke('on'));
  house.advance(15 * SECOND_MS);
  house.read(smoke('off'));
  expect(house.alerts).toHaveLength(1);
  expect(house.later).toMatchObject([{ type: 'clear', reason: { transition: 'on to off', lastedMs: 15_000 } }]);
});

test('a hushed alarm stands, and hushing it is on record', () => {
  const house = watch(hazard);
  house.read(smoke('on'));
  house.read(smoke('hushed'));
  expect(house.notes).toMatchObject([{ what: 'hushed', reason: { alertId: 'hazard:dev-1:1:1:abcd' } }]);
  expect(house.later).toEqual([]);
  house.read(smoke('on'));
  expect(house.later).toMatchObject([
    { type: 'strengthen', severity: 'critical', reason: { transition: 'hushed to on' } },
  ]);
});

test('an alarm of which only the hushing arrives calls people', () => {
  const house = watch(hazard);
  house.read(smoke('hushed'));
  expect(house.alerts).toMatchObject([
    { condition: 'smoke', severity: 'critical', reason: { transition: 'quiet to hushed' } },
  ]);
});

test('smoke that comes back within ten minutes is the same alert, and later a new one', () => {
  const house = watch(hazard);
  house.read(smoke('on'));
  house.read(smoke('off'));
  house.advance(9 * MINUTE_MS);
  house.read(smoke('on'));
  expect(house.alerts).toHaveLength(1);
  expect(house.later.at(-1)).toMatchObject({ type: 'strengthen', reason: { transition: 'off to on' } });
  house.read(smoke('off'));
  house.advance(10 * MINUTE_MS);
  expect(house.state('hazard', 'dev-1')).toBeUndefined();
  house.read(smoke('on'));
  expect(house.alerts).toHaveLength(2);
});

test('an alarm that nobody heard of for ten minutes is a new one, though it never said that it was over', () => {
  const house = watch(hazard);
  house.read(smoke('on'));
  house.advance(10 * MINUTE_MS + 1);
  house.read(smoke('on'));
  expect(house.alerts).toHaveLength(2);
});

test('an alarm that was stored on the way is the alert of its time, and keeps no newer alarm from being heard', () => {
  const house = watch(hazard);
  house.read(smoke('on'));
  house.advance(95 * MINUTE_MS);
  house.read(smoke('on'), { lateMs: 95 * MINUTE_MS - 2 * SECOND_MS });
  expect(house.alerts).toHaveLength(1);
  house.advance(MINUTE_MS);
  house.read(smoke('on'));
  expect(house.alerts).toHaveLength(2);
  house.advance(20 * MINUTE_MS);
  house.read(smoke('on'), { lateMs: 3 * HOUR_MS });
  expect(house.alerts).toHaveLength(3);
});

test('a stored word that its age dates a little before the alarm is of it, in whatever order they came', () => {
  const house = watch(hazard);
  house.read(smoke('on'));
  house.advance(95 * MINUTE_MS);
  house.read(smoke('hushed'), { lateMs: 97 * MINUTE_MS });
  expect(house.alerts).toHaveLength(1);
  house.read(smoke('on'), { lateMs: 106 * MINUTE_MS });
  expect(house.alerts).toHaveLength(2);
});

test('an old "off" that arrives late does not clear a newer alarm', () => {
  const house = watch(hazard);
  house.read(smoke('on'));
  house.read(smoke('off'), { lateMs: HOUR_MS });
  expect(house.later).toEqual([]);
});

test('smoke from a detector in its test is on record, and from the next room it is critical', () => {
  const house = watch(hazard, { devices: [home, otherRoom] });
  house.read(pressedTestButton);
  house.read(smoke('on'));
  expect(house.alerts).toEqual([]);
  expect(house.notes).toMatchObject([
    { what: 'test', reason: { by: 'button', result: 'passed' } },
    { what: 'test', reason: { source: 'smoke', declaredBy: 'device' } },
  ]);
  house.read(smoke('on'), { where: otherRoom });
  expect(house.alerts).toMatchObject([{ severity: 'critical', where: { deviceId: 'dev-2' } }]);
});

test('a test that ends in time calls nobody', () => {
  const house = watch(hazard);
  house.read(pressedTestButton);
  house.read(smoke('on'));
  house.advance(MINUTE_MS);
  house.read(smoke('off'));
  house.advance(HOUR_MS);
  expect(house.alerts).toEqual([]);
  expect(house.state('hazard', 'dev-1')).toBeUndefined();
});

test('smoke that outlasts the test calls people when the test ends, with what was measured last', () => {
  const house = watch(hazard);
  house.read(pressedTestButton);
  house.advance(MINUTE_MS);
  house.read(smoke('on'));
  house.advance(MINUTE_MS);
  house.read({ name: 'alarm', source: 'smoke', state: 'on', obscuration: 0.9 });
  house.advance(HOUR_MS);
  expect(house.alerts).toMatchObject([
    { severity: 'critical', reason: { transition: 'testing to on', obscurationDbPerM: 0.9, lastedMs: 2 * MINUTE_MS } },
  ]);
  expect(house.alerts[0]?.at).toBe(house.now - HOUR_MS + MINUTE_MS);
});

test('a button that is stuck cannot keep smoke from being heard', () => {
  const house = watch(hazard);
  for (let minute = 0; minute < 10; minute++) {
    house.read(pressedTestButton);
    if (minute > 0) house.read(smoke('on'));
    house.advance(MINUTE_MS);
  }
  expect(house.alerts).toHaveLength(1);
});

test('a pressed button does not make carbon monoxide a test, a person who stands by does', () => {
  const house = watch(hazard);
  house.read(pressedTestButton);
  house.read(carbonMonoxide('on'));
  expect(house.alerts).toMatchObject([{ condition: 'co', severity: 'critical' }]);

  const inspected = watch(hazard);
  inspected.tell({
    type: 'test-window',
    at: inspected.now,
    where: home,
    deviceId: 'dev-1',
    until: inspected.now + HOUR_MS,
    by: 'account:bat',
  });
  inspected.read(carbonMonoxide('on'));
  inspected.read(carbonMonoxide('off'));
  inspected.advance(2 * HOUR_MS);
  expect(inspected.alerts).toEqual([]);
  expect(inspected.notes).toMatchObject([{ what: 'test', reason: { source: 'co', declaredBy: 'account:bat' } }]);
});

test('a detector that tests itself opens no window', () => {
  const house = watch(hazard);
  house.read({ name: 'test', by: 'self' });
  house.read(smoke('on'));
  expect(house.alerts).toHaveLength(1);
});

test('pressing the test button during a fire changes nothing', () => {
  const house = watch(hazard);
  house.read(smoke('on'));
  house.read(pressedTestButton);
  house.readEvery(MINUTE_MS, smoke('on'), { for: 10 * MINUTE_MS });
  expect(house.alerts).toHaveLength(1);
  expect(house.later).toEqual([]);
});

test('smoke from before the test, or a test of yesterday that arrives today, is no test', () => {
  const house = watch(hazard);
  house.read(pressedTestButton);
  house.read(smoke('on'), { lateMs: MINUTE_MS });
  expect(house.alerts).toMatchObject([{ lateMs: MINUTE_MS }]);

  const other = watch(hazard);
  other.read(pressedTestButton, { lateMs: 24 * HOUR_MS });
  expect(other.state('hazard', 'dev-1')).toBeUndefined();
  other.read(smoke('on'));
  expect(other.alerts).toHaveLength(1);
});

test('a detector that nobody registered is heard', () => {
  const tent = watch(hazard, { devices: [stranger] });
  tent.read(smoke('on'));
  expect(tent.alerts).toMatchObject([{ subject: { type: 'device', id: 'dev-9' }, where: { unregistered: true } }]);
});

test('an alarm that was heard no more is forgotten after a day, and its "off" is told until then', () => {
  const house = watch(hazard, { devices: [home, otherRoom] });
  house.read(smoke('on'));
  house.read(smoke('on'), { where: otherRoom });
  house.advance(24 * HOUR_MS - 1);
  house.read(smoke('off'), { where: otherRoom });
  expect(house.later).toMatchObject([{ type: 'clear' }]);
  house.advance(HOUR_MS);
  expect(house.state('hazard', 'dev-1')).toBeUndefined();
  expect(house.state('hazard', 'dev-2')).toBeUndefined();
});

test('a test soon after an alarm that is over is a test', () => {
  const house = watch(hazard);
  house.read(smoke('on'));
  house.read(smoke('off'));
  house.advance(5 * MINUTE_MS);
  house.read(pressedTestButton);
  house.read(smoke('on'));
  expect(house.alerts).toHaveLength(1);
  expect(house.notes.at(-1)).toMatchObject({ what: 'test', reason: { source: 'smoke' } });
});

test('a test, or an alarm that is over, ends in time even when nothing closed it', () => {
  const at = 100 * MINUTE_MS;
  const report = { name: 'alarm', source: 'smoke', state: 'on', v: 1 } as const;
  const times = { at, occurredAt: at, clock: 'trusted' } as const;
  const event: RuleEvent = { type: 'report', ...times, causeId: 'c', where: home, report, unread: [] };
  const answers = (state: Hazard) => hazard.step(state, event, hazard.settings, unknownHome)[1].map(({ type }) => type);

  const open = (until: number): Hazard => ({ window: { from: 0, until, by: 'account:bat' }, alarms: {} });
  expect([answers(open(at)), answers(open(at + 1))]).toEqual([['raise'], ['note']]);
  const off = (forgetAt: number): Hazard => ({ alarms: { smoke: { phase: 'off', alertId: 'a', forgetAt } } });
  expect([answers(off(at)), answers(off(at + 1))]).toEqual([['raise'], ['strengthen']]);
  const cause = { causeId: 'b', where: home, at: 0, occurredAt: 0, clock: 'trusted' } as const;
  const testing = (raiseAt: number): Hazard => ({
    alarms: { smoke: { phase: 'testing', cause, reason: {}, since: 0, raiseAt } },
  });
  expect([answers(testing(at)), answers(testing(at + 1))]).toEqual([['raise'], []]);
});

test('an alarm that stood when the system was put back is told anew with its next word, which is no test either; its off still clears it', () => {
  for (const state of ['on', 'hushed'] as const) {
    const house = watch(hazard);
    house.read(smoke(state));
    house.read(pressedTestButton);
    house.advance(MINUTE_MS);
    house.engine.stoodStill();
    house.read(smoke(state), { lateMs: 30 * SECOND_MS });
    expect(house.alerts).toHaveLength(2);
    house.advance(MINUTE_MS);
    house.read(smoke(state));
    expect(house.alerts).toHaveLength(2);
  }
  const house = watch(hazard);
  house.read(smoke('on'));
  house.engine.stoodStill();
  house.read(smoke('off'));
  expect(house.later).toMatchObject([{ type: 'clear', alertId: house.alerts[0]?.alertId }]);
});

test('a test that somebody declared goes on where the system was put back and no alarm stands', () => {
  const house = watch(hazard);
  house.read(pressedTestButton);
  house.engine.stoodStill();
  house.read(smoke('on'));
  expect(house.alerts).toEqual([]);
});

test('what could not be read before the system was put back is told anew when it comes again', () => {
  const house = watch(unreadable);
  const words = { type: 'unreadable', reportName: 'alarm', problem: 'cut', where: home } as const;
  const cannotBeRead = () => house.tell({ ...words, at: house.now, causeId: `${house.alerts.length}` });
  cannotBeRead();
  cannotBeRead();
  expect(house.alerts).toHaveLength(1);
  house.engine.stoodStill();
  cannotBeRead();
  expect(house.alerts).toHaveLength(2);
});
