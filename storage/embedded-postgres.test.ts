import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { systemChance } from '../platform/random.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';

let folder: string;
const start = (dataFolder = folder) =>
  startEmbeddedPostgres({
    dataFolder,
    keysFolder: join(dataFolder, 'keys'),
    clock: systemClock,
    log: silentLog,
    chance: systemChance,
  });

beforeAll(async () => {
  // mkdtemp makes a folder that nobody else may enter: for root this is also the test of a closed parent folder.
  folder = await mkdtemp(join(tmpdir(), 'steppewatch-postgres-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a database made at the first start is found again at the second, on the same port', async () => {
  const first = await start();
  await ask(first.url, 'create table home (name text)');
  await ask(first.url, "insert into home values ('winter camp')");
  await first.stop();
  const second = await start();
  expect(second.url).toBe(first.url);
  expect(await ask(second.url, 'select name from home')).toEqual([{ name: 'winter camp' }]);
  await second.stop();
  await expect(ask(second.url, 'select 1')).rejects.toThrow('ECONNREFUSED');
});

test('it listens on loopback alone, asks for its password, and nobody else can read that', async () => {
  const { url, stop } = await start();
  expect(await ask(url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  expect(await ask(url, 'show unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
  await expect(ask(url.replace(/:[^:@]*@/, ':guessed@'), 'select 1')).rejects.toThrow('password authentication failed');
  expect((await stat(join(folder, 'keys/postgres'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'postgres'))).mode & 0o777).toBe(0o700);
  await stop();
});

test('a server that was left behind by a killed process is stopped, and its committed rows are there', async () => {
  const child = startInProcess(folder);
  const [chunk] = await once(child.stdout, 'data');
  const url = String(chunk).trim();
  await ask(url, "insert into home values ('summer camp')");
  const leftover = await postmasterPid();
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(() => process.kill(leftover, 0)).not.toThrow();

  const next = await start();
  expect(await postmasterPid()).not.toBe(leftover);
  expect(await ask(next.url, 'select count(*)::int as homes from home')).toEqual([{ homes: 2 }]);
  await next.stop();
});

test('a first start that is killed again and again while it makes the database leaves nothing in the way', async () => {
  const fresh = await mkdtemp(join(tmpdir(), 'steppewatch-postgres-'));
  for (const pauseMs of [150, 300, 450, 600]) {
    const child = startInProcess(fresh);
    const unfinished = async () => (await readdir(fresh)).some((name) => /^postgres(\.unfinished|$)/.test(name));
    await expect.poll(unfinished, { timeout: 10_000, interval: 5 }).toBe(true);
    await new Promise((next) => setTimeout(next, pauseMs));
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  const { url, stop } = await start(fresh);
  expect(await ask(url, 'select 1 as up')).toEqual([{ up: 1 }]);
  await stop();
  await rm(fresh, { recursive: true, force: true });
});

test('a server that dies while we live is started again', async () => {
  const { url, stop } = await start();
  const before = await postmasterPid();
  process.kill(before, 'SIGKILL');
  await expect.poll(() => ask(url, 'select 1 as up').catch(() => 'away'), { timeout: 20_000 }).toEqual([{ up: 1 }]);
  expect(await postmasterPid()).not.toBe(before);
  await stop();
});

async function ask(url: string, sql: string): Promise<object[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const postmasterPid = async () =>
  Number((await readFile(join(folder, 'postgres/postmaster.pid'), 'utf8')).split('\n')[0]);
/** In a process of its own, which can be killed. It prints the address. */
function startInProcess(dataFolder: string) {
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(moduleUrl('./embedded-postgres.ts'))});
    const { systemClock: clock } = await import(${JSON.stringify(moduleUrl('../platform/clock.ts'))});
    const { systemChance: chance } = await import(${JSON.stringify(moduleUrl('../platform/random.ts'))});
    const { silentLog: log } = await import(${JSON.stringify(moduleUrl('../platform/log.ts'))});
    const dataFolder = ${JSON.stringify(dataFolder)};
    const { url } = await startEmbeddedPostgres({ dataFolder, keysFolder: dataFolder + '/keys', clock, log, chance });
    console.log(url);`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
}

const moduleUrl = (path: string) => pathToFileURL(join(import.meta.dirname, path)).href;
