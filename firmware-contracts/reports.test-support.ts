import fc from 'fast-check';
import { z } from 'zod';
import { reportSchemas } from './contracts.ts';
import type { Report, ReportName } from './report.ts';

export const reportNames = Object.keys(reportSchemas) as ReportName[];

/** Any report of that name that its contract allows. */
export function anyReport(name: ReportName): fc.Arbitrary<Report> {
  const { shape } = reportSchemas[name];
  const required = Object.entries(shape).flatMap(([field, schema]) => (isOptional(schema) ? [] : [field]));
  const fields = Object.fromEntries(Object.entries(shape).map(([field, schema]) => [field, anyValue(schema)]));
  const any = fc.record(fields, { requiredKeys: required }) as unknown as fc.Arbitrary<Report>;
  return any.chain(consistent);
}

const isOptional = (schema: unknown) => (schema as z.ZodType)._zod.optout === 'optional';

function anyValue(schema: unknown): fc.Arbitrary<unknown> {
  return ofJsonSchema(z.toJSONSchema(schema as z.ZodType) as JsonSchema);
}
type JsonSchema = {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  pattern?: string;
  items?: JsonSchema;
  minItems?: number;
};

function ofJsonSchema(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { minimum = schema.exclusiveMinimum ?? 0, maximum = 0, pattern = '', items = {}, minItems = 0 } = schema;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'string') return fc.stringMatching(new RegExp(pattern));
  if (schema.type === 'integer') return fc.integer({ min: minimum, max: maximum });
  if (schema.type === 'array') return fc.array(ofJsonSchema(items), { minLength: minItems, maxLength: 8 });
  const minExcluded = schema.exclusiveMinimum !== undefined;
  // JSON has no negative zero.
  return fc.double({ min: minimum, max: maximum, minExcluded, noNaN: true }).map((value) => value + 0);
}

/** What a schema asks of several fields together. */
function consistent(report: Report): fc.Arbitrary<Report> {
  if (report.name === 'position') {
    const { lat = 43, lon = 116, ...rest } = report;
    return fc.constant(rest.source === 'none' ? rest : { ...rest, lat, lon });
  }
  if (report.name !== 'motion') return fc.constant(report);
  const { dt: _, rate, ...rest } = report;
  const samples = rest.samples.slice(0, rest.samples.length - (rest.samples.length % 3));
  const steps = fc.array(fc.integer({ min: 0, max: 2000 }), {
    minLength: samples.length / 3 - 1,
    maxLength: samples.length / 3 - 1,
  });
  return rate === undefined ? steps.map((dt) => ({ ...rest, samples, dt })) : fc.constant({ ...rest, samples, rate });
}
