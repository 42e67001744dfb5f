import { z } from 'zod';
import { commandSchemas, type DeviceCommand } from './commands.ts';
import { reportSchemas } from './contracts.ts';
import type { Report, ReportName } from './report.ts';

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

/** The same of a command. */
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
