import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { unpreparable } from '../storage/every-statement.test-support.ts';
import { rollUpFacts, settle } from '../storage/roll-up-contract.ts';
import { makeRoomForJournal } from '../storage/sql-rebuild.ts';
import { createSqlStore } from '../storage/sql-store.ts';
import type { Store } from '../storage/store.ts';
import { batchOf, minute, statusAt, storeFacts } from '../storage/store-contract.ts';
import { startTimescale, type Timescale } from '../storage/timescale.test-support.ts';
import { visitFacts } from '../storage/visit-contract.ts';

/** What the store promises, in TimescaleDB: the same SQL, on hypertables. */
let timescale: Timescale;
const opened: Store[] = [];
beforeAll(async () => {
  timescale = await startTimescale();
});
afterEach(() => end());
afterAll(() => timescale.stop());

/** One database, emptied: what was open before is closed. */
async function openStore() {
  await end();
  await timescale.empty();
  const store = createSqlStore({ url: timescale.url, log: silentLog, connections: 1 });
  opened.push(store);
  return store;
}
const end = () => Promise.all(opened.splice(0).map((store) => store.close()));

for (const { fact, holds } of storeFacts) test(fact, () => holds(openStore));
for (const { fact, holds } of visitFacts) test(fact, () => holds(openStore));
for (const { fact, holds } of rollUpFacts) {
  test(fact, () => holds(async () => ({ store: await openStore(), ask: (sql) => timescale.query(sql) })));
}

test('every statement of the store is one that the database understands', async () => {
  const store = await openStore();
  await store.position();
  expect(await unpreparable((sql) => timescale.query(sql))).toEqual([]);
});

test('a week that is over is packed, and takes the reports that come late', async () => {
  const store = await openStore();
  const homes = Array.from({ length: 20 }, (_, home) => `d${home}`);
  const reports = homes.flatMap((deviceId, home) =>
    [1, 2, 3].map((number) => ({ ...statusAt(number), deviceId, part: home })),
  );
  await store.writeBatch(batchOf({ sequence: 3, reports }));
  await settle(store, minute(0) + 10 * day);
  const packed = 'select is_compressed as packed from timescaledb_information.chunks';
  expect(await timescale.query(`${packed} where hypertable_name = 'report'`)).toEqual([{ packed: true }]);

  const receivedAt = minute(0) + 10 * day;
  const late = homes.map((deviceId, home) => ({ ...statusAt(4), deviceId, part: home, receivedAt }));
  await store.writeBatch(batchOf({ after: 3, sequence: 4, receivedAt, reports: late }));
  await settle(store, receivedAt + day);
  expect((await store.deviceReports({ deviceId: 'd7', limit: 9 })).map(({ sequence }) => sequence)).toEqual([
    4, 3, 2, 1,
  ]);
  const counted = 'select sum(reports)::int as reports, sum(late)::int as late from report_hourly';
  expect(await timescale.query(counted)).toEqual([{ reports: 80, late: 20 }]);
  const beside =
    "select count(*)::int as chunks from _timescaledb_catalog.chunk where status & 8 > 0 and table_name like '_hyper%'";
  expect(await timescale.query(beside)).toEqual([{ chunks: 0 }]);
});

test('a journal that comes again makes room in packed weeks, too', async () => {
  const store = await openStore();
  await store.writeBatch(batchOf({ sequence: 3, reports: [1, 2, 3].map(statusAt) }));
  await settle(store, minute(0) + 10 * day);
  await store.close();
  const start = { journalId: 'steppe', firstSequence: 2, firstReceivedAt: minute(2) };
  const removed = await makeRoomForJournal({ url: timescale.url, start, at: minute(0) + 10 * day });
  expect(removed).toEqual({ reports: 2, incidents: 0 });
  const again = await reopen();
  await settle(again, minute(0) + 11 * day);
  expect(await timescale.query('select sum(reports)::int as reports from report_hourly')).toEqual([{ reports: 1 }]);
});

async function reopen() {
  const store = createSqlStore({ url: timescale.url, log: silentLog, connections: 1 });
  opened.splice(0, opened.length, store);
  return store;
}

const day = 86_400_000;
