import { expect, test } from 'vitest';
import type { Person, RegistryView } from '../../records/registry.ts';
import { HOUR_MS, home, MINUTE_MS, otherRoom, SECOND_MS, type ShortReport, watch } from '../watch.test-support.ts';
import { fall } from './fall.ts';

const suspected: ShortReport = { name: 'fall', state: 'suspected' };
const confirmed: ShortReport = { name: 'fall', state: 'confirmed' };
const door: ShortReport = { name: 'presence', source: 'door', state: 'on' };
const motion: ShortReport = { name: 'presence', source: 'motion', state: 'on' };
const press: ShortReport = { name: 'press', call: 'emergency' };
const { personId: _, ...hall } = otherRoom;

/** A home of `people`, with a sensor in the hall that knows nobody where several live there. */
function homeOf(people: string[]) {
  const referring = ((kind: string, by: string) =>
    kind === 'person' && by === 'household' ? people.map((id) => ({ id }) as Person) : []) as RegistryView['referring'];
  return watch(fall, { devices: [home, people.length === 1 ? otherRoom : hall], registry: { referring } });
}

test('a fall of three hours ago without a sign of life since is critical, and may have lain since', () => {
  for (const report of [suspected, confirmed]) {
    const person = homeOf(['nara']);
    person.read(door, { where: otherRoom });
    const fellAt = person.now + 30 * MINUTE_MS;
    person.advance(3.5 * HOUR_MS);
    person.read(report, { lateMs: 3 * HOUR_MS });
    person.advance(MINUTE_MS);
    expect(person.alerts).toMatchObject([
      { severity: 'critical', occurredAt: fellAt, reason: { lainSinceAt: fellAt } },
    ]);
  }
});

test('a fall of three hours ago with a door since is a call to check in', () => {
  for (const report of [suspected, confirmed]) {
    const person = homeOf(['nara']);
    person.advance(20 * MINUTE_MS);
    const signAt = person.now;
    person.read(door, { where: otherRoom });
    person.advance(3 * HOUR_MS - 20 * MINUTE_MS);
    person.read(report, { lateMs: 3 * HOUR_MS });
    person.advance(MINUTE_MS);
    expect(person.alerts).toMatchObject([
      { condition: 'fall', severity: 'urgent', lateMs: expect.any(Number), reason: { sign: 'door', signAt } },
    ]);
    expect(person.alerts[0]?.reason).not.toHaveProperty('lainSinceAt');
  }
});

test('what is told as a call to check in becomes critical by a press, and by nothing else is it dropped', () => {
  const person = homeOf(['nara']);
  person.advance(20 * MINUTE_MS);
  person.read(door, { where: otherRoom });
  person.advance(2 * HOUR_MS);
  person.read(confirmed, { lateMs: 2 * HOUR_MS + 10 * MINUTE_MS });
  person.read({ ...confirmed, seq: 90 }, { lateMs: 2 * HOUR_MS + 9 * MINUTE_MS });
  person.advance(HOUR_MS);
  expect(person.later).toEqual([]);
  person.read(press);
  expect(person.later).toMatchObject([
    { type: 'strengthen', severity: 'critical', reason: { transition: 'confirmed to press' } },
  ]);
});

test('a press of half a day later is about today, and calls nobody to a fall that was told as one to check in on', () => {
  const person = homeOf(['nara']);
  person.advance(20 * MINUTE_MS);
  person.read(door, { where: otherRoom });
  person.advance(2 * HOUR_MS);
  person.read(confirmed, { lateMs: 2 * HOUR_MS + 10 * MINUTE_MS });
  person.advance(11 * HOUR_MS);
  person.read(press);
  expect(person.later).toEqual([]);
});

test('a door within the minute, a press or a watch that is worn prove nobody well; movement before a sensor does', () => {
  const after: [ShortReport, number, 'critical' | 'urgent'][] = [
    [door, 30 * SECOND_MS, 'critical'],
    [press, 20 * MINUTE_MS, 'critical'],
    [{ name: 'status', worn: 'yes' }, 20 * MINUTE_MS, 'critical'],
    [motion, 20 * MINUTE_MS, 'urgent'],
  ];
  for (const [report, afterMs, severity] of after) {
    const person = homeOf(['nara']);
    person.advance(afterMs);
    person.read(report, { where: otherRoom });
    person.advance(3 * HOUR_MS - afterMs);
    person.read(confirmed, { lateMs: 3 * HOUR_MS });
    expect(person.alerts, report.name).toMatchObject([{ severity }]);
  }
});

test('in a home of two a door proves neither of them well', () => {
  const person = homeOf(['nara', 'bolor']);
  person.advance(20 * MINUTE_MS);
  person.read(door, { where: hall });
  person.advance(3 * HOUR_MS);
  person.read(confirmed, { lateMs: 3 * HOUR_MS + 10 * MINUTE_MS });
  expect(person.alerts).toMatchObject([{ severity: 'critical' }]);
});

test('a device whose clock is 8 h behind reports a fall of now: a door of five minutes ago says nothing', () => {
  const person = homeOf(['nara']);
  person.read(door, { where: otherRoom });
  person.advance(5 * MINUTE_MS);
  person.tell({
    ...{ type: 'report', at: person.now, causeId: 'dev-1:1:2:abcd', where: home, clock: 'trusted', unread: [] },
    report: { v: 1, boot: 1, seq: 2, name: 'fall', state: 'confirmed', age: 0, at: person.now - 8 * HOUR_MS },
    ...{ occurredAt: person.now, lateMs: 0 },
  });
  expect(person.alerts).toMatchObject([{ severity: 'critical', lateMs: 0 }]);
});

test('a fall of less than ten minutes ago counts as now, whatever has moved since', () => {
  const person = homeOf(['nara']);
  person.advance(2 * MINUTE_MS);
  person.read(door, { where: otherRoom });
  person.advance(6 * MINUTE_MS);
  person.read(confirmed, { lateMs: 8 * MINUTE_MS });
  expect(person.alerts).toMatchObject([{ severity: 'critical' }]);
});
