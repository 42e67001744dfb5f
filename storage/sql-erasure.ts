import type pg from 'pg';
import { hasTimescale } from './roll-ups.ts';
import type { ProjectionBatch } from './store.ts';

/**
 * What devices said while somebody bore them goes with that person: their reports, what could not be read of them, their latest state,
 * and their hours of the roll-ups; days of villages are sums, and stay. Whoever bears the device next is somebody else. A copy that is
 * made again from the journal comes to the same.
 */
export async function eraseReports(
  client: pg.ClientBase,
  { entities }: Pick<ProjectionBatch, 'entities'>,
): Promise<void> {
  for (const { change } of entities) {
    if (change.erase === undefined) continue;
    const { devices, receivedUntil } = change.erase;
    const values = [devices, new Date(receivedUntil)];
    for (const table of ['report', 'rejection', 'device_state'])
      await client.query(`delete from ${table} where ${theirs} and received_at <= $2`, values);
    await client.query(`delete from ${await hourlyTable(client)} where ${theirs} and hour <= $2`, values);
  }
}

const theirs = 'device_key in (select device_key from device where device_id = any($1::text[]))';

/** A continuous aggregate is deleted from where TimescaleDB keeps it. */
async function hourlyTable(client: pg.ClientBase): Promise<string> {
  if (!(await hasTimescale(client))) return 'report_hourly';
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name) as name
     from timescaledb_information.continuous_aggregates where view_name = 'report_hourly'`,
  );
  return rows[0]?.name ?? 'report_hourly';
}
