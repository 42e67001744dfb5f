import { expect, test } from 'vitest';
import type { Visit } from './command.ts';
import { FoldState } from './fold-state.ts';
import type { Incident, IncidentChange, TimelineEntry } from './incident.ts';
import type { DecidedRecord, JournalRecord } from './journal-record.ts';
import { concerns, eventsOf, type IncidentSaid } from './outgoing-event.ts';
import { put, smallCounty } from './registry.test-support.ts';
import { createRegistry } from './registry-fold.ts';

const registry = createRegistry({ state: new FoldState() });
registry.apply([
  ...smallCounty,
  put('device', { id: 'drill-1', kind: 'smoke-detector', placeId: 'house-2', simulated: true }),
]);
const at = Date.UTC(2026, 10, 2, 19, 12, 5);
const eventsIn = (record: JournalRecord, isAccepted = true) => eventsOf(record, at, registry, () => isAccepted);

/** Smoke in the kitchen by the well, with a timeline of those entries. */
function smoke(whats: TimelineEntry['what'][], changes: Partial<Incident> = {}): IncidentChange {
  const where = registry.whereabouts('smoke-1');
  const alert = { alertId: 'hazard:1', rule: 'hazard', severity: 'critical', condition: 'smoke' } as const;
  const times = { at, occurredAt: at - 5_000, clock: 'trusted' } as const;
  return {
    incident: {
      ...{ incidentId: 'i:1', version: 3, code: 'K7QM', category: 'fire', severity: 'critical', where },
      ...{ subject: { type: 'place', id: 'house-1' }, openedAt: at, lastAlertAt: at, told: [] },
      alerts: [{ ...alert, ...times, subject: { type: 'place', id: 'house-1' }, where, reason: {} }],
      state: { phase: 'open', since: at },
      ladder: { phase: 'ended' },
      ...changes,
    },
    timeline: whats.map((what, index) => ({ at: at + index, what, details: {} })),
  };
}
const decided = (change: Partial<DecidedRecord>): DecidedRecord => ({
  ...{ kind: 'decided', cause: 7, version: 'test' },
  ...change,
});

test('an incident that opens is told with its place, its code and its areas, and with nobody in it', () => {
  const [event, ...others] = eventsIn(decided({ incidents: [smoke(['opened', 'alert', 'rung', 'notified'])] }));
  expect(others).toEqual([]);
  expect(event).toEqual({
    ...{ type: 'incident.opened', of: 'i:1', at: at + 1, areaId: 'east' },
    cause: `incident.opened i:1 7 ${at + 1}`,
    said: {
      ...{ incidentId: 'i:1', version: 3, code: 'K7QM', category: 'fire', severity: 'critical', phase: 'open' },
      ...{ changes: ['opened', 'alert'], conditions: ['smoke'], alertCount: 1, openedAt: at, occurredAt: at - 5_000 },
      areas: [
        { id: 'county', name: 'Wulan' },
        { id: 'township', name: 'Baiyin' },
        { id: 'east', name: 'East Well' },
      ],
      ...{ placeId: 'house-1', place: 'house by the well', room: 'kitchen', deviceId: 'smoke-1' },
    },
  });
});

test('a drill is one as long as simulated devices alone had a part in it, and all of them are known', () => {
  const { incident } = smoke(['alert']);
  const [real] = incident.alerts;
  const drilled = real && { ...real, where: registry.whereabouts('drill-1') };
  const isDrill = (alerts: (typeof drilled)[], more: Partial<Incident> = {}) => {
    const changes = { where: registry.whereabouts('drill-1'), alerts: alerts.flatMap((one) => one ?? []), ...more };
    const [event] = eventsIn(decided({ incidents: [smoke(['alert'], changes)] }));
    return (event?.said as IncidentSaid | undefined)?.drill ?? false;
  };
  expect(isDrill([drilled, drilled])).toBe(true);
  expect(isDrill([drilled, real])).toBe(false);
  expect(isDrill([drilled], { moreAlerts: 1 })).toBe(false);
});

test('who was told, and how that fared, is no news for programs', () => {
  expect(eventsIn(decided({ incidents: [smoke(['rung', 'notified', 'delivered', 'undelivered'])] }))).toEqual([]);
});

test('how an incident ends is told without what somebody wrote about it', () => {
  const by = { type: 'account', id: 'li' } as const;
  const state = {
    phase: 'resolved',
    since: at,
    by,
    outcome: 'helped',
    contact: 'reached',
    note: 'broken hip',
  } as const;
  const [event] = eventsIn(decided({ incidents: [smoke(['resolved'], { state })] }));
  expect(event).toMatchObject({ type: 'incident.resolved', said: { outcome: 'helped', contact: 'reached' } });
  expect(JSON.stringify(event)).not.toMatch(/broken|"li"/);
});

test('an incident that opened and ended at once is two events, and everything else is a change', () => {
  const typesOf = (...whats: TimelineEntry['what'][]) =>
    eventsIn(decided({ incidents: [smoke(whats)] })).map(({ type }) => type);
  expect(typesOf('opened', 'resolved')).toEqual(['incident.opened', 'incident.resolved']);
  expect(typesOf('claimed')).toEqual(['incident.changed']);
  // It goes on as part of another one, and is over by itself.
  expect(typesOf('merged')).toEqual(['incident.resolved']);
  expect(typesOf('merged-in')).toEqual(['incident.changed']);
  expect(typesOf('reopened', 'rung')).toEqual(['incident.changed']);
});

test('the same record is told by the same name every time, and its neighbours by others', () => {
  const [a] = eventsIn(decided({ incidents: [smoke(['claimed'])] }));
  const [again] = eventsIn(decided({ incidents: [smoke(['claimed'])] }));
  const [later] = eventsIn(decided({ cause: 8, incidents: [smoke(['claimed'])] }));
  expect(again?.cause).toBe(a?.cause);
  expect(later?.cause).not.toBe(a?.cause);
});

test('a device that falls silent, is heard again, is tested, or needs a battery', () => {
  const where = registry.whereabouts('drill-1');
  const subject = { type: 'device', id: 'drill-1' } as const;
  const base = {
    at,
    occurredAt: at,
    clock: 'trusted',
    severity: 'service',
    rule: 'device-silent',
    subject,
    where,
  } as const;
  const alertId = `device-silent:drill-1:${at - 1}`;
  const events = eventsIn(
    decided({
      alerts: [
        { type: 'raise', alert: { ...base, alertId, condition: 'device-silent', reason: { silentSinceAt: at - 1 } } },
        { type: 'clear', alertId, at, reason: { transition: 'silent to watched' } },
        { type: 'note', note: { ...base, noteId: 'n:1', what: 'test', reason: {} } },
        { type: 'note', note: { ...base, noteId: 'n:2', what: 'hushed', reason: {} } },
        { type: 'raise', alert: { ...base, alertId: 'b:1', condition: 'battery-low', reason: { batteryVolts: 2.5 } } },
        { type: 'raise', alert: { ...base, alertId: 'c:1', condition: 'counter-reused', reason: {} } },
      ],
    }),
  );
  expect(events.map(({ type }) => type)).toEqual([
    ...['device.silent', 'device.heard', 'device.tested', 'device.battery-low'],
  ]);
  for (const event of events) {
    expect(event).toMatchObject({ areaId: 'east', of: 'device drill-1' });
    expect(event.said).toMatchObject({ deviceId: 'drill-1', kind: 'smoke-detector', placeId: 'house-2', drill: true });
  }
  expect(events[0]?.said).toMatchObject({ silentSinceAt: at - 1 });
  expect(events[3]?.said).toMatchObject({ batteryVolts: 2.5 });
});

test('a silent device that was taken down is not heard again', () => {
  const alertId = `device-silent:smoke-1:${at}`;
  const reason = { transition: 'silent to removed' };
  expect(eventsIn(decided({ alerts: [{ type: 'clear', alertId, at, reason }] }))).toEqual([]);
});

test('a visit is told; one that is refused is not', () => {
  const visit: Visit = {
    ...{ type: 'visit', commandId: 'visit-0001', by: { type: 'account', id: 'li' } },
    ...{ householdId: 'alone', visitedAt: at - 60_000, why: 'round', result: 'well' },
  };
  const [event] = eventsIn({ kind: 'command', command: visit });
  expect(event).toMatchObject({ type: 'visit.recorded', areaId: 'east', cause: 'visit.recorded visit-0001' });
  expect(event?.said).toMatchObject({ householdId: 'alone', visitedAt: at - 60_000, why: 'round', placeId: 'house-2' });
  expect(JSON.stringify(event)).not.toContain('"li"');
  expect(eventsIn({ kind: 'command', command: { ...visit, householdId: 'nobody' } })).toEqual([]);
  expect(eventsIn({ kind: 'command', command: visit }, false)).toEqual([]);
});

test('a subscription hears of its area and what lies below, and only what it asked for', () => {
  const types = ['incident.opened'] as const;
  const hears = (asked: string | undefined, areaId: string | undefined, type = 'incident.opened' as const) =>
    concerns(
      { types: [...types], ...(asked !== undefined && { areaId: asked }) },
      { type, ...(areaId !== undefined && { areaId }) },
      registry,
    );
  expect(['east', 'township', 'county', undefined].map((asked) => hears(asked, 'east'))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(hears('west', 'east')).toBe(false);
  expect(concerns({ types: ['visit.recorded'] }, { type: 'incident.opened', areaId: 'east' }, registry)).toBe(false);
});

test('what has no area, or one that is no more, is for counties and the whole installation', () => {
  for (const areaId of [undefined, 'gone']) {
    const event = { type: 'incident.opened', ...(areaId !== undefined && { areaId }) } as const;
    const hearing = [undefined, 'county', 'township', 'east'].map((asked) =>
      concerns({ types: ['incident.opened'], ...(asked !== undefined && { areaId: asked }) }, event, registry),
    );
    expect(hearing).toEqual([true, true, false, false]);
  }
});
