import { expect, test } from 'vitest';
import { FoldState } from '../../records/fold-state.ts';
import {
  HOUR_MS,
  home,
  MINUTE_MS,
  otherRoom,
  SECOND_MS,
  type ShortReport,
  stranger,
  watch,
} from '../watch.test-support.ts';
import { fall } from './fall.ts';
import type { Falls } from './falls.ts';

const suspected: ShortReport = { name: 'fall', state: 'suspected' };
const confirmed: ShortReport = { name: 'fall', state: 'confirmed' };
const cancelled: ShortReport = { name: 'fall', state: 'cancelled' };
const press: ShortReport = { name: 'press', call: 'emergency' };

test('a fall that was cancelled calls nobody, and is on record', () => {
  const person = watch(fall);
  person.read(suspected);
  person.advance(20 * SECOND_MS);
  person.read({ ...cancelled, of: 1 });
  person.advance(25 * HOUR_MS);
  expect(person.alerts).toEqual([]);
  expect(person.notes).toMatchObject([
    { what: 'fall-cancelled', reason: { transition: 'suspected to cancelled', afterMs: 20_000 } },
  ]);
  expect(person.state('fall', 'person:nara')).toBeUndefined();
});

test('a verdict that overtakes its suspicion on the road stands: one fall, or nobody is called', () => {
  const person = watch(fall);
  person.read({ ...confirmed, of: 7, seq: 8 });
  person.read({ ...suspected, seq: 7 }, { lateMs: 30 * SECOND_MS });
  person.advance(HOUR_MS);
  expect(person.alerts.length).toBe(1);

  const slow = watch(fall);
  slow.read({ ...confirmed, of: 7, seq: 8 });
  slow.advance(SECOND_MS);
  slow.read({ ...suspected, seq: 7 });
  slow.advance(HOUR_MS);
  expect(slow.alerts.length).toBe(1);

  const other = watch(fall);
  other.read({ ...cancelled, of: 7, seq: 8 });
  other.read({ ...suspected, seq: 7 }, { lateMs: 15 * SECOND_MS });
  other.advance(HOUR_MS);
  expect(other.alerts).toEqual([]);
});

test('a fall, and the device vanishes: people are called when the minute is over', () => {
  const person = watch(fall);
  person.read(suspected, { lateMs: 2 * SECOND_MS });
  person.advance(58 * SECOND_MS - 1);
  expect(person.alerts).toEqual([]);
  person.advance(1);
  expect(person.alerts).toEqual([
    {
      alertId: 'fall:dev-1:1:1:abcd',
      rule: 'fall',
      condition: 'fall',
      severity: 'critical',
      at: person.now,
      occurredAt: person.now - MINUTE_MS,
      clock: 'trusted',
      lateMs: MINUTE_MS,
      subject: { type: 'person', id: 'nara' },
      where: home,
      reason: { transition: 'suspected to no verdict', verdictWithinMs: MINUTE_MS },
    },
  ]);
});

test('a confirmed fall is critical at once, under the id of its suspicion', () => {
  const person = watch(fall);
  person.read(suspected);
  person.advance(5 * SECOND_MS);
  person.read({ ...confirmed, of: 1 });
  person.advance(HOUR_MS);
  expect(person.alerts).toMatchObject([
    { alertId: 'fall:dev-1:1:1:abcd', severity: 'critical', reason: { transition: 'suspected to confirmed' } },
  ]);
});

test('a confirmed fall without a suspicion is a fall', () => {
  const person = watch(fall);
  person.read(confirmed);
  person.read({ ...confirmed, of: 77 });
  expect(person.alerts.map(({ reason }) => reason.transition)).toEqual(['none to confirmed', 'none to confirmed']);
});

test('a press for help confirms a suspected fall', () => {
  const person = watch(fall, { devices: [home, otherRoom] });
  person.read(suspected);
  person.advance(20 * SECOND_MS);
  person.read(press, { where: otherRoom });
  person.advance(HOUR_MS);
  expect(person.alerts).toMatchObject([{ reason: { transition: 'suspected to press' }, where: { deviceId: 'dev-1' } }]);
});

test('a press from before the fall, a cancelled call or a try of the button confirms nothing', () => {
  const person = watch(fall);
  person.read(suspected);
  person.advance(SECOND_MS);
  person.read(press, { lateMs: MINUTE_MS });
  person.read({ name: 'press', call: 'cancel' });
  person.read({ name: 'press', call: 'test' });
  expect(person.alerts).toEqual([]);
});

test('a verdict after people were called is told: confirmed strengthens, cancelled clears', () => {
  const person = watch(fall);
  person.read(suspected);
  person.advance(65 * SECOND_MS);
  person.read({ ...confirmed, of: 1 });
  person.read({ ...confirmed, of: 1 });
  person.read({ ...cancelled, of: 1 });
  expect(person.alerts).toHaveLength(1);
  expect(person.later).toMatchObject([
    { type: 'strengthen', alertId: 'fall:dev-1:1:1:abcd', reason: { transition: 'presumed to confirmed' } },
    { type: 'clear', alertId: 'fall:dev-1:1:1:abcd', reason: { transition: 'confirmed to cancelled' } },
  ]);
});

test('a verdict that its device stored for hours finds its fall; one of another moment, whatever its name, is another fall', () => {
  const person = watch(fall);
  person.read({ ...suspected, seq: 3 });
  person.advance(4 * HOUR_MS);
  person.read({ ...confirmed, of: 3, seq: 4 }, { lateMs: 4 * HOUR_MS - 30 * SECOND_MS });
  expect(person.alerts.length).toBe(1);
  expect(person.changes.at(-1)).toMatchObject({ type: 'strengthen', alertId: person.alerts[0]?.alertId });
  person.read({ ...confirmed, of: 3, seq: 4 });
  expect(person.alerts.length).toBe(2);
});

test('a cancel belongs to the fall it names, and the other one calls people', () => {
  const person = watch(fall);
  person.read(suspected);
  person.advance(5 * SECOND_MS);
  person.read(suspected);
  person.read({ ...cancelled, of: 1 });
  person.advance(2 * MINUTE_MS);
  expect(person.alerts).toMatchObject([{ alertId: 'fall:dev-1:1:2:abcd' }]);
});

test('a cancel that names nothing belongs to the latest fall of its device', () => {
  const person = watch(fall);
  person.read(suspected);
  person.advance(SECOND_MS);
  person.read(cancelled);
  person.advance(2 * MINUTE_MS);
  expect(person.alerts).toEqual([]);
});

test('a cancel that names nothing, from another device or from before the fall, cancels nothing', () => {
  const person = watch(fall, { devices: [home, otherRoom] });
  person.read(suspected);
  person.advance(SECOND_MS);
  person.read(cancelled, { where: otherRoom });
  person.read(cancelled, { lateMs: MINUTE_MS });
  person.advance(MINUTE_MS);
  expect(person.alerts).toHaveLength(1);
});

test('a confirmation that names nothing is the same fall within two minutes, and later another', () => {
  const person = watch(fall);
  person.read(confirmed);
  person.advance(2 * MINUTE_MS);
  person.read(confirmed);
  expect(person.alerts).toHaveLength(1);
  person.advance(1);
  person.read(confirmed);
  expect(person.alerts).toHaveLength(2);
});

test('a device that confirms after it cancelled is believed', () => {
  const person = watch(fall);
  person.read(suspected);
  person.read({ ...cancelled, of: 1 });
  person.read({ ...confirmed, of: 1 });
  expect(person.alerts).toMatchObject([{ severity: 'critical', reason: { transition: 'cancelled to confirmed' } }]);
});

test('a fall of three hours ago waits only for the verdict that was stored behind it', () => {
  const person = watch(fall);
  person.read(suspected, { lateMs: 3 * HOUR_MS });
  person.advance(10 * SECOND_MS);
  expect(person.alerts).toMatchObject([
    { lateMs: 3 * HOUR_MS + 10 * SECOND_MS, occurredAt: person.now - 3 * HOUR_MS - 10 * SECOND_MS },
  ]);

  const other = watch(fall);
  other.read(suspected, { lateMs: 3 * HOUR_MS });
  other.read({ ...cancelled, of: 1 }, { lateMs: 3 * HOUR_MS - 20 * SECOND_MS });
  other.advance(HOUR_MS);
  expect(other.alerts).toEqual([]);
});

test('unknown lateness counts as now', () => {
  const person = watch(fall);
  person.read(suspected, { lateMs: undefined, clock: 'untrusted' });
  person.advance(MINUTE_MS);
  expect(person.alerts).toHaveLength(1);
  expect(person.alerts[0]).not.toHaveProperty('lateMs');
});

test('after a factory reset a fall is judged, though its name was used before', () => {
  const person = watch(fall);
  person.read({ ...suspected, boot: 0, seq: 0 });
  person.read({ ...cancelled, of: 0, boot: 0 });
  person.read({ ...suspected, boot: 0, seq: 0 }, { causeId: 'dev-1:0:0:other' });
  person.advance(MINUTE_MS);
  expect(person.alerts).toMatchObject([{ alertId: 'fall:dev-1:0:0:other' }]);
});

test('a fall that a release told which did not note how urgently is taken back all the same', () => {
  for (const report of [suspected, confirmed]) {
    const state = new FoldState();
    const person = watch(fall, { from: state });
    person.read({ ...report, seq: 7 });
    person.advance(MINUTE_MS);
    const rows = state.table<{ state: Falls }>('rule:fall');
    const row = rows.get('person:nara');
    if (!row) throw new Error('no fall');
    const falls = row.state.falls.map(({ told: _, ...one }) => one);
    rows.set('person:nara', { ...row, state: { falls } });
    person.read({ ...cancelled, of: 7 });
    expect(person.later).toMatchObject([{ type: 'clear', alertId: person.alerts[0]?.alertId }]);
  }
});

test('what a device suspects too often is pushed out as a fall, never forgotten', () => {
  const person = watch(fall);
  for (let count = 0; count < 12; count++) person.read(suspected);
  expect(person.alerts).toHaveLength(4);
  person.advance(MINUTE_MS);
  expect(new Set(person.alerts.map(({ alertId }) => alertId)).size).toBe(12);
});

test('people who live in different rooms fall each for themselves', () => {
  const neighbour = { ...home, deviceId: 'dev-3', personId: 'bolor', placeId: 'house-2' };
  const houses = watch(fall, { devices: [home, neighbour] });
  houses.read(suspected);
  houses.read(press, { where: neighbour });
  expect(houses.alerts).toEqual([]);
  houses.advance(MINUTE_MS);
  expect(houses.alerts).toMatchObject([{ subject: { type: 'person', id: 'nara' } }]);
});

test('a wearable that nobody registered is heard', () => {
  const person = watch(fall, { devices: [stranger] });
  person.read(confirmed);
  expect(person.alerts).toMatchObject([{ subject: { type: 'device', id: 'dev-9' } }]);
});
