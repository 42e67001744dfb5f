import type pg from 'pg';
import { json } from './sql-text.ts';
import type { ProjectionBatch } from './store.ts';

/** What watches over whom: a row for each change, which ends the one before it. */
export async function writeCoverage(client: pg.ClientBase, { alerts }: ProjectionBatch): Promise<void> {
  const ordinals = new Map<number, number>();
  const rows = alerts.flatMap(({ sequence, change }) => {
    if (change.type !== 'coverage') return [];
    const ordinal = ordinals.get(sequence) ?? 0;
    ordinals.set(sequence, ordinal + 1);
    const { personId, where, harm, state, at, since, why } = change;
    return [
      {
        sequence,
        ordinal,
        personId,
        householdId: where.householdId,
        areaId: where.areaId,
        harm,
        state,
        at,
        since,
        why,
      },
    ];
  });
  if (rows.length === 0) return;
  await client.query(coverageStatements.insertCoverage, [json(rows)]);
  await client.query(coverageStatements.endCoverage, [json(rows)]);
}

export const coverageStatements = {
  insertCoverage: `
    insert into coverage (person_id, household_id, harm, journal_position, ordinal, noticed_at, since, state, why, area_id)
    select "personId", coalesce("householdId", ''), harm, sequence, ordinal, to_timestamp(at / 1000.0),
      to_timestamp(since / 1000.0), state, why, "areaId"
    from jsonb_to_recordset($1::jsonb) as row (
      "personId" text, "householdId" text, harm text, sequence int8, ordinal int2, at float8, since float8, state text,
      why text, "areaId" text
    )
    on conflict do nothing`,
  endCoverage: `
    update coverage set until = greatest(following.since, coverage.since), superseded_at = following.noticed_at
    from (
      select person_id, household_id, harm, journal_position, ordinal,
        lead(since) over later as since, lead(noticed_at) over later as noticed_at
      from coverage
      where superseded_at is null
        and (person_id, household_id) in (
          select "personId", coalesce("householdId", '') from jsonb_to_recordset($1::jsonb) as row ("personId" text, "householdId" text)
        )
      window later as (partition by person_id, household_id, harm order by journal_position, ordinal)
    ) as following
    where following.noticed_at is not null
      and (coverage.person_id, coverage.household_id, coverage.harm, coverage.journal_position, coverage.ordinal)
        = (following.person_id, following.household_id, following.harm, following.journal_position, following.ordinal)`,
};
