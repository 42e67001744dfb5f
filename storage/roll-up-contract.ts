import assert from 'node:assert/strict';
import type { Store } from './store.ts';
import { batchOf, minute, statusAt } from './store-contract.ts';

/** A store and a way to ask its database. */
export type Rolling = { store: Store; ask<Row extends object>(sql: string): Promise<Row[]> };

/** What roll-ups are, with TimescaleDB and without, as facts; `open` gives an empty store each time. */
export const rollUpFacts: { fact: string; holds(open: () => Promise<Rolling>): Promise<void> }[] = [
  {
    fact: 'an hour is rolled up when it is over, and not before',
    async holds(open) {
      const { store, ask } = await open();
      await store.writeBatch(batchOf({ sequence: 3, reports: [statusAt(1), cold(2, 4), cold(3, 8)] }));
      await store.maintain(minute(61));
      assert.deepEqual(await ask('select hour from report_hourly'), []);
      await settle(store, minute(62));
      assert.deepEqual(await ask(hours), [
        { hour: '12:00', reports: 3, statuses: 3, low: 4, mean: 6, high: 8, readings: 2, battery: 3, rsrp: -104 },
      ]);
      assert.deepEqual(await ask('select from dirty_hour'), []);
    },
  },
  {
    fact: 'a late report changes the hour in which it happened, ten minutes after it came',
    async holds(open) {
      const { store, ask } = await open();
      await store.writeBatch(batchOf({ sequence: 1, reports: [statusAt(1)] }));
      await settle(store, minute(70));
      const late = { ...cold(200, -3), occurredAt: minute(2) };
      await store.writeBatch(batchOf({ after: 1, sequence: 200, receivedAt: minute(200), reports: [late] }));
      await settle(store, minute(209));
      assert.deepEqual(await ask('select reports::int, late::int from report_hourly'), [{ reports: 1, late: 0 }]);
      await settle(store, minute(210));
      const after = 'select celsius_min::int as low, reports::int, late::int from report_hourly';
      assert.deepEqual(await ask(after), [{ low: -3, reports: 2, late: 1 }]);
    },
  },
  {
    fact: 'clocks that are far off, and what comes a month late, call for no roll-up',
    async holds(open) {
      const { store, ask } = await open();
      const far = [minute(0) + 9_000 * day, minute(0) - 40 * day].map((occurredAt, index) => ({
        ...statusAt(index + 1),
        occurredAt,
      }));
      await store.writeBatch(batchOf({ sequence: 2, reports: far }));
      assert.deepEqual(await ask('select hour from dirty_hour'), []);
      await settle(store, minute(70));
      assert.deepEqual(await ask('select hour from report_hourly'), []);
      assert.deepEqual(await ask('select count(*)::int as kept from report'), [{ kept: 2 }]);
    },
  },
  {
    fact: 'a day begins at midnight in the county, also where the month and the year do',
    async holds(open) {
      const { store, ask } = await open();
      const instants = ['2026-12-31T15:30Z', '2026-12-31T16:00Z', '2027-01-01T15:59Z', '2027-01-01T16:00Z'];
      const reports = instants.map((instant, index) => {
        const at = Date.parse(instant);
        return { ...statusAt(index + 1), receivedAt: at, occurredAt: at };
      });
      const receivedAt = Date.parse('2027-01-01T16:00Z');
      await store.writeBatch(batchOf({ sequence: 4, receivedAt, reports }));
      await settle(store, receivedAt + 3 * hourMs);
      assert.deepEqual(await ask(days), [
        { day: '2026-12-31', area: '', reports: 1 },
        { day: '2027-01-01', area: '', reports: 2 },
        { day: '2027-01-02', area: '', reports: 1 },
      ]);
      const [asked] =
        await ask(`select county_day('${instants[1]}')::text as day, county_month('${instants[0]}')::text as month,
        county_day_start('2027-01-01') = '2026-12-31T16:00Z' as starts`);
      assert.deepEqual(asked, { day: '2027-01-01', month: '2026-12-01', starts: true });
    },
  },
  {
    fact: 'a day counts the devices of each village, also of those that nobody heard',
    async holds(open) {
      const { store, ask } = await open();
      const entities = [
        ...['a1', 'a2'].map((id) => ({
          entity: 'area' as const,
          id,
          value: { id, level: 'village' as const, name: id },
        })),
        ...['a1', 'a2'].map((areaId) => placeIn(areaId)),
        ...[deviceAt('d1', 'p-a1'), deviceAt('d2', 'p-a1'), deviceAt('d3', 'p-a2')],
      ].map((change) => ({ sequence: 1, change }));
      const other = { ...statusAt(3), deviceId: 'd9' };
      await store.writeBatch(batchOf({ sequence: 3, entities, reports: [statusAt(1), statusAt(2), other] }));
      await settle(store, minute(70));
      const counted =
        'select area_id as area, devices, devices_heard as heard, reports::int from report_daily order by 1';
      assert.deepEqual(await ask(counted), [
        { area: '', devices: 0, heard: 1, reports: 1 },
        { area: 'a1', devices: 2, heard: 1, reports: 2 },
        { area: 'a2', devices: 1, heard: 0, reports: 0 },
      ]);
    },
  },
  {
    fact: 'a turn rolls up one hour, and says how much is due',
    async holds(open) {
      const { store, ask } = await open();
      // The first of all makes room for reports, and nothing else.
      assert.deepEqual(await store.maintain(minute(0)), { due: 1 });
      const reports = [1, 61, 121].map(statusAt);
      await store.writeBatch(batchOf({ sequence: 121, receivedAt: minute(121), reports }));
      assert.deepEqual(await store.maintain(minute(300)), { due: 2 });
      assert.deepEqual(await ask('select count(*)::int as hours from report_hourly'), [{ hours: 1 }]);
      await settle(store, minute(300));
      assert.deepEqual(await ask('select count(*)::int as hours from report_hourly'), [{ hours: 3 }]);
      assert.deepEqual(await ask(days), [{ day: '2026-11-18', area: '', reports: 3 }]);
    },
  },
];

/** Upkeep until nothing is due. */
export async function settle(store: Pick<Store, 'maintain'>, at: number): Promise<void> {
  for (let due = 1; due > 0; ) ({ due } = await store.maintain(at));
}

const hours = `
  select to_char(hour at time zone 'UTC', 'HH24:MI') as hour, reports::int, statuses::int, celsius_min::int as low, celsius_avg::int as mean,
    celsius_max::int as high, celsius_readings::int as readings, battery_avg::int as battery, rsrp_avg::int as rsrp
  from report_hourly`;
const days = 'select day::text, area_id as area, reports::int from report_daily order by 1';

const cold = (number: number, temperature: number) => {
  const row = statusAt(number);
  return { ...row, report: { ...row.report, temperature } };
};
const placeIn = (areaId: string) => ({
  ...{ entity: 'place' as const, id: `p-${areaId}` },
  value: { id: `p-${areaId}`, areaId, kind: 'house' as const, name: 'west of the well' },
});
const deviceAt = (id: string, placeId: string) => ({
  ...{ entity: 'device' as const, id },
  value: { id, kind: 'smoke-detector' as const, placeId, intervalMinutes: 60, simulated: false },
});
const hourMs = 3_600_000;
const day = 86_400_000;
