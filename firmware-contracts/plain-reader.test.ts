import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contractOf, reportSchemas } from './contracts.ts';
import { anyReport, reportNames } from './reports.test-support.ts';

const oddValues = [
  null,
  undefined,
  '',
  'maybe',
  -1,
  -0,
  0.5,
  1e9,
  2 ** 53,
  NaN,
  Infinity,
  7n,
  [],
  ['x'],
  [1],
  {},
  true,
];
const anyChange = fc.tuple(
  fc.nat(),
  fc.constantFrom('replace', 'remove', 'add', 'turn'),
  fc.constantFrom(...oddValues),
);

/** What a device may have sent: fields in another order, one too few or too many, one with something odd in it. */
function changed(fields: object, [at, how, value]: [number, string, unknown]): { [field: string]: unknown } {
  const entries = Object.entries(fields);
  const index = at % entries.length;
  const [name = ''] = entries[index] ?? [];
  if (how === 'turn') return Object.fromEntries([...entries.slice(index), ...entries.slice(0, index)]);
  if (how === 'add') return { ...fields, mood: value };
  return Object.fromEntries(
    entries.flatMap((entry) => (entry[0] !== name ? [entry] : how === 'remove' ? [] : [[name, value]])),
  );
}

test.each(reportNames)('what is read of a %s at once is what the schema reads, to the order of its fields', (name) => {
  const contract = contractOf(name);
  let read = 0;
  fc.assert(
    fc.property(anyReport(name), anyChange, ({ name: _, ...fields }, change) => {
      for (const one of [{ ...fields }, changed(fields, change)]) {
        const plain = contract?.readPlain({ ...one });
        if (!plain) continue;
        read++;
        const { success, data } = reportSchemas[name].safeParse({ ...one, name });
        expect(success, JSON.stringify(one)).toBe(true);
        expect(Object.entries(plain)).toEqual(Object.entries(data ?? {}));
      }
    }),
    { seed: 1, numRuns: 500 },
  );
  // The two that say something between their fields go the long way.
  expect(read > 500).toBe(name !== 'position' && name !== 'motion');
});
