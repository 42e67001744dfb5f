import type { Report, ReportName } from '../firmware-contracts/report.ts';
import type { ClockTrust } from '../records/alert.ts';

/** The numbers that stand for names in the database; a number keeps its meaning for ever. See migration 0003. */
export const kindNumbers: { readonly [Name in ReportName]: number } = {
  alarm: 1,
  test: 2,
  tamper: 3,
  status: 4,
  done: 5,
  position: 6,
  fall: 7,
  motion: 8,
  press: 9,
  vitals: 10,
  presence: 11,
};
export const clockNumbers: { readonly [Trust in ClockTrust]: number } = { trusted: 0, untrusted: 1, absent: 2 };

/** The fields that have a column of their own, by their name in the contract. Every other field goes to `extra`. */
export const numberColumns = [
  ['age', 'age_s', 'float8'],
  ['at', 'at_ms', 'int8'],
  ['boot', 'boot', 'int8'],
  ['seq', 'seq', 'int8'],
  ['temperature', 'celsius', 'float4'],
  ['obscuration', 'obscuration_db_per_m', 'float4'],
  ['co', 'co_ppm', 'float4'],
  ['gas', 'gas_percent_lel', 'float4'],
  ['battery', 'battery_volts', 'float4'],
  ['charge', 'charge_percent', 'float4'],
  ['rsrp', 'rsrp_dbm', 'float4'],
  ['snr', 'snr_db', 'float4'],
  ['lat', 'lat', 'float8'],
  ['lon', 'lon', 'float8'],
  ['accuracy', 'accuracy_m', 'float4'],
  ['speed', 'speed_m_per_s', 'float4'],
  ['pulse', 'pulse_per_min', 'float4'],
  ['oxygen', 'oxygen_percent', 'float4'],
  ['interval', 'interval_min', 'float4'],
] as const;
/** All of them short codes without control characters, by contract. A press keeps its call where others keep a state. */
export const textColumns = [
  ['source', 'source'],
  ['state', 'state'],
  ['call', 'state'],
  ['firmware', 'firmware'],
  ['cell', 'cell'],
] as const;

/** What has no column; undefined when nothing is left. The samples of a motion window stay in the journal, counted here. */
export function extraOf(report: Report, unread: string[]): { [field: string]: unknown } | undefined {
  let extra: { [field: string]: unknown } | undefined;
  for (const field in report) {
    if (hasColumn.has(field)) continue;
    const value = (report as { [field: string]: unknown })[field];
    if (value === undefined) continue;
    extra ??= {};
    extra[field] = bulky.has(field) ? (value as number[]).length : value;
  }
  return unread.length > 0 ? { ...extra, unread } : extra;
}

const hasColumn: ReadonlySet<string> = new Set([
  ...numberColumns.map(([field]) => field),
  ...textColumns.map(([field]) => field),
  ...['name', 'v'],
]);
const bulky: ReadonlySet<string> = new Set(['samples', 'dt']);
