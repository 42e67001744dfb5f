import { expect, test } from 'vitest';
import { call } from './call.ts';
import {
  HOUR_MS,
  home,
  MINUTE_MS,
  otherRoom,
  SECOND_MS,
  type ShortReport,
  stranger,
  watch,
} from './watch.test-support.ts';

const press = (kind: 'emergency' | 'care' | 'service' | 'cancel' | 'test'): ShortReport => ({
  name: 'press',
  call: kind,
});

test('the three calls have three severities', () => {
  const person = watch(call);
  for (const kind of ['emergency', 'care', 'service'] as const) person.read(press(kind));
  expect(person.alerts).toMatchObject([
    { condition: 'call-emergency', severity: 'critical', subject: { type: 'person', id: 'nara' } },
    { condition: 'call-care', severity: 'urgent' },
    { condition: 'call-service', severity: 'service' },
  ]);
});

test('presses within a minute are one call, from whichever button of the person', () => {
  const person = watch(call, { devices: [home, otherRoom] });
  person.read(press('emergency'));
  person.advance(59 * SECOND_MS);
  person.read(press('emergency'), { where: otherRoom });
  expect(person.alerts).toHaveLength(1);
  expect(person.notes).toMatchObject([
    { what: 'call-repeated', reason: { alertId: 'call:dev-1:1:1:abcd', afterMs: 59_000 } },
  ]);
});

test('who goes on pressing calls again every minute', () => {
  const person = watch(call);
  person.readEvery(20 * SECOND_MS, press('emergency'), { for: 3 * MINUTE_MS });
  expect(person.alerts).toHaveLength(3);
});

test('an emergency that follows a call for care is not the same call', () => {
  const person = watch(call);
  person.read(press('care'));
  person.read(press('emergency'));
  expect(person.alerts.map(({ severity }) => severity)).toEqual(['urgent', 'critical']);
});

test('a call that could not be read in full is an emergency, and says so', () => {
  const person = watch(call);
  person.read(press('emergency'), { unread: ['call "sos"'] });
  person.advance(2 * MINUTE_MS);
  person.read({ name: 'press', call: 'sos' as 'emergency' });
  expect(person.alerts).toMatchObject([
    { condition: 'call-emergency', reason: { unread: ['call "sos"'] } },
    { condition: 'call-emergency' },
  ]);
});

test('cancel takes back calls for care and service', () => {
  const person = watch(call);
  person.read(press('care'));
  person.advance(10 * MINUTE_MS);
  person.read(press('cancel'));
  expect(person.later).toMatchObject([{ type: 'clear', alertId: 'call:dev-1:1:1:abcd' }]);
  expect(person.notes).toMatchObject([{ what: 'call-cancelled', reason: { calls: ['care'] } }]);
  expect(person.state('call', 'person:nara')).toBeUndefined();
});

test('cancel never ends an emergency', () => {
  const person = watch(call);
  person.read(press('emergency'));
  person.read(press('cancel'));
  expect(person.later).toEqual([]);
  expect(person.notes).toMatchObject([{ what: 'call-cancelled', reason: { calls: ['emergency'] } }]);
});

test('a cancel that was stored on the way does not reach a newer call', () => {
  const person = watch(call);
  person.read(press('care'));
  person.read(press('cancel'), { lateMs: HOUR_MS });
  expect(person.later).toEqual([]);
});

test('trying the button calls nobody', () => {
  const person = watch(call);
  person.read(press('test'));
  expect(person.alerts).toEqual([]);
  expect(person.notes).toMatchObject([{ what: 'call-test' }]);
});

test('calls that were stored for hours and arrive together are as many as they were', () => {
  const person = watch(call);
  person.read(press('emergency'), { lateMs: 3 * HOUR_MS });
  person.read(press('emergency'), { lateMs: 3 * HOUR_MS - 20 * SECOND_MS });
  person.read(press('emergency'), { lateMs: HOUR_MS });
  expect(person.alerts.map(({ lateMs }) => lateMs)).toEqual([3 * HOUR_MS, HOUR_MS]);
});

test('a call is forgotten when it can no longer be taken back', () => {
  const person = watch(call);
  person.read(press('service'));
  person.advance(30 * MINUTE_MS);
  expect(person.state('call', 'person:nara')).toBeUndefined();
});

test('a button that nobody registered is heard', () => {
  const tent = watch(call, { devices: [stranger] });
  tent.read(press('emergency'));
  expect(tent.alerts).toMatchObject([{ severity: 'critical', subject: { type: 'device', id: 'dev-9' } }]);
});

test('an old press that arrives after a new one is a call of its own', () => {
  const person = watch(call);
  person.read(press('emergency'));
  person.read(press('emergency'), { lateMs: 3 * HOUR_MS });
  expect(person.alerts).toHaveLength(2);
});

test('the same press delivered twice is not a second press', () => {
  const person = watch(call);
  person.read(press('emergency'), { causeId: 'dev-1:1:1:abcd' });
  person.read(press('emergency'), { causeId: 'dev-1:1:1:abcd' });
  expect(person.changes).toHaveLength(1);
});
