import { decode, encode } from 'cborg';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { cutBatch } from './codec.ts';

const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
afterEach(() => warn.mockClear());

const isUnwanted = (report: string) => report === 'position';
const written = (value: unknown): Uint8Array => encode(value, { mapSorter: () => 0 });
const read = (bytes: Uint8Array): unknown[] =>
  decode(bytes, { useMaps: true, allowBigInt: true, rejectDuplicateMapKeys: true });

/** A map key that is a map or a list, as no contract has one and any device may send it. */
const key = fc.oneof(
  fc.integer(),
  fc.string(),
  fc.array(fc.integer(), { maxLength: 2 }),
  fc.uint8Array({ maxLength: 3 }),
);
const scalar = fc.oneof(
  ...[fc.integer(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }), fc.string(), fc.boolean()],
  ...[fc.constant(null), fc.constant(undefined), fc.uint8Array({ maxLength: 9 })],
  fc.double().filter((value) => !Object.is(value, -0)),
);
const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), mapOf(key, scalar));
const item = fc
  .tuple(fc.constantFrom('position', 'press', 'vitals'), mapOf(fc.oneof(fc.integer({ min: 1 }), key), value))
  .map(([report, fields]) => new Map<unknown, unknown>([...fields, [0, report]]));

test('what is left of a batch is what its other reports said, whatever they said, and nobody is warned of it', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 6 }), (items) => {
      const payload = written(items);
      const cut = cutBatch(payload, isUnwanted);
      // Two keys of one map that are written alike: it is no map that can be read.
      if (cut === undefined) {
        expect(() => read(payload)).toThrow();
        return;
      }
      const wanted = read(payload).filter((one) => !isUnwanted(String((one as Map<unknown, unknown>).get(0))));
      expect(read(cut)).toEqual(wanted);
    }),
    { seed: 7, numRuns: 500 },
  );
  expect(warn).not.toHaveBeenCalled();
});

test('bytes of any kind are cut or left, and never stop anything', () => {
  const broken = fc
    .tuple(fc.array(item, { minLength: 1, maxLength: 3 }), fc.nat(), fc.integer({ min: 0, max: 255 }))
    .map(([items, at, byte]) => {
      const payload = Uint8Array.from(written(items));
      payload[at % payload.length] = byte;
      return payload;
    });
  const text = fc.json().map((json) => new TextEncoder().encode(`[{"report":"position"},${json}]`));
  fc.assert(
    fc.property(fc.oneof(broken, text, fc.uint8Array()), (payload) => {
      const cut = cutBatch(payload, isUnwanted);
      expect(cut === undefined || cut === payload || cut.length <= 16_000).toBe(true);
    }),
    { seed: 7, numRuns: 2_000 },
  );
  expect(warn).not.toHaveBeenCalled();
});

test('what would be too long to be read when it is written anew is as if it could not be taken apart', () => {
  const numbers = Array.from({ length: 2_000 }, () => '1e20');
  const payload = Buffer.from(`[{"report":"position"},{"report":"press","x":[${numbers}]}]`);
  expect(cutBatch(payload, () => false)).toBe(payload);
  expect(cutBatch(payload, isUnwanted)).toBeUndefined();
});

function mapOf<K, V>(keys: fc.Arbitrary<K>, values: fc.Arbitrary<V>): fc.Arbitrary<Map<K, V>> {
  return fc.array(fc.tuple(keys, values), { maxLength: 4 }).map((entries) => new Map(entries));
}
