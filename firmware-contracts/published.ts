import { cSources } from './c-encoder.ts';
import { commandSchemas, type DeviceCommand } from './commands.ts';
import { reportSchemas } from './contracts.ts';
import { commandJsonSchema, reportJsonSchema } from './json-schema.ts';
import type { ReportName } from './report.ts';
import { goldenVectors } from './vectors.ts';

/**
 * What is published for firmware engineers, by the name of the file under `published/`: all of it is made from the contracts, and
 * a test compares the two. A released version does not change: `v1/` is made new only while nothing of it changes for
 * whoever has built on it.
 */
export function publishedFiles(): ReadonlyMap<string, string> {
  const reports = (Object.keys(reportSchemas) as ReportName[]).map(
    (name) => [`v1/reports/${name}.schema.json`, json(reportJsonSchema(name))] as const,
  );
  const commands = (Object.keys(commandSchemas) as DeviceCommand['name'][]).map(
    (name) => [`v1/commands/${name}.schema.json`, json(commandJsonSchema(name))] as const,
  );
  const sources = Object.entries(cSources()).map(([name, text]) => [`v1/c/${name}`, text] as const);
  return new Map([...reports, ...commands, ['v1/vectors.json', json(goldenVectors())] as const, ...sources]);
}

/** Integers beyond what JSON can hold are written as text. */
function json(value: unknown): string {
  return `${JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one), 2)}\n`;
}
