import { z } from 'zod';
import type { Fields } from './codec.ts';

/**
 * Reads what is plainly right for a fraction of the schema's price: each field by a test of its own, in the schema's order. Undefined:
 * ask the schema, which may still take it, and says why when it does not.
 */
export function plainReader(name: string, schema: z.ZodObject): (fields: Fields) => Fields | undefined {
  // What holds between fields, only the schema knows.
  if ((schema._zod.def.checks ?? []).length > 0) return () => undefined;
  const { name: _, ...shape } = schema.shape;
  const tests = Object.entries(shape).map(([field, one]) => ({
    field,
    isRight: testOf(z.toJSONSchema(one as z.ZodType) as Limits),
    isNeeded: one._zod.optout !== 'optional',
  }));
  return (fields) => {
    const report: Fields = { name };
    let known = 0;
    for (const { field, isRight, isNeeded } of tests) {
      const value = fields[field];
      if (value !== undefined) {
        if (!isRight(value)) return undefined;
        report[field] = value;
        known++;
      } else if (isNeeded) return undefined;
    }
    return known === Object.keys(fields).length ? report : undefined;
  };
}

/** What the schemas of fields use of JSON Schema. */
type Limits = {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  pattern?: string;
  items?: Limits;
  minItems?: number;
  maxItems?: number;
};
type Test = (value: unknown) => boolean;

function testOf(limits: Limits): Test {
  const { type, enum: words, pattern } = limits;
  if (limits.const !== undefined) return (value) => value === limits.const;
  if (words) return (value) => words.includes(value);
  if (type === 'boolean') return (value) => typeof value === 'boolean';
  if (type === 'array') return listTest(limits);
  if (type === 'number' || type === 'integer') return numberTest(limits);
  if (type === 'string' && pattern !== undefined) {
    const expected = new RegExp(pattern);
    return (value) => typeof value === 'string' && expected.test(value);
  }
  return () => false;
}

function numberTest({ type, minimum, exclusiveMinimum, maximum }: Limits): Test {
  const least = minimum ?? Number.NEGATIVE_INFINITY;
  const above = exclusiveMinimum ?? Number.NEGATIVE_INFINITY;
  const most = maximum ?? Number.POSITIVE_INFINITY;
  const isWithin = (value: unknown): value is number =>
    typeof value === 'number' && value >= least && value > above && value <= most;
  return type === 'integer' ? (value) => isWithin(value) && Number.isSafeInteger(value) : isWithin;
}

function listTest({ items = {}, minItems = 0, maxItems = 0 }: Limits): Test {
  const isRight = testOf(items);
  return (value) =>
    Array.isArray(value) && value.length >= minItems && value.length <= maxItems && value.every((one) => isRight(one));
}
