import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { query, type ScratchPostgres, startScratchPostgres } from './scratch-postgres.test-support.ts';
import { createSqlStore } from './sql-store.ts';
import { alertAt, batchOf, incidentAt, minute, statusAt } from './store-contract.ts';
import { dumpTables, type TablesDumped } from './table-dump.ts';
import { loadTables } from './table-load.ts';
import { withTimescale } from './timescale.test-support.ts';

let postgres: ScratchPostgres;
beforeAll(async () => {
  postgres = await startScratchPostgres();
});
afterAll(() => postgres.stop());

async function written(to = 8) {
  const url = await postgres.createDatabase();
  const store = createSqlStore({ url, log: silentLog });
  const sequences = Array.from({ length: to }, (_, index) => index + 1);
  await store.maintain(minute(1));
  await store.writeBatch(
    batchOf({
      ...{ sequence: to, reports: sequences.map(statusAt), gaps: [{ from: 3, to: 3 }] },
      alerts: [{ sequence: 2, change: { type: 'raise', alert: alertAt(2) } }],
      incidents: [
        {
          sequence: 2,
          change: {
            incident: incidentAt(2, 'open'),
            timeline: [{ at: minute(2), what: 'acted', details: { action: '她说："没事"\\\n\t好' } }],
          },
        },
      ],
      entities: [
        { sequence: 1, change: { entity: 'area', id: 'a1', value: { id: 'a1', level: 'village', name: '白音' } } },
      ],
    }),
  );
  // A device clock that is far off, and figures that JSON has no words for.
  await query(
    url,
    "update report set occurred_at = 'epoch', rsrp_dbm = null, lat = 'NaN', accuracy_m = 0.1 where journal_position = 4",
  );
  return { url, store };
}

async function dump(url: string) {
  const files = new Map<string, string>();
  const dumped = await dumpTables({
    url,
    async write(table, lines) {
      let text = '';
      for await (const some of lines) text += some;
      files.set(table, text);
      return text === '' ? 0 : text.split('\n').length - 1;
    },
  });
  const read = async function* (table: string) {
    yield* (files.get(table) ?? '').split('\n').filter((line) => line !== '');
  };
  return { dumped, read };
}

/** Every row of every table, as PostgreSQL says it. */
async function everything(url: string, { tables }: TablesDumped): Promise<{ [table: string]: string[] }> {
  const all: { [table: string]: string[] } = {};
  for (const { name } of tables)
    all[name] = (await query<{ row: string }>(url, `select one::text as row from ${name} as one order by 1`)).map(
      ({ row }) => row,
    );
  return all;
}

test('a database that was loaded from a dump holds the same rows, and takes the next batch', async () => {
  const before = await written();
  const { dumped, read } = await dump(before.url);
  expect(dumped.tables.find(({ name }) => name === 'report')).toMatchObject({ rows: 8 });
  const url = await postgres.createDatabase();
  expect(await loadTables({ url, log: silentLog, dumped, read })).toBe('loaded');
  expect(await everything(url, dumped)).toEqual(await everything(before.url, dumped));

  const store = createSqlStore({ url, log: silentLog });
  expect(await store.position()).toEqual(await before.store.position());
  const next = statusAt(9);
  await store.writeBatch(batchOf({ after: 8, sequence: 9, reports: [{ ...next, deviceId: 'new-one' }] }));
  await store.maintain(minute(10));
  expect(await query(url, 'select count(*)::int as rows from report')).toEqual([{ rows: 9 }]);
  expect(await query(url, 'select count(distinct device_key) = count(*) as apart from device')).toEqual([
    { apart: true },
  ]);
  await store.close();
  await before.store.close();
});

test('reports of past weeks come into partitions of their own again', async () => {
  const { url: from, store } = await written();
  const { dumped, read } = await dump(from);
  const url = await postgres.createDatabase();
  await loadTables({ url, log: silentLog, dumped, read });
  const byPartition =
    'select tableoid::regclass::text as part, count(*)::int as rows from report group by 1 order by 1';
  expect(await query(url, byPartition)).toEqual(await query(from, byPartition));
  await store.close();
});

test('a dump is of one moment, whatever is written meanwhile', async () => {
  const { url, store } = await written();
  let isWritten = false;
  const positions: string[] = [];
  await dumpTables({
    url,
    async write(table, lines) {
      if (!isWritten) await store.writeBatch(batchOf({ after: 8, sequence: 9, reports: [statusAt(9)] }));
      isWritten = true;
      let count = 0;
      for await (const some of lines) {
        count += some.split('\n').length - 1;
        if (table === 'projection_position') positions.push(some);
      }
      if (table === 'report') expect(count).toBe(8);
      return count;
    },
  });
  expect(positions.join()).toContain('"sequence":8');
  await store.close();
});

test('a database that holds a copy is not touched, and one of a newer release is refused', async () => {
  const { url, store } = await written();
  const { dumped, read } = await dump(url);
  const other = await written(5);
  expect(await loadTables({ url: other.url, log: silentLog, dumped, read })).toBe('other-copy');
  expect((await other.store.position())?.sequence).toBe(5);
  const newer = { ...dumped, migrations: [...dumped.migrations, '9999_tomorrow.sql'] };
  const empty = await postgres.createDatabase();
  await expect(loadTables({ url: empty, log: silentLog, dumped: newer, read })).rejects.toMatchObject({
    code: 'DATABASE_UNFIT',
    message: expect.stringContaining('9999_tomorrow.sql'),
  });
  await store.close();
  await other.store.close();
});

test('a load that was cut off leaves nothing, and the next one does all of it', async () => {
  const { url: from, store } = await written();
  const { dumped, read } = await dump(from);
  const url = await postgres.createDatabase();
  const cut = async function* (table: string) {
    if (table === 'report') throw new Error('the disk went away');
    yield* read(table);
  };
  await expect(loadTables({ url, log: silentLog, dumped, read: cut })).rejects.toThrow('the disk went away');
  expect(await query(url, 'select count(*)::int as rows from projection_position')).toEqual([{ rows: 0 }]);
  expect(await loadTables({ url, log: silentLog, dumped, read })).toBe('loaded');
  expect(await everything(url, dumped)).toEqual(await everything(from, dumped));
  await store.close();
});

test('tables of the release before are made as they were then, and move on with the first use', async () => {
  const { url: from, store } = await written();
  const { dumped, read } = await dump(from);
  const then = { ...dumped, migrations: dumped.migrations.filter((file) => file < '0009'), partitions: [] };
  const old = ['projection_position', 'projection_gap', 'alert', 'area'];
  const url = await postgres.createDatabase();
  const tables = dumped.tables.filter(({ name }) => old.includes(name));
  expect(await loadTables({ url, log: silentLog, dumped: { ...then, tables }, read })).toBe('loaded');
  const upgraded = createSqlStore({ url, log: silentLog });
  expect(await upgraded.position()).toEqual(await store.position());
  const [{ files } = { files: 0 }] = await query<{ files: number }>(
    url,
    'select count(*)::int as files from migration',
  );
  expect(files).toBe(dumped.migrations.length);
  await upgraded.close();
  await store.close();
});

test('TimescaleDB is refused, with the way to save it', async () => {
  await withTimescale(async ({ url }) => {
    await expect(dump(url)).rejects.toMatchObject({
      code: 'DATABASE_UNFIT',
      message: expect.stringMatching(/TimescaleDB.* pg_dump .*--without-database/),
    });
  });
}, 60_000);
