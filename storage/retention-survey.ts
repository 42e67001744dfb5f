import type pg from 'pg';
import {
  type Class,
  horizonOf,
  isOld,
  oldParts,
  parted,
  type RetentionParts,
  type RowKind,
  rowKinds,
} from './retention.ts';
import { hasTimescale } from './roll-ups.ts';

/** Rows of one table: how many, from when to when (epoch ms), and about how many bytes they take with their indexes. */
export type Stretch = { rows: number; from: number | undefined; to: number | undefined; bytes: number };
export type Surveyed = { class: Class; table: string } & Stretch;

/**
 * What there is, by table. Rows of large tables are counted as the database last did by itself, and so are not exact.
 * Errors, of both: those of `pg`.
 */
export async function surveyKept(client: pg.ClientBase): Promise<Surveyed[]> {
  const isTimescale = await hasTimescale(client);
  const kept: Surveyed[] = [];
  for (const { class: name, table, at } of tables(isTimescale)) {
    const { rows, bytes } = await sizeOf(client, table, isTimescale);
    kept.push({ class: name, table, ...(await span(client, table, at)), rows, bytes });
  }
  return kept;
}

/** What the next turns of retention will end, to the row; bytes are the rows' share of their table. */
export async function surveyOld(client: pg.ClientBase, { at, keep }: RetentionParts): Promise<Surveyed[]> {
  const isTimescale = await hasTimescale(client);
  const old: Surveyed[] = [];
  for (const { class: name, table } of parted) {
    const horizon = horizonOf(name, { at, keep });
    for (const part of await (isTimescale ? oldChunks : oldParts)(client, table, horizon)) {
      const { bytes } = await sizeOf(client, part, false);
      const { rows, ...times } = await counted(client, { table: part, at: timeOf[table] }, 'true', []);
      old.push({ class: name, table: part, rows, ...times, bytes });
    }
  }
  for (const kind of rowKinds(isTimescale)) {
    const found = await counted(client, kind, isOld(kind), [horizonOf(kind.class, { at, keep })]);
    if (found.rows === 0) continue;
    const whole = await sizeOf(client, kind.table, isTimescale);
    const bytes = whole.rows === 0 ? 0 : Math.round((whole.bytes * Math.min(found.rows, whole.rows)) / whole.rows);
    old.push({ class: kind.class, table: kind.table, ...found, bytes });
  }
  return old;
}

const timeOf = { report: 'occurred_at', report_hourly: 'hour' } as const;

function tables(isTimescale: boolean): { class: Class; table: string; at: string }[] {
  const whole = parted.map(({ class: name, table }) => ({ class: name, table, at: timeOf[table] }));
  const rest = rowKinds(isTimescale).filter(({ table }) => !table.startsWith('report') || table === 'report_daily');
  return [...whole, ...rest];
}

/** On TimescaleDB each chunk goes as a whole, too. */
async function oldChunks(client: pg.ClientBase, table: string, horizon: Date): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    'select show_chunks($1::regclass, older_than => $2::timestamptz)::text as name',
    [table, horizon],
  );
  return rows.map(({ name }) => name);
}

type Times = Omit<Stretch, 'bytes'>;

async function counted(
  client: pg.ClientBase,
  { table, at }: Pick<RowKind, 'table' | 'at'>,
  condition: string,
  values: unknown[],
): Promise<Times> {
  const { rows } = await client.query<{ rows: string; from: string | null; to: string | null }>(
    `select count(*) as rows, ${epochMs(`min(${at})`)} as from, ${epochMs(`max(${at})`)} as to from ${table} where ${condition}`,
    values,
  );
  return { rows: Number(rows[0]?.rows ?? 0), from: instant(rows[0]?.from), to: instant(rows[0]?.to) };
}

async function span(client: pg.ClientBase, table: string, at: string): Promise<Pick<Stretch, 'from' | 'to'>> {
  const { rows } = await client.query<{ from: string | null; to: string | null }>(
    `select ${epochMs(`(select min(${at}) from ${table})`)} as from, ${epochMs(`(select max(${at}) from ${table})`)} as to`,
  );
  return { from: instant(rows[0]?.from), to: instant(rows[0]?.to) };
}

const epochMs = (expression: string): string => `round(extract(epoch from ${expression}::timestamptz) * 1000)`;
const instant = (text: string | null | undefined): number | undefined => (text == null ? undefined : Number(text));

async function sizeOf(
  client: pg.ClientBase,
  table: string,
  isTimescale: boolean,
): Promise<Pick<Stretch, 'rows' | 'bytes'>> {
  const statement = isTimescale && table in timeOf ? timescaleSize : plainSize;
  const { rows } = await client.query<{ rows: string; bytes: string }>(statement, [table]);
  return { rows: Number(rows[0]?.rows ?? 0), bytes: Number(rows[0]?.bytes ?? 0) };
}

/** A table and its parts; one that was never looked at by the database counts as empty until it was. */
const plainSize = `
  select coalesce(sum(greatest(reltuples, 0)), 0)::bigint as rows, coalesce(sum(pg_total_relation_size(oid)), 0) as bytes
  from pg_class
  where relkind = 'r'
    and (oid = $1::regclass or oid in (select inhrelid from pg_inherits where inhparent = $1::regclass))`;
/** A roll-up is a view there, and its rows lie in a table behind it. */
const timescaleSize = `
  select approximate_row_count(behind) as rows, hypertable_size(behind) as bytes
  from (
    select coalesce(
      (select format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)::regclass
       from timescaledb_information.continuous_aggregates where view_name = $1),
      $1::regclass) as behind
  ) as found`;
