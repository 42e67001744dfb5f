import { encode } from 'cborg';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeBatch, encodeReport } from './contracts.ts';
import { decodeBatch, decodeReport } from './decode.ts';
import { exampleReport } from './examples.ts';
import type { Report } from './report.ts';
import { anyReport, reportNames } from './reports.test-support.ts';

const sent = { v: 1, boot: 12, seq: 345, age: 0 };
const smoke = { ...sent, source: 'smoke', state: 'on' };
const bytes = (text: string) => new TextEncoder().encode(text);
const json = (value: unknown) => bytes(JSON.stringify(value));
const decode = (report: string, value: unknown) => decodeReport({ report, payload: json(value) });

describe('an alarm raises whatever is wrong with it', () => {
  test('with a field that nobody knows it is read as usual', () => {
    const decoded = decode('alarm', { ...smoke, humidity: { percent: 30 }, name: 'kitchen' });
    expect(decoded).toEqual({ type: 'report', report: { name: 'alarm', ...smoke }, unread: [] });
  });

  test('with a text of 5,000 letters where it went wrong, people read some of them', () => {
    const letters = `x\u0007${'y'.repeat(5_000)}`;
    const entry = Buffer.concat([encode(letters), encode(1)]);
    const payload = Buffer.concat([Buffer.from([0xa2]), entry, entry]);
    const decoded = decodeReport({ report: 'alarm', payload });
    expect(decoded).toMatchObject({ type: 'unreadable', problem: expect.stringContaining('repeat map key "x?yyy') });
    expect('problem' in decoded && decoded.problem.length).toBeLessThan(120);
  });

  test('of a newer version it says which one', () => {
    const decoded = decode('alarm', { ...smoke, v: 2, source: 'plasma' });
    const salvaged = { boot: 12, seq: 345, age: 0 };
    expect(decoded).toMatchObject({ type: 'unreadable', reportName: 'alarm', problem: 'v 2', salvaged });
    const sentLater = decode('alarm', { ...smoke, v: 2, source: 'plasma', age: 15 });
    expect(decoded).toMatchObject({ content: expect.stringContaining('plasma') });
    expect('content' in decoded && 'content' in sentLater && decoded.content === sentLater.content).toBe(true);
  });

  test('with an impossible obscuration it says what was dropped', () => {
    const decoded = decode('alarm', { ...smoke, obscuration: 300, temperature: 'warm', co: 4 });
    expect(decoded).toMatchObject({ type: 'report', report: { source: 'smoke', state: 'on', co: 4 } });
    expect(decoded).toMatchObject({ unread: ['obscuration 300', 'temperature "warm"'] });
    expect(decoded).not.toHaveProperty('report.obscuration');
  });

  test('cut anywhere it says that it could not be read', () => {
    for (const format of ['json', 'cbor'] as const) {
      const whole = encodeReport({ name: 'alarm', ...smoke, obscuration: 0.24 } as Report, format);
      for (let length = 0; length < whole.length; length++) {
        const decoded = decodeReport({ report: 'alarm', payload: whole.subarray(0, length) });
        expect(decoded).toMatchObject({
          type: 'unreadable',
          problem: expect.stringMatching(/cut off|read|empty|neither/),
        });
      }
    }
  });

  test('with a state or a source that nobody knows it says which', () => {
    expect(decode('alarm', { ...smoke, state: 'maybe' })).toMatchObject({
      type: 'unreadable',
      problem: 'state "maybe"',
    });
    expect(decode('fall', sent)).toMatchObject({ type: 'unreadable', problem: 'state missing' });
  });

  test('without its counters it is read, and says so', () => {
    const { boot, seq, age, v, ...bare } = smoke;
    const unread = ['v missing', 'boot missing', 'seq missing', 'age missing'];
    expect(decode('alarm', bare)).toMatchObject({ type: 'report', unread });
    expect(decode('alarm', { ...smoke, seq: -1, age: 'now', at: 1e300 })).toMatchObject({
      report: { boot: 12 },
      unread: ['seq -1', 'age "now"', 'at 1e+300'],
    });
  });

  test('from a sensor that should not have one it counts all the same', () => {
    const decoded = decodeReport({ report: 'alarm', kind: 'presence-sensor', payload: json(smoke) });
    expect(decoded.type).toBe('report');
  });

  test('no bytes at all make an alarm, a fall or a press go away', () => {
    const name = fc.constantFrom('alarm', 'fall', 'press');
    const noise = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map(bytes), fc.anything().map(cborOf));
    fc.assert(
      fc.property(name, noise, (report, payload) => {
        expect(decodeReport({ report, payload }).type).not.toBe('rejection');
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});

test('a press that asks for nothing known is an emergency', () => {
  expect(decode('press', { ...sent, call: 'pizza' })).toMatchObject({
    report: { call: 'emergency' },
    unread: ['call "pizza"'],
  });
  expect(decode('press', sent)).toMatchObject({ report: { call: 'emergency' }, unread: ['call missing'] });
});

describe('telemetry is refused with a reason that a firmware engineer can act on', () => {
  const position = { ...sent, source: 'gnss', lat: 43.9, lon: 116 };
  test.each([
    ['status', { ...sent, v: 2 }, 'newer-version', 'status: v 2'],
    ['status', { v: 1, boot: 12 }, 'missing-field', 'status: seq missing: a number, for example 345'],
    ['status', { ...sent, seq: '345' }, 'wrong-type', 'status: seq "345": a number, without quotes, for example 345'],
    ['status', { ...sent, wron: 'yes' }, 'unknown-field', /^status: "wron" unknown, the fields are v, boot, .*worn/],
    ['position', { ...position, lat: 95 }, 'out-of-range', 'position: lat 95: at most 90 (°), for example 43.94721'],
    ['position', { ...sent, source: 'gnss' }, 'inconsistent', 'position: lat and lon belong to every source but none'],
    ['position', { ...sent, source: 'none', lat: 1, lon: 1 }, 'inconsistent', /none/],
    [
      'presence',
      { ...sent, source: 'door', state: 'ajar' },
      'unknown-value',
      /^presence: state "ajar": one of on, off/,
    ],
    [
      'motion',
      { ...sent, t0: 0, rate: 50, samples: [1, 2, 99_999] },
      'out-of-range',
      /^motion: samples\[2\] 99999: at most/,
    ],
    ['motion', { ...sent, t0: 0, rate: 50, samples: [1, 2, 3, 4] }, 'inconsistent', /multiple of three/],
    ['motion', { ...sent, t0: 0, dt: [20], samples: [1, 2, 3] }, 'inconsistent', /one step fewer/],
    ['gait', sent, 'unknown-report', 'no contract knows a report "gait"'],
    ['toString', sent, 'unknown-report', /toString/],
  ])('%s %j', (report, value, reason, problem) => {
    const expected = typeof problem === 'string' ? problem : expect.stringMatching(problem);
    expect(decode(report, value)).toEqual({ type: 'rejection', reason, problem: expected });
  });

  test('a sensor that sends what its kind does not', () => {
    const decoded = decodeReport({ report: 'vitals', kind: 'smoke-detector', payload: json({ ...sent, pulse: 60 }) });
    expect(decoded).toMatchObject({ type: 'rejection', reason: 'other-kind' });
  });
});

test('a heartbeat with one impossible value is kept without it', () => {
  const decoded = decode('status', { ...sent, battery: 2.9, rsrp: 12, faults: ['ok', 'bell\u0007'] });
  expect(decoded).toEqual({
    type: 'report',
    report: { name: 'status', ...sent, battery: 2.9 },
    unread: ['rsrp 12', 'faults a list of 2'],
  });
});

describe('bytes that two readers could read differently are refused', () => {
  const refused = (payload: Uint8Array, problem: RegExp) =>
    expect(decodeReport({ report: 'status', payload })).toMatchObject({
      type: 'rejection',
      reason: 'malformed',
      problem: expect.stringMatching(problem),
    });
  const cbor = (...hex: string[]) => Uint8Array.from(Buffer.from(hex.join(''), 'hex'));

  test('a name that occurs twice', () => {
    refused(bytes('{"v":1,"boot":1,"boot":2,"seq":1}'), /twice/);
    refused(bytes('{"v":1,"boot":1,"seq":1,"x":{"y":1,"y":1}}'), /twice/);
    refused(cbor('a4', '0101', '0201', '0202', '0301'), /repeat map key/);
    refused(cbor('a4', '0101', '0201', '64', '626f6f74', '02', '0301'), /twice/);
  });
  test('text that is not UTF-8, or begins with a byte order mark', () => {
    refused(Uint8Array.from([...bytes('{"v":1,"cell":"'), 0xc3, 0x28, ...bytes('"}')]), /UTF-8/);
    refused(bytes('\ufeff{"v":1}'), /UTF-8/);
  });
  test('nesting without end', () => {
    refused(bytes('['.repeat(16_000)), /deeper than 8/);
    refused(bytes(`{"v":${'['.repeat(20)}${']'.repeat(20)}}`), /deeper than 8/);
    refused(new Uint8Array(16_000).fill(0x81), /more than 256/);
  });
  test('bytes after the end, tags, too much, nothing, no map', () => {
    refused(cbor('a1', '0101', '00'), /CBOR/);
    refused(cbor('a1', '01', 'c101'), /tag/);
    refused(new Uint8Array(16_001).fill(0x20), /at most 16000/);
    refused(new Uint8Array(0), /empty/);
    refused(bytes('[]'), /one map/);
    refused(bytes('7'), /one map/);
    refused(cbor('a1', '69', '5f5f70726f746f5f5f', '00'), /__proto__/);
  });
  test('a number that is none spoils its own field alone', () => {
    const payload = cbor('a5', '0101', '0201', '0301', '0400', '0afb7ff8000000000000');
    expect(decodeReport({ report: 'status', payload })).toMatchObject({ type: 'report', unread: ['battery NaN'] });
  });
});

describe('a batch', () => {
  const item = (report: string, value: object) => ({ report, ...value });
  const decodeItems = (items: unknown) => decodeBatch({ payload: json(items) });

  test('is judged report by report', () => {
    const decoded = decodeItems([
      item('status', { ...sent, battery: 3 }),
      item('status', { ...sent, foo: 1 }),
      item('alarm', { ...smoke, state: '?' }),
      item('press', { ...sent, call: 'care' }),
      { ...sent },
      item('batch', {}),
      'x',
    ]);
    const outcome = decoded.map((one) => (one.type === 'rejection' ? one.reason : one.type));
    expect(outcome).toEqual([
      'report',
      'unknown-field',
      'unreadable',
      'report',
      'malformed',
      'unknown-report',
      'malformed',
    ]);
  });

  test('that is too long keeps its first 64 and every alarm', () => {
    const many = Array.from({ length: 70 }, () => item('status', sent));
    const decoded = decodeItems([...many, item('alarm', smoke)]);
    expect(decoded).toHaveLength(66);
    expect(decoded[64]).toMatchObject({ type: 'report', report: { name: 'alarm' } });
    expect(decoded[65]).toMatchObject({ reason: 'batch-too-long', problem: expect.stringContaining('71 reports') });
  });

  test('that is no list is one rejection', () => {
    expect(decodeItems({ report: 'status' })).toMatchObject([{ type: 'rejection', reason: 'malformed' }]);
    const cut = encodeBatch([exampleReport('position')], 'cbor').subarray(0, 9);
    expect(decodeBatch({ payload: cut })).toMatchObject([{ type: 'rejection', reason: 'malformed' }]);
  });

  test('that cannot be read and names an alarm is an alarm that cannot be read', () => {
    expect(decodeItems({ report: 'alarm' })).toMatchObject([{ type: 'unreadable', reportName: 'alarm' }]);
    for (const format of ['json', 'cbor'] as const) {
      const whole = encodeBatch([exampleReport('status'), exampleReport('alarm')], format);
      const cut = whole.subarray(0, whole.length - 3);
      expect(decodeBatch({ payload: cut })).toMatchObject([{ type: 'unreadable', reportName: 'alarm' }]);
    }
  });
});

test('whatever arrives, there is an answer', () => {
  const topic = fc.constantFrom('batch', 'nothing', ...reportNames);
  const anything = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json().map(bytes), fc.anything().map(cborOf));
  const damaged = fc
    .tuple(fc.constantFrom(...reportNames).chain(anyReport), fc.nat(), fc.nat(255), fc.boolean())
    .map(([report, at, byte, asJson]) => {
      const payload = encodeReport(report, asJson ? 'json' : 'cbor');
      payload[at % payload.length] = byte;
      return payload;
    });
  fc.assert(
    fc.property(topic, fc.oneof(anything, damaged), (report, payload) => {
      const decoded = report === 'batch' ? decodeBatch({ payload }) : [decodeReport({ report, payload })];
      for (const one of decoded) expect(['report', 'unreadable', 'rejection']).toContain(one.type);
    }),
    { seed: 1, numRuns: 1000 },
  );
});

function cborOf(value: unknown): Uint8Array {
  try {
    return encode(value);
  } catch {
    return new Uint8Array([0xa0]);
  }
}
