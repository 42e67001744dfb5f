import type pg from 'pg';
import type { Log } from '../platform/log.ts';
import { hasTimescale } from './roll-ups.ts';

/** For how many days each class of rows is kept. What is not here stays until a person removes it. */
export type Keep = { readonly [C in Class]: number };
/**
 * - `positions`: positions and vitals as they came; counted from when they were measured
 * - `reports`: every other report as it came
 * - `hourly`, `daily`: what is left of them by hour and device, by day and area
 * - `incidents`: incidents that are resolved, with their timeline and notices, alerts that are cleared, notes, and who was watched for what
 * - `visits`: who was in which home
 * - `rejections`: reports that could not be read
 * - `minutes`: how much came in
 */
export const classes = [
  ...(['positions', 'reports', 'hourly', 'daily', 'incidents', 'visits', 'rejections', 'minutes'] as const),
];
export type Class = (typeof classes)[number];

export const defaultKeep: Keep = {
  ...{ positions: 30, reports: 90, hourly: 400, daily: 3_650 },
  ...{ incidents: 1_826, visits: 1_826, rejections: 30, minutes: 400 },
};

/** What one turn ended: rows that were deleted, or parts of a table (weeks, chunks) that were dropped as a whole. */
export type Ended = { class: Class; table: string; rows: number; parts: string[] };

/**
 * Ends what is older than its class is kept. Parts of a table are dropped where all of them is too old; single rows
 * are deleted, at most 200,000 of a table in one turn, so that nobody waits long: what is left is due at the next
 * turn. Answers what it did.
 * Units: `at` epoch ms. Errors: those of `pg`. Source: docs/decisions/0024-influxdb-retention-and-installing.md
 */
export async function applyRetention(client: pg.ClientBase, { at, keep }: RetentionParts): Promise<Ended[]> {
  const isTimescale = await hasTimescale(client);
  const ended: Ended[] = [];
  for (const { class: name, table } of parted) {
    const parts = isTimescale
      ? await dropChunks(client, table, horizonOf(name, { at, keep }))
      : await dropParts(client, table, horizonOf(name, { at, keep }));
    if (parts.length > 0) ended.push({ class: name, table, rows: 0, parts });
  }
  for (const kind of rowKinds(isTimescale)) {
    const rows = await deleteRows(client, kind, horizonOf(kind.class, { at, keep }), isTimescale);
    if (rows > 0) ended.push({ class: kind.class, table: kind.table, rows, parts: [] });
  }
  return ended;
}

export type RetentionParts = { at: number; keep: Keep };

/**
 * A turn an hour, and the next one at once after one that came to its bound. `ifDue` may be called as often as one
 * likes.
 */
export function createRetention({ keep, log }: { keep: Keep; log: Log }) {
  let dueAt = Number.NEGATIVE_INFINITY;
  return {
    async ifDue(client: pg.ClientBase, at: number): Promise<void> {
      if (at < dueAt) return;
      const ended = await applyRetention(client, { at, keep });
      if (ended.length > 0) log.info({ ended }, 'what was kept for long enough has ended');
      if (!isCutShort(ended)) dueAt = at + everyMs;
    },
  };
}

/** Whether a turn came to its bound, so that more is due. */
export const isCutShort = (ended: readonly Ended[]): boolean => ended.some(({ rows }) => rows >= mostRowsATurn);

export function horizonOf(name: Class, { at, keep }: RetentionParts): Date {
  return new Date(at - keep[name] * 86_400_000);
}

/** Tables that consist of parts by time. */
export const parted = [
  { class: 'reports', table: 'report' },
  { class: 'hourly', table: 'report_hourly' },
] as const satisfies { class: Class; table: string }[];

/**
 * Rows of a table that end one by one: those that `only` is true of and whose `at` is before the horizon. `alsoGone`:
 * what goes with each of them, as statements that read `gone`, the keys of what went.
 */
export type RowKind = { class: Class; table: string; at: string; key: string; only?: string; alsoGone?: string };

export function rowKinds(isTimescale: boolean): RowKind[] {
  return isTimescale ? everywhere : [...everywhere, ...defaults];
}

const everywhere: RowKind[] = [
  {
    class: 'positions',
    table: 'report',
    at: 'occurred_at',
    key: 'occurred_at, journal_position, part',
    only: 'kind in (6, 10)',
  },
  { class: 'daily', table: 'report_daily', at: 'day', key: 'day, area_id' },
  {
    ...{ class: 'incidents', table: 'incident', at: 'phase_since', key: 'incident_id', only: "phase = 'resolved'" },
    alsoGone: `
      timeline as (delete from incident_timeline where incident_id in (select incident_id from gone)),
      told as (delete from notice where incident_id in (select incident_id from gone) returning notice_id),
      tried as (delete from notice_attempt where notice_id in (select notice_id from told)),`,
  },
  { class: 'incidents', table: 'alert', at: 'cleared_at', key: 'alert_id' },
  { class: 'incidents', table: 'note', at: 'noted_at', key: 'note_id' },
  {
    ...{ class: 'incidents', table: 'coverage', at: 'superseded_at' },
    key: 'person_id, household_id, harm, journal_position, ordinal',
  },
  { class: 'incidents', table: 'shadow_word', at: 'said_at', key: 'said_at, journal_position, ordinal' },
  { class: 'visits', table: 'visit', at: 'visited_at', key: 'visit_id' },
  { class: 'rejections', table: 'rejection', at: 'received_at', key: 'received_at, journal_position, part' },
  { class: 'minutes', table: 'received_minute', at: 'minute', key: 'minute' },
  { class: 'minutes', table: 'pipeline_minute', at: 'minute', key: 'minute' },
];
/** What clocks that are far off put outside of every week. When it came in is all that is known for certain of it. */
const defaults: RowKind[] = [
  { class: 'reports', table: 'report_default', at: 'received_at', key: 'occurred_at, journal_position, part' },
  { class: 'hourly', table: 'report_hourly_default', at: 'hour', key: 'device_key, hour' },
];

export const isOld = ({ at, only }: RowKind): string => `${at} < $1${only === undefined ? '' : ` and ${only}`}`;

/** In pieces that are committed one by one, so that a slow disk gets on, too. */
async function deleteRows(client: pg.ClientBase, kind: RowKind, horizon: Date, isTimescale: boolean): Promise<number> {
  let rows = 0;
  for (let some = rowsAtOnce; some === rowsAtOnce && rows < mostRowsATurn; rows += some)
    some = await deleteSome(client, kind, horizon, isTimescale);
  return rows;
}

async function deleteSome(client: pg.ClientBase, kind: RowKind, horizon: Date, isTimescale: boolean): Promise<number> {
  const { table, key, alsoGone = '' } = kind;
  const statement = `
    with old as (select ${key} from ${table} where ${isOld(kind)} limit ${rowsAtOnce}),
    gone as (delete from ${table} where (${key}) in (select ${key} from old) and ${isOld(kind)} returning ${key}),${alsoGone}
    counted as (select count(*)::int as rows from gone)
    select rows from counted`;
  return inTransaction(client, async () => {
    // Packed chunks are unpacked where a row of them goes, which has a limit of its own.
    if (isTimescale) await client.query('set local timescaledb.max_tuples_decompressed_per_dml_transaction = 0');
    const { rows } = await client.query<{ rows: number }>(statement, [horizon]);
    return rows[0]?.rows ?? 0;
  });
}

/** Parts that end before the horizon, oldest first. The default part has no end. */
export async function oldParts(client: pg.ClientBase, table: string, horizon: Date): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select name
     from (
       select inhrelid::regclass::text as name,
         substring(pg_get_expr(relpartbound, oid), 'TO \\(''([^'']+)''\\)')::timestamptz as ends
       from pg_inherits join pg_class on oid = inhrelid
       where inhparent = $1::regclass
     ) as part
     where ends <= $2
     order by ends`,
    [table, horizon],
  );
  return rows.map(({ name }) => name);
}

async function dropParts(client: pg.ClientBase, table: string, horizon: Date): Promise<string[]> {
  const parts = await oldParts(client, table, horizon);
  for (const part of parts) {
    await inTransaction(client, async () => {
      // Whoever waits for an exclusive lock makes everybody behind him wait too.
      await client.query("set local lock_timeout = '5s'");
      // The command and the running system may be at it in the same moment.
      await client.query(`drop table if exists ${part}`);
    });
  }
  return parts;
}

async function dropChunks(client: pg.ClientBase, table: string, horizon: Date): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    'select drop_chunks($1::regclass, older_than => $2::timestamptz)::text as name',
    [table, horizon],
  );
  return rows.map(({ name }) => name);
}

async function inTransaction<T>(client: pg.ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    const done = await work();
    await client.query('commit');
    return done;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

const mostRowsATurn = 200_000;
const rowsAtOnce = 50_000;
const everyMs = 3_600_000;
