import type pg from 'pg';
import { json } from './sql-text.ts';
import type { ProjectionBatch } from './store.ts';

/** Who was in which home, and which homes there are: rows that are only ever added. */
export async function writeVisits(client: pg.ClientBase, batch: ProjectionBatch): Promise<void> {
  const { registrations, visits } = batch;
  if (registrations.length > 0) {
    // A history begins with what was there before its first row.
    await client.query(visitStatements.endHouseholds, [json(registrations.filter(({ householdId }) => !householdId))]);
    await client.query(visitStatements.insertRegistrations, [json(lastOfRecord(registrations))]);
  }
  if (visits.length > 0) await client.query(visitStatements.insertVisits, [json(visits)]);
}

/** A record may change a household several times; what it is in the end counts. */
function lastOfRecord(registrations: ProjectionBatch['registrations']): object[] {
  const last = new Map<string, object>();
  for (const row of registrations) if (row.householdId) last.set(`${row.sequence} ${row.householdId}`, row);
  return [...last.values()];
}

export const visitStatements = {
  endHouseholds: `
    insert into household_history (household_id, at, journal_position, area_id)
    select household_id, to_timestamp(row.at / 1000.0), sequence, null
    from jsonb_to_recordset($1::jsonb) as row (sequence int8, at float8)
    cross join (select household_id from household_registration where until is null) as home
    on conflict do nothing`,
  insertRegistrations: `
    insert into household_history (household_id, at, journal_position, area_id)
    select "householdId", to_timestamp(at / 1000.0), sequence, "areaId"
    from jsonb_to_recordset($1::jsonb) as row (sequence int8, at float8, "householdId" text, "areaId" text)
    on conflict (household_id, at, journal_position) do update set area_id = excluded.area_id`,
  insertVisits: `
    insert into visit
      (visit_id, journal_position, recorded_at, household_id, area_id, visited_at, why, result, by_type, by_id)
    select visit ->> 'commandId', sequence, to_timestamp(at / 1000.0), visit ->> 'householdId', "areaId",
      to_timestamp((visit ->> 'visitedAt')::float8 / 1000.0), visit ->> 'why', visit ->> 'result',
      visit -> 'by' ->> 'type', visit -> 'by' ->> 'id'
    from jsonb_to_recordset($1::jsonb) as row (sequence int8, at float8, "areaId" text, visit jsonb)
    on conflict do nothing`,
};
