import type pg from 'pg';
import type { EntityType } from '../records/registry.ts';
import { eraseReports } from './sql-erasure.ts';
import { json } from './sql-text.ts';
import type { ProjectionBatch } from './store.ts';

/** The few rows of a batch: what was decided, who was told, and the registry. Statements run only for what there is. */
export async function writeDecisions(client: pg.ClientBase, batch: ProjectionBatch): Promise<void> {
  const write = async (text: string, rows: object[]) => {
    if (rows.length > 0) await client.query(text, [json(rows)]);
  };
  const raised = batch.alerts.flatMap(({ sequence, change }) =>
    change.type === 'raise' ? [{ sequence, body: change.alert }] : [],
  );
  const notes = batch.alerts.flatMap(({ sequence, change }) =>
    change.type === 'note' ? [{ sequence, body: change.note }] : [],
  );
  await write(insertAlerts, raised);
  await write(updateAlerts, alertUpdates(batch));
  await write(insertNotes, notes);
  await write(upsertIncidents, latestIncidents(batch));
  await write(insertTimeline, timelineRows(batch));
  await write(
    insertNotices,
    batch.notices.map(({ sequence, notice }) => ({ sequence, body: notice })),
  );
  await write(upsertAttempts, attemptRows(batch));
  const wholeFrom = batch.entities.findLastIndex(({ change }) => change.entity === 'every');
  if (wholeFrom >= 0) await endRegistry(client);
  const changes = batch.entities.slice(wholeFrom + 1);
  for (const entity of copiedEntities) await writeEntities(client, changes, entity);
  await eraseReports(client, batch);
}

/** Every change of one alert, in order, as one row: a statement updates a row once. */
function alertUpdates({ alerts }: ProjectionBatch): object[] {
  const updates = new Map<string, { id: string; severity?: string; clearedAt?: number; reason: object }>();
  for (const { change } of alerts) {
    if (change.type !== 'strengthen' && change.type !== 'clear') continue;
    const { alertId: id, reason } = change;
    const known = updates.get(id) ?? { id, reason: {} };
    const news = change.type === 'clear' ? { clearedAt: change.at } : { severity: change.severity };
    updates.set(id, { ...known, ...news, reason: { ...known.reason, ...reason } });
  }
  return [...updates.values()];
}

/** The first of each instant, however often it comes again. */
export const firstInstants = ['notified', 'delivered', 'claimed', 'accepted', 'arrived'] as const;
type FirstInstants = { [what in (typeof firstInstants)[number]]?: number };

function latestIncidents({ incidents }: ProjectionBatch): object[] {
  const latest = new Map<string, { sequence: number; body: object; first: FirstInstants }>();
  for (const { sequence, change } of incidents) {
    const { incident, timeline } = change;
    const first = latest.get(incident.incidentId)?.first ?? {};
    for (const { what, at } of timeline) {
      if (isFirstInstant(what)) first[what] = Math.min(at, first[what] ?? at);
    }
    latest.set(incident.incidentId, { sequence, body: incident, first });
  }
  return [...latest.values()].map(({ first, ...row }) => ({ ...row, ...first }));
}

function isFirstInstant(what: string): what is keyof FirstInstants {
  return (firstInstants as readonly string[]).includes(what);
}

/** One record may change an incident several times; its entries are numbered through. */
function timelineRows({ incidents }: ProjectionBatch): object[] {
  const ordinals = new Map<string, number>();
  return incidents.flatMap(({ sequence, change: { incident, timeline } }) =>
    timeline.map((entry) => {
      const record = `${sequence} ${incident.incidentId}`;
      const ordinal = ordinals.get(record) ?? 0;
      ordinals.set(record, ordinal + 1);
      return { sequence, id: incident.incidentId, ordinal, body: entry };
    }),
  );
}

type Attempt = {
  id: string;
  channel: string;
  attempt: number;
  provisional?: boolean;
  attemptedAt?: number;
  endedAt?: number;
  result?: string;
  detail?: string | undefined;
};

function attemptRows({ attempts }: ProjectionBatch): object[] {
  const latest = new Map<string, Attempt>();
  for (const { at, record } of attempts) {
    const { noticeId: id, channel, attempt, provisional = false } = record;
    const key = `${id} ${channel} ${attempt}`;
    const known = latest.get(key) ?? { id, channel, attempt };
    const news =
      record.kind === 'attempting'
        ? { attemptedAt: at }
        : { endedAt: at, result: record.result, ...(record.detail !== undefined && { detail: record.detail }) };
    latest.set(key, { ...known, ...news, provisional: provisional || known.provisional === true });
  }
  return [...latest.values()];
}

/** Accounts and settings of rules are nothing to search for; their hashes stay out of the database. */
const copiedEntities = ['area', 'site', 'place', 'household', 'person', 'contact', 'device'] as const;

/** Everything in the registry ends; reports go on referring to the devices. */
export async function endRegistry(client: pg.ClientBase): Promise<void> {
  for (const entity of copiedEntities) await client.query(endEvery(entity));
}

async function writeEntities(
  client: pg.ClientBase,
  changes: ProjectionBatch['entities'],
  entity: EntityType,
): Promise<void> {
  const latest = new Map<string, object | undefined>();
  for (const { change } of changes) if (change.entity === entity) latest.set(change.id, change.value);
  const kept = [...latest].flatMap(([id, body]) => (body === undefined ? [] : [{ id, body }]));
  const removed = [...latest].flatMap(([id, body]) => (body === undefined ? [{ id }] : []));
  if (kept.length > 0) await client.query(entity === 'device' ? upsertDevices : upsertEntities(entity), [json(kept)]);
  if (removed.length > 0) await client.query(entity === 'device' ? endDevices : endEntities(entity), [json(removed)]);
}

const upsertEntities = (table: EntityType) => `
  insert into ${table} (id, body)
  select id, body from jsonb_to_recordset($1::jsonb) as row (id text, body jsonb)
  on conflict (id) do update set body = excluded.body`;
const endEntities = (table: EntityType) => `
  delete from ${table} using jsonb_to_recordset($1::jsonb) as row (id text) where ${table}.id = row.id`;
const upsertDevices = `
  insert into device (device_id, body)
  select id, body - 'credential' - 'claim' from jsonb_to_recordset($1::jsonb) as row (id text, body jsonb)
  on conflict (device_id) do update set body = excluded.body`;
// Its reports go on referring to it.
const endDevices = `
  update device set body = null from jsonb_to_recordset($1::jsonb) as row (id text) where device_id = row.id`;
const endEvery = (table: EntityType) =>
  table === 'device' ? 'update device set body = null where body is not null' : `delete from ${table}`;

const bodies = 'jsonb_to_recordset($1::jsonb) as row (sequence int8, body jsonb)';
const instant = (epochMs: string) => `to_timestamp((${epochMs})::float8 / 1000.0)`;

const insertAlerts = `
  insert into alert (alert_id, journal_position, rule, condition, severity, raised_at, occurred_at, area_id, device_id, body)
  select body ->> 'alertId', sequence, body ->> 'rule', body ->> 'condition', body ->> 'severity',
    ${instant("body ->> 'at'")}, ${instant("body ->> 'occurredAt'")},
    body -> 'where' ->> 'areaId', body -> 'where' ->> 'deviceId', body
  from ${bodies}
  on conflict do nothing`;
const updateAlerts = `
  update alert set
    severity = coalesce(row.severity, alert.severity),
    cleared_at = coalesce(${instant('row."clearedAt"')}, alert.cleared_at),
    body = alert.body || jsonb_build_object(
      'severity', coalesce(row.severity, alert.severity),
      'reason', alert.body -> 'reason' || row.reason
    )
  from jsonb_to_recordset($1::jsonb) as row (id text, severity text, "clearedAt" float8, reason jsonb)
  where alert.alert_id = row.id`;
const insertNotes = `
  insert into note (note_id, journal_position, rule, what, noted_at, device_id, body)
  select body ->> 'noteId', sequence, body ->> 'rule', body ->> 'what', ${instant("body ->> 'at'")},
    body -> 'where' ->> 'deviceId', body
  from ${bodies}
  on conflict do nothing`;
const upsertIncidents = `
  insert into incident
    (incident_id, journal_position, code, category, severity, phase, opened_at, phase_since, alerts, area_id, body,
      ${firstInstants.map((what) => `${what}_at`).join(', ')})
  select body ->> 'incidentId', sequence, body ->> 'code', body ->> 'category', body ->> 'severity',
    body -> 'state' ->> 'phase', ${instant("body ->> 'openedAt'")}, ${instant("body -> 'state' ->> 'since'")},
    jsonb_array_length(body -> 'alerts') + coalesce((body ->> 'moreAlerts')::integer, 0),
    body -> 'where' ->> 'areaId', body, ${firstInstants.map(instant).join(', ')}
  from jsonb_to_recordset($1::jsonb)
    as row (sequence int8, body jsonb, ${firstInstants.map((what) => `${what} float8`).join(', ')})
  on conflict (incident_id) do update set
    journal_position = excluded.journal_position, code = excluded.code, category = excluded.category,
    severity = excluded.severity, phase = excluded.phase, opened_at = excluded.opened_at,
    phase_since = excluded.phase_since, alerts = excluded.alerts, area_id = excluded.area_id, body = excluded.body,
    ${firstInstants.map((what) => `${what}_at = least(incident.${what}_at, excluded.${what}_at)`).join(', ')}
  where excluded.journal_position >= incident.journal_position`;
const insertTimeline = `
  insert into incident_timeline (incident_id, journal_position, ordinal, at, body)
  select id, sequence, ordinal, ${instant("body ->> 'at'")}, body
  from jsonb_to_recordset($1::jsonb) as row (sequence int8, id text, ordinal int2, body jsonb)
  on conflict do nothing`;
const insertNotices = `
  insert into notice (notice_id, journal_position, incident_id, purpose, severity, issued_at, body)
  select body ->> 'noticeId', sequence, body ->> 'incidentId', body ->> 'purpose', body ->> 'severity',
    ${instant("body ->> 'at'")}, body
  from ${bodies}
  on conflict do nothing`;
const upsertAttempts = `
  insert into notice_attempt (notice_id, channel, attempt, attempted_at, provisional, ended_at, result, detail)
  select id, channel, attempt, ${instant('"attemptedAt"')}, provisional, ${instant('"endedAt"')}, result, detail
  from jsonb_to_recordset($1::jsonb) as row (
    id text, channel text, attempt int4, "attemptedAt" float8, provisional boolean, "endedAt" float8, result text, detail text
  )
  on conflict (notice_id, channel, attempt) do update set
    attempted_at = coalesce(excluded.attempted_at, notice_attempt.attempted_at),
    provisional = excluded.provisional or notice_attempt.provisional,
    ended_at = coalesce(excluded.ended_at, notice_attempt.ended_at),
    result = coalesce(excluded.result, notice_attempt.result),
    detail = coalesce(excluded.detail, notice_attempt.detail)`;

export const decisionStatements = {
  ...{ insertAlerts, updateAlerts, insertNotes, upsertIncidents, insertTimeline, insertNotices, upsertAttempts },
  ...{ upsertDevices, endDevices, upsertEntities: upsertEntities('area'), endEntities: endEntities('area') },
  ...{ endEveryArea: endEvery('area'), endEveryDevice: endEvery('device') },
};
