import type pg from 'pg';

/**
 * Keeps a partition for each week around `at` (epoch ms), and ends those whose last report is older than the retention.
 * Reports of clocks that are far off stay in the default partition as long, counted from their receipt.
 */
export async function maintainReportWeeks(client: pg.ClientBase, at: number): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'report'::regclass",
  );
  const existing = new Set(rows.map(({ name }) => name));
  const oldest = weekOf(at - reportRetentionMs);
  for (let week = oldest; week <= at + aheadMs; week += weekMs) {
    if (!existing.has(nameOf(week))) await inTransaction(client, createWeek(week));
  }
  for (const name of existing) {
    if (name !== 'report_default' && name < nameOf(oldest)) await inTransaction(client, [`drop table ${name}`]);
  }
  await client.query('delete from report_default where received_at < $1', [new Date(at - reportRetentionMs)]);
}

/** How long positions, vitals and every other report are kept as they came. */
export const reportRetentionMs = 30 * 86_400_000;
const aheadMs = 15 * 86_400_000;
const weekMs = 7 * 86_400_000;
// A Monday, as in time_bucket.
const originMs = Date.UTC(2000, 0, 3);

const weekOf = (at: number): number => originMs + Math.floor((at - originMs) / weekMs) * weekMs;
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
const nameOf = (week: number): string => `report_${dayOf(week).replaceAll('-', '_')}`;

/** Reports of that week which came before it was made wait in the default partition, and move. */
function createWeek(week: number): string[] {
  const name = nameOf(week);
  const from = `timestamptz '${dayOf(week)} 00:00:00+00'`;
  const to = `timestamptz '${dayOf(week + weekMs)} 00:00:00+00'`;
  return [
    'lock table report_default in access exclusive mode',
    `create table ${name} (like report including all)`,
    `with moved as (delete from report_default where occurred_at >= ${from} and occurred_at < ${to} returning *)
      insert into ${name} select * from moved`,
    `alter table report attach partition ${name} for values from (${from}) to (${to})`,
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
