import { expect, test } from 'vitest';
import type { Zone } from '../../records/registry.ts';
import { HOUR_MS, home, MINUTE_MS, SECOND_MS } from '../watch.test-support.ts';
import { circle, herder, places } from './steppe.test-support.ts';
import { type Wandering, wandering } from './wandering.ts';

// The journal begins on 2 November at 11:00 in the county: by day, and here not yet in the cold.
const mild = { coldFromMonth: 12 };

test('a fix 80 m outside with an accuracy of 150 m is no exit, three with 10 m are, and older stored ones are no return', () => {
  const nara = herder(wandering, { settings: mild, zones: [circle(0, 0, 500)] });
  nara.fix(0, 0);
  nara.advance(10 * MINUTE_MS);
  nara.fix(580, 0, { accuracy: 150 });
  nara.advance(10 * MINUTE_MS);
  expect(nara.changes).toEqual([]);
  for (let count = 0; count < 3; count++) {
    nara.fix(580, 0, { accuracy: 10 });
    nara.advance(MINUTE_MS);
  }
  expect(nara.alerts).toMatchObject([
    {
      ...{ condition: 'wandering', severity: 'urgent', subject: { type: 'person', id: 'nara' } },
      reason: { outsideMeters: 80, accuracyMeters: 10, limitMeters: 25, homeMeters: 580, bearingDegrees: 90 },
    },
  ]);
  for (const minutes of [50, 40, 30]) nara.fix(20, 10, { lateMs: minutes * MINUTE_MS });
  nara.advance(HOUR_MS);
  expect(nara.later).toEqual([]);
});

test('one fix outside is an exit when nothing denies it for three minutes, and none when the next one is inside', () => {
  const gone = herder(wandering, { settings: mild });
  gone.fix(0, 0);
  gone.advance(30 * MINUTE_MS);
  gone.fix(1500, 0);
  gone.advance(3 * MINUTE_MS - 1);
  expect(gone.alerts).toEqual([]);
  gone.advance(1);
  expect(gone.alerts).toMatchObject([{ condition: 'wandering', at: gone.now, reason: { fixes: 1 } }]);

  const there = herder(wandering, { settings: mild });
  there.fix(1500, 0);
  there.advance(2 * MINUTE_MS);
  there.fix(30, 0);
  there.advance(HOUR_MS);
  expect(there.changes).toEqual([]);
});

test('the second fix outside is an exit at once', () => {
  const nara = herder(wandering, { settings: mild });
  nara.fix(1200, 0);
  nara.advance(MINUTE_MS);
  nara.fix(1250, 0);
  expect(nara.alerts).toHaveLength(1);
});

test('a cell, a circle wider than 300 m and nothing at all are not judged', () => {
  const nara = herder(wandering, { settings: mild });
  nara.fix(9000, 0, { source: 'cell', accuracy: 200 });
  nara.fix(5000, 0, { accuracy: 900 });
  nara.read({ name: 'position', source: 'none', boot: 1, seq: 1 });
  nara.advance(HOUR_MS);
  expect(nara.changes).toEqual([]);
  expect((nara.state('wandering', 'dev-1') as Wandering).fixes).toHaveLength(2);
});

test('a wide circle has to lie further out than a small one, because walls reflect', () => {
  const nara = herder(wandering, { settings: mild, zones: [circle(0, 0, 100)] });
  nara.fix(290, 0, { accuracy: 90 });
  nara.advance(HOUR_MS);
  expect(nara.changes).toEqual([]);
  nara.fix(420, 0, { accuracy: 90 });
  nara.advance(3 * MINUTE_MS);
  expect(nara.alerts).toHaveLength(1);
});

test('whoever comes back is back with one sure fix, or with two whose middle is inside', () => {
  const nara = herder(wandering, { settings: mild, zones: [circle(0, 0, 60)] });
  nara.fix(300, 0);
  nara.fix(310, 0, { lateMs: SECOND_MS });
  expect(nara.alerts).toHaveLength(1);
  nara.advance(MINUTE_MS);
  nara.fix(75, 0);
  nara.fix(40, 0, { accuracy: 60 });
  expect(nara.later).toEqual([]);
  nara.advance(MINUTE_MS);
  nara.fix(30, 0, { accuracy: 60 });
  expect(nara.later).toMatchObject([{ type: 'clear', reason: { transition: 'away to home' } }]);
});

test('a device that falls silent while its wearer is away is not back', () => {
  const nara = herder(wandering, { settings: mild });
  nara.fix(1500, 0);
  nara.advance(3 * MINUTE_MS);
  nara.advance(40 * HOUR_MS);
  expect(nara.later.filter(({ type }) => type === 'clear')).toEqual([]);
});

test('by night, in the cold and with dementia it is critical, and becomes so when night falls', () => {
  const severities = [
    herder(wandering, { settings: mild }),
    herder(wandering),
    herder(wandering, { settings: mild, categories: ['dementia'] }),
  ].map((nara) => {
    nara.fix(1500, 0);
    nara.advance(3 * MINUTE_MS);
    return nara.alerts.map(({ severity, reason }) => [severity, reason.because]);
  });
  expect(severities).toEqual([[['urgent', undefined]], [['critical', ['cold']]], [['critical', ['care']]]]);

  const dusk = herder(wandering, { settings: mild });
  dusk.fix(1500, 0);
  dusk.advance(10 * HOUR_MS - 1);
  expect(dusk.later).toEqual([]);
  dusk.advance(1);
  expect(dusk.later).toMatchObject([{ type: 'strengthen', severity: 'critical', reason: { because: ['night'] } }]);
});

test('who was found to be with family is not a matter of life at nightfall', () => {
  const nara = herder(wandering, { settings: mild });
  nara.fix(1500, 0);
  nara.advance(3 * MINUTE_MS);
  nara.steppe.absence = { reason: 'with-family', since: nara.now };
  nara.advance(12 * HOUR_MS);
  expect(nara.alerts).toHaveLength(1);
  expect(nara.later).toEqual([]);
});

test('a device as cold as the steppe makes it critical in any month, for three hours', () => {
  const nara = herder(wandering, { settings: mild });
  nara.fix(900, 0);
  nara.read({ name: 'status', boot: 1, seq: 1, temperature: -4 });
  nara.advance(10 * MINUTE_MS);
  nara.fix(1500, 0);
  nara.advance(3 * MINUTE_MS);
  expect(nara.alerts).toMatchObject([{ severity: 'critical', reason: { because: ['cold'] } }]);

  const warm = herder(wandering, { settings: mild });
  warm.fix(900, 0);
  warm.read({ name: 'status', boot: 1, seq: 1, temperature: -4 });
  warm.read({ name: 'status', boot: 1, seq: 2, temperature: 21 });
  warm.advance(10 * MINUTE_MS);
  warm.fix(1500, 0);
  warm.advance(3 * MINUTE_MS);
  expect(warm.alerts).toMatchObject([{ severity: 'urgent' }]);
});

test('with dementia the circle around the home is smaller, and a zone that holds the home replaces it', () => {
  const nara = herder(wandering, { categories: ['dementia'] });
  nara.fix(400, 0);
  nara.advance(3 * MINUTE_MS);
  expect(nara.alerts).toHaveLength(1);
  const known = herder(wandering, { categories: ['dementia'], zones: [circle(0, 0, 800)] });
  known.fix(400, 0);
  known.advance(3 * MINUTE_MS);
  expect(known.alerts).toEqual([]);
});

test('a pasture that is a zone of the person joins the circle around the home, in its months alone', () => {
  const pastures: [Partial<Zone>, number][] = [
    [{}, 0],
    [{ months: [5, 6, 7] }, 1],
    [{ of: { type: 'person', id: 'somebody-else' } }, 1],
  ];
  for (const [pasture, alerts] of pastures) {
    const nara = herder(wandering, { settings: mild, zones: [circle(8000, 0, 2000, pasture)] });
    nara.fix(0, 0);
    nara.advance(4 * HOUR_MS);
    nara.fix(8500, 0);
    nara.advance(HOUR_MS);
    expect(nara.alerts).toHaveLength(alerts);
  }
});

test('a jump that nothing can make is doubted until the next fix is there too', () => {
  const nara = herder(wandering, { settings: mild });
  nara.fix(0, 0);
  nara.advance(MINUTE_MS);
  nara.fix(40_000, 0);
  nara.advance(10 * MINUTE_MS);
  nara.fix(10, 0);
  nara.advance(HOUR_MS);
  expect(nara.changes).toEqual([]);
  nara.fix(70_000, 0, { accuracy: 5 });
  nara.advance(MINUTE_MS);
  nara.fix(70_050, 0, { accuracy: 5 });
  nara.advance(MINUTE_MS);
  nara.fix(70_100, 0, { accuracy: 5 });
  nara.advance(MINUTE_MS);
  expect(nara.alerts).toHaveLength(1);
});

test('a device that nobody wears, or that is on its charger, says nothing of its wearer', () => {
  for (const status of [{ worn: 'no' as const }, { charging: true }]) {
    const nara = herder(wandering, { settings: mild });
    nara.read({ name: 'status', boot: 1, seq: 1, ...status });
    nara.fix(3000, 0);
    nara.advance(MINUTE_MS);
    nara.fix(3000, 0);
    nara.advance(HOUR_MS);
    expect(nara.changes).toEqual([]);
  }
});

test('whoever is in hospital or with family is not missed at home', () => {
  const nara = herder(wandering, { settings: mild, absence: { reason: 'with-family', since: 0 } });
  nara.fix(3000, 0);
  nara.advance(5 * MINUTE_MS);
  nara.fix(3100, 0);
  nara.advance(HOUR_MS);
  expect(nara.changes).toEqual([]);
});

test('fixes that were stored all day are judged together by the newest, in whichever order they come', () => {
  const stored: [number, number][] = [
    [120, 0],
    [90, 1500],
    [60, 2500],
    [30, 1600],
    [5, 100],
  ];
  for (const order of [stored, stored.toReversed(), [...stored.slice(2), ...stored.slice(0, 2)]]) {
    const nara = herder(wandering, { settings: mild });
    nara.advance(3 * HOUR_MS);
    for (const [minutesAgo, east] of order) nara.fix(east, 0, { lateMs: minutesAgo * MINUTE_MS });
    nara.advance(HOUR_MS);
    expect(nara.changes).toEqual([]);
  }
  const lost = herder(wandering, { settings: mild });
  lost.advance(3 * HOUR_MS);
  for (const [minutesAgo, east] of stored.slice(0, 3)) lost.fix(east, 0, { lateMs: minutesAgo * MINUTE_MS });
  lost.advance(10 * SECOND_MS);
  expect(lost.alerts).toMatchObject([
    { condition: 'wandering', lateMs: HOUR_MS + 10 * SECOND_MS, reason: { fixes: 2 } },
  ]);
});

test('without a place and zones nobody can be away', () => {
  const nara = herder(wandering, { places: [] });
  nara.fix(90_000, 0);
  nara.advance(HOUR_MS);
  expect(nara.changes).toEqual([]);
});

test('a device that another person gets, or that goes, takes nothing of the first one with it', () => {
  const nara = herder(wandering, { settings: mild });
  nara.fix(1500, 0);
  nara.advance(3 * MINUTE_MS);
  nara.tell({
    type: 'device-removed',
    at: nara.now,
    where: { deviceId: 'dev-1' },
    deviceId: 'dev-1',
    intervalMinutes: 60,
  });
  expect(nara.later).toMatchObject([{ type: 'clear', reason: { transition: 'away to unwatched' } }]);
  expect(nara.state('wandering', 'dev-1')).toBeUndefined();

  nara.fix(0, 0);
  nara.fix(100, 0, { where: { ...home, personId: 'bold' } });
  expect((nara.state('wandering', 'dev-1') as Wandering).fixes).toHaveLength(1);
});

test('where somebody was is forgotten a day after they were last seen at home, and never while they are away', () => {
  const nara = herder(wandering, { settings: mild });
  nara.fix(0, 0);
  nara.advance(24 * HOUR_MS);
  expect(nara.state('wandering', 'dev-1')).toBeUndefined();
  nara.fix(2000, 0);
  nara.advance(90 * HOUR_MS);
  expect((nara.state('wandering', 'dev-1') as Wandering).fixes).toHaveLength(1);
});

test('the track of a long way is thinned, and keeps where it began and its end', () => {
  const nara = herder(wandering, { settings: mild });
  for (let minute = 0; minute < 600; minute++) {
    nara.fix(minute * 50, 0);
    nara.advance(MINUTE_MS);
  }
  const { fixes } = nara.state('wandering', 'dev-1') as Wandering;
  expect(fixes).toHaveLength(48);
  const minutesAgo = fixes.map((fix) => Math.round((nara.now - fix.at) / MINUTE_MS));
  expect(minutesAgo.slice(-16)).toEqual(Array.from({ length: 16 }, (_, index) => 16 - index));
  expect(Math.max(...minutesAgo)).toBeGreaterThan(570);
  const gaps = minutesAgo.slice(0, -16).map((minutes, index) => minutes - (minutesAgo[index + 1] ?? 0));
  expect(Math.max(...gaps)).toBeLessThan(60);
});

test('after a long stop of the system the next fix outside is told anew', () => {
  const nara = herder(wandering, { settings: mild });
  nara.fix(1500, 0);
  nara.advance(3 * MINUTE_MS);
  nara.engine.stoodStill();
  nara.advance(5 * HOUR_MS);
  nara.fix(1600, 0);
  nara.advance(3 * MINUTE_MS);
  expect(nara.alerts).toHaveLength(2);
  expect(new Set(nara.alerts.map(({ alertId }) => alertId)).size).toBe(2);
});

test('a household that the registry has moved is at home where it went', () => {
  const nara = herder(wandering, { settings: mild, places });
  nara.fix(0, 0);
  nara.advance(5 * HOUR_MS);
  nara.steppe.livesAt = 'summer-camp';
  nara.fix(0, 30_000);
  nara.advance(HOUR_MS);
  expect(nara.changes).toEqual([]);
});

test('after a long stop of the system it is still known where a missing person was last', () => {
  const nara = herder(wandering, { settings: mild });
  nara.fix(700, 0);
  nara.advance(MINUTE_MS);
  nara.fix(1500, 0);
  nara.advance(3 * MINUTE_MS);
  expect(nara.alerts).toHaveLength(1);
  nara.engine.stoodStill();
  nara.advance(30 * HOUR_MS);
  expect((nara.state('wandering', 'dev-1') as Wandering).fixes).toHaveLength(2);
  nara.fix(0, 0);
  nara.advance(24 * HOUR_MS);
  expect(nara.alerts).toHaveLength(1);
  expect(nara.state('wandering', 'dev-1')).toBeUndefined();
});

test('how cold it was when a status was stored is no word of now', () => {
  const nara = herder(wandering, { settings: mild });
  nara.fix(900, 0);
  nara.read({ name: 'status', boot: 1, seq: 1, temperature: -4 }, { lateMs: 5 * HOUR_MS });
  nara.advance(10 * MINUTE_MS);
  nara.fix(1500, 0);
  nara.advance(3 * MINUTE_MS);
  expect(nara.alerts).toMatchObject([{ severity: 'urgent' }]);

  const cold = herder(wandering, { settings: mild });
  cold.fix(900, 0);
  cold.read({ name: 'status', boot: 1, seq: 1, temperature: -4 });
  cold.read({ name: 'status', boot: 1, seq: 2, temperature: 21 }, { lateMs: 5 * HOUR_MS });
  cold.advance(10 * MINUTE_MS);
  cold.fix(1500, 0);
  cold.advance(3 * MINUTE_MS);
  expect(cold.alerts).toMatchObject([{ severity: 'critical', reason: { because: ['cold'] } }]);
});
