import { expect, test } from 'vitest';
import { encodeRecord } from '../../records/record-codec.ts';
import { batchOf, minute, statusAt, storeFacts } from '../../storage/store-contract.ts';
import { freshFold, MemoryStore } from './memory-store.ts';

for (const { fact, holds } of storeFacts) {
  test(fact, () => holds(async () => new MemoryStore()));
}

test('a row that is written twice is there twice, for everybody to see', async () => {
  const store = new MemoryStore();
  await store.writeBatch(batchOf({ sequence: 2, reports: [statusAt(1), statusAt(2)] }));
  await store.writeBatch(batchOf({ after: 2, sequence: 3, reports: [statusAt(3), statusAt(1)] }));
  expect(store.everything().reports.map(({ sequence }) => sequence)).toEqual([1, 1, 2, 3]);
});

test('a database that is put back is what it was, however often, and whatever was written since', async () => {
  const store = new MemoryStore();
  const empty = store.copyAt();
  await store.writeBatch(batchOf({ sequence: 1, reports: [statusAt(1)] }));
  const first = { copy: store.copyAt(), rows: store.everything() };
  for (const number of [2, 3]) {
    await store.writeBatch(batchOf({ after: 1, sequence: number, reports: [statusAt(number)] }));
    store.restore(first.copy);
    expect(store.everything()).toEqual(first.rows);
    expect((await store.position())?.sequence).toBe(1);
  }
  store.restore(empty);
  expect(await store.position()).toBeUndefined();
  await expect(store.writeBatch(batchOf({ after: 1, sequence: 2 }))).rejects.toMatchObject({ code: 'DATABASE_UNFIT' });
});

test('what a whole journal comes to is known without a store: repeats are none, and what is unreadable is a gap', () => {
  const press = (seq: number) => {
    const payload = new TextEncoder().encode(JSON.stringify({ v: 1, boot: 1, seq, call: 'emergency' }));
    const common = { source: 'mqtt', deviceId: 'd1', standing: 'registered', report: 'press' } as const;
    return encodeRecord({ kind: 'report', ...common, payload });
  };
  const bodies = [press(1), press(1), Uint8Array.of(200, 1), press(2)];
  const rows = freshFold(bodies.map((body, at) => ({ sequence: at + 1, receivedAt: minute(at + 1), body })));
  expect(rows.reports.map(({ sequence }) => sequence)).toEqual([1, 4]);
  expect(rows.gaps).toEqual([{ from: 3, to: 3 }]);
});
