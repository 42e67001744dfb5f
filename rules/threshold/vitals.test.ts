import { expect, test } from 'vitest';
import { threshold as thresholdSchema } from '../../records/registry.ts';
import { HOUR_MS, MINUTE_MS, type ShortReport, START_AT, watch } from '../watch.test-support.ts';
import { threshold } from './threshold.ts';
import { vitals } from './vitals.ts';

const pulse = (value: number): ShortReport => ({ name: 'vitals', pulse: value });
const worn = (yes: 'yes' | 'no' | 'unknown'): ShortReport => ({ name: 'status', worn: yes });

test('a pulse above 130 that lasts ten minutes is a matter for the desk, about the person', () => {
  const home = watch(vitals);
  home.readEvery(2 * MINUTE_MS, pulse(142), { for: 20 * MINUTE_MS });
  expect(home.alerts).toMatchObject([
    {
      ...{
        condition: 'vitals',
        severity: 'urgent',
        at: START_AT + 10 * MINUTE_MS,
        subject: { type: 'person', id: 'nara' },
      },
      reason: { quantity: 'vitals.pulse', observed: 142, limit: 130, unit: '1/min', readings: 6 },
    },
  ]);
});

test('one odd reading of a sensor on a wrist is nothing', () => {
  const home = watch(vitals);
  for (const value of [74, 180, 76, 30, 75, 190, 78]) {
    home.read(pulse(value));
    home.advance(5 * MINUTE_MS);
  }
  expect(home.changes).toEqual([]);
});

test('a wearable that measures once an hour is judged by its third word', () => {
  const home = watch(vitals);
  home.readEvery(HOUR_MS, { name: 'vitals', oxygen: 86 }, { for: 3 * HOUR_MS });
  expect(home.alerts).toMatchObject([
    { at: START_AT + 2 * HOUR_MS, reason: { quantity: 'vitals.oxygen', readings: 3 } },
  ]);
});

test('what the highest mark of NEWS2 begins with raises, and what is one less does not', () => {
  const judged = (report: ShortReport) => {
    const home = watch(vitals);
    home.readEvery(5 * MINUTE_MS, report, { for: HOUR_MS });
    return home.alerts.length;
  };
  const beyond = { pulse: [40, 131], oxygen: [91], breaths: [8, 25], systolic: [90, 220], diastolic: [121] };
  const within = { pulse: [41, 130], oxygen: [92], breaths: [9, 24], systolic: [91, 219], diastolic: [120] };
  for (const [name, values] of Object.entries(beyond))
    for (const value of values)
      expect([name, value, judged({ name: 'vitals', [name]: value })]).toEqual([name, value, 1]);
  for (const [name, values] of Object.entries(within))
    for (const value of values)
      expect([name, value, judged({ name: 'vitals', [name]: value })]).toEqual([name, value, 0]);
});

test('a device that nobody wears says nothing of a body, and that it stopped is no news', () => {
  const home = watch(vitals);
  home.read(pulse(142));
  home.advance(MINUTE_MS);
  home.read(worn('no'));
  home.readEvery(2 * MINUTE_MS, pulse(142), { for: 5 * HOUR_MS });
  expect(home.changes).toEqual([]);
  home.read(worn('yes'));
  home.readEvery(2 * MINUTE_MS, pulse(142), { for: 20 * MINUTE_MS });
  expect(home.alerts).toHaveLength(1);
});

test("a person's own limits count before those of everybody", () => {
  const home = watch(vitals, { settings: { lowOxygenPercent: 84 } });
  home.readEvery(5 * MINUTE_MS, { name: 'vitals', oxygen: 86 }, { for: HOUR_MS });
  expect(home.changes).toEqual([]);
});

test('an entered limit of a body is critical only on a body', () => {
  const entered = thresholdSchema.parse({
    ...{ id: 't', name: 'pulse', scope: { type: 'person', id: 'nara' }, quantity: 'vitals.pulse', above: 150 },
    ...{ holdMinutes: 5, repeats: 3, severity: 'critical' },
  });
  const severityWhen = (said: ShortReport[]) => {
    const home = watch(threshold, { registry: { thresholds: () => [entered] } });
    for (const report of said) home.read(report);
    home.readEvery(MINUTE_MS, pulse(170), { for: 10 * MINUTE_MS });
    return home.alerts.map(({ severity }) => severity);
  };
  expect(severityWhen([worn('yes')])).toEqual(['critical']);
  expect(severityWhen([worn('unknown')])).toEqual(['urgent']);
  expect(severityWhen([])).toEqual(['urgent']);
  expect(severityWhen([worn('no')])).toEqual([]);
});

test('no id says what was measured of a body, and two limits that one report passes have two ids', () => {
  const home = watch(vitals);
  home.readEvery(HOUR_MS, { name: 'vitals', oxygen: 86, pulse: 150 }, { for: 3 * HOUR_MS });
  home.advance(6 * HOUR_MS);
  const ids = home.alerts.map(({ alertId }) => alertId);
  expect(home.alerts.map(({ condition }) => condition).sort()).toEqual([
    ...['readings-stopped', 'readings-stopped', 'vitals', 'vitals'],
  ]);
  expect(new Set(ids).size).toBe(4);
  expect(ids.join(' ')).not.toMatch(/oxygen|pulse/);
});
