import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import { query, type ScratchPostgres, startScratchPostgres } from '../../storage/scratch-postgres.test-support.ts';
import { createSqlStore } from '../../storage/sql-store.ts';
import { batchOf } from '../../storage/store-contract.ts';
import { dumpDatabase, loadDatabase } from './backup-database.ts';
import { loadRestoredDatabase } from './restored-database.ts';

const dataFolder = mkdtempSync(join(tmpdir(), 'steppewatch-dump-'));
const folder = join(dataFolder, 'database');
let postgres: ScratchPostgres;
beforeAll(async () => {
  postgres = await startScratchPostgres();
});
afterAll(async () => {
  await postgres.stop();
  rmSync(dataFolder, { recursive: true });
});

/** A database with a copy of one record, and a village of that name in it. */
async function copyOf(name: string): Promise<string> {
  const url = await postgres.createDatabase();
  const store = createSqlStore({ url, log: silentLog });
  const area = { entity: 'area', id: 'a1', value: { id: 'a1', level: 'village', name } } as const;
  await store.writeBatch(batchOf({ sequence: 8, entities: [{ sequence: 1, change: area }] }));
  await store.close();
  return url;
}
const namesIn = (url: string) => query<{ name: string }>(url, 'select name from area');

test('a name with separators of lines in it comes back from a backup', async () => {
  const name = '巴彦\u2028Bayan\u2029\u0085\r\n;';
  const url = await copyOf(name);
  expect(await dumpDatabase(url, folder)).toMatchObject({ holdsCopy: true });
  const to = await postgres.createDatabase();
  expect(await loadDatabase({ url: to, folder, log: silentLog })).toBe('loaded');
  expect(await namesIn(to)).toEqual([{ name }]);

  // Killed when all of it was in, and before the folder was gone.
  await loadRestoredDatabase({ dataFolder, url: to, log: silentLog });
  expect(existsSync(folder)).toBe(false);
  expect(await namesIn(to)).toEqual([{ name }]);
});

test('history stays in its folder when the database has the copy of an earlier time, or of another journal', async () => {
  await dumpDatabase(await copyOf('now'), folder);
  const other = await copyOf('other');
  for (const change of ['sequence = 7', "sequence = 9, journal_id = 'other'"]) {
    await query(other, `update projection_position set ${change}`);
    await loadRestoredDatabase({ dataFolder, url: other, log: silentLog });
    expect(existsSync(folder)).toBe(true);
  }
  expect(await namesIn(other)).toEqual([{ name: 'other' }]);
});

test('a database into which nothing was copied says so in its dump', async () => {
  const url = await postgres.createDatabase();
  const store = createSqlStore({ url, log: silentLog });
  await store.position();
  await store.close();
  expect(await dumpDatabase(url, join(dataFolder, 'empty'))).toMatchObject({ holdsCopy: false });
});
