import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contractOf, encodeBatch, encodeReport, reportSchemas, reportsOfKind } from './contracts.ts';
import { decodeBatch, decodeReport } from './decode.ts';
import { exampleReport } from './examples.ts';
import { fieldMetadata } from './report.ts';
import { anyReport, reportNames } from './reports.test-support.ts';

describe.each(reportNames)('a %s report', (name) => {
  const fields = Object.entries(reportSchemas[name].shape).filter(([field]) => field !== 'name');

  test('says of every field its key, its example, and of every number its unit', () => {
    const keys = fields.map(([, schema]) => fieldMetadata(schema).cbor);
    expect(new Set(keys).size).toBe(fields.length);
    for (const [field, schema] of fields) {
      const { cbor, unit, example } = fieldMetadata(schema);
      expect(cbor >= 10, field).toBe(!['v', 'boot', 'seq', 'age', 'at'].includes(field));
      const number = typeof example === 'number' || (Array.isArray(example) && typeof example[0] === 'number');
      expect(unit !== undefined, field).toBe(number);
    }
  });

  test.each(['json', 'cbor'] as const)('comes back from %s as it was sent', (format) => {
    fc.assert(
      fc.property(anyReport(name), (report) => {
        const decoded = decodeReport({ report: name, payload: encodeReport(report, format) });
        const unread = (['boot', 'seq', 'age'] as const).filter((field) => report[field] === undefined);
        expect(decoded).toEqual({ type: 'report', report, unread: unread.map((field) => `${field} missing`) });
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test('is understood with its examples', () => {
    const report = exampleReport(name);
    expect(decodeReport({ report: name, payload: encodeReport(report, 'cbor') })).toEqual({
      type: 'report',
      report,
      unread: [],
    });
  });
});

test('a batch comes back in its order, from JSON and from CBOR', () => {
  const batch = fc.array(fc.constantFrom(...reportNames).chain(anyReport), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(batch, fc.constantFrom('json' as const, 'cbor' as const), (reports, format) => {
      const decoded = decodeBatch({ payload: encodeBatch(reports, format) });
      expect(decoded).toMatchObject(reports.map((report) => ({ type: 'report', report })));
    }),
    { seed: 1, numRuns: 100 },
  );
});

test('the spelling of a released field never changes', () => {
  const spelled = reportNames.map((name) => {
    const keys = [...(contractOf(name)?.wire.keys ?? [])].filter(([, { cbor }]) => cbor >= 10);
    return `${name}: ${keys.map(([field, { cbor, unit = '-' }]) => `${cbor} ${field} ${unit}`).join(', ')}`;
  });
  expect(spelled).toMatchInlineSnapshot(`
    [
      "alarm: 10 source -, 11 state -, 12 obscuration dB/m, 13 temperature °C, 14 co ppm, 15 gas %LEL",
      "test: 10 by -, 11 result -",
      "tamper: 10 state -",
      "position: 10 source -, 11 lat °, 12 lon °, 13 accuracy m, 14 speed m/s",
      "fall: 10 state -, 11 of 1",
      "motion: 10 t0 ms, 11 rate Hz, 12 dt ms, 13 range g, 14 placement -, 15 samples mg, 16 of 1, 17 part 1, 18 parts 1",
      "vitals: 10 pulse 1/min, 11 oxygen %, 12 temperature °C, 13 systolic mmHg, 14 diastolic mmHg, 15 breaths 1/min",
      "press: 10 call -",
      "presence: 10 source -, 11 state -",
      "status: 10 battery V, 11 charge %, 12 rsrp dBm, 13 snr dB, 14 cell -, 15 firmware -, 16 temperature °C, 17 faults -, 18 interval min, 19 worn -, 20 charging -, 21 mains -",
      "done: 10 command -, 11 result -",
    ]
  `);
  expect([...(contractOf('done')?.wire.keys ?? [])].slice(0, 5).map(([field, { cbor }]) => `${cbor} ${field}`)).toEqual(
    ['1 v', '2 boot', '3 seq', '4 age', '5 at'],
  );
});

test('every report belongs to a kind of device, and every kind has a heartbeat', () => {
  expect(new Set(Object.values(reportsOfKind).flat())).toEqual(new Set(reportNames));
  for (const reports of Object.values(reportsOfKind)) expect(reports).toContain('status');
});
