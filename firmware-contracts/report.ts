import { z } from 'zod';
import type { PressReport } from './call-button.ts';
import type { DoneReport, StatusReport } from './every-device.ts';
import type { PresenceReport } from './presence-sensor.ts';
import type { AlarmReport, TamperReport, TestReport } from './smoke-detector.ts';
import type { FallReport, MotionReport, PositionReport, VitalsReport } from './wearable.ts';

/**
 * A report of version 1 under the name that its topic carries. Fields beyond the listed ones are refused, except in a
 * life-safety report, where they are passed over. Each field's metadata holds its CBOR key, unit and an example.
 */
export function report<const Name extends string, Shape extends z.ZodRawShape>(name: Name, shape: Shape) {
  return z.strictObject({ name: z.literal(name), ...everyReport(name), ...shape });
}

/**
 * Evidence beside what the report says: optional, and an implausible value is dropped and flagged instead of spoiling
 * the report.
 */
export function evidence<Schema extends z.ZodType>(schema: Schema) {
  return z.exactOptional(schema).meta({ evidence: true });
}

/** Fire, a fall and a call for help: they raise even when they cannot be read (the topic is enough). */
export const lifeSafetyReports = ['alarm', 'fall', 'press'] as const;
export type LifeSafetyReport = (typeof lifeSafetyReports)[number];
export function isLifeSafety(name: string): name is LifeSafetyReport {
  return (lifeSafetyReports as readonly string[]).includes(name);
}

/** The life-safety report that the bytes of a batch name, whether the batch can be read or not; it may hold others too. */
export function lifeSafetyNamedIn(payload: Uint8Array): LifeSafetyReport | undefined {
  const text = latin1.decode(payload);
  return lifeSafetyReports.find((name) => text.includes(name));
}
const latin1 = new TextDecoder('latin1');

export const deviceKinds = ['smoke-detector', 'wearable', 'call-button', 'presence-sensor'] as const;
export type DeviceKind = (typeof deviceKinds)[number];

/** Any report as it was understood, discriminated by `name`. */
export type Report =
  | AlarmReport
  | TestReport
  | TamperReport
  | StatusReport
  | DoneReport
  | PositionReport
  | FallReport
  | MotionReport
  | PressReport
  | VitalsReport
  | PresenceReport;
export type ReportName = Report['name'];

/** What the metadata of a field says. A released field keeps its key, unit and meaning for ever. */
export type FieldMetadata = {
  /** The integer that stands for the name in CBOR: 1-9 in every report, from 10 on in each report. */
  cbor: number;
  /** Of every number; `1` is a plain count. */
  unit?: string;
  example: unknown;
  /** For those who write firmware. */
  description: string;
  evidence?: true;
  /** How an array of integers is packed into one CBOR byte string. */
  packed?: 'int16-little-endian';
};

/** A short name or code: printable ASCII, because it travels on into databases, logs and displays. */
export const shortText = z.string().regex(/^[\x21-\x7e][\x20-\x7e]{0,31}$/);
export const shortTextSays = '1 to 32 characters of printable ASCII, the first no space';

/** The metadata of a field, as one value. */
export function fieldMetadata(schema: z.core.$ZodType): FieldMetadata {
  return z.globalRegistry.get(schema) as FieldMetadata;
}

/**
 * What every report carries. Name and lateness rest on it: without `age` the lateness is unknown and counts as none, and
 * `at` is believed only when an earlier report of the same boot showed how far the clock is off.
 */
function everyReport(name: string) {
  // A life-safety report stands without its counters; telemetry without them is refused. Both read as optional.
  const optionalCounter = evidence(counter);
  const count = isLifeSafety(name) ? optionalCounter : (counter as unknown as typeof optionalCounter);
  return {
    v: z.literal(1).meta({ cbor: 1, unit: '1', example: 1, description: 'The version of these contracts.' }),
    boot: count.meta({
      cbor: 2,
      unit: '1',
      example: 12,
      description: 'Restarts of the device, kept over power loss: one more after each.',
    }),
    seq: count.meta({
      cbor: 3,
      unit: '1',
      example: 345,
      description: 'Reports within one boot: one more for each new report, the same when it is sent again.',
    }),
    age: evidence(
      z
        .number()
        .min(0)
        .max(400 * 86_400),
    ).meta({
      cbor: 4,
      unit: 's',
      example: 0,
      description:
        'From the event to the making of this packet, on a clock of the device that runs on in its sleep. 0 when it is sent at once.',
    }),
    at: evidence(z.int().min(0).max(8.64e15)).meta({
      cbor: 5,
      unit: 'ms',
      example: 1_791_000_000_000,
      description: 'The clock of the device at the event, since 1970 in UTC, if it has one.',
    }),
  };
}
const counter = z.int().min(0).max(0xffff_ffff);
