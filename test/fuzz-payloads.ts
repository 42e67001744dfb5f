import { decode } from 'cborg';
import fc from 'fast-check';
import { type Fields, type Format, pack } from '../firmware-contracts/codec.ts';
import { contractOf, encodeBatch, reportSchemas } from '../firmware-contracts/contracts.ts';
import { exampleReport, leastReport } from '../firmware-contracts/examples.ts';
import { isLifeSafety, lifeSafetyReports, type Report, type ReportName } from '../firmware-contracts/report.ts';

/** A publish of a device that is who it says: the report of its topic, and bytes that something happened to. `was`: what it was. */
export type Mutated = { report: string; payload: Uint8Array; was: ReportName };

/** Life-safety reports, alone or as a batch of one, with anything wrong with them. */
export function cries(): fc.Arbitrary<Mutated> {
  return mutatedReports(fc.constantFrom(...lifeSafetyReports));
}

/** Everything else, with anything wrong with it. */
export function telemetry(): fc.Arbitrary<Mutated> {
  const names = (Object.keys(reportSchemas) as ReportName[]).filter((name) => !isLifeSafety(name));
  return mutatedReports(fc.constantFrom(...names));
}

/**
 * Whether a report may rightly call nobody: its bytes can be read, by whatever reads JSON or CBOR, as a map in which the one
 * deciding word says that nothing, or nothing any more, is the matter. Whatever else it is, it has to end in an incident.
 */
export function mayBeQuiet({ report, payload }: Pick<Mutated, 'report' | 'payload'>): boolean {
  const value = read(payload);
  if (report !== 'batch') return isQuietWord(report, value);
  if (Array.isArray(value)) return value.every((item) => isQuietWord(fieldOf(item, 0, 'report'), item));
  // Of a batch that cannot be told apart, the bytes have to name what it holds.
  return !/alarm|fall|press/.test(Buffer.from(payload).toString('latin1'));
}

/** A name that is none of ours any more is no call for help. */
function isQuietWord(report: unknown, value: unknown): boolean {
  if (typeof report !== 'string' || !isLifeSafety(report)) return true;
  const word = fieldOf(value, 10 + (report === 'alarm' ? 1 : 0), report === 'press' ? 'call' : 'state');
  return { alarm: ['off'], fall: ['cancelled'], press: ['cancel', 'test'] }[report].includes(String(word));
}

function fieldOf(value: unknown, key: number, name: string): unknown {
  if (value instanceof Map) return value.get(key) ?? value.get(name);
  return (value as Fields | null | undefined)?.[name];
}

function read(payload: Uint8Array): unknown {
  try {
    const first = payload[0] ?? 0;
    if (first >= 0x80 && first <= 0xbf) return decode(payload, { useMaps: true, allowBigInt: true });
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return undefined;
  }
}

function mutatedReports(names: fc.Arbitrary<ReportName>): fc.Arbitrary<Mutated> {
  const reports = fc.tuple(names, fc.boolean(), fc.nat(1000)).map(([name, whole, seq]): Report => {
    const { age: _, at: __, ...report } = whole ? exampleReport(name) : leastReport(name);
    return { ...report, seq } as Report;
  });
  const changes = fc.oneof(fc.constant<FieldChange[]>([]), fc.array(fieldChange(), { maxLength: 2 }));
  return fc
    .tuple(reports, fc.constantFrom<Format>('json', 'cbor'), changes, damage())
    .chain(([report, format, changes, damaged]) =>
      fc.boolean().map((inBatch) => {
        const name = inBatch ? 'batch' : report.name;
        return { was: report.name, report: name, payload: damaged(written(report, format, changes, inBatch)) };
      }),
    );
}

function written(report: Report, format: Format, changes: FieldChange[], inBatch: boolean): Uint8Array {
  const { name, ...fields } = report;
  const changed = changes.reduce<Fields>((all, change) => change(all), fields);
  const wire = contractOf(name)?.wire;
  // In JSON everything stands; CBOR leaves out what has no key.
  if (inBatch) return encodeBatch([{ ...changed, name } as unknown as Report], format);
  return wire ? pack(changed, wire, format) : new Uint8Array();
}

type FieldChange = (fields: Fields) => Fields;
/** One field gains a value of another kind, an extreme one, or goes; or there is one more. */
function fieldChange(): fc.Arbitrary<FieldChange> {
  const names = ['v', 'boot', 'seq', 'age', 'at', 'source', 'state', 'call', 'of', 'obscuration', 'temperature'];
  const deep = fc.integer({ min: 1, max: 200 }).map((levels) => {
    let value: unknown = 'core';
    for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { in: value };
    return value;
  });
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      '',
      0,
      -1,
      2,
      1.5,
      2 ** 31,
      2 ** 53,
      -(2 ** 63),
      1e308,
      'on',
      'off',
      'cancel',
      '1',
    ),
    fc.constantFrom<unknown>(Number.NaN, Number.POSITIVE_INFINITY, -0, '\u0000', '𠜎'.repeat(50), '__proto__', [], {}),
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.anything({ maxDepth: 2, withBigInt: false }),
    deep,
  );
  return fc.oneof(
    fc.tuple(fc.constantFrom(...names), value).map(([name, held]) => (fields: Fields) => ({ ...fields, [name]: held })),
    fc.constantFrom(...names).map((name) => (fields: Fields) => withoutField(fields, name)),
    fc.tuple(fc.string({ maxLength: 12 }), value).map(([name, held]) => (fields: Fields) => {
      return { ...fields, [name]: held };
    }),
  );
}

function withoutField({ ...fields }: Fields, name: string): Fields {
  delete fields[name];
  return fields;
}

/** What happens to bytes on the way, or in a memory that is worn out. */
function damage(): fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> {
  const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const flips = fc.array(fc.tuple(place, fc.nat(7)), { minLength: 1, maxLength: 4 });
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant((bytes: Uint8Array) => bytes) },
    { weight: 3, arbitrary: flips.map((all) => (bytes: Uint8Array) => flipped(bytes, all)) },
    place.map((at) => (bytes: Uint8Array) => bytes.slice(0, Math.floor(at * bytes.length))),
    fc.uint8Array({ maxLength: 60 }).map((junk) => (bytes: Uint8Array) => Buffer.concat([bytes, junk])),
    fc.uint8Array({ maxLength: 300 }).map((junk) => () => junk),
    fc.constant(twice),
    fc.integer({ min: 2, max: 3000 }).map((depth) => () => Buffer.from('['.repeat(depth))),
    fc.integer({ min: 2, max: 3000 }).map((depth) => () => Buffer.alloc(depth, 0x81)),
  );
}

function flipped(bytes: Uint8Array, flips: (readonly [at: number, bit: number])[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (const [at, bit] of flips) {
    const index = Math.floor(at * copy.length);
    if (index < copy.length) copy[index] = (copy[index] ?? 0) ^ (1 << bit);
  }
  return copy;
}

/** In JSON every name stands twice; CBOR becomes what has more behind its end. */
function twice(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  const inner = /^\{(.*)\}$/.exec(text)?.[1];
  return Buffer.from(inner === undefined ? text + text : `{${inner},${inner}}`, 'latin1');
}
