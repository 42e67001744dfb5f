import type pg from 'pg';
import type { Upkeep } from './store.ts';

/**
 * Computes the oldest hour that is due from its reports; when no other is due, the oldest day of the county that has changed by that.
 * An hour is due two minutes after its end; one that was computed before, ten minutes after the first late report. Batches may be
 * written meanwhile: an hour into which more came stays due. `at`: epoch ms.
 * Source: docs/decisions/0022-one-sql-for-both.md
 */
export async function rollUp(client: pg.ClientBase, at: number): Promise<Upkeep> {
  const hours = await client.query<DueHour>(rollUpStatements.selectDueHour, [new Date(at)]);
  const [due] = hours.rows;
  if (due) await computeHour(client, due, at);
  if (due && due.more > 0) return { due: due.more };
  const days = await client.query<DirtyDay>(rollUpStatements.selectDirtyDay);
  const [dirty] = days.rows;
  if (!dirty) return { due: 0 };
  await inTurn(client, async () => {
    await client.query(rollUpStatements.deleteDay, [dirty.day]);
    await client.query(patient(rollUpStatements.insertDay, [dirty.day]));
    await client.query(rollUpStatements.settleDay, [dirty.day]);
  });
  return { due: dirty.more };
}

/** `marks` is text: an integer of eight bytes. `more`: how many others there are. */
type DueHour = { hour: Date; marks: string; more: number };
type DirtyDay = { day: string; more: number };

/** A statement that may take long: an hour of a large county, a week to pack. The server's own limit is set by the keeper. */
export function patient(text: string, values: unknown[] = []): pg.QueryConfig & { query_timeout: number } {
  return { text, values, query_timeout: patienceMs };
}
const patienceMs = 15 * 60_000;

export async function hasTimescale(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query("select from pg_extension where extname = 'timescaledb'");
  return rows.length > 0;
}

async function computeHour(client: pg.ClientBase, { hour, marks }: DueHour, at: number): Promise<void> {
  if (await hasTimescale(client)) {
    // It commits by itself. What it read is at least what had been marked by now.
    const ends = new Date(hour.getTime() + hourMs).toISOString();
    const window = `timestamptz '${hour.toISOString()}', timestamptz '${ends}'`;
    await client.query(patient(`call refresh_continuous_aggregate('report_hourly', ${window})`));
    await inTurn(client, () => settle(client, { hour, marks }, at));
    return;
  }
  await inTurn(client, async () => {
    await client.query(rollUpStatements.deleteHour, [hour]);
    await client.query(patient(rollUpStatements.insertHour, [hour]));
    await settle(client, { hour, marks }, at);
  });
}

/** The writer's mark and this wait for each other for as long as a commit takes: what is not seen here stays marked. */
async function settle(client: pg.ClientBase, { hour, marks }: Omit<DueHour, 'more'>, at: number): Promise<void> {
  await client.query(rollUpStatements.markDay, [hour]);
  const settled = await client.query(rollUpStatements.settleHour, [hour, marks]);
  if (settled.rowCount === 0) await client.query(rollUpStatements.postponeHour, [hour, new Date(at)]);
}

/** In a transaction of its own, one keeper at a time. */
async function inTurn(client: pg.ClientBase, work: () => Promise<void>): Promise<void> {
  await client.query('begin');
  try {
    await client.query('select pg_advisory_xact_lock($1)', [lockKey]);
    await work();
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

// "steproll" in ASCII: any number that nobody else uses in this database.
const lockKey = '8319093839121214572';
const hourMs = 3_600_000;

/** $1 is the hour, or the day. */
export const rollUpStatements = {
  selectDueHour: `
    select hour, marks, (count(*) over ())::int4 - 1 as more
    from dirty_hour
    where greatest(hour + interval '62 minutes', dirtied_at + interval '10 minutes') <= $1::timestamptz
    order by hour
    limit 1`,
  deleteHour: 'delete from report_hourly where hour = $1',
  // On TimescaleDB the same is the definition of the continuous aggregate: migration 0011.
  insertHour: `
    insert into report_hourly
    select
      time_bucket('1 hour', occurred_at), device_key, count(*),
      count(*) filter (where received_at - occurred_at > interval '5 minutes'),
      count(*) filter (where kind = 4), count(*) filter (where kind = 1), count(*) filter (where kind = 2),
      count(*) filter (where kind = 3), count(*) filter (where kind = 6), count(*) filter (where kind = 7),
      count(*) filter (where kind = 9), count(*) filter (where kind = 11),
      min(celsius) filter (where kind <> 10), avg(celsius) filter (where kind <> 10),
      max(celsius) filter (where kind <> 10), count(celsius) filter (where kind <> 10),
      max(obscuration_db_per_m), max(co_ppm), max(gas_percent_lel),
      min(battery_volts), avg(battery_volts), min(charge_percent), min(rsrp_dbm), avg(rsrp_dbm), avg(snr_db)
    from report
    where occurred_at >= $1 and occurred_at < $1::timestamptz + interval '1 hour'
    group by 1, 2`,
  markDay: 'insert into dirty_day values (county_day($1)) on conflict do nothing',
  settleHour: 'delete from dirty_hour where hour = $1 and marks = $2',
  postponeHour: 'update dirty_hour set dirtied_at = $2 where hour = $1',
  selectDirtyDay: 'select day::text, (count(*) over ())::int4 - 1 as more from dirty_day order by day limit 1',
  deleteDay: 'delete from report_daily where day = $1',
  // Averages over the hours of devices; of rooms, over their readings.
  insertDay: `
    with registered as (select coalesce(area_id, '') as area_id, count(*) as devices from device_home group by 1),
    heard as (
      select coalesce(area_id, '') as area_id, count(distinct device_key) as devices, sum(reports) as reports, sum(late) as late,
        sum(alarms) as alarms, sum(tests) as tests, sum(tampers) as tampers, sum(falls) as falls, sum(presses) as presses,
        min(celsius_min) as celsius_min, sum(celsius_avg * celsius_readings) / nullif(sum(celsius_readings), 0) as celsius_avg,
        max(celsius_max) as celsius_max, min(battery_min) as battery_min, avg(rsrp_avg) as rsrp_avg, avg(snr_avg) as snr_avg
      from report_hourly
      left join device_home using (device_key)
      where hour >= county_day_start($1::date) and hour < county_day_start($1::date + 1)
      group by 1
    )
    insert into report_daily
    select $1::date, area_id, coalesce(registered.devices, 0), coalesce(heard.devices, 0), coalesce(reports, 0), coalesce(late, 0),
      coalesce(alarms, 0), coalesce(tests, 0), coalesce(tampers, 0), coalesce(falls, 0), coalesce(presses, 0),
      celsius_min, celsius_avg, celsius_max, battery_min, rsrp_avg, snr_avg
    from registered
    full join heard using (area_id)`,
  settleDay: 'delete from dirty_day where day = $1',
};
