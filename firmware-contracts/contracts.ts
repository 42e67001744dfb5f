import type { z } from 'zod';
import { pressReport } from './call-button.ts';
import { type Fields, type Format, pack, packBatch, type Wire, wireOf } from './codec.ts';
import { doneReport, statusReport } from './every-device.ts';
import { plainReader } from './plain-reader.ts';
import { presenceReport } from './presence-sensor.ts';
import type { DeviceKind, Report, ReportName } from './report.ts';
import { alarmReport, tamperReport, testReport } from './smoke-detector.ts';
import { fallReport, motionReport, positionReport, vitalsReport } from './wearable.ts';

/** The reports of version 1, by name. */
export const reportSchemas = {
  alarm: alarmReport,
  test: testReport,
  tamper: tamperReport,
  position: positionReport,
  fall: fallReport,
  motion: motionReport,
  vitals: vitalsReport,
  press: pressReport,
  presence: presenceReport,
  status: statusReport,
  done: doneReport,
} as const satisfies { [Name in ReportName]: z.ZodType<Extract<Report, { name: Name }>> };

/** Which reports a kind of device sends. Life safety counts from any device; telemetry from another kind is refused. */
export const reportsOfKind: { readonly [Kind in DeviceKind]: readonly ReportName[] } = {
  'smoke-detector': ['alarm', 'test', 'tamper', 'status', 'done'],
  wearable: ['position', 'fall', 'motion', 'press', 'vitals', 'status', 'done'],
  'call-button': ['press', 'status', 'done'],
  'presence-sensor': ['presence', 'status', 'done'],
};

/** A report's schema with its spelling, looked up once. `readPlain` takes at once what is plainly right. */
export type ReportContract = {
  name: ReportName;
  schema: z.ZodType<Report>;
  shape: z.ZodRawShape;
  wire: Wire;
  readPlain: (fields: Fields) => Report | undefined;
};

/** Undefined: no contract knows a report of that name. */
export function contractOf(name: string): ReportContract | undefined {
  return Object.hasOwn(contracts, name) ? contracts[name as ReportName] : undefined;
}

/** The payload of a report, as a device sends it. */
export function encodeReport({ name, ...fields }: Report, format: Format): Uint8Array {
  return pack(fields, contracts[name].wire, format);
}

/** The payload of `up/{deviceId}/batch`: at most 64 reports, oldest first. */
export function encodeBatch(reports: Report[], format: Format): Uint8Array {
  const items = reports.map(({ name, ...fields }) => ({ report: name, fields, wire: contracts[name].wire }));
  return packBatch(items, format);
}

const contracts = Object.fromEntries(
  Object.entries(reportSchemas).map(([name, schema]) => [
    name,
    { name, schema, shape: schema.shape, wire: wireOf(schema), readPlain: plainReader(name, schema) },
  ]),
) as unknown as { readonly [Name in ReportName]: ReportContract };
