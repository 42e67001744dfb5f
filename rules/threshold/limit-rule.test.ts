import { expect, test } from 'vitest';
import type { Threshold } from '../../records/registry.ts';
import { threshold as thresholdSchema } from '../../records/registry.ts';
import { deviceSilent } from '../supervision/device-silent.ts';
import { HOUR_MS, MINUTE_MS, otherRoom, home as place, START_AT, watch } from '../watch.test-support.ts';
import { threshold } from './threshold.ts';

/** A home whose limits somebody has entered; by default: warmer than 40 °C for 30 minutes, in readings at most 10 minutes apart. */
function homeWith(...entered: Partial<Threshold>[]) {
  const thresholds = entered.map((one, index) =>
    thresholdSchema.parse({
      ...{ id: `t${index}`, name: 'hot kitchen', scope: { type: 'all' }, quantity: 'status.temperature', above: 40 },
      ...{ hysteresis: 2, holdMinutes: 30, maxGapMinutes: 10, severity: 'urgent', ...one },
    }),
  );
  const home = watch(threshold, { registry: { thresholds: () => thresholds } });
  return {
    home,
    thresholds,
    /** Readings every so many minutes. */
    read(celsius: readonly number[], everyMinutes = 10) {
      for (const temperature of celsius) {
        home.read({ name: 'status', temperature });
        home.advance(everyMinutes * MINUTE_MS);
      }
    },
  };
}

test('a kitchen that is seen hot for half an hour is told once, with what was seen, the limit and since when', () => {
  const { home, read } = homeWith({});
  read([41, 43, 42, 44, 45, 45]);
  expect(home.alerts).toMatchObject([
    {
      ...{ rule: 'threshold', condition: 'threshold', severity: 'urgent', at: START_AT + 30 * MINUTE_MS },
      subject: { type: 'place', id: 'house-1' },
      reason: {
        ...{ quantity: 'status.temperature', observed: 44, unit: '°C', side: 'above', limit: 40, sinceAt: START_AT },
        ...{ readings: 4, holdMinutes: 30, thresholdId: 't0' },
      },
    },
  ]);
});

test('one high temperature and then a gap proves nothing: it is unknown, and that the readings stopped is told', () => {
  const { home } = homeWith({});
  home.read({ name: 'status', temperature: 44 });
  home.advance(10 * MINUTE_MS - 1);
  expect(home.changes).toEqual([]);
  home.advance(5 * HOUR_MS);
  expect(home.alerts).toMatchObject([
    {
      ...{ condition: 'readings-stopped', severity: 'service', subject: { type: 'device', id: 'dev-1' } },
      reason: { observed: 44, limit: 40, lastSeenAt: START_AT, maxGapMinutes: 10, transition: 'pending to unknown' },
    },
  ]);
  expect(home.state('threshold', 'dev-1')).toMatchObject({ watches: { t0: { phase: 'unknown' } } });
});

test('readings that are too far apart never add up to half an hour', () => {
  const { home, read } = homeWith({});
  read([44, 44, 44, 44, 44, 44], 11);
  expect(home.alerts).toEqual([]);
});

test('a reading inside begins the half hour anew', () => {
  const { home, read } = homeWith({});
  read([44, 44, 44, 37, 44, 44, 44, 37]);
  expect(home.changes).toEqual([]);
});

test('a reading just inside the limit neither ends nor proves it', () => {
  const { home, read } = homeWith({ repeats: 4 });
  read([44, 39, 44, 39, 44]);
  expect(home.alerts).toEqual([]);
  read([39, 44]);
  expect(home.alerts).toMatchObject([{ reason: { readings: 4, sinceAt: START_AT } }]);
  read([38.5]);
  expect(home.later).toEqual([]);
  read([38]);
  expect(home.later).toMatchObject([{ type: 'clear', reason: { transition: 'beyond to within' } }]);
});

test('what was told is taken back when nothing more comes, and that it is unknown is told instead', () => {
  const { home, read } = homeWith({});
  read([44, 44, 44, 44]);
  home.advance(HOUR_MS);
  expect(home.changes).toMatchObject([
    { type: 'raise', alert: { condition: 'threshold' } },
    { type: 'clear', alertId: home.alerts[0]?.alertId, reason: { transition: 'beyond to unknown' } },
    { type: 'raise', alert: { condition: 'readings-stopped' } },
  ]);
});

test('two readings that belong together end the unknown, and a full half hour is a new alert', () => {
  const { home, read } = homeWith({});
  read([44]);
  home.advance(HOUR_MS);
  read([44]);
  expect(home.later).toEqual([]);
  read([44]);
  expect(home.later).toMatchObject([{ type: 'clear', alertId: home.alerts[0]?.alertId }]);
  read([44, 44, 44]);
  expect(home.alerts.map(({ condition }) => condition)).toEqual(['readings-stopped', 'threshold']);
});

test('a reading inside ends the unknown', () => {
  const { home, read } = homeWith({});
  read([44]);
  home.advance(HOUR_MS);
  read([30]);
  expect(home.later).toMatchObject([{ type: 'clear', alertId: home.alerts[0]?.alertId }]);
  expect(home.state('threshold', 'dev-1')).toBeUndefined();
});

test('a limit without a hold is told with the first reading', () => {
  const { home, read } = homeWith({ holdMinutes: 0 });
  read([41]);
  expect(home.alerts).toMatchObject([{ at: START_AT, reason: { readings: 1 } }]);
});

test('what is asked to be seen three times is told with the third', () => {
  const { home, read } = homeWith({ holdMinutes: 0, repeats: 3 });
  read([41, 42]);
  expect(home.alerts).toEqual([]);
  read([43]);
  expect(home.alerts).toHaveLength(1);
});

test('outside a range is below the one limit or above the other; from one to the other it is another matter', () => {
  const { home, read } = homeWith({ below: 10, holdMinutes: 0 });
  read([20, 41, 8, 20]);
  expect(home.alerts.map(({ reason }) => [reason.side, reason.limit])).toEqual([
    ['above', 40],
    ['below', 10],
  ]);
  expect(home.later).toHaveLength(2);
});

test('stored readings that come together late prove what they would have proved in time', () => {
  const { home } = homeWith({});
  for (const minutesAgo of [180, 170, 160, 150])
    home.read({ name: 'status', temperature: 44 }, { lateMs: minutesAgo * MINUTE_MS });
  expect(home.alerts).toMatchObject([{ lateMs: 150 * MINUTE_MS, reason: { sinceAt: START_AT - 180 * MINUTE_MS } }]);
});

test('an older reading inside that comes late breaks what is pending; one beyond adds nothing', () => {
  const { home, read } = homeWith({});
  read([44, 44]);
  home.read({ name: 'status', temperature: 30 }, { lateMs: 15 * MINUTE_MS });
  read([44]);
  home.read({ name: 'status', temperature: 44 }, { lateMs: 4 * HOUR_MS });
  read([44]);
  expect(home.alerts).toEqual([]);
  read([44]);
  expect(home.alerts).toMatchObject([{ reason: { sinceAt: START_AT + 10 * MINUTE_MS } }]);
});

test('between 22:00 and 07:00 alone: the day counts for nothing, and ends what stands', () => {
  // The first reading is at 11:00 in the county.
  const { home, read } = homeWith({ holdMinutes: 0, maxGapMinutes: 120, hours: { from: '22:00', to: '07:00' } });
  read([44, 44], 60);
  expect(home.changes).toEqual([]);
  home.advance(10 * HOUR_MS);
  read(Array(10).fill(44), 60);
  expect(home.alerts).toMatchObject([{ at: START_AT + 12 * HOUR_MS }]);
  expect(home.later).toMatchObject([{ type: 'clear', reason: { transition: 'beyond to unwatched' } }]);
});

test('a night belongs to the weekday on which it begins', () => {
  // The first reading is on a Monday.
  const night = { holdMinutes: 0, maxGapMinutes: 120, hours: { from: '22:00', to: '07:00' }, weekdays: [1] };
  const { home, read } = homeWith(night);
  home.advance(14 * HOUR_MS);
  read([44]);
  expect(home.alerts).toHaveLength(1);
  home.advance(24 * HOUR_MS);
  read([44]);
  expect(home.alerts.filter(({ condition }) => condition === 'threshold')).toHaveLength(1);
});

test('a limit that somebody took away is cleared with the next reading', () => {
  const { home, thresholds, read } = homeWith({ holdMinutes: 0 });
  read([44]);
  thresholds.length = 0;
  read([44]);
  expect(home.later).toMatchObject([{ type: 'clear', reason: { transition: 'beyond to unwatched' } }]);
});

test('a device that left takes its alerts with it', () => {
  const { home, read } = homeWith({ holdMinutes: 0 });
  read([44]);
  home.tell({
    type: 'device-removed',
    at: home.now,
    where: { deviceId: 'dev-1' },
    deviceId: 'dev-1',
    intervalMinutes: 60,
  });
  expect(home.later).toMatchObject([{ type: 'clear', reason: { transition: 'watched to unwatched' } }]);
  expect(home.state('threshold', 'dev-1')).toBeUndefined();
});

test('each limit is for itself: the wider one is told first', () => {
  const { home, read } = homeWith({ holdMinutes: 0, severity: 'service' }, { holdMinutes: 20 });
  read([44, 44, 44]);
  expect(home.alerts.map(({ severity, reason }) => [severity, reason.thresholdId])).toEqual([
    ['service', 't0'],
    ['urgent', 't1'],
  ]);
  expect(new Set(home.alerts.map(({ alertId }) => alertId)).size).toBe(2);
});

test('while nobody listened no readings stopped', () => {
  const { home, read } = homeWith({});
  read([44], 5);
  home.engine.rebase(3 * HOUR_MS);
  home.advance(3 * HOUR_MS);
  expect(home.alerts).toEqual([]);
  read([44, 44, 44]);
  expect(home.alerts).toEqual([]);
});

test('a limit that no reading could satisfy is not in force', () => {
  const { home, read } = homeWith({ above: undefined, holdMinutes: 0 }, { below: 50, holdMinutes: 0 });
  read([44]);
  expect(home.changes).toEqual([]);
});

test('a device that goes to somebody else begins anew', () => {
  const { home, read } = homeWith({ holdMinutes: 0 });
  read([44]);
  home.tell({
    type: 'device-added',
    at: home.now,
    where: { deviceId: 'dev-1' },
    deviceId: 'dev-1',
    intervalMinutes: 60,
  });
  expect(home.later).toMatchObject([{ type: 'clear', alertId: home.alerts[0]?.alertId }]);
});

test('an edit of a device that stays where it is, with whom it is, changes nothing of what stands', () => {
  const { home, read } = homeWith({ holdMinutes: 0 });
  read([44]);
  home.tell({ type: 'device-added', at: home.now, where: place, deviceId: 'dev-1', intervalMinutes: 30 });
  expect(home.later).toEqual([]);
  read([30]);
  expect(home.later).toMatchObject([{ type: 'clear', alertId: home.alerts[0]?.alertId }]);
});

test('homes whose readings stop are told together, on the quarter of an hour', () => {
  const { home } = homeWith({});
  home.advance(4 * MINUTE_MS);
  home.read({ name: 'status', temperature: 44 });
  home.advance(3 * MINUTE_MS);
  home.read({ name: 'status', temperature: 44 }, { where: otherRoom });
  home.advance(HOUR_MS);
  expect(home.alerts.map(({ at }) => at)).toEqual([START_AT + 15 * MINUTE_MS, START_AT + 30 * MINUTE_MS]);
});

test('of a device that says nothing at all its silence is told, and not that its readings stopped', () => {
  const limit = thresholdSchema.parse({
    ...{
      id: 't',
      name: 'cold',
      scope: { type: 'all' },
      quantity: 'status.temperature',
      below: 10,
      maxGapMinutes: 300,
      repeats: 2,
    },
  });
  const home = watch([deviceSilent, threshold], { registry: { thresholds: () => [limit] } });
  home.tell({
    type: 'device-added',
    at: home.now,
    where: { deviceId: 'dev-1' },
    deviceId: 'dev-1',
    intervalMinutes: 60,
  });
  home.read({ name: 'status', temperature: 5 });
  home.advance(24 * HOUR_MS);
  expect(home.alerts.map(({ condition }) => condition)).toEqual(['device-silent']);
});
