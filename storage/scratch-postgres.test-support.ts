import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { systemChance } from '../platform/random.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';

/** A real PostgreSQL for a test file or a measurement, in a folder of its own that goes with it. */
export async function startScratchPostgres(): Promise<ScratchPostgres> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'steppewatch-scratch-'));
  const keysFolder = join(dataFolder, 'keys');
  const start = () =>
    startEmbeddedPostgres({ dataFolder, keysFolder, clock: systemClock, log: silentLog, chance: systemChance });
  let server = await start();
  let databases = 0;
  return {
    async createDatabase() {
      databases += 1;
      await query(server.url, `create database scratch_${databases}`);
      return server.url.replace(/[^/]*$/, `scratch_${databases}`);
    },
    async away(work) {
      await server.stop();
      await work();
      server = await start();
    },
    async stop() {
      await server.stop();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

export type ScratchPostgres = {
  createDatabase(): Promise<string>;
  /** Stops the server while something happens; it comes back on the same port. */
  away(work: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
};

/** Asks on a connection of its own; instants come as dates, big integers as text. */
export async function query<Row extends object>(url: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql, values)).rows as Row[];
  } finally {
    await client.end();
  }
}
