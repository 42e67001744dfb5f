import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, open, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import type { Clock } from '../platform/clock.ts';
import { databaseNotStarted } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Chance } from '../platform/random.ts';
import { choosePostgresAccount, type PostgresAccount } from './postgres-account.ts';

/** A PostgreSQL of our own. `stop` waits until every committed row is in its files. */
export type EmbeddedPostgres = { url: string; stop(): Promise<void> };
type Options = { dataFolder: string; keysFolder: string; clock: Clock; log: Log; chance: Chance };

/**
 * Starts PostgreSQL in `<dataFolder>/postgres` (made at the first start) on 127.0.0.1 with a free port, which stays the
 * same from start to start while it is free, and a generated password in `<keysFolder>/postgres`. A server that ends by
 * itself is started again; one that a killed process left behind is stopped first.
 * Errors: DATABASE_NOT_STARTED, with PostgreSQL's own last words.
 * Source: docs/decisions/0010-embedded-postgres.md
 */
export async function startEmbeddedPostgres(options: Options): Promise<EmbeddedPostgres> {
  const { clock, log } = options;
  const cluster = resolve(options.dataFolder, 'postgres');
  const native = await nativeFolder();
  await mkdir(dirname(cluster), { recursive: true });
  const password = await keptPassword(options);
  const isNew = (await stat(cluster).catch(() => undefined)) === undefined;
  if (isNew) await initialise({ cluster, native, password, chance: options.chance });
  await refuseOtherMajor(cluster, native);
  const account = await choosePostgresAccount({ native, cluster });
  const { port, ...first } = await startFirst({ ...options, account, cluster, password });

  let { server } = first;
  let stopping = false;
  let reviving = Promise.resolve();
  function watch(): void {
    server.once('exit', (code, signal) => {
      if (stopping) return;
      log.error({ code, signal }, 'the embedded PostgreSQL ended by itself and is started again');
      reviveAfter(firstPauseMs);
    });
  }
  function reviveAfter(pauseMs: number): void {
    clock.after(pauseMs, () => {
      if (!stopping) reviving = revive(pauseMs);
    });
  }
  async function revive(pauseMs: number): Promise<void> {
    try {
      server = await startServer({ ...options, account, port, password });
      watch();
    } catch (error) {
      log.error({ err: error }, 'the embedded PostgreSQL does not start; trying again');
      reviveAfter(Math.min(pauseMs * 2, longestPauseMs));
    }
  }
  watch();
  return {
    url: address({ port, password }, 'steppewatch'),
    async stop() {
      stopping = true;
      await reviving;
      await end(server, 'SIGINT');
    },
  };
}

/** Where the one of this data folder answers, while it runs; undefined: there never was one. */
export async function embeddedPostgresUrl({ dataFolder, keysFolder }: Pick<Options, 'dataFolder' | 'keysFolder'>) {
  const [port, password] = await Promise.all(
    [join(dataFolder, 'postgres.port'), join(keysFolder, 'postgres')].map((file) =>
      readFile(file, 'utf8').catch(() => ''),
    ),
  );
  if (!port || !password) return undefined;
  return address({ port: Number(port), password: password.trim() }, 'steppewatch');
}

/** A start that was killed a moment ago may still hold the folder, and a port that was free may be taken: both pass. */
async function startFirst(parts: Options & { account: PostgresAccount; cluster: string; password: string }) {
  const { dataFolder, password, clock, log } = parts;
  for (let attempt = 1; ; attempt++) {
    await stopLeftover(parts.cluster, parts);
    const port = await keptPort(join(dataFolder, 'postgres.port'));
    try {
      const server = await startServer({ ...parts, port });
      await createDatabase(address({ port, password }, 'postgres')).catch(async (error) => {
        await end(server, 'SIGINT');
        throw error;
      });
      return { server, port };
    } catch (error) {
      if (attempt === mostAttempts) throw error;
      log.warn({ err: error, attempt }, 'the embedded PostgreSQL did not start; trying again');
      await pause(clock, attempt * firstPauseMs);
    }
  }
}

/** SIGINT is the "fast" shutdown: it ends sessions, and writes everything out. SIGQUIT leaves that to the next start. */
async function end(server: ChildProcess, signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill(signal);
  await ended;
}

const address = ({ port, password }: { port: number; password: string }, database: string) =>
  `postgresql://steppewatch:${password}@127.0.0.1:${port}/${database}`;

const mostAttempts = 5;
const firstPauseMs = 200;
const longestPauseMs = 10_000;
const startPatienceMs = 60_000;
const stopPatienceMs = 20_000;
const pollMs = 25;
const saidCharacters = 4_000;

/** The folder with bin, lib and share; the library links that an installation without scripts leaves out are made. */
async function nativeFolder(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let packageFolder: string;
  try {
    packageFolder = dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw databaseNotStarted({ cause }, `${name} is not installed; install it or set DATABASE_URL`);
  }
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(packageFolder, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]'),
  );
  for (const { source, target } of links) {
    const from = relative(dirname(target), source);
    await symlink(from, join(packageFolder, target)).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EEXIST') return;
      throw databaseNotStarted({ cause }, `${join(packageFolder, target)} is missing and cannot be made: reinstall`);
    });
  }
  return join(packageFolder, 'native');
}

async function keptPassword({ keysFolder, chance }: Options): Promise<string> {
  const file = join(keysFolder, 'postgres');
  await mkdir(keysFolder, { recursive: true, mode: 0o700 });
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (kept !== '') return kept.trim();
  const password = Buffer.from(chance.bytes(24)).toString('base64url');
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  return password;
}

/** The port of the last start when it is still free, else any free one. */
async function keptPort(file: string): Promise<number> {
  const kept = Number(await readFile(file, 'utf8').catch(() => '0'));
  const port = await freePort(kept).catch(() => freePort(0));
  if (port !== kept) await writeFile(file, `${port}\n`);
  return port;
}

async function freePort(wanted: number): Promise<number> {
  const server = createServer().listen({ host: '127.0.0.1', port: wanted });
  await once(server, 'listening');
  const address = server.address();
  const closed = once(server, 'close');
  server.close();
  await closed;
  return address !== null && typeof address === 'object' ? address.port : 0;
}

/**
 * Made aside and renamed, so that a start that was killed in the middle leaves nothing that looks like a cluster. Under a
 * name of its own, because what that start began may still be at work in its folder.
 */
async function initialise({ cluster, native, password, chance }: NewCluster): Promise<void> {
  const attempt = Buffer.from(chance.bytes(6)).toString('hex');
  const unfinished = `${cluster}.unfinished-${attempt}`;
  const passwordFile = `${unfinished}.password`;
  await removeUnfinished(cluster);
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  const account = await choosePostgresAccount({ native, cluster: unfinished });
  if (account.owner) {
    await chown(unfinished, account.owner.uid, account.owner.gid);
    await chown(passwordFile, account.owner.uid, account.owner.gid);
  }
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--encoding=UTF8'];
  // The password comes as an open file: its path may lie where the account cannot walk.
  const flags = ['--username=steppewatch', '--auth=scram-sha-256', '--pwfile=/dev/stdin', ...locale];
  const { file, args, options } = account.command('initdb', flags);
  const input = await open(passwordFile);
  try {
    const child = spawn(file, args, { ...options, env: environment, stdio: [input.fd, 'ignore', 'pipe'] });
    const [said, code] = await Promise.all([child.stderr ? text(child.stderr) : '', exitCodeOf(child)]);
    if (code !== 0) throw databaseNotStarted({}, said.trim());
  } finally {
    await input.close();
    await rm(passwordFile, { force: true });
  }
  await rename(unfinished, cluster);
}

type NewCluster = { cluster: string; native: string; password: string; chance: Chance };

async function removeUnfinished(cluster: string): Promise<void> {
  for (const name of await readdir(dirname(cluster))) {
    if (!name.startsWith(`${basename(cluster)}.unfinished-`)) continue;
    // What somebody still writes into goes with the next start.
    await rm(join(dirname(cluster), name), { recursive: true, force: true }).catch(() => {});
  }
}

async function exitCodeOf(child: ChildProcess): Promise<number | null> {
  try {
    const [code] = await once(child, 'exit');
    return code;
  } catch (cause) {
    throw databaseNotStarted({ cause }, `cannot be run: ${(cause as Error).message}`);
  }
}

async function refuseOtherMajor(cluster: string, native: string): Promise<void> {
  const made = (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim();
  const { version } = JSON.parse(await readFile(join(native, '../package.json'), 'utf8'));
  if (String(version).startsWith(`${made}.`)) return;
  throw databaseNotStarted({}, `${cluster} was made by PostgreSQL ${made}, this release brings ${version}`);
}

/** A server whose parent was killed goes on by itself: it is told from any other process by the folder it works in. */
async function stopLeftover(cluster: string, { clock, log }: Options): Promise<void> {
  const pid = Number((await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0]);
  if (!(pid > 0) || !(await worksIn(pid, cluster))) return;
  log.warn({ pid }, 'an embedded PostgreSQL was left behind by a killed process and is stopped');
  process.kill(pid, 'SIGINT');
  const patientUntil = clock.monotonic() + stopPatienceMs;
  while (await worksIn(pid, cluster)) {
    if (clock.monotonic() > patientUntil) throw databaseNotStarted({}, `process ${pid} on ${cluster} does not end`);
    await pause(clock, pollMs);
  }
}

async function worksIn(pid: number, cluster: string): Promise<boolean> {
  try {
    const [its, ours] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(cluster)]);
    return its.dev === ours.dev && its.ino === ours.ino;
  } catch {
    return false;
  }
}

/** Resolves when it answers to our password. In a session of its own, so that Ctrl-C reaches us and not it. */
async function startServer({ account, port, password, clock, log }: Startable): Promise<ChildProcess> {
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...serverSettings };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { file, args, options } = account.command('postgres', ['-p', String(port), ...flags]);
  const server = spawn(file, args, {
    ...options,
    env: environment,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let failure: string | undefined;
  let said = '';
  server.stderr?.setEncoding('utf8').on('data', (words: string) => {
    said = (said + words).slice(-saidCharacters);
    log.debug({ words: words.trim() }, 'embedded PostgreSQL');
  });
  server.once('error', (error) => {
    failure = `cannot be run: ${error.message}`;
  });
  server.once('close', () => {
    failure ??= said.trim();
  });
  const patientUntil = clock.monotonic() + startPatienceMs;
  const url = address({ port, password }, 'postgres');
  while (!(await answers(url))) {
    if (failure !== undefined) throw databaseNotStarted({}, failure);
    if (clock.monotonic() > patientUntil) {
      await end(server, 'SIGQUIT');
      throw databaseNotStarted({}, `no answer within ${startPatienceMs} ms: ${said.trim()}`);
    }
    await pause(clock, pollMs);
  }
  return server;
}

type Startable = Pick<Options, 'clock' | 'log'> & { account: PostgresAccount; port: number; password: string };

const serverSettings = {
  timezone: 'UTC',
  // One writer and a few readers; the journal is what must survive, so nothing is kept for replication.
  max_connections: 30,
  wal_level: 'minimal',
  max_wal_senders: 0,
  // While the copy catches up it writes 30 MB a second: a checkpoint in which every page is written again comes once a minute.
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  shared_buffers: '256MB',
};

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query("select from pg_database where datname = 'steppewatch'");
    if (rowCount === 0) await client.query('create database steppewatch');
  } finally {
    await client.end();
  }
}

const pause = (clock: Clock, delayMs: number) => new Promise<void>((done) => void clock.after(delayMs, done));
const environment = { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' };
