import { asyncApiDocument } from './asyncapi.ts';
import { cSources } from './c-encoder.ts';
import { commandSchemas, type DeviceCommand } from './commands.ts';
import { reportSchemas } from './contracts.ts';
import { batchJsonSchema, commandJsonSchema, reportJsonSchema } from './json-schema.ts';
import type { ReportName } from './report.ts';
import { goldenVectors } from './vectors.ts';

/**
 * The folder under `published/` that the contracts are made into. Once released it never changes: what is added gets a folder
 * beside it (`v1.1`, and `v` in the payload stays 1), what changes a meaning gets the next version (`v2`, and `v` becomes 2).
 */
export const release = 'v1';

/** What is published for firmware engineers, by the name of the file in that folder: all of it is made from the contracts. */
export function firmwareFiles(): ReadonlyMap<string, string> {
  const reports = (Object.keys(reportSchemas) as ReportName[]).map(
    (name) => [`reports/${name}.schema.json`, json(reportJsonSchema(name))] as const,
  );
  const commands = (Object.keys(commandSchemas) as DeviceCommand['name'][]).map(
    (name) => [`commands/${name}.schema.json`, json(commandJsonSchema(name))] as const,
  );
  const sources = Object.entries(cSources()).map(([name, text]) => [`c/${name}`, text] as const);
  return new Map([
    ...reports,
    ['reports/batch.schema.json', json(batchJsonSchema())] as const,
    ...commands,
    ['asyncapi.json', json(asyncApiDocument())] as const,
    ['vectors.json', json(goldenVectors())] as const,
    ...sources,
  ]);
}

/** Integers beyond what JSON can hold are written as text. */
function json(value: unknown): string {
  return `${JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one), 2)}\n`;
}
