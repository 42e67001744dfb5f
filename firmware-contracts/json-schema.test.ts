import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commandSchemas, type DeviceCommand } from './commands.ts';
import { reportSchemas } from './contracts.ts';
import { exampleCommand, exampleReport } from './examples.ts';
import { commandJsonSchema, reportJsonSchema } from './json-schema.ts';
import { anyReport, reportNames } from './reports.test-support.ts';

// A validator of somebody else's says of each payload what the contract says.

const ajv = new Ajv2020({ strict: true, allErrors: false, strictRequired: false });
ajv.addVocabulary(['x-cbor-key', 'x-unit', 'x-evidence', 'x-cbor-packed']);
const commandNames = Object.keys(commandSchemas) as DeviceCommand['name'][];

/** What devices get wrong: another type, a number beyond the limits, a word that is none, a field too many or too few. */
const wrongValues = [null, '', 'maybe', -1, 1e9, 0.5, [], [1, 2], {}, true, '2026-11-03', 1e300];
const anyMistake = fc.tuple(fc.nat(), fc.constantFrom('replace', 'remove', 'add'), fc.constantFrom(...wrongValues));

function mistaken(fields: object, [at, how, value]: [number, string, unknown]): object {
  const names = Object.keys(fields);
  const name = names[at % names.length] ?? '';
  const others = Object.fromEntries(Object.entries(fields).filter(([field]) => field !== name));
  if (how === 'add') return { ...fields, mood: value };
  return how === 'remove' ? others : { ...others, [name]: value };
}

test.each(reportNames)('a %s that the contract allows is valid, and one that it does not is not', (name) => {
  const isValid = ajv.compile(reportJsonSchema(name));
  fc.assert(
    fc.property(anyReport(name), anyMistake, ({ name: _, ...fields }, mistake) => {
      expect(isValid(fields), JSON.stringify(isValid.errors)).toBe(true);
      const wrong = mistaken(fields, mistake);
      const { success, error } = reportSchemas[name].safeParse({ ...wrong, name });
      // What only the text of the motion's schema says.
      if (name === 'motion' && error?.issues.every(({ code }) => code === 'custom')) return;
      expect(isValid(wrong), JSON.stringify(wrong)).toBe(success);
    }),
    { numRuns: 200 },
  );
});

test.each(commandNames)('a %s is a command as the contract says', (name) => {
  const isValid = ajv.compile(commandJsonSchema(name));
  fc.assert(
    fc.property(anyMistake, (mistake) => {
      const { name: _, ...fields } = exampleCommand(name);
      expect(isValid(fields)).toBe(true);
      const wrong = mistaken(fields, mistake);
      expect(isValid(wrong), JSON.stringify(wrong)).toBe(commandSchemas[name].safeParse({ ...wrong, name }).success);
    }),
  );
});

test('each field has its CBOR key, its unit and an example that is valid', () => {
  for (const name of reportNames) {
    const { properties } = reportJsonSchema(name) as {
      properties: { [field: string]: { [keyword: string]: unknown } };
    };
    const keys = Object.values(properties).map((field) => field['x-cbor-key']);
    expect(new Set(keys).size).toBe(keys.length);
    for (const field of Object.values(properties)) {
      if (field.type === 'number' || field.type === 'integer') expect(field['x-unit']).toBeTypeOf('string');
      expect(field.examples).toHaveLength(1);
    }
    const { name: _, ...fields } = exampleReport(name);
    expect(ajv.validate(reportJsonSchema(name), fields)).toBe(true);
  }
});
