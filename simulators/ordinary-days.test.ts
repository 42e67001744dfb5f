import { expect, test } from 'vitest';
import { makeOrdinaryCounty } from './ordinary-days.ts';
import { makeEmergencies } from './ordinary-days-emergencies.ts';
import { publishedRates } from './ordinary-days-troubles.ts';
import { type Lived, liveThrough } from './ordinary-days-world.ts';

const startAt = Date.parse('2026-09-07T00:00:00+08:00');
const county = makeOrdinaryCounty({ seed: 7, startAt, homes: 50 });
const days = { habitDays: 1, days: 1 };

const summary = ({ seen, told, prompts, reports }: Lived) => ({
  ...{ incidents: [...seen.keys()], told: told.map(({ notice }) => notice.noticeId), prompts, reports },
});

test('the same seed lives the same days, to the last message', () => {
  const again = makeOrdinaryCounty({ seed: 7, startAt, homes: 50 });
  const lived = summary(liveThrough(county, { ...days, emergencies: [], rates: publishedRates }));
  expect(lived.reports).toBeGreaterThan(3_000);
  expect(summary(liveThrough(again, { ...days, emergencies: [], rates: publishedRates }))).toEqual(lived);
});

test('a home is the same in a village and in a county', () => {
  expect(makeOrdinaryCounty({ seed: 7, startAt, homes: 10 }).homes).toEqual(county.homes.slice(0, 10));
});

test('who calls, falls or burns in an ordinary village is heard of at once, and everybody who was told hears the end', () => {
  const emergencies = makeEmergencies(county, { days: 1, fromDay: 1 });
  const lived = liveThrough(county, { ...days, emergencies, rates: publishedRates });
  for (const { kind, home, at } of emergencies.filter((one) => ['press', 'fall', 'fire'].includes(one.kind))) {
    const incident = Iterator.from(lived.seen.values())
      .map((one) => one.incident)
      .find(
        ({ where, alerts }) => where.householdId === home.id && alerts.some((alert) => alert.severity === 'critical'),
      );
    expect(incident, kind).toBeDefined();
    const told = lived.told.filter(({ notice }) => notice.incidentId === incident?.incidentId);
    expect((told[0]?.notice.at ?? Number.NaN) - at, kind).toBeLessThanOrEqual(60_000);
    if (incident?.state.phase === 'resolved') expect(told.at(-1)?.notice.purpose, kind).toMatch(/all-clear|stand-down/);
  }
});

test('nobody is called where nothing happens and no device fails, but for who is away or still unknown', () => {
  const homes = county.homes.filter(
    ({ gone, people }) => !gone && people.every(({ watch, pasture }) => !watch && !pasture),
  );
  const lived = liveThrough(county, { ...days, emergencies: [], homes });
  const urgent = Iterator.from(lived.seen.values()).filter(({ urgentAt }) => urgentAt !== undefined);
  const categories = new Set(urgent.map(({ incident }) => incident.category));
  expect([...categories].filter((category) => category !== 'inactivity')).toEqual([]);
});
