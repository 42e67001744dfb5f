import pg from 'pg';
import { silentLog } from '../platform/log.ts';
import { type Month, makeMonth } from '../simulators/month.ts';
import { hasTimescale, rollUp } from '../storage/roll-ups.ts';
import { createSqlStore } from '../storage/sql-store.ts';

/**
 * A month that ends now in a database: written as the copy of a journal is, rolled up, and with an account that sees all of it on
 * dashboards. `connections`: as many as the server takes.
 */
export async function writeMonth({ url, homes, thinning, connections = 4 }: MonthParts): Promise<Month> {
  const month = makeMonth({ seed: 7, homes, thinning, endsAt: Date.now() });
  const store = createSqlStore({ url, log: silentLog, connections });
  try {
    await store.maintain(month.endsAt);
    for (const batch of month.batches()) await store.writeBatch(batch);
    await store.keepMinute({ at: month.endsAt, lagSeconds: 0.4, waitingRecords: 2, alarm: quietMinute });
  } finally {
    await store.close();
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sixHours);
  if (await hasTimescale(client)) await refreshAtOnce(client, month);
  while ((await rollUp(client, month.endsAt)).due > 0);
  await client.query(`
    create role wall_reader in role steppewatch_dashboards;
    insert into dashboard_access values ('wall_reader', null)`);
  await client.query('analyze');
  await client.end();
  return month;
}

// The last minute, six hours long.
const sixHours = `
  insert into pipeline_minute
  select minute - n * interval '1 minute', lag_s, waiting_records, syncs, sync_p50_s, sync_p99_s, journal_bytes,
    journal_budget_bytes, journal_free_bytes, open_notices, connections
  from pipeline_minute, generate_series(1, 359) as n`;

/** Hour by hour, as it is done in life, takes minutes where TimescaleDB is WebAssembly. */
async function refreshAtOnce(client: pg.ClientBase, { startsAt, endsAt }: Month): Promise<void> {
  const [from, to] = [startsAt - 3_600_000, endsAt + 3_600_000].map((at) => new Date(at).toISOString());
  await client.query(`call refresh_continuous_aggregate('report_hourly', '${from}', '${to}')`);
  await client.query('insert into dirty_day select distinct county_day(hour) from dirty_hour on conflict do nothing');
  await client.query('delete from dirty_hour');
}

type MonthParts = { url: string; homes: number; thinning: number; connections?: number };

const quietMinute = {
  ...{ syncs: 600, syncP50Seconds: 0.001, syncP99Seconds: 0.005, openNotices: 0, connections: 40 },
  ...{ journalBytes: 2e8, journalBudgetBytes: 2e9, journalFreeBytes: 5e10 },
};

/** As PostgreSQL counts it: between the two values where the share falls. */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const at = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return below + (above - below) * (at % 1);
}

/** When a state became another one. Nowhere may it be missing. */
export function changes(times: unknown[], states: unknown[]): [at: number, state: number][] {
  return states.flatMap((state, row): [number, number][] => {
    if (state === null) throw new Error('a state is missing, where Grafana would draw a hole');
    return state === states[row - 1] ? [] : [[Number(times[row]), Number(state)]];
  });
}
