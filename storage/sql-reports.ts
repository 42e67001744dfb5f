import type pg from 'pg';
import type { DeviceKeys } from './device-keys.ts';
import { clockNumbers, extraOf, kindNumbers, numberColumns, textColumns } from './report-columns.ts';
import { type ColumnType, column, lines, unnested } from './sql-columns.ts';
import { stateColumns, upsertDeviceState } from './sql-device-state.ts';
import { json } from './sql-text.ts';
import type { ProjectionBatch, RejectionRow, ReportRow } from './store.ts';

/**
 * The many rows of a batch: reports, the latest of each device, rejections, how many there were in each minute, and which hours
 * are to be rolled up (again).
 */
export async function writeReports(client: pg.ClientBase, batch: ProjectionBatch, keys: DeviceKeys): Promise<void> {
  const { reports, rejections } = batch;
  if (reports.length + rejections.length === 0) return;
  await keys.learn(client, [...reports, ...rejections]);
  // The server works on one piece while the next one is put together.
  let inserting: Promise<unknown> = Promise.resolve();
  for (let from = 0; from < reports.length; from += pieceRows) {
    const values = reportColumns(reports.slice(from, from + pieceRows), keys);
    await inserting;
    inserting = client.query({ name: 'reports', text: insertReports, values });
  }
  const states = stateColumns(reports, keys);
  const hours = hoursOf(reports);
  await inserting;
  const upserting = client.query({ name: 'device-state', text: upsertDeviceState, values: states });
  const minutes = minuteColumns(batch);
  await upserting;
  if (hours.length > 0) {
    const values = [column(hours, 'timestamptz', (hour) => hour), new Date(batch.receivedAt)];
    await client.query({ name: 'dirty-hours', text: markHours, values });
  }
  if (rejections.length > 0) {
    const rows = rejections.map((row) => ({ ...row, deviceKey: keys.of(row.deviceId) }));
    await client.query({ name: 'rejections', text: insertRejections, values: [json(rows)] });
  }
  await client.query({ name: 'received-minute', text: countMinutes, values: minutes });
}

const pieceRows = 1_000;

type Fields = { [field: string]: unknown };
const fieldsOf = (row: ReportRow) => row.report as unknown as Fields;
// Two fields share a column when no report has both.
const textColumnNames = [...new Set(textColumns.map(([, name]) => name))];
const textFieldsOf = (name: string) => textColumns.flatMap(([field, text]) => (text === name ? [field] : []));

/** What every report has, in the order of its columns. */
const keyColumns = [
  ['occurred_at', 'timestamptz', (row: ReportRow) => row.occurredAt],
  ['journal_position', 'int8', (row: ReportRow) => row.sequence],
  ['part', 'int2', (row: ReportRow) => row.part],
  ['received_at', 'timestamptz', (row: ReportRow) => row.receivedAt],
  ['kind', 'int2', (row: ReportRow) => kindNumbers[row.report.name]],
  ['clock', 'int2', (row: ReportRow) => clockNumbers[row.clock]],
] as const;

function reportColumns(reports: ReportRow[], keys: DeviceKeys): (Buffer | string)[] {
  return [
    ...keyColumns.map(([, type, read]) => column(reports, type, read)),
    column(reports, 'int4', (row) => keys.of(row.deviceId)),
    ...numberColumns.map(([field, , type]) =>
      column(reports, type, (row) => fieldsOf(row)[field] as number | undefined),
    ),
    ...textColumnNames.map((name) => {
      const fields = textFieldsOf(name);
      return lines(reports, (row) => firstOf(fieldsOf(row), fields));
    }),
    lines(reports, ({ report, unread }) => {
      const extra = extraOf(report, unread);
      return extra && json(extra);
    }),
  ];
}

function firstOf(values: Fields, fields: readonly string[]): string | undefined {
  for (const field of fields) if (values[field] !== undefined) return values[field] as string;
  return undefined;
}

const rowArrays: ColumnType[] = [
  ...keyColumns.map(([, type]) => type),
  'int4',
  ...numberColumns.map(([, , type]) => type),
];
const textArrays = [...textColumnNames, 'extra'];
const reportFields = [
  ...keyColumns.map(([name]) => name),
  'device_key',
  ...numberColumns.map(([, name]) => name),
  ...textArrays,
];
// What was written before does not come again: the position is in the same transaction. To ask the key all the same is a sixth of the cost.
const insertReports = `
  insert into report (${reportFields.join(', ')})
  select ${unnested(
    rowArrays,
    textArrays.map((name) => (text: string) => (name === 'extra' ? `${text}::jsonb` : text)),
  )}`;

/**
 * The hours in which they happened, as epoch ms, in order. What came too late to be rolled up, or from a clock that is far off, stays as
 * it came.
 */
function hoursOf(reports: ReportRow[]): number[] {
  const hours = new Set<number>();
  for (const { occurredAt, receivedAt } of reports) {
    if (occurredAt > receivedAt - rollUpReachMs && occurredAt < receivedAt + hourMs)
      hours.add(Math.floor(occurredAt / hourMs) * hourMs);
  }
  return [...hours].sort((a, b) => a - b);
}

const hourMs = 3_600_000;
/** Less than reports are kept: an hour is computed from all of its reports, or not at all. */
const rollUpReachMs = 29 * 86_400_000;

const markHours = `
  insert into dirty_hour (hour, dirtied_at)
  select hour, $2::timestamptz from unnest($1::timestamptz[]) as hour
  on conflict (hour) do update set marks = dirty_hour.marks + 1`;

const insertRejections = `
  insert into rejection (journal_position, part, received_at, device_key, reason, problem)
  select sequence, part, to_timestamp("receivedAt" / 1000.0), "deviceKey", reason, problem
  from jsonb_to_recordset($1::jsonb)
    as row (sequence int8, part int2, "receivedAt" float8, "deviceKey" int4, reason text, problem text)
  on conflict do nothing`;

function minuteColumns({ reports, rejections }: ProjectionBatch): (Buffer | string)[] {
  const minutes = new Map<number, { reports: number; rejections: number }>();
  const count = (rows: (ReportRow | RejectionRow)[], what: 'reports' | 'rejections') => {
    for (const { receivedAt } of rows) {
      const minute = Math.floor(receivedAt / 60_000) * 60_000;
      const counted = minutes.get(minute) ?? { reports: 0, rejections: 0 };
      counted[what]++;
      minutes.set(minute, counted);
    }
  };
  count(reports, 'reports');
  count(rejections, 'rejections');
  const rows = [...minutes];
  return [
    column(rows, 'timestamptz', ([minute]) => minute),
    column(rows, 'int4', ([, counted]) => counted.reports),
    column(rows, 'int4', ([, counted]) => counted.rejections),
  ];
}

const countMinutes = `
  insert into received_minute (minute, reports, rejections)
  select ${unnested(['timestamptz', 'int4', 'int4'])}
  on conflict (minute) do update set
    reports = received_minute.reports + excluded.reports,
    rejections = received_minute.rejections + excluded.rejections`;

export const reportStatements = { insertReports, markHours, insertRejections, countMinutes };
