import type pg from 'pg';
import { clockNumbers, extraOf, kindNumbers, numberColumns, textColumns } from './report-columns.ts';
import { json, lines, numberArray } from './sql-text.ts';
import type { ProjectionBatch, RejectionRow, ReportRow } from './store.ts';

/** The many rows of a batch: reports, the latest of each device, rejections, and how many there were in each minute. */
export async function writeReports(client: pg.ClientBase, batch: ProjectionBatch, keys: DeviceKeys): Promise<void> {
  const { reports, rejections } = batch;
  if (reports.length + rejections.length === 0) return;
  await keys.learn(client, [...reports, ...rejections]);
  if (reports.length > 0) {
    await client.query({ name: 'reports', text: insertReports, values: reportColumns(reports, keys) });
    await client.query({ name: 'device-state', text: upsertDeviceState, values: stateColumns(reports, keys) });
  }
  if (rejections.length > 0) {
    const rows = rejections.map((row) => ({ ...row, deviceKey: keys.of(row.deviceId) }));
    await client.query({ name: 'rejections', text: insertRejections, values: [json(rows)] });
  }
  await client.query({ name: 'received-minute', text: countMinutes, values: minuteColumns(batch) });
}

/**
 * The four bytes that stand for a device. What was learned in a transaction holds once it is committed; `forget` when
 * it was not, or when the database may be another one.
 */
export class DeviceKeys {
  readonly #keys = new Map<string, number>();

  of(deviceId: string): number {
    const key = this.#keys.get(deviceId);
    if (key === undefined) throw new Error(`device ${deviceId} was not learned`);
    return key;
  }

  async learn(client: pg.ClientBase, rows: { deviceId: string }[]): Promise<void> {
    const unknown = new Set<string>();
    for (const { deviceId } of rows) if (!this.#keys.has(deviceId)) unknown.add(deviceId);
    if (unknown.size === 0) return;
    if (this.#keys.size > maxKnownDevices) {
      this.#keys.clear();
      return this.learn(client, rows);
    }
    const ids = [...unknown].join('\n');
    await client.query(insertDevices, [ids]);
    const { rows: found } = await client.query<{ device_id: string; device_key: number }>(selectDevices, [ids]);
    for (const { device_id, device_key } of found) this.#keys.set(device_id, device_key);
  }

  forget(): void {
    this.#keys.clear();
  }
}

const maxKnownDevices = 1_000_000;
const insertDevices = `
  insert into device (device_id)
  select id from unnest(string_to_array($1, E'\\n')) id
  where not exists (select from device where device_id = id)
  on conflict do nothing`;
const selectDevices = `select device_id, device_key from device where device_id = any (string_to_array($1, E'\\n'))`;

type Fields = { [field: string]: unknown };
const fieldsOf = (row: ReportRow) => row.report as unknown as Fields;
// Two fields share a column when no report has both.
const textColumnNames = [...new Set(textColumns.map(([, column]) => column))];
const textFieldsOf = (name: string) => textColumns.flatMap(([field, column]) => (column === name ? [field] : []));

function reportColumns(reports: ReportRow[], keys: DeviceKeys): string[] {
  return [
    numberArray(reports, (row) => row.occurredAt),
    numberArray(reports, (row) => row.sequence),
    numberArray(reports, (row) => row.part),
    numberArray(reports, (row) => keys.of(row.deviceId)),
    numberArray(reports, (row) => row.receivedAt),
    numberArray(reports, (row) => kindNumbers[row.report.name]),
    numberArray(reports, (row) => clockNumbers[row.clock]),
    ...numberColumns.map(([field]) => numberArray(reports, (row) => fieldsOf(row)[field] as number | undefined)),
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

const rowArrays = [
  'float8',
  'int8',
  'int2',
  'int4',
  'float8',
  'int2',
  'int2',
  ...numberColumns.map(([, , type]) => type),
];
const textArrays = [...textColumnNames, 'extra'];
const reportFields = [
  ...['occurred_at', 'journal_position', 'part', 'device_key', 'received_at', 'kind', 'clock'],
  ...numberColumns.map(([, column]) => column),
  ...textArrays,
];
const insertReports = `
  insert into report (${reportFields.join(', ')})
  select ${reportFields.map((name) => (name.endsWith('ed_at') ? instant(name) : name === 'extra' ? 'extra::jsonb' : name)).join(', ')}
  from unnest(
    ${rowArrays.map((type, index) => `$${index + 1}::${type}[]`).join(', ')},
    ${textArrays.map((_, index) => `string_to_array($${rowArrays.length + index + 1}, E'\\n', '')`).join(', ')}
  ) as row (${reportFields.join(', ')})
  on conflict do nothing`;

function instant(epochMs: string): string {
  return `to_timestamp(${epochMs} / 1000.0)`;
}

/** What happened last wins, field by field; within a batch it is decided here, because a row is updated once a statement. */
function stateColumns(reports: ReportRow[], keys: DeviceKeys): string[] {
  const latest = new Map<string, { receivedAt: number; occurredAt: number; kind: number; values: Fields }>();
  for (const { deviceId, receivedAt, occurredAt, report } of reports) {
    const known = latest.get(deviceId);
    const values = stateValues(report as unknown as Fields);
    const kind = kindNumbers[report.name];
    if (!known) latest.set(deviceId, { receivedAt, occurredAt, kind, values });
    else if (occurredAt >= known.occurredAt)
      latest.set(deviceId, { receivedAt, occurredAt, kind, values: { ...known.values, ...values } });
    else latest.set(deviceId, { ...known, receivedAt, values: { ...values, ...known.values } });
  }
  const rows = [...latest];
  return [
    numberArray(rows, ([deviceId]) => keys.of(deviceId)),
    numberArray(rows, ([, state]) => state.occurredAt),
    numberArray(rows, ([, state]) => state.receivedAt),
    numberArray(rows, ([, state]) => state.kind),
    ...stateNumbers.map(([field]) => numberArray(rows, ([, { values }]) => values[field] as number | undefined)),
    lines(rows, ([, { values }]) => values.firmware as string | undefined),
  ];
}

const stateNumbers = [
  ['battery', 'battery_volts'],
  ['charge', 'charge_percent'],
  ['rsrp', 'rsrp_dbm'],
  ['temperature', 'celsius'],
] as const;
const stateFields = [...stateNumbers.map(([field]) => field), 'firmware'];
const stateColumnNames = [...stateNumbers.map(([, column]) => column), 'firmware'];

/** A skin's temperature is no room's: vitals say nothing about the state of the device. */
function stateValues(report: Fields): Fields {
  const values: Fields = {};
  if (report.name === 'vitals') return values;
  for (const field of stateFields) if (report[field] !== undefined) values[field] = report[field];
  return values;
}

const newer = 'excluded.occurred_at >= device_state.occurred_at';
const upsertDeviceState = `
  insert into device_state (device_key, occurred_at, received_at, kind, ${stateColumnNames.join(', ')})
  select device_key, ${instant('occurred_at')}, ${instant('received_at')}, kind, ${stateColumnNames.join(', ')}
  from unnest(
    $1::int4[], $2::float8[], $3::float8[], $4::int2[],
    ${stateNumbers.map((_, index) => `$${index + 5}::float4[]`).join(', ')},
    string_to_array($${stateNumbers.length + 5}, E'\\n', '')
  ) as row (device_key, occurred_at, received_at, kind, ${stateColumnNames.join(', ')})
  on conflict (device_key) do update set
    occurred_at = greatest(excluded.occurred_at, device_state.occurred_at),
    received_at = greatest(excluded.received_at, device_state.received_at),
    kind = case when ${newer} then excluded.kind else device_state.kind end,
    ${stateColumnNames
      .map(
        (name) =>
          `${name} = case when ${newer} then coalesce(excluded.${name}, device_state.${name})
            else coalesce(device_state.${name}, excluded.${name}) end`,
      )
      .join(', ')}`;

const insertRejections = `
  insert into rejection (journal_position, part, received_at, device_key, reason, problem)
  select sequence, part, ${instant('"receivedAt"')}, "deviceKey", reason, problem
  from jsonb_to_recordset($1::jsonb)
    as row (sequence int8, part int2, "receivedAt" float8, "deviceKey" int4, reason text, problem text)
  on conflict do nothing`;

function minuteColumns({ reports, rejections }: ProjectionBatch): string[] {
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
    numberArray(rows, ([minute]) => minute),
    numberArray(rows, ([, counted]) => counted.reports),
    numberArray(rows, ([, counted]) => counted.rejections),
  ];
}

const countMinutes = `
  insert into received_minute (minute, reports, rejections)
  select ${instant('minute')}, reports, rejections
  from unnest($1::float8[], $2::int4[], $3::int4[]) as row (minute, reports, rejections)
  on conflict (minute) do update set
    reports = received_minute.reports + excluded.reports,
    rejections = received_minute.rejections + excluded.rejections`;
