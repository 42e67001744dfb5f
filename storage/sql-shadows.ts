import type pg from 'pg';
import type { ShadowWord } from '../records/alert.ts';
import { json } from './sql-text.ts';
import type { ProjectionBatch } from './store.ts';

/** What rules said under settings that are only tried: rows that are only ever added. */
export async function writeShadows(client: pg.ClientBase, { alerts }: ProjectionBatch): Promise<void> {
  const ordinals = new Map<number, number>();
  const rows = alerts.flatMap(({ sequence, change }) => {
    if (change.type !== 'shadow') return [];
    const ordinal = ordinals.get(sequence) ?? 0;
    ordinals.set(sequence, ordinal + 1);
    return [{ sequence, ordinal, ...rowOf(change) }];
  });
  if (rows.length > 0) await client.query(shadowStatements.insertShadows, [json(rows)]);
}

function rowOf({ settingId, at, rule, change }: ShadowWord) {
  const row = { settingId, at, rule, what: change.type, body: change };
  if (change.type === 'raise') {
    const { alertId, condition, severity, where } = change.alert;
    return { ...row, alertId, condition, severity, householdId: where.householdId, areaId: where.areaId };
  }
  if (change.type === 'strengthen') return { ...row, alertId: change.alertId, severity: change.severity };
  return change.type === 'clear' ? { ...row, alertId: change.alertId } : row;
}

export const shadowStatements = {
  insertShadows: `
    insert into shadow_word
      (setting_id, journal_position, ordinal, said_at, rule, what, alert_id, condition, severity, household_id, area_id, body)
    select "settingId", sequence, ordinal, to_timestamp(at / 1000.0), rule, what, "alertId", condition, severity, "householdId", "areaId",
      body
    from jsonb_to_recordset($1::jsonb) as row (
      "settingId" text, sequence int8, ordinal int2, at float8, rule text, what text, "alertId" text, condition text, severity text,
      "householdId" text, "areaId" text, body jsonb
    )
    on conflict do nothing`,
};
