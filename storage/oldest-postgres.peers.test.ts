import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '../bench/system.ts';
import { silentLog } from '../platform/log.ts';
import { firstFreePort } from '../simulators/free-port.ts';
import { unpreparable } from './every-statement.test-support.ts';
import { rollUpFacts } from './roll-up-contract.ts';
import { query } from './scratch-postgres.test-support.ts';
import { createSqlStore } from './sql-store.ts';
import type { Store } from './store.ts';
import { storeFacts } from './store-contract.ts';
import { visitFacts } from './visit-contract.ts';

// Debian 12 has the oldest PostgreSQL that is served: what the store promises holds there, too.

const programs = '/usr/lib/postgresql/15/bin';
let folder: string;
let server: ChildProcess;
let serverUrl: string;
let databases = 0;
const opened: Store[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steppewatch-postgres-15-'));
  // PostgreSQL refuses to be root.
  const account = process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
  const run = ([program = '', ...args]: string[]) => execFileSync(program, args, { stdio: 'ignore' });
  if (account.length > 0) run(['chown', 'postgres', folder]);
  else chmodSync(folder, 0o700);
  run([
    ...account,
    `${programs}/initdb`,
    '--pgdata',
    join(folder, 'data'),
    '--username=postgres',
    '--auth=trust',
    '--no-sync',
  ]);
  const port = await firstFreePort(15_400);
  const flags = [
    '-p',
    String(port),
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'unix_socket_directories=',
    '-c',
    'fsync=off',
  ];
  const [program = '', ...args] = [...account, `${programs}/postgres`, '-D', join(folder, 'data'), ...flags];
  server = spawn(program, args, { stdio: 'ignore' });
  serverUrl = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  await until('PostgreSQL 15', () => query(serverUrl, 'select 1'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});
afterAll(async () => {
  const ended = once(server, 'exit');
  server.kill('SIGINT');
  await ended;
  rmSync(folder, { recursive: true, force: true });
});

async function openRolling() {
  databases += 1;
  await query(serverUrl, `create database facts_${databases}`);
  const url = serverUrl.replace(/[^/]*$/, `facts_${databases}`);
  const store = createSqlStore({ url, log: silentLog });
  opened.push(store);
  return { store, ask: <Row extends object>(sql: string) => query<Row>(url, sql) };
}
const openStore = async () => (await openRolling()).store;

test('it is PostgreSQL 15', async () => {
  const [{ major } = { major: 0 }] = await query<{ major: number }>(
    serverUrl,
    "select current_setting('server_version_num')::int / 10000 as major",
  );
  expect(major).toBe(15);
});

for (const { fact, holds } of storeFacts) test(fact, () => holds(openStore));
for (const { fact, holds } of visitFacts) test(fact, () => holds(openStore));
for (const { fact, holds } of rollUpFacts) test(fact, () => holds(openRolling));

test('every statement of the store is one that the database understands', async () => {
  const { store, ask } = await openRolling();
  await store.position();
  expect(await unpreparable(ask)).toEqual([]);
});
