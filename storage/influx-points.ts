import { Point } from '@influxdata/influxdb-client';
import { numberColumns, textColumns } from './report-columns.ts';
import type { ReportRow } from './store.ts';

/**
 * A report as one line of InfluxDB's protocol: measurement `report`, tags `device`, `kind` (of the report) and `area`
 * (ids from the county down, joined by "/"), fields with the unit in their names. Nothing where somebody is or how
 * their body does: consent can be taken back, and an erased person must not live on in a copy that nobody clears.
 * Units: the time is nanoseconds; what is below the millisecond in which it happened is the record's place in the
 * journal. So two reports of one moment are two points, and the same report written again is the same point.
 */
export function lineOf(row: ReportRow, areaPath: string | undefined): string | undefined {
  const { report, deviceId, receivedAt, occurredAt } = row;
  if (aboutPeople.has(report.name) || occurredAt < 0) return undefined;
  const fields = report as { [field: string]: unknown };
  const point = new Point('report').tag('device', deviceId).tag('kind', report.name);
  if (areaPath !== undefined) point.tag('area', areaPath);
  point.floatField('late_s', Math.max(0, receivedAt - occurredAt) / 1000);
  for (const [field, name] of numberFields) {
    const value = fields[field];
    if (typeof value === 'number') point.floatField(name, value);
  }
  for (const [field, name] of textFields) {
    const value = fields[field];
    if (typeof value === 'string') point.stringField(name, value);
  }
  return point.timestamp(`${Math.floor(occurredAt)}${placeOf(row)}`).toLineProtocol();
}

/** Six digits that differ for all parts of 15,625 records in a row. */
function placeOf({ sequence, part }: ReportRow): string {
  return String((sequence % recordsApart) * partsApart + (part % partsApart)).padStart(6, '0');
}
const partsApart = 64;
const recordsApart = 1_000_000 / partsApart;

const aboutPeople: ReadonlySet<string> = new Set(['position', 'vitals']);
/** Where in the world, or only what a report is named by. */
const leftOut: ReadonlySet<string> = new Set(['lat', 'lon', 'cell', 'age', 'at', 'boot', 'seq']);
const numberFields = numberColumns.filter(([field]) => !leftOut.has(field));
const textFields = textColumns.filter(([field]) => !leftOut.has(field));
