import { z } from 'zod';
import { commandSchemas, type DeviceCommand } from './commands.ts';
import { reportSchemas } from './contracts.ts';
import type { Report, ReportName } from './report.ts';
import type { MotionReport } from './wearable.ts';

/** Each example of the metadata, as one report with every field that fits beside the others. */
export function exampleReport(name: ReportName): Report {
  const example = exampleOf(name, reportSchemas[name].shape) as Report;
  // Sampling is even or uneven.
  if (example.name === 'motion') delete example.dt;
  return example;
}

/** As little as a report may say, and the counters and the age, which every report should have. */
export function leastReport(name: ReportName): Report {
  const { shape } = reportSchemas[name];
  // Sampling that is even or uneven has to say which.
  const isNeeded = (field: string) =>
    everyReportHas.has(field) ||
    (name === 'motion' && field === 'rate') ||
    (shape as { [field: string]: z.ZodType })[field]?._zod.optout !== 'optional';
  const least = Object.fromEntries(Object.entries(exampleReport(name)).filter(([field]) => isNeeded(field))) as Report;
  return least.name === 'position' ? { ...least, source: 'none' } : least;
}
const everyReportHas: ReadonlySet<string> = new Set(['name', 'v', 'boot', 'seq', 'age']);

/**
 * A whole window of motion: a second and a half of rest, a fall with its blow, and lying still, with the noise that a sensor has.
 * Made of whole numbers, so that it is the same everywhere.
 */
export function motionWindow({ moments, rate }: { moments: number; rate: number }): MotionReport {
  let noise = 1;
  const around = (level: number, spread: number) => {
    noise = (noise * 48_271) % 0x7fff_ffff;
    return level + (noise % (2 * spread + 1)) - spread;
  };
  const samples = Array.from({ length: moments }, (_, moment) => {
    const atMs = (moment * 1000) / rate;
    if (atMs < 1500) return [around(-40, 30), around(15, 30), around(1002, 30)];
    if (atMs < 2500) return [around(900, 3_000), around(-700, 3_000), around(1_800, 5_000)];
    return [around(960, 20), around(110, 20), around(180, 20)];
  }).flat();
  return { name: 'motion', v: 1, boot: 12, seq: 346, age: 6, t0: -2000, rate, range: 16, samples, of: 345 };
}

/** The examples of a command's metadata, as one command. */
export function exampleCommand(name: DeviceCommand['name']): DeviceCommand {
  return exampleOf(name, commandSchemas[name].shape) as DeviceCommand;
}

function exampleOf(name: string, shape: z.ZodRawShape): { [field: string]: unknown } {
  const fields = Object.entries(shape).map(([field, schema]) => [
    field,
    field === 'name' ? name : z.globalRegistry.get(schema as z.ZodType)?.example,
  ]);
  return Object.fromEntries(fields);
}
