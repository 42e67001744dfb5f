import { expect, test } from 'vitest';
import { checkPayload, payloadIn } from './check.ts';
import { encodeBatch, encodeReport } from './contracts.ts';
import type { Report } from './report.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const alarm: Report = { name: 'alarm', v: 1, boot: 12, seq: 345, age: 0, source: 'smoke', state: 'on' };
const says = (name: string, text: string) => checkPayload({ name, payload: bytes(text) }).says;

test('what is right is right in both encodings, and its sizes are told', () => {
  for (const format of ['json', 'cbor'] as const) {
    const check = checkPayload({ name: 'alarm', payload: encodeReport(alarm, format) });
    expect(check).toEqual({ right: true, says: 'alarm: right, 65 bytes as JSON, 22 as CBOR' });
  }
});

test('a wrong field is named with what it held, its limit, and an example of right; and what becomes of the report', () => {
  expect(says('position', '{"v":1,"boot":1,"seq":2,"age":0,"source":"gnss","lat":95,"lon":116.1}')).toBe(
    'position: lat 95: at most 90 (°), for example 43.94721. It is refused',
  );
  expect(says('alarm', '{"v":1,"boot":1,"seq":2,"age":0,"source":"smoke","state":"on","temperature":900}')).toBe(
    'alarm: temperature 900: at most 200 (°C), for example 31.5. The alarm counts all the same',
  );
  expect(says('alarm', '{"v":1,"boot":1,"seq":2,"age":0,"source":"smoke","state":"maybe"}')).toBe(
    'alarm: state "maybe": one of on, off, hushed, for example "on". It raises an alarm that could not be read',
  );
  expect(says('status', '{"v":1,"boot":1,"seq":2,"age":0,"batterie":3}')).toContain(
    '"batterie" unknown, the fields are',
  );
});

test('what is nearly right is told how it is right', () => {
  expect(says('status', '{"v":1,"boot":"1","seq":2,"age":0}')).toContain('boot "1": a number, without quotes, for');
  expect(says('status', '{"v":1,"boot":1,"seq":2,"age":0,"Battery":3}')).toContain(
    '"Battery" unknown, it is spelled battery, the fields are v, boot',
  );
  expect(says('status', '{"v":1,"boot":1,"seq":2,"age":0,"firmware":""}')).toContain(
    'firmware "": 1 to 32 characters of printable ASCII, the first no space, for example "1.4.2"',
  );
  expect(says('status', '{"v":1,"boot":1,"seq":2,"age":0,"interval":0}')).toContain('interval 0: more than 0 (min)');
});

test('what a report can do without, and does not have, is said', () => {
  expect(says('press', '{"v":1,"boot":1,"seq":2,"call":"care"}')).toBe(
    'press: age missing. The alarm counts all the same',
  );
});

test('bytes that are no report, and names that no contract has, are told apart', () => {
  expect(says('status', '{"v":1,')).toMatch(/^status: the JSON is cut off after 7 bytes: .*\. It is refused$/);
  expect(says('alarm', '{"v":1,}')).toMatch(/nor a CBOR map: .* at position 7 .*\. It raises an alarm/);
  expect(says('smoke', '{}')).toContain('smoke: no contract has this name, they are alarm, ');
});

test('each report of a batch is judged by its number', () => {
  const good = encodeBatch([alarm, { ...alarm, seq: 346 }], 'cbor');
  expect(checkPayload({ name: 'batch', payload: good })).toEqual({ right: true, says: 'batch: right, 2 reports' });
  const text = '[{"report":"status","v":1,"boot":1,"seq":2,"battery":3},{"report":"status","v":2,"boot":1,"seq":3}]';
  expect(says('batch', text)).toBe('batch: 1. age missing; 2. status: v 2');
  expect(checkPayload({ name: 'batch', payload: bytes('[]') })).toEqual({
    right: false,
    says: 'batch: it holds no report',
  });
});

test('commands are checked as a device reads them', () => {
  expect(says('hush', '{"v":1,"id":"c-1","expires":300,"boot":1,"seq":2}')).toContain('hush: right');
  expect(says('hush', '{"v":1,"id":"c-1","expires":301,"boot":1,"seq":2}')).toBe(
    'hush: expires 301: at most 300 (s), for example 300',
  );
  expect(says('lamp', '{"v":1,"id":"c-1","expires":300,"state":"blink"}')).toBe(
    'lamp: state "blink": one of on, off, for example "on"',
  );
});

test('hexadecimal text is the bytes it spells, with or without spaces; JSON is itself', () => {
  const cbor = encodeReport(alarm, 'cbor');
  const hex = Buffer.from(cbor).toString('hex');
  for (const text of [hex, `0x${hex}`, hex.replace(/../g, '$& ').toUpperCase()])
    expect([...payloadIn(bytes(text))]).toEqual([...cbor]);
  expect(payloadIn(bytes('{"v":1}'))).toEqual(bytes('{"v":1}'));
  expect(payloadIn(cbor)).toEqual(cbor);
});
