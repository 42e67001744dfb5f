import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { migrate } from './migrate.ts';
import { query, type ScratchPostgres, startScratchPostgres } from './scratch-postgres.test-support.ts';

let postgres: ScratchPostgres;
let folder: string;
beforeAll(async () => {
  postgres = await startScratchPostgres();
  folder = await mkdtemp(join(tmpdir(), 'steppewatch-migrations-'));
  const own = join(import.meta.dirname, 'migrations');
  for (const file of await readdir(own)) await copyFile(join(own, file), join(folder, file));
});
afterAll(async () => {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

test('eight processes that start at once migrate once', async () => {
  const url = await postgres.createDatabase();
  await Promise.all(Array.from({ length: 8 }, () => migrateOn(url)));
  const applied = await query<{ file: string }>(url, 'select file from migration order by file');
  const files = (await readdir(folder)).filter((file) => !file.endsWith('.timescale.sql')).sort();
  expect(applied.map(({ file }) => file)).toEqual(files);
});

test('a migration that fails leaves the ones before it, and is tried again', async () => {
  const url = await postgres.createDatabase();
  const broken = join(folder, '9001_broken.sql');
  await writeFile(broken, 'create table half_done (x integer); select 1 / 0;');
  await expect(migrateOn(url)).rejects.toThrow('division by zero');
  expect(await query(url, "select to_regclass('half_done') as half, to_regclass('report')::text as report")).toEqual([
    { half: null, report: 'report' },
  ]);
  await rm(broken);
  await migrateOn(url);
});

test('a file that was edited after it ran is named', async () => {
  const url = await postgres.createDatabase();
  const file = join(folder, '9002_settled.sql');
  await writeFile(file, 'create table settled (x integer)');
  await migrateOn(url);
  await writeFile(file, 'create table settled (x bigint)');
  await expect(migrateOn(url)).rejects.toMatchObject({ code: 'DATABASE_UNFIT' });
  await expect(migrateOn(url)).rejects.toThrow('9002_settled.sql was edited');
  await rm(file);
  await expect(migrateOn(url)).rejects.toThrow('made by another release, which had the migration 9002_settled.sql');
});

test('time_bucket cuts weeks on Mondays', async () => {
  const url = await postgres.createDatabase();
  await migrateOn(url);
  const sql = "select time_bucket('7 days', timestamptz '2026-11-22 10:00+00') = '2026-11-16 00:00+00' as monday";
  expect(await query(url, sql)).toEqual([{ monday: true }]);
});

async function migrateOn(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await migrate(client, { log: silentLog, folder });
  } finally {
    await client.end();
  }
}
