import type pg from 'pg';

/**
 * Keeps a partition for each stretch of weeks around `at` (epoch ms). Rows that came before theirs was made wait in the default
 * partition, and move. Those of clocks that are far off stay there.
 */
export async function makeReportWeeks(client: pg.ClientBase, at: number): Promise<void> {
  for (const table of weekly) {
    const existing = new Set(await partitionsOf(client, table.name));
    for (let week = weekOf(table, at - backMs); week <= at + aheadMs; week += table.widthMs) {
      if (!existing.has(nameOf(table, week))) await inTransaction(client, createWeek(table, week));
    }
  }
}

/** Late reports of the last weeks have theirs, too. */
const backMs = 30 * 86_400_000;
const aheadMs = 15 * 86_400_000;
const weekMs = 7 * 86_400_000;
// A Monday, as in time_bucket.
const originMs = Date.UTC(2000, 0, 3);

type Weekly = { name: string; column: string; widthMs: number };
const weekly: Weekly[] = [
  { name: 'report', column: 'occurred_at', widthMs: weekMs },
  // Kept for longer: fewer and larger ones.
  { name: 'report_hourly', column: 'hour', widthMs: 4 * weekMs },
];

const weekOf = ({ widthMs }: Weekly, at: number): number => originMs + Math.floor((at - originMs) / widthMs) * widthMs;
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
const nameOf = ({ name }: Weekly, week: number): string => `${name}_${dayOf(week).replaceAll('-', '_')}`;

async function partitionsOf(client: pg.ClientBase, table: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    'select inhrelid::regclass::text as name from pg_inherits where inhparent = $1::regclass',
    [table],
  );
  return rows.map(({ name }) => name);
}

function createWeek(table: Weekly, week: number): string[] {
  const { name, column, widthMs } = table;
  const partition = nameOf(table, week);
  const from = `timestamptz '${dayOf(week)} 00:00:00+00'`;
  const to = `timestamptz '${dayOf(week + widthMs)} 00:00:00+00'`;
  return [
    `lock table ${name}_default in access exclusive mode`,
    `create table ${partition} (like ${name} including all)`,
    `with moved as (delete from ${name}_default where ${column} >= ${from} and ${column} < ${to} returning *)
      insert into ${partition} select * from moved`,
    `alter table ${name} attach partition ${partition} for values from (${from}) to (${to})`,
  ];
}

async function inTransaction(client: pg.ClientBase, statements: string[]): Promise<void> {
  await client.query('begin');
  try {
    // Whoever waits for an exclusive lock makes everybody behind him wait too.
    await client.query("set local lock_timeout = '5s'");
    for (const statement of statements) await client.query(statement);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}
