import { clockNumbers, kindNumbers, numberColumns, textColumns } from './report-columns.ts';
import type { StoredReport } from './store.ts';

/** A row of `report`, with instants as epoch ms and the numbers that stand for names. */
export type SqlReport = { [column: string]: unknown } & { extra: { [field: string]: unknown } | null };

/** $1 device id, $2 limit, $3 epoch ms or null. */
export const selectDeviceReports = `
  select report.*, extract(epoch from occurred_at) * 1000 as occurred_ms, extract(epoch from received_at) * 1000 as received_ms
  from report
  where device_key = (select device_key from device where device_id = $1)
    and ($3::float8 is null or occurred_at < to_timestamp($3 / 1000.0))
  order by occurred_at desc, journal_position desc, part desc
  limit $2`;

/** The report as its device sent it. */
export function reportOfRow(row: SqlReport): StoredReport {
  const name = nameOf(kindNumbers, row.kind);
  const report: StoredReport['report'] = { name };
  for (const [field, column] of numberColumns) if (row[column] !== null) report[field] = Number(row[column]);
  for (const [field, column] of textColumns) {
    if (row[column] !== null && (field === 'call') === (name === 'press' && column === 'state')) {
      report[field] = row[column];
    }
  }
  return {
    sequence: Number(row.journal_position),
    part: Number(row.part),
    receivedAt: Number(row.received_ms),
    occurredAt: Number(row.occurred_ms),
    clock: nameOf(clockNumbers, row.clock),
    report: { ...report, ...row.extra },
  };
}

function nameOf<Name extends string>(numbers: { readonly [name in Name]: number }, number: unknown): Name {
  const found = (Object.keys(numbers) as Name[]).find((name) => numbers[name] === number);
  if (found === undefined) throw new Error(`${number} stands for nothing that this release knows`);
  return found;
}
