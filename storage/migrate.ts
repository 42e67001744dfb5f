import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { databaseUnfit } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { patient } from './roll-ups.ts';

/**
 * Brings the tables to what this release expects. Each file of `folder` runs once, in the order of its number, in a
 * transaction of its own; `NNNN_what.postgres.sql` and `NNNN_what.timescale.sql` are one migration in two forms. Any
 * number of processes may do this at the same moment: one does, the others wait for it.
 * Errors: DATABASE_UNFIT when a file was edited after it ran, or the tables were made by a newer release.
 */
export async function migrate(client: pg.ClientBase, { log, folder = ownMigrations, upTo }: MigrateOptions) {
  await client.query('select pg_advisory_lock($1)', [lockKey]);
  try {
    await client.query(
      'create table if not exists migration (file text primary key, hash text not null, applied_at timestamptz not null)',
    );
    const { rows: extensions } = await client.query("select from pg_extension where extname = 'timescaledb'");
    const known = await readMigrations(folder, extensions.length > 0);
    const pending = await pendingMigrations(client, upTo ? asFarAs(known, upTo) : known);
    for (const migration of pending) {
      await apply(client, migration);
      log.info({ migration: migration.file }, 'the database was migrated');
    }
  } finally {
    await client.query('select pg_advisory_unlock($1)', [lockKey]).catch(() => {});
  }
}

/** `upTo`: the files that had made the tables elsewhere, and no others. */
type MigrateOptions = { log: Log; folder?: string; upTo?: readonly string[] };
type Migration = { file: string; sql: string; hash: string };

/** In the form that this database needs, whichever the other had. */
function asFarAs(known: Migration[], files: readonly string[]): Migration[] {
  const named = (file: string) => file.replace(/\.(postgres|timescale)\.sql$/, '.sql');
  return files.map((file) => {
    const same = known.find((migration) => named(migration.file) === named(file));
    if (!same) throw databaseUnfit({}, `the tables are of a newer release, which had the migration ${file}`);
    return same;
  });
}

async function readMigrations(folder: string, timescale: boolean): Promise<Migration[]> {
  const other = timescale ? '.postgres.sql' : '.timescale.sql';
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql') && !file.endsWith(other)).sort();
  return Promise.all(
    files.map(async (file) => {
      const sql = await readFile(join(folder, file), 'utf8');
      return { file, sql, hash: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function pendingMigrations(client: pg.ClientBase, migrations: Migration[]): Promise<Migration[]> {
  const { rows } = await client.query<{ file: string; hash: string }>('select file, hash from migration');
  const applied = new Map(rows.map(({ file, hash }) => [file, hash]));
  for (const file of applied.keys()) {
    if (migrations.some((migration) => migration.file === file)) continue;
    throw databaseUnfit({}, `its tables were made by another release, which had the migration ${file}`);
  }
  for (const { file, hash } of migrations) {
    if ((applied.get(file) ?? hash) !== hash) throw databaseUnfit({}, `migration ${file} was edited after it ran`);
  }
  return migrations.filter(({ file }) => !applied.has(file));
}

async function apply(client: pg.ClientBase, { file, sql, hash }: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(patient(sql));
    await client.query('insert into migration values ($1, $2, statement_timestamp())', [file, hash]);
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback').catch(() => {});
    throw cause;
  }
}

const ownMigrations = join(import.meta.dirname, 'migrations');
// Any number that nobody else uses in this database: "stepmigr" in ASCII.
const lockKey = '8319093839105287538';
