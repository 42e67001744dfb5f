import pg from 'pg';
import { databaseUnfit } from '../platform/errors.ts';
import { asOperational } from './sql-store.ts';

/**
 * What of a database is in its dump. `columns`: without those that are computed. `partitions`: with the bounds by which PostgreSQL makes
 * them again. `migrations`: what had made the tables, in their order.
 */
export type TablesDumped = {
  migrations: string[];
  tables: { name: string; columns: string[]; rows: number }[];
  partitions: { name: string; of: string; bound: string }[];
};

/**
 * Writes the tables of the copy as they stand at one moment, while others write: a row is a line of JSON as PostgreSQL writes it. `write`
 * takes the lines of one table, and resolves when they are kept. Memory: a thousand rows.
 * Errors: DATABASE_AWAY; DATABASE_UNFIT: there are no tables of ours, or it is TimescaleDB.
 */
export async function dumpTables({ url, write }: DumpParts): Promise<TablesDumped> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, keepAlive: true });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('begin isolation level repeatable read read only');
    // The form in which a number or an instant is written must not depend on who asks.
    await client.query(
      "set local extra_float_digits = 1; set local timezone = 'UTC'; set local intervalstyle = 'postgres'",
    );
    const isTimescale =
      (await texts(client, "select extname from pg_extension where extname = 'timescaledb'")).length > 0;
    if (isTimescale)
      throw databaseUnfit(
        {},
        'it is TimescaleDB, whose roll-ups only pg_dump saves: take that first, and then this with --without-database',
      );
    const migrations = await texts(client, 'select file from migration order by file');
    const tables: TablesDumped['tables'] = [];
    for (const name of await texts(client, ownTables)) {
      const columns = await texts(client, columnsOf, [name]);
      tables.push({ name, columns, rows: await write(name, linesOf(client, name, columns)) });
    }
    const { rows: partitions } = await client.query<TablesDumped['partitions'][number]>(partitionsMade);
    await client.query('commit');
    return { migrations, tables, partitions };
  } catch (error) {
    throw asOperational(error);
  } finally {
    await client.end().catch(() => {});
  }
}

export type DumpParts = {
  url: string;
  /** Answers how many lines there were. */
  write: (table: string, lines: AsyncIterable<string>) => Promise<number>;
};

export const quoted = (name: string): string => pg.escapeIdentifier(name);

async function texts(client: pg.ClientBase, text: string, values: unknown[] = []): Promise<string[]> {
  const { rows } = await client.query<string[]>({ text, values, rowMode: 'array' });
  return rows.map(([value = '']) => value);
}

async function* linesOf(client: pg.ClientBase, table: string, columns: string[]): AsyncIterable<string> {
  const chosen = columns.map(quoted).join(', ');
  await client.query(
    `declare dumped no scroll cursor for select row_to_json(one)::text from (select ${chosen} from ${quoted(table)}) as one`,
  );
  for (;;) {
    const lines = await texts(client, `fetch ${rowsAtOnce} from dumped`);
    if (lines.length === 0) break;
    yield `${lines.join('\n')}\n`;
  }
  await client.query('close dumped');
}
const rowsAtOnce = 1_000;

// Partitions come with the table that they are of, and chunks of TimescaleDB with their hypertable.
const ownTables = `
  select relname::text from pg_class
  where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition
    and relname <> 'migration'
    and not exists (select from pg_depend where objid = pg_class.oid and classid = 'pg_class'::regclass and deptype = 'e')
  order by relname`;
const columnsOf = `
  select attname::text from pg_attribute
  where attrelid = (quote_ident($1))::regclass and attnum > 0 and not attisdropped and attgenerated = ''
  order by attnum`;
const partitionsMade = `
  select child.relname::text as name, parent.relname::text as of, pg_get_expr(child.relpartbound, child.oid) as bound
  from pg_inherits
  join pg_class child on child.oid = inhrelid
  join pg_class parent on parent.oid = inhparent
  where child.relispartition and child.relnamespace = current_schema()::regnamespace
  order by child.relname`;
