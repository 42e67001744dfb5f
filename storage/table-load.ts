import pg from 'pg';
import { databaseUnfit } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { migrate } from './migrate.ts';
import { asOperational } from './sql-store.ts';
import { quoted, type TablesDumped } from './table-dump.ts';

/**
 * Puts a dump into a database that holds no copy yet: the tables as they were made then, all rows or none. Later migrations follow with
 * the first use, as after any upgrade. Memory: a few hundred rows.
 * Errors: DATABASE_AWAY, try later. DATABASE_UNFIT: the dump is of a newer release. DATABASE_REFUSED.
 */
export async function loadTables({ url, log, dumped, read }: LoadParts): Promise<Loaded> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, keepAlive: true });
  client.on('error', () => {});
  try {
    await client.connect();
    const held = await heldPosition(client);
    if (held) return (await reachesDump(held, read)) ? 'held' : 'other-copy';
    await migrate(client, { log, upTo: dumped.migrations });
    await client.query('begin');
    // Whoever would begin a copy of the journal meanwhile waits, and then finds this one.
    await client.query('lock table projection_position in exclusive mode');
    for (const partition of dumped.partitions) await makePartition(client, partition);
    for (const { name } of dumped.tables) await client.query(`delete from ${quoted(name)}`);
    for (const table of dumped.tables) await fill(client, table, read(table.name));
    await client.query('commit');
    return 'loaded';
  } catch (error) {
    throw asOperational(error);
  } finally {
    await client.end().catch(() => {});
  }
}

export type LoadParts = {
  url: string;
  log: Log;
  dumped: TablesDumped;
  /** The lines that were written for a table. */
  read: (table: string) => AsyncIterable<string>;
};

/** `held`: the database was at the dump's position already, or beyond it; `other-copy`: of another journal or time. Both were not touched. */
export type Loaded = 'loaded' | 'held' | 'other-copy';
type Position = { journal_id: string; sequence: number | string };

async function heldPosition(client: pg.ClientBase): Promise<Position | undefined> {
  const { rows } = await client.query<{ table: string | null }>("select to_regclass('projection_position') as table");
  if (rows[0]?.table == null) return undefined;
  return (await client.query<Position>('select journal_id, sequence from projection_position')).rows[0];
}

async function reachesDump(held: Position, read: LoadParts['read']): Promise<boolean> {
  for await (const line of read('projection_position')) {
    const { journal_id: journalId, sequence } = JSON.parse(line) as Position;
    return journalId === held.journal_id && Number(sequence) <= Number(held.sequence);
  }
  return false;
}

/** TimescaleDB makes its chunks itself. */
async function makePartition(client: pg.ClientBase, { name, of, bound }: TablesDumped['partitions'][number]) {
  const { rows } = await client.query("select from pg_class where oid = to_regclass($1) and relkind = 'p'", [
    quoted(of),
  ]);
  if (rows.length > 0)
    await client.query(`create table if not exists ${quoted(name)} partition of ${quoted(of)} ${bound}`);
}

async function fill(client: pg.ClientBase, table: TablesDumped['tables'][number], lines: AsyncIterable<string>) {
  const { name, columns, rows } = table;
  const chosen = columns.map(quoted).join(', ');
  const insert = `insert into ${quoted(name)} (${chosen}) overriding system value
    select ${chosen} from json_populate_recordset(null::${quoted(name)}, $1::json)`;
  let loaded = 0;
  for await (const some of inBatches(lines)) {
    await client.query(insert, [`[${some.join(',')}]`]);
    loaded += some.length;
  }
  if (loaded !== rows) throw databaseUnfit({}, `the backup has ${loaded} rows of ${name} instead of ${rows}`);
  await continueNumbers(client, name);
}

async function* inBatches(lines: AsyncIterable<string>): AsyncIterable<string[]> {
  let batch: string[] = [];
  for await (const line of lines) {
    batch.push(line);
    if (batch.length < rowsAtOnce) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
const rowsAtOnce = 500;

/** Columns that number their rows go on behind the highest that was loaded. */
async function continueNumbers(client: pg.ClientBase, table: string): Promise<void> {
  const numbered =
    "select attname::text as name from pg_attribute where attrelid = quote_ident($1)::regclass and attidentity <> ''";
  const { rows } = await client.query<{ name: string }>(numbered, [table]);
  for (const { name } of rows) {
    const highest = `select max(${quoted(name)}) from ${quoted(table)}`;
    const sequence = 'pg_get_serial_sequence(quote_ident($1), $2)';
    await client.query(`select setval(${sequence}, highest) from (${highest}) as one (highest) where highest > 0`, [
      table,
      name,
    ]);
  }
}
