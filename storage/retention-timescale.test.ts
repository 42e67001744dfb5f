import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { agedRows, countsOf, day, now } from './retention.test-support.ts';
import { applyRetention, defaultKeep } from './retention.ts';
import { surveyKept, surveyOld } from './retention-survey.ts';
import { createSqlStore } from './sql-store.ts';
import { startTimescale, type Timescale } from './timescale.test-support.ts';

// What differs on TimescaleDB: parts are chunks, some of them packed, and a roll-up is no table.

let timescale: Timescale;
beforeAll(async () => {
  timescale = await startTimescale();
  const store = createSqlStore({ url: timescale.url, log: silentLog, connections: 1 });
  await store.position();
  await store.close();
}, 120_000);
afterAll(() => timescale.stop());

test('each class of rows ends at its age, chunks go as a whole, and roll-ups of what went stay', async () => {
  await agedRows(timescale.url);
  const hours = `call refresh_continuous_aggregate('report_hourly', '2026-01-01', '2026-11-23')`;
  await timescale.query(hours);
  const [old, kept] = await using(async (client) => [
    await surveyOld(client, { at: now, keep: defaultKeep }),
    await surveyKept(client),
  ]);
  expect(kept.find(({ table }) => table === 'report')?.bytes).toBeGreaterThan(0);
  expect(kept.find(({ table }) => table === 'report_hourly')).toMatchObject({ from: now - 98 * day });
  expect(old.find(({ table }) => table === 'received_minute')?.rows).toBe(1);

  const ended = await using((client) => applyRetention(client, { at: now, keep: defaultKeep }));
  const chunks = ended.find(({ table }) => table === 'report')?.parts ?? [];
  expect(chunks).toHaveLength(1);
  expect(old.filter(({ class: name }) => name === 'reports').map(({ table, rows }) => [table, rows])).toEqual([
    [chunks[0], 1],
  ]);
  expect(await countsOf(timescale.url)).toEqual({
    ...{ positions: 1, reports: 1, hourly: 4, daily: 1, incidents: 2, alerts: 2, notes: 1, visits: 1, rejections: 1 },
    ...{ minutes: 1, timeline: 1, notices: 1, attempts: 1 },
  });
});

test('positions end in a week that is packed, too', async () => {
  const at = now + 60 * day;
  await timescale.query(`
    insert into report (occurred_at, journal_position, part, device_key, received_at, kind, clock)
    select to_timestamp(${at - 40 * day} / 1000.0) - n * interval '1 second', n, 1, n % 20, to_timestamp(${at} / 1000.0),
      case when n % 2 = 0 then 10 else 4 end, 0
    from generate_series(1, 1000) n`);

  await timescale.query("select compress_chunk(chunk) from show_chunks('report') chunk");
  const ended = await using((client) => applyRetention(client, { at, keep: defaultKeep }));
  expect(ended).toContainEqual({ class: 'positions', table: 'report', rows: 501, parts: [] });
  expect(await countsOf(timescale.url)).toMatchObject({ positions: 0, reports: 500 });
});

test('hours that are old enough go with the chunks that hold them', async () => {
  const ended = await using((client) => applyRetention(client, { at: now + 500 * day, keep: defaultKeep }));
  expect(ended.find(({ table }) => table === 'report_hourly')?.parts.length).toBeGreaterThan(0);
  expect(await countsOf(timescale.url)).toMatchObject({ hourly: 0, reports: 0 });
});

/** One connection at a time is all there is. */
async function using<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: timescale.url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
