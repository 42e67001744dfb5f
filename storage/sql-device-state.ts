import type { DeviceKeys } from './device-keys.ts';
import { clockNumbers, kindNumbers } from './report-columns.ts';
import { type ColumnType, column, lines, unnested } from './sql-columns.ts';
import type { ReportRow } from './store.ts';

/** What is kept of the newest that a device said, by the column it is kept in; of text there are only short codes. */
const stateColumnTypes = {
  battery_volts: 'float4',
  charge_percent: 'float4',
  rsrp_dbm: 'float4',
  snr_db: 'float4',
  celsius: 'float4',
  interval_min: 'float4',
  charging: 'bool',
  mains: 'bool',
  tested_at: 'timestamptz',
  clock_offset_ms: 'int8',
  firmware: 'text',
  worn: 'text',
  faults: 'text',
  test_result: 'text',
} as const satisfies { [column: string]: ColumnType | 'text' };
type StateColumn = keyof typeof stateColumnTypes;
type Values = { [C in StateColumn]?: number | boolean | string | undefined };

const valueNames = (Object.keys(stateColumnTypes) as StateColumn[]).filter((name) => stateColumnTypes[name] !== 'text');
const textNames = (Object.keys(stateColumnTypes) as StateColumn[]).filter((name) => stateColumnTypes[name] === 'text');

type State = { at: ReportRow; receivedAt: number; values: Values };

/** What happened last wins, field by field; within a batch it is decided here, because a row is updated once a statement. */
export function stateColumns(reports: ReportRow[], keys: DeviceKeys): (Buffer | string)[] {
  const latest = new Map<string, State>();
  for (const row of reports) {
    const { deviceId, receivedAt, occurredAt } = row;
    const known = latest.get(deviceId);
    const values = stateValues(row);
    if (!known) latest.set(deviceId, { at: row, receivedAt, values });
    else if (occurredAt >= known.at.occurredAt)
      latest.set(deviceId, { at: row, receivedAt, values: Object.assign(known.values, values) });
    else latest.set(deviceId, { at: known.at, receivedAt, values: Object.assign(values, known.values) });
  }
  const rows = [...latest.values()];
  return [
    column(rows, 'int4', ({ at }) => keys.of(at.deviceId)),
    column(rows, 'timestamptz', ({ at }) => at.occurredAt),
    column(rows, 'timestamptz', ({ receivedAt }) => receivedAt),
    column(rows, 'int2', ({ at }) => kindNumbers[at.report.name]),
    column(rows, 'int2', ({ at }) => clockNumbers[at.clock]),
    ...valueNames.map((name) =>
      column(rows, stateColumnTypes[name] as ColumnType, ({ values }) => values[name] as number | boolean | undefined),
    ),
    // An empty line is what is missing, so that a list without faults is a space.
    ...textNames.map((name) => lines(rows, ({ values }) => (values[name] === '' ? ' ' : (values[name] as string)))),
  ];
}

/** A skin's temperature is no room's: vitals say nothing about the state of the device. */
function stateValues({ report, receivedAt, occurredAt }: ReportRow): Values {
  if (report.name === 'vitals') return {};
  const values: Values = {};
  const { age, at } = report;
  if (age !== undefined && at !== undefined) values.clock_offset_ms = Math.round(at - (receivedAt - age * 1_000));
  if (report.name === 'test') {
    values.tested_at = occurredAt;
    if (report.result !== undefined) values.test_result = report.result;
  }
  const said: { [field: string]: unknown } = report;
  for (const [field, name] of sameFields) {
    if (said[field] !== undefined) values[name] = said[field] as number | boolean | string;
  }
  if (report.name === 'status' && report.faults) values.faults = report.faults.join(',');
  return values;
}

/** Fields that are kept as they were said. */
const sameFields = [
  ['battery', 'battery_volts'],
  ['charge', 'charge_percent'],
  ['rsrp', 'rsrp_dbm'],
  ['snr', 'snr_db'],
  ['temperature', 'celsius'],
  ['interval', 'interval_min'],
  ['charging', 'charging'],
  ['mains', 'mains'],
  ['firmware', 'firmware'],
  ['worn', 'worn'],
] as const satisfies readonly (readonly [string, StateColumn])[];

const names = [...valueNames, ...textNames];
const isNewer = 'excluded.occurred_at >= device_state.occurred_at';
const isNewerTest = 'excluded.tested_at >= coalesce(device_state.tested_at, excluded.tested_at)';
function kept(name: StateColumn): string {
  if (name === 'tested_at') return 'tested_at = greatest(excluded.tested_at, device_state.tested_at)';
  const wins = name === 'test_result' ? isNewerTest : isNewer;
  return `${name} = case when ${wins} then coalesce(excluded.${name}, device_state.${name})
      else coalesce(device_state.${name}, excluded.${name}) end`;
}
const keyArrays: ColumnType[] = [
  'int4',
  'timestamptz',
  'timestamptz',
  'int2',
  'int2',
  ...valueNames.map((name) => stateColumnTypes[name] as ColumnType),
];

export const upsertDeviceState = `
  insert into device_state (device_key, occurred_at, received_at, kind, clock, ${names.join(', ')})
  select ${unnested(
    keyArrays,
    textNames.map((name) => (text: string) => (name === 'faults' ? `btrim(${text})` : text)),
  )}
  on conflict (device_key) do update set
    occurred_at = greatest(excluded.occurred_at, device_state.occurred_at),
    received_at = greatest(excluded.received_at, device_state.received_at),
    kind = case when ${isNewer} then excluded.kind else device_state.kind end,
    clock = case when ${isNewer} then excluded.clock else coalesce(device_state.clock, excluded.clock) end,
    ${names.map(kept).join(',\n    ')}`;
