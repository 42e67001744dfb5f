import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { agedRows, countsOf, day, emptied, hourlyRows, now } from './retention.test-support.ts';
import { applyRetention, createRetention, defaultKeep, type Ended, isCutShort } from './retention.ts';
import { surveyKept, surveyOld } from './retention-survey.ts';
import { query, type ScratchPostgres, startScratchPostgres } from './scratch-postgres.test-support.ts';
import { createSqlStore } from './sql-store.ts';
import type { Store } from './store.ts';

let postgres: ScratchPostgres;
let url: string;
let store: Store;
let client: pg.Client;
beforeAll(async () => {
  postgres = await startScratchPostgres();
  url = await postgres.createDatabase();
  store = createSqlStore({ url, log: silentLog });
  await store.position();
  client = new pg.Client({ connectionString: url });
  await client.connect();
});
beforeEach(async () => {
  await query(url, `truncate ${emptied}`);
  await store.maintain(now);
});
afterAll(async () => {
  await client.end();
  await store.close();
  await postgres.stop();
});

test('each class of rows ends at its age, and what is younger by a day stays', async () => {
  await agedRows(url);
  for (const row of hourlyRows) await query(url, row);
  await applyRetention(client, { at: now, keep: defaultKeep });
  expect(await countsOf(url)).toEqual({
    positions: 1,
    ...{ reports: 1, hourly: 1, daily: 1, incidents: 2, alerts: 2, notes: 1, visits: 1, rejections: 1, minutes: 1 },
    ...{ timeline: 1, notices: 1, attempts: 1 },
  });
});

test('an incident that is open, and an alert that lasts, stay however old they are', async () => {
  await agedRows(url);
  await applyRetention(client, { at: now + 10_000 * day, keep: defaultKeep });
  expect(await countsOf(url)).toMatchObject({ incidents: 1, alerts: 1 });
});

test('weeks of reports go as a whole, and the database is told which', async () => {
  await agedRows(url);
  const ended = await applyRetention(client, { at: now + 90 * day, keep: defaultKeep });
  const weeks = ended.find(({ table }) => table === 'report');
  expect(weeks?.parts.length).toBeGreaterThan(3);
  const left = await query<{ name: string }>(
    url,
    "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'report'::regclass",
  );
  for (const part of weeks?.parts ?? []) expect(left.map(({ name }) => name)).not.toContain(part);
  expect(left.map(({ name }) => name)).toContain('report_default');
});

test('positions and vitals end before the week in which they lie, and other reports of that week stay', async () => {
  await query(url, reportsOf(20, 'case when n % 2 = 0 then 6 else 4 end', now - 31 * day));
  expect(await applyRetention(client, { at: now, keep: defaultKeep })).toEqual([
    { class: 'positions', table: 'report', rows: 10, parts: [] },
  ]);
  expect(await query(url, 'select distinct kind from report')).toEqual([{ kind: 4 }]);
});

test('a clock that is far off is counted from receipt: neither gone at once nor kept for ever', async () => {
  await query(url, reportsOf(3, '4', 0, now));
  await applyRetention(client, { at: now + 89 * day, keep: defaultKeep });
  expect(await countsOf(url)).toMatchObject({ reports: 3 });
  await applyRetention(client, { at: now + 91 * day, keep: defaultKeep });
  expect(await countsOf(url)).toMatchObject({ reports: 0 });
});

test('a turn ends at most 200,000 rows of a table, and the rest with the next ones', async () => {
  await query(
    url,
    "insert into received_minute select timestamptz '2020-01-01' + n * interval '1 minute', 1, 0 from generate_series(1, 450000) n",
  );
  const rows: number[] = [];
  for (let ended: Ended[] = [{ class: 'minutes', table: '', rows: 200_000, parts: [] }]; isCutShort(ended); ) {
    ended = await applyRetention(client, { at: now, keep: defaultKeep });
    rows.push(ended[0]?.rows ?? 0);
  }
  expect(rows).toEqual([200_000, 200_000, 50_000]);
});

test('the running system takes a turn an hour, and the next at once while more is due', async () => {
  const retention = createRetention({ keep: defaultKeep, log: silentLog });
  const turn = async (at: number) => {
    await query(url, `insert into received_minute values (timestamptz '2020-01-01', 1, 0) on conflict do nothing`);
    await retention.ifDue(client, at);
    return (await query<{ n: number }>(url, 'select count(*)::int as n from received_minute'))[0]?.n;
  };
  expect(await turn(now)).toBe(0);
  expect(await turn(now + 3_599_000)).toBe(1);
  expect(await turn(now + 3_600_000)).toBe(0);
  await query(
    url,
    "insert into received_minute select timestamptz '2020-01-01' + n * interval '1 minute', 1, 0 from generate_series(1, 200010) n",
  );
  expect(await turn(now + 7_200_000)).toBe(11);
  expect(await turn(now + 7_201_000)).toBe(0);
});

test('the dry run says to the row what then ends, with times, and changes nothing', async () => {
  await agedRows(url);
  const before = await countsOf(url);
  const old = await surveyOld(client, { at: now, keep: defaultKeep });
  expect(await countsOf(url)).toEqual(before);
  for (const { rows, bytes, from, to } of old) {
    expect(rows).toBeGreaterThanOrEqual(0);
    expect(bytes).toBeGreaterThanOrEqual(0);
    if (rows > 0) expect(from).toBeLessThanOrEqual(to ?? 0);
  }
  const ended = await applyRetention(client, { at: now, keep: defaultKeep });
  const rowsOf = (name: string) => old.filter(({ table }) => table === name).map(({ rows }) => rows);
  for (const { table, rows, parts } of ended) {
    if (parts.length === 0) expect(rowsOf(table)).toContain(rows);
    for (const part of parts) expect(rowsOf(part)).toHaveLength(1);
  }
  expect(await surveyOld(client, { at: now, keep: defaultKeep })).toEqual([]);
});

test('what is kept is shown by table, with its oldest and newest and its size', async () => {
  await agedRows(url);
  await query(url, 'analyze');
  const kept = await surveyKept(client);
  const tables = kept.map(({ table }) => table);
  expect(tables).toEqual(expect.arrayContaining(['report', 'report_hourly', 'report_daily', 'incident', 'visit']));
  expect(new Set(tables).size).toBe(tables.length);
  expect(kept.find(({ table }) => table === 'received_minute')).toMatchObject({
    rows: 2,
    from: now - 401 * day,
    to: now - 399 * day,
    bytes: expect.any(Number),
  });
  for (const { bytes } of kept) expect(bytes).toBeGreaterThan(0);
});

/** `count` reports of a device that end at `at`, a second apart, received then or at `receivedAt`. */
function reportsOf(count: number, kind: string, at: number, receivedAt?: number): string {
  const happened = `to_timestamp(${at} / 1000.0) - n * interval '1 second'`;
  const received = receivedAt === undefined ? happened : `to_timestamp(${receivedAt} / 1000.0)`;
  return `insert into report (occurred_at, journal_position, part, device_key, received_at, kind, clock)
    select ${happened}, n, 0, 1, ${received}, ${kind}, 0 from generate_series(1, ${count}) n`;
}
