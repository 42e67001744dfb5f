import { expect, test } from 'vitest';
import { lineOf } from './influx-points.ts';
import { numberColumns } from './report-columns.ts';
import type { ReportRow } from './store.ts';

const tamper = { name: 'tamper', v: 1 } as ReportRow['report'];
const row = (more: Partial<ReportRow> = {}): ReportRow => ({
  ...{ sequence: 7, part: 0, deviceId: 'd1', receivedAt: 5_500, occurredAt: 4_000, clock: 'trusted', unread: [] },
  report: { name: 'status', v: 1, battery: 2.9, rsrp: -101, boot: 3, seq: 9, age: 1.5 },
  ...more,
});

test('a report is one point: who, what and where as tags, readings with their units, and when it happened', () => {
  expect(lineOf(row(), 'county/township/village')).toBe(
    'report,area=county/township/village,device=d1,kind=status battery_volts=2.9,late_s=1.5,rsrp_dbm=-101 4000000448',
  );
});

test('a report without any reading is a point too, and so is one of a device that hangs nowhere', () => {
  expect(lineOf(row({ report: tamper, receivedAt: 4_000 }), undefined)).toBe(
    'report,device=d1,kind=tamper late_s=0 4000000448',
  );
});

test('nothing says where somebody is or how their body does', () => {
  const position = { name: 'position' as const, v: 1 as const, source: 'gnss' as const, lat: 43.9, lon: 116 };
  const vitals = { name: 'vitals' as const, v: 1 as const, pulse: 71, oxygen: 97 };
  const status = { name: 'status' as const, v: 1 as const, cell: '460-00-1', battery: 3 };
  expect(lineOf(row({ report: position }), 'c')).toBeUndefined();
  expect(lineOf(row({ report: vitals }), 'c')).toBeUndefined();
  expect(lineOf(row({ report: status }), 'c')).not.toContain('460');
});

test('every number has its unit in its name', () => {
  const report = Object.fromEntries(numberColumns.map(([field]) => [field, 1])) as unknown as ReportRow['report'];
  const fields =
    lineOf(row({ report: { ...report, name: 'status' } }), 'c')
      ?.split(' ')[1]
      ?.split(',') ?? [];
  expect(fields.length).toBeGreaterThan(8);
  const unit = /_(s|celsius|db_per_m|ppm|percent_lel|volts|percent|dbm|db|m|m_per_s|per_min|min)=1(\.5)?$|^celsius=1$/;
  for (const field of fields) expect(field).toMatch(unit);
});

test('what was written in words goes as text, and cannot break out of it', () => {
  const report = { name: 'status', v: 1, firmware: 'a",b=1 c\\' } as ReportRow['report'];
  expect(lineOf(row({ report, deviceId: 'd 1,x=y' }), 'c')).toBe(
    'report,area=c,device=d\\ 1\\,x\\=y,kind=status firmware="a\\",b=1 c\\\\",late_s=1.5 4000000448',
  );
});

test('two reports of one moment are two points, and the same one written again is the same', () => {
  const times = [1, 2, 15_625].flatMap((sequence) =>
    [0, 63].map((part) => lineOf(row({ sequence, part }), 'c')?.split(' ').at(-1)),
  );
  expect(new Set(times).size).toBe(6);
  for (const time of times) expect(time).toMatch(/^4000\d{6}$/);
  expect(lineOf(row(), 'c')).toBe(lineOf(row(), 'c'));
});
