import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { unpreparable } from './every-statement.test-support.ts';
import { rollUpFacts, settle } from './roll-up-contract.ts';
import { query, type ScratchPostgres, startScratchPostgres } from './scratch-postgres.test-support.ts';
import { createSqlStore } from './sql-store.ts';
import type { Store } from './store.ts';
import { batchOf, minute, statusAt } from './store-contract.ts';
import { visitFacts } from './visit-contract.ts';

let postgres: ScratchPostgres;
const opened: Store[] = [];
beforeAll(async () => {
  postgres = await startScratchPostgres();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});
afterAll(() => postgres.stop());

async function openRolling() {
  const url = await postgres.createDatabase();
  const store = openStore(url);
  return { url, store, ask: <Row extends object>(sql: string) => query<Row>(url, sql) };
}

function openStore(url: string, timeZone?: string) {
  const store = createSqlStore({ url, log: silentLog, ...(timeZone && { timeZone }) });
  opened.push(store);
  return store;
}

for (const { fact, holds } of rollUpFacts) test(fact, () => holds(openRolling));
for (const { fact, holds } of visitFacts) test(fact, () => holds(async () => (await openRolling()).store));

test('every statement of the store is one that the database understands', async () => {
  const { url, store } = await openRolling();
  await store.position();
  expect(await unpreparable((sql) => query(url, sql))).toEqual([]);
});

test('what is committed while its hour is computed is rolled up after it', async () => {
  const { url, store, ask } = await openRolling();
  await store.maintain(minute(0));
  await store.writeBatch(batchOf({ sequence: 1, reports: [statusAt(1)] }));
  const writer = new pg.Client({ connectionString: url });
  await writer.connect();
  // As a batch does it: its rows and its mark are not to be seen before its commit.
  await writer.query(`begin; insert into report (occurred_at, received_at, journal_position, part, device_key, kind, clock)
    select occurred_at, received_at, 99, part, device_key, kind, clock from report;
    insert into dirty_hour select hour, dirtied_at from dirty_hour on conflict (hour) do update set marks = dirty_hour.marks + 1`);
  const rolling = store.maintain(minute(70));
  const waits = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  await expect.poll(async () => (await ask(waits)).length).toBe(1);
  await writer.query('commit');
  await writer.end();
  await rolling;
  expect(await ask('select reports::int from report_hourly')).toEqual([{ reports: 1 }]);
  expect(await ask('select marks::int from dirty_hour')).toEqual([{ marks: 2 }]);
  await settle(store, minute(80));
  expect(await ask('select reports::int from report_hourly')).toEqual([{ reports: 2 }]);
  expect(await ask('select from dirty_hour')).toEqual([]);
});

test('a batch does not wait for the hour that is computed', async () => {
  const { url, store, ask } = await openRolling();
  await store.maintain(minute(0));
  await store.writeBatch(batchOf({ sequence: 1, reports: [statusAt(1)] }));
  const reader = new pg.Client({ connectionString: url });
  await reader.connect();
  await reader.query('begin; lock table report_hourly in share mode');
  const rolling = store.maintain(minute(70));
  const waits = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  await expect.poll(async () => (await ask(waits)).length).toBe(1);
  await store.writeBatch(batchOf({ after: 1, sequence: 2, reports: [statusAt(2)] }));
  expect(await store.position()).toMatchObject({ sequence: 2 });
  await reader.end();
  await rolling;
});

test('when the county gets another zone, its days are counted anew', async () => {
  const { url, store, ask } = await openRolling();
  const at = Date.parse('2026-11-18T15:30Z');
  await store.writeBatch(
    batchOf({ sequence: 1, receivedAt: at, reports: [{ ...statusAt(1), occurredAt: at, receivedAt: at }] }),
  );
  await settle(store, at + 3 * 3_600_000);
  const days = 'select day::text from report_daily where reports > 0';
  expect(await ask(days)).toEqual([{ day: '2026-11-18' }]);
  const moved = openStore(url, 'Asia/Tokyo');
  await settle(moved, at + 3 * 3_600_000);
  expect(await ask(days)).toEqual([{ day: '2026-11-19' }]);
  expect(await ask('select county_zone()')).toEqual([{ county_zone: 'Asia/Tokyo' }]);
});

test('the device of a home is found there, and what is worn goes with its person', async () => {
  const { store, ask } = await openRolling();
  const area = (id: string, level: 'county' | 'township' | 'village', parentId?: string) => ({
    ...{ entity: 'area' as const, id },
    value: { id, level, name: id, ...(parentId && { parentId }) },
  });
  const place = { id: 'p1', areaId: 'v', kind: 'house' as const, name: 'west of the well' };
  const household = { id: 'h1', areaId: 'v', currentPlaceId: 'p1' };
  const person = { id: 'e1', householdId: 'h1', name: { sealed: 'b64' }, categories: [], language: 'en' as const };
  const device = { intervalMinutes: 60, simulated: false };
  const entities = [
    ...[area('c', 'county'), area('t', 'township', 'c'), area('v', 'village', 't')],
    { entity: 'place' as const, id: 'p1', value: place },
    { entity: 'household' as const, id: 'h1', value: household },
    { entity: 'person' as const, id: 'e1', value: person },
    {
      entity: 'device' as const,
      id: 'd1',
      value: { id: 'd1', kind: 'smoke-detector' as const, placeId: 'p1', ...device },
    },
    { entity: 'device' as const, id: 'd2', value: { id: 'd2', kind: 'wearable' as const, personId: 'e1', ...device } },
    { entity: 'device' as const, id: 'd3', value: { id: 'd3', kind: 'wearable' as const, ...device } },
  ].map((change) => ({ sequence: 1, change }));
  await store.writeBatch(batchOf({ sequence: 1, entities }));
  const sql = `select device_id, household_id, place_id, area_id, village_id, township_id, county_id from device_home order by 1`;
  const home = { household_id: 'h1', place_id: 'p1', area_id: 'v', village_id: 'v', township_id: 't', county_id: 'c' };
  const nowhere = Object.fromEntries(Object.keys(home).map((name) => [name, null]));
  expect(await ask(sql)).toEqual([
    { device_id: 'd1', ...home },
    { device_id: 'd2', ...home },
    { device_id: 'd3', ...nowhere },
  ]);
});
