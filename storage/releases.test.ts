import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { settle } from './roll-up-contract.ts';
import { query, type ScratchPostgres, startScratchPostgres } from './scratch-postgres.test-support.ts';
import { createSqlStore } from './sql-store.ts';
import { batchOf, minute, statusAt } from './store-contract.ts';

/** Each file is the database of a release that was delivered, as it left it. They are added to, and never edited. */
const folder = join(import.meta.dirname, 'releases');
const releases = (await readdir(folder)).filter((file) => file.endsWith('.sql'));

let postgres: ScratchPostgres;
beforeAll(async () => {
  postgres = await startScratchPostgres();
});
afterAll(() => postgres.stop());

test('there is a database of every release before this one', () => {
  expect(releases).toEqual(['0.1.0.sql']);
});

test('docs/storage.md names every table and view that is there', async () => {
  const url = await postgres.createDatabase();
  const store = createSqlStore({ url, log: silentLog });
  await store.position();
  await store.close();
  const doc = await readFile(join(import.meta.dirname, '../docs/storage.md'), 'utf8');
  const there = await query<{ name: string }>(
    url,
    "select relname::text as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v') and not relispartition",
  );
  expect(there.map(({ name }) => name).filter((name) => !doc.includes(`\`${name}\``))).toEqual([]);
});

for (const release of releases) {
  test(`the database of ${release} is brought up by two processes at once, and a second time, and goes on`, async () => {
    const url = await postgres.createDatabase();
    await query(url, await readFile(join(folder, release), 'utf8'));
    await Promise.all([migrateInProcess(url), migrateInProcess(url)]);
    await migrateInProcess(url);
    const own = (await readdir(join(import.meta.dirname, 'migrations'))).filter(
      (file) => !file.endsWith('.timescale.sql'),
    );
    const applied = await query<{ file: string }>(url, 'select file from migration order by file');
    expect(applied.map(({ file }) => file)).toEqual(own.sort());

    const store = createSqlStore({ url, log: silentLog });
    expect(await store.position()).toMatchObject({ journalId: 'steppe', sequence: 131 });
    await store.writeBatch(batchOf({ after: 131, sequence: 132, receivedAt: minute(132), reports: [statusAt(132)] }));
    expect((await store.deviceReports({ deviceId: 'd1', limit: 9 })).map(({ sequence }) => sequence)).toEqual([
      132, 130, 4, 2, 1,
    ]);
    await settle(store, minute(250));
    await store.close();
  });

  test(`what the database of ${release} knew is in the columns that came after it`, async () => {
    const url = await postgres.createDatabase();
    await query(url, await readFile(join(folder, release), 'utf8'));
    const store = createSqlStore({ url, log: silentLog });
    await settle(store, minute(250));
    const hours =
      "select to_char(hour, 'HH24:MI') as hour, device_key as device, reports::int, late::int from report_hourly order by 1, 2";
    expect(await query(url, hours)).toEqual([
      { hour: '12:00', device: 1, reports: 4, late: 1 },
      { hour: '12:00', device: 2, reports: 1, late: 0 },
    ]);
    expect(await query(url, 'select day::text, area_id, reports::int from report_daily order by 2')).toEqual([
      { day: '2026-11-18', area_id: '', reports: 1 },
      { day: '2026-11-18', area_id: 'v1', reports: 4 },
    ]);
    expect(await query(url, 'select tested_at from device_state where device_key = 1')).toEqual([
      { tested_at: new Date(minute(4)) },
    ]);
    const incidents = `select condition, household_id, outcome, contact_result, notified_at, delivered_at, claimed_at, accepted_at,
      arrived_at, resolved_at from incident where phase = 'resolved'`;
    expect(await query(url, incidents)).toEqual([
      {
        ...{ condition: 'smoke', household_id: 'h1', outcome: 'false-alarm', contact_result: 'reached' },
        ...{ notified_at: new Date(minute(1)), delivered_at: new Date(minute(2)), claimed_at: new Date(minute(3)) },
        ...{ accepted_at: new Date(minute(6)), arrived_at: new Date(minute(20)), resolved_at: new Date(minute(30)) },
      },
    ]);
    expect(await store.visitedMonth('2026-01')).toEqual([
      {
        ...{ areaId: 'v1', area: '白音', registered: 2, visited: 0, helped: 0, attempted: 0, notVisited: ['h1', 'h2'] },
      },
    ]);
    await store.close();
  });
}

/** As a start does it, in a process of its own. */
async function migrateInProcess(url: string): Promise<void> {
  const store = JSON.stringify(join(import.meta.dirname, 'sql-store.ts'));
  const log = JSON.stringify(join(import.meta.dirname, '../platform/log.ts'));
  const code = `
    const { createSqlStore } = await import(${store});
    const { silentLog } = await import(${log});
    const store = createSqlStore({ url: ${JSON.stringify(url)}, log: silentLog });
    await store.position();
    await store.close();`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { timeout: 30_000 });
}
