import { expect, test } from 'vitest';
import type { StoredRecord } from './frame.ts';
import { Tail } from './tail.ts';

const all = { maxRecords: 10_000, maxBytes: 1_000_000 };
const record = (sequence: number, bytes = 20): StoredRecord => ({
  sequence,
  receivedAt: 1_700_000_000_000.5 + sequence,
  body: new Uint8Array(bytes).fill(sequence),
});
const records = (from: number, to: number, bytes?: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => record(from + index, bytes));
const sequences = (batch: StoredRecord[] | undefined) => batch?.map(({ sequence }) => sequence);

test('what was remembered is read as it was, from any record on', () => {
  const tail = new Tail(200_000);
  tail.push(records(1, 500));
  tail.push(records(501, 503, 30_000));
  tail.push([record(504, 0)]);
  expect(tail.read(1, all)).toEqual([...records(1, 500), ...records(501, 503, 30_000), record(504, 0)]);
  expect(tail.read(499, all)).toEqual([...records(499, 500), ...records(501, 503, 30_000), record(504, 0)]);
  expect(tail.read(505, all)).toEqual([]);
});

test('a batch ends at its limits, and holds one record however large that is', () => {
  const tail = new Tail(100_000);
  tail.push(records(1, 10, 100));
  expect(sequences(tail.read(3, { maxRecords: 2, maxBytes: 1_000 }))).toEqual([3, 4]);
  expect(sequences(tail.read(3, { maxRecords: 9, maxBytes: 250 }))).toEqual([3, 4]);
  expect(sequences(tail.read(3, { maxRecords: 9, maxBytes: 1 }))).toEqual([3]);
});

test('the oldest are forgotten in pieces, and who still has them keeps what they say', () => {
  const tail = new Tail(8_000);
  tail.push(records(1, 100));
  const early = tail.read(1, { maxRecords: 1, maxBytes: 1_000 });
  tail.push(records(101, 2_000));
  expect(tail.read(1, all)).toBeUndefined();
  const kept = sequences(tail.read(1_900, all));
  expect(kept?.at(0)).toBe(1_900);
  expect(kept?.at(-1)).toBe(2_000);
  expect(early).toEqual([record(1)]);
});

test('records that do not follow the last begin the tail anew, so that no read passes over what is between', () => {
  const tail = new Tail(100_000);
  tail.push(records(1, 10));
  tail.push(records(50, 60));
  expect(tail.read(5, all)).toBeUndefined();
  expect(sequences(tail.read(50, { ...all, maxRecords: 1 }))).toEqual([50]);
});

test('a tail without room remembers nothing', () => {
  const tail = new Tail(0);
  tail.push(records(1, 10));
  expect(tail.read(1, all)).toBeUndefined();
});
