import { z } from 'zod';
import { batchNameKey, maxBatchItems } from './codec.ts';
import { commandSchemas, type DeviceCommand } from './commands.ts';
import { reportSchemas } from './contracts.ts';
import { isLifeSafety, type ReportName } from './report.ts';

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = { [keyword: string]: unknown };

/**
 * The payload of a report as firmware may send it, as JSON Schema. Beside the standard keywords a field has `x-cbor-key`, its
 * integer in CBOR, `x-unit`, and `x-evidence` when an implausible value of it is dropped and the rest of the report taken.
 */
export function reportJsonSchema(name: ReportName): JsonSchema {
  const counts = isLifeSafety(name)
    ? 'Life safety: it raises even when it cannot be read, and `boot`, `seq` and `age` should be there all the same.'
    : 'Telemetry: what does not follow this schema is refused, and counted by device.';
  return publishedSchema(name, `The payload of up/{deviceId}/${name}. ${counts}`, reportSchemas[name]);
}

/** The payload of `up/{deviceId}/batch`: each item is a report with its name beside its fields. */
export function batchJsonSchema(): JsonSchema {
  const items = (Object.keys(reportSchemas) as ReportName[]).map((name) => {
    const { $schema: _, description: __, properties, required, ...schema } = reportJsonSchema(name);
    const report = { const: name, description: 'Which report this is.', 'x-cbor-key': batchNameKey };
    return {
      ...schema,
      properties: { report, ...(properties as JsonSchema) },
      required: ['report', ...(required as string[])],
    };
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'batch',
    description:
      'The payload of up/{deviceId}/batch: reports that had to wait, oldest first. Each is judged by itself, as if it had come alone.',
    type: 'array',
    minItems: 1,
    maxItems: maxBatchItems,
    items: { oneOf: items },
  };
}

/** The payload of a command as a device receives it. */
export function commandJsonSchema(name: DeviceCommand['name']): JsonSchema {
  return publishedSchema(name, `The payload of down/{deviceId}/${name}.`, commandSchemas[name]);
}

/** The topic says the name, so the payload does not. */
function publishedSchema(name: string, description: string, schema: z.ZodObject): JsonSchema {
  const {
    $schema,
    properties = {},
    required = [],
  } = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema }) => publishMetadata(jsonSchema as JsonSchema),
  }) as { $schema: string; properties?: { [field: string]: JsonSchema }; required?: string[] };
  const { name: _, ...fields } = properties;
  return {
    $schema,
    title: name,
    description,
    type: 'object',
    properties: fields,
    required: required.filter((field) => field !== 'name'),
    additionalProperties: false,
    ...between[name],
  };
}

function publishMetadata(schema: JsonSchema): void {
  const { cbor, unit, example, evidence, packed } = schema;
  for (const internal of ['cbor', 'unit', 'example', 'evidence', 'packed']) delete schema[internal];
  if (cbor === undefined) return;
  schema['x-cbor-key'] = cbor;
  if (unit !== undefined) schema['x-unit'] = unit;
  if (evidence === true) schema['x-evidence'] = true;
  if (packed !== undefined) schema['x-cbor-packed'] = packed;
  schema.examples = [example];
}

/** What holds between fields, which the contracts say as functions; a test compares the two over many payloads. */
const between: { readonly [name: string]: JsonSchema } = {
  position: {
    if: { properties: { source: { const: 'none' } } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
    then: { properties: { lat: false, lon: false } },
    else: { required: ['lat', 'lon'] },
  },
  motion: {
    $comment: 'The number of samples is a multiple of three, and dt has one step fewer than there are moments.',
    oneOf: [{ required: ['rate'] }, { required: ['dt'] }],
  },
  hush: { allOf: [{ properties: { expires: { type: 'integer', maximum: 300 } } }] },
};
