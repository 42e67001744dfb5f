import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shippedProducts } from './carrier-models.ts';
import type { JournalRecord } from './journal-record.ts';
import { decodeRecord, encodeRecord, recordKind } from './record-codec.ts';

const ascii = (pattern: RegExp) => fc.stringMatching(pattern);
const reports: fc.Arbitrary<JournalRecord> = fc.record({
  kind: fc.constant('report' as const),
  source: fc.constantFrom('mqtt' as const, 'ctwing' as const, 'onenet' as const, 'iotda' as const),
  deviceId: ascii(/^[A-Za-z0-9_-]{1,32}$/),
  standing: fc.constantFrom('registered' as const, 'enrolment' as const),
  report: ascii(/^[a-z][a-z0-9-]{0,31}$/),
  payload: fc.uint8Array({ maxLength: 300 }),
});
const others: fc.Arbitrary<JournalRecord> = fc.oneof(
  fc.constant({ kind: 'tick' as const }),
  fc.record({ kind: fc.constant('clock-step' as const), byMs: fc.integer(), wallAt: fc.nat() }),
  fc.record({ kind: fc.constant('started' as const), version: fc.string({ unit: 'grapheme' }), downMs: fc.nat() }),
  fc.record({ kind: fc.constant('decided' as const), cause: fc.nat(), version: fc.string({ unit: 'grapheme' }) }),
  fc.constant({ kind: 'carrier-products' as const, table: shippedProducts }),
  fc.record({ kind: fc.constant('reserve' as const), inUse: fc.boolean(), freeBytes: fc.nat() }),
);

test('every record comes back from the journal as it went in', () => {
  fc.assert(
    fc.property(fc.oneof(reports, others), (record) => {
      const body = encodeRecord(record);
      expect(decodeRecord(body)).toEqual(record);
      expect(recordKind(body)).toBe(record.kind);
    }),
    { seed: 1, numRuns: 500 },
  );
});

describe('a report', () => {
  const report = {
    kind: 'report',
    source: 'mqtt',
    deviceId: 'd1',
    standing: 'enrolment',
    report: 'press',
    payload: new Uint8Array([7, 8]),
  } as const;

  test('lies in the journal byte by byte as it always did', () => {
    expect(Buffer.from(encodeRecord(report)).toString('hex')).toBe(`01010001${'02'}6431${'05'}7072657373${'0708'}`);
  });

  test.each([
    ['ctwing', '01'],
    ['onenet', '02'],
    ['iotda', '03'],
  ] as const)('of %s says so in its third byte', (source, byte) => {
    const body = encodeRecord({ ...report, source });
    expect(Buffer.from(body).toString('hex').slice(4, 6)).toBe(byte);
    expect(decodeRecord(body)).toEqual({ ...report, source });
  });

  test('is read without copying its payload', () => {
    const body = encodeRecord(report);
    const decoded = decodeRecord(body);
    expect(decoded.kind === 'report' && decoded.payload.buffer).toBe(body.buffer);
  });

  test('whose head is cut is noticed', () => {
    const body = encodeRecord(report);
    for (let length = 1; length < body.length - report.payload.length; length++) {
      expect(() => decodeRecord(body.subarray(0, length))).toThrow(/cut/);
    }
  });

  test('that fits no topic is refused', () => {
    expect(() => encodeRecord({ ...report, deviceId: 'd'.repeat(256) })).toThrow(/longer than 255/);
    expect(() => encodeRecord({ ...report, deviceId: '敖包' })).toThrow(/not ASCII/);
  });
});

test('a record of a newer release is named, and not guessed at', () => {
  expect(() => decodeRecord(new Uint8Array([200, 1, 0x7b, 0x7d]))).toThrow(/kind 200 .* newer release/);
  expect(() => decodeRecord(new Uint8Array([2, 9, 0x7b, 0x7d]))).toThrow(/tick record of version 9 .* newer release/);
});
