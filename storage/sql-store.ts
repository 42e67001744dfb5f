import pg from 'pg';
import { databaseAway, databaseRefused, databaseUnfit, OperationalError } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Incident, TimelineEntry } from '../records/incident.ts';
import { DeviceKeys } from './device-keys.ts';
import { migrate } from './migrate.ts';
import { reportOfRow, type SqlReport, selectDeviceReports } from './report-rows.ts';
import { defaultKeep, type Keep } from './retention.ts';
import { writeCoverage } from './sql-coverage.ts';
import { writeDecisions } from './sql-decisions.ts';
import { keepMinute, type PipelineLog } from './sql-pipeline.ts';
import { writeReports } from './sql-reports.ts';
import { writeShadows } from './sql-shadows.ts';
import { type Statistics, visitedMonth } from './sql-statistics.ts';
import { createKeeper } from './sql-upkeep.ts';
import { writeVisits } from './sql-visits.ts';
import type { ProjectionBatch, Store, StoredPosition } from './store.ts';

/**
 * The store in PostgreSQL 15 or later, with or without TimescaleDB. It connects, and migrates, at the first call that
 * finds the database there. `timeZone`: the county's, in which its days and months begin from now on.
 */
export function createSqlStore({
  url,
  log,
  timeZone,
  keep = defaultKeep,
  connections = 4,
}: SqlStoreParts): Store & Statistics & PipelineLog {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    // The server's own limit, and ours in case it is gone without a word.
    statement_timeout: 60_000,
    query_timeout: 70_000,
    keepAlive: true,
    application_name: 'steppewatch',
  });
  pool.on('error', (error) => log.debug({ err: error }, 'an idle connection to the database ended'));
  const keys = new DeviceKeys();
  const maintain = createKeeper({ keep, log });
  let migrated: Promise<void> | undefined;

  /** Runs on a connection of its own. A connection that saw an error is not used again, except when the error is our own. */
  async function run<T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    let client: pg.PoolClient | undefined;
    try {
      client = await pool.connect();
      // Without a listener a connection that ends between two queries would end the process.
      client.on('error', ignore);
      const answer = await work(client);
      client.off('error', ignore);
      client.release();
      return answer;
    } catch (error) {
      if (error instanceof OperationalError) client?.off('error', ignore);
      client?.release(!(error instanceof OperationalError));
      throw asOperational(error);
    }
  }

  async function prepare(client: pg.ClientBase): Promise<void> {
    // What is there for years takes longer than a batch.
    await client.query("set statement_timeout = '15min'");
    await migrate(client, { log });
    await client.query('reset statement_timeout');
    if (timeZone !== undefined) await adoptTimeZone(client, timeZone);
  }

  async function ready<T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    migrated ??= run(prepare);
    try {
      await migrated;
      return await run(work);
    } catch (error) {
      // What answers next may be another database, or this one put back to before its last migration.
      migrated = undefined;
      throw error;
    }
  }

  return {
    position: () => ready(readPosition),
    async writeBatch(batch) {
      try {
        await ready((client) => writeInTransaction(client, batch, keys));
      } catch (error) {
        keys.forget();
        throw error;
      }
    },
    maintain: (at) => ready((client) => maintain(client, at)),
    incidentHistory: ({ limit, before, within }) =>
      ready(async (client) => {
        const place = [within?.areas ?? null, within?.unplaced ?? true];
        const values = [limit, before?.openedAt ?? null, before?.incidentId ?? null, ...place];
        const { rows } = await client.query<{ body: Incident }>(selectIncidents, values);
        return rows.map(({ body }) => body);
      }),
    incident: (incidentId) =>
      ready(async (client) => {
        const { rows } = await client.query<{ body: Incident }>(selectIncident, [incidentId]);
        return rows[0]?.body;
      }),
    incidentTimeline: (incidentId) =>
      ready(async (client) => {
        const { rows } = await client.query<{ body: TimelineEntry }>(selectTimeline, [incidentId]);
        return rows.length === 0 ? undefined : rows.map(({ body }) => body);
      }),
    deviceReports: ({ deviceId, limit, before }) =>
      ready(async (client) => {
        const { rows } = await client.query<SqlReport>(selectDeviceReports, [deviceId, limit, before ?? null]);
        return rows.map(reportOfRow);
      }),
    visitedMonth: (month) => ready((client) => visitedMonth(client, month)),
    keepMinute: (minute) => ready((client) => keepMinute(client, minute)),
    close: () => pool.end(),
  };
}

type SqlStoreParts = { url: string; log: Log; timeZone?: string; keep?: Keep; connections?: number };

const ignore = () => {};

/** Days that were rolled up in another zone are computed again, as far back as there are hours. */
async function adoptTimeZone(client: pg.ClientBase, timeZone: string): Promise<void> {
  const { rowCount } = await client.query(selectOtherTimeZone, [timeZone]);
  if (rowCount === 0) return;
  await client.query('begin');
  await client.query(markEveryDay);
  await client.query(updateTimeZone, [timeZone]);
  await client.query(markEveryDay);
  await client.query('commit');
}

async function readPosition(client: pg.ClientBase): Promise<StoredPosition | undefined> {
  const { rows } = await client.query<{ journal_id: string; sequence: string; received_at_ms: string }>(
    'select journal_id, sequence, received_at_ms from projection_position',
  );
  const [row] = rows;
  if (!row) return undefined;
  return { journalId: row.journal_id, sequence: Number(row.sequence), receivedAt: Number(row.received_at_ms) };
}

/** The position comes first: it locks out any other writer, and says whether these rows are the next ones. */
async function writeInTransaction(client: pg.ClientBase, batch: ProjectionBatch, keys: DeviceKeys): Promise<void> {
  await client.query('begin');
  if (!(await advance(client, batch))) {
    await client.query('rollback');
    const position = await readPosition(client);
    if (position?.journalId === batch.journalId && position.sequence === batch.sequence) return;
    const stands = position ? `${position.journalId} at ${position.sequence}` : 'empty';
    throw databaseUnfit({}, `it is ${stands} and not ${batch.journalId} at ${batch.after}`);
  }
  await writeReports(client, batch, keys);
  await writeDecisions(client, batch);
  await writeCoverage(client, batch);
  await writeShadows(client, batch);
  await writeVisits(client, batch);
  await client.query('commit');
}

async function advance(client: pg.ClientBase, batch: ProjectionBatch): Promise<boolean> {
  const { journalId, after, sequence, receivedAt, freshness, gaps } = batch;
  const { headSequence, trueUntil, seenAt } = freshness;
  const values = [journalId, after, sequence, receivedAt, headSequence, trueUntil, seenAt];
  const { rowCount } = await client.query({ name: 'advance', text: upsertPosition, values });
  if (rowCount !== 1) return false;
  for (const { from, to } of gaps) await client.query(insertGap, [journalId, from, to, seenAt]);
  return true;
}

// Only the first batch of an empty copy may insert, and only what follows nothing.
const upsertPosition = `
  insert into projection_position (journal_id, sequence, received_at_ms, head_sequence, true_until, seen_at)
  select $1, $3, $4, $5, to_timestamp($6::float8 / 1000.0), to_timestamp($7::float8 / 1000.0)
  where $2::int8 = 0 or exists (select from projection_position)
  on conflict (only_row) do update set
    sequence = excluded.sequence, received_at_ms = excluded.received_at_ms, head_sequence = excluded.head_sequence,
    true_until = excluded.true_until, seen_at = excluded.seen_at
  where projection_position.journal_id = $1 and projection_position.sequence = $2`;
const insertGap = `
  insert into projection_gap values ($1, $2, $3, to_timestamp($4::float8 / 1000.0)) on conflict do nothing`;

const selectOtherTimeZone = "select from setting where name = 'time_zone' and value <> $1";
const updateTimeZone = "update setting set value = $1 where name = 'time_zone'";
const markEveryDay = `
  insert into dirty_day
  select day::date
  from (select min(hour) as first, max(hour) as last from report_hourly) as hours,
    generate_series(county_day(first)::timestamp, county_day(last)::timestamp, interval '1 day') as day
  on conflict do nothing`;
const selectIncidents = `
  select body from incident
  where ($2::float8 is null or (opened_at, incident_id) < (to_timestamp($2 / 1000.0), $3))
    and ($4::text[] is null or area_id = any($4) or ($5 and not exists (select from area where area.id = area_id)))
  order by opened_at desc, incident_id desc
  limit $1`;
const selectIncident = 'select body from incident where incident_id = $1';
const selectTimeline = `
  select body from incident_timeline where incident_id = $1 order by journal_position, ordinal`;

export const storeStatements = {
  ...{
    upsertPosition,
    insertGap,
    selectOtherTimeZone,
    updateTimeZone,
    markEveryDay,
    selectIncidents,
    selectIncident,
    selectTimeline,
  },
};

/** What the world did to the database is waited for; a value that it refuses, and anything else, is ours. */
export function asOperational(error: unknown): unknown {
  if (error instanceof OperationalError || !(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  if (error instanceof pg.DatabaseError) {
    const why = `${error.code}: ${error.message}`;
    if (/^(22|23|54)/.test(error.code ?? '')) return databaseRefused({ cause: error }, why);
    if (/^(0A|2F|3F|42)/.test(error.code ?? '')) return databaseUnfit({ cause: error }, why);
    return databaseAway({ cause: error }, why);
  }
  const isNetwork = typeof code === 'string' && /^E(?!RR_)/.test(code);
  return isNetwork || connectionLost.test(error.message) ? databaseAway({ cause: error }, error.message) : error;
}

// The driver has no codes for these.
const connectionLost =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Query read timeout)/;
