import { query } from './scratch-postgres.test-support.ts';

export const day = 86_400_000;
export const now = Date.parse('2026-11-23T00:00:00Z');
const ago = (days: number) => `to_timestamp(${now - days * day} / 1000.0)`;

/**
 * Of each class one row that is a day too old, and one that is a day younger than that; an incident that is open and
 * an alert that lasts.
 */
export async function agedRows(url: string, ask: Ask = (sql) => query(url, sql)): Promise<void> {
  for (const statement of statements) await ask(statement);
}
type Ask = (sql: string) => Promise<unknown>;

const report = (days: number, kind: number) => `
  insert into report (occurred_at, journal_position, part, device_key, received_at, kind, clock)
  values (${ago(days)}, ${days}, 0, 1, ${ago(days)}, ${kind}, 0)`;
const incident = (id: string, days: number, phase: string) => `
  insert into incident (incident_id, journal_position, code, category, severity, phase, opened_at, phase_since, alerts, body)
  values ('${id}', 1, 'A1', 'fire', 'critical', '${phase}', ${ago(days + 1)}, ${ago(days)}, 1, '{}')`;
const ofIncident = (id: string, days: number) => [
  `insert into incident_timeline values ('${id}', 1, 0, ${ago(days)}, '{}')`,
  `insert into notice (notice_id, journal_position, incident_id, purpose, severity, issued_at, body)
   values ('n-${id}', 1, '${id}', 'page', 'critical', ${ago(days)}, '{}')`,
  `insert into notice_attempt (notice_id, channel, attempt, attempted_at) values ('n-${id}', 'log', 1, ${ago(days)})`,
];
const alert = (id: string, cleared: string) => `
  insert into alert (alert_id, journal_position, rule, condition, severity, raised_at, occurred_at, cleared_at, body)
  values ('${id}', 1, 'smoke', 'smoke', 'critical', ${ago(3_000)}, ${ago(3_000)}, ${cleared}, '{}')`;
const twice = (days: number, row: (days: number) => string) => [row(days + 1), row(days - 1)];

const statements = [
  ...twice(30, (days) => report(days, 6)),
  // The week of the older one is over for long enough, too.
  report(98, 4),
  report(89, 4),
  incident('open', 5_000, 'open'),
  incident('old', 1_827, 'resolved'),
  incident('young', 1_825, 'resolved'),
  ...ofIncident('old', 1_827),
  ...ofIncident('young', 1_825),
  alert('lasting', 'null'),
  alert('old', ago(1_827)),
  alert('young', ago(1_825)),
  ...twice(1_826, (days) => `insert into note values ('n${days}', 1, 'r', 'w', ${ago(days)}, null, '{}')`),
  ...twice(
    1_826,
    (days) => `
      insert into visit (visit_id, journal_position, recorded_at, household_id, visited_at, why, result, by_type, by_id)
      values ('v${days}', 1, ${ago(days)}, 'h1', ${ago(days)}, 'round', 'well', 'account', 'a')`,
  ),
  ...twice(
    30,
    (days) => `
      insert into rejection (journal_position, part, received_at, device_key, reason, problem)
      values (${days}, 0, ${ago(days)}, 1, 'malformed', 'no')`,
  ),
  ...twice(400, (days) => `insert into received_minute values (${ago(days)}, 1, 0)`),
  ...twice(
    3_650,
    (days) => `
      insert into report_daily (day, area_id, devices, devices_heard, reports, late, alarms, tests, tampers, falls, presses)
      values ((${ago(days)})::date, 'v', 1, 1, 1, 0, 0, 0, 0, 0, 0)`,
  ),
];

/** A roll-up is computed on TimescaleDB, and written here. */
export const hourlyRows = twice(
  400,
  (days) => `
    insert into report_hourly (hour, device_key, reports, late, statuses, alarms, tests, tampers, positions, falls, presses, presences, celsius_readings)
    values (${ago(days)}, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)`,
);

export async function countsOf(url: string, ask = (sql: string) => query<Counts>(url, sql)): Promise<Counts> {
  const [counts] = await ask(
    `select ${Object.entries(counted)
      .map(([name, from]) => `(select count(*)::int from ${from}) as ${name}`)
      .join(', ')}`,
  );
  return counts ?? {};
}
type Counts = Record<string, number>;
const counted = {
  positions: 'report where kind in (6, 10)',
  reports: 'report where kind not in (6, 10)',
  hourly: 'report_hourly',
  daily: 'report_daily',
  incidents: 'incident',
  timeline: 'incident_timeline',
  notices: 'notice',
  attempts: 'notice_attempt',
  alerts: 'alert',
  notes: 'note',
  visits: 'visit',
  rejections: 'rejection',
  minutes: 'received_minute',
};

export const emptied = [...new Set(Object.values(counted).map((from) => from.split(' ')[0]))].join(', ');
