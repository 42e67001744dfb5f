import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exampleReport } from '../firmware-contracts/examples.ts';
import type { Report } from '../firmware-contracts/report.ts';
import { silentLog } from '../platform/log.ts';
import type { Visit } from '../records/command.ts';
import { kindNumbers } from './report-columns.ts';
import { type ScratchPostgres, startScratchPostgres } from './scratch-postgres.test-support.ts';
import { type HistoryRow, historySpan, readHistory, type Span } from './sql-history.ts';
import { createSqlStore } from './sql-store.ts';
import type { ProjectionBatch, ReportRow } from './store.ts';
import { batchOf, minute } from './store-contract.ts';

let postgres: ScratchPostgres;
beforeAll(async () => {
  postgres = await startScratchPostgres();
});
afterAll(() => postgres.stop());

const names = Object.keys(kindNumbers) as Report['name'][];
const everything: Span = { from: 0, to: minute(1_000_000) };

test('every kind of report comes back as it was understood, but for motion windows', async () => {
  const reports = names.map((name, index) => rowOf(index + 1, exampleReport(name)));
  const read = await historyOf(batchOf({ sequence: names.length, reports }), everything);
  const expected = reports.filter(({ report }) => report.name !== 'motion');
  expect(read).toEqual(expected.map((row) => ({ type: 'report', row: { ...row, report: withVersion(row.report) } })));
});

test('it comes in the order of the journal, whenever it happened, and only of the time that is asked for', async () => {
  const status = exampleReport('status');
  const stored = { ...rowOf(2, status), occurredAt: minute(0) - 3_600_000, clock: 'trusted' as const };
  const reports = [rowOf(1, status), stored, rowOf(3, status), rowOf(4, status)];
  const batch = batchOf({ sequence: 4, reports });
  const span = { from: reports[1]?.receivedAt ?? 0, to: reports[3]?.receivedAt ?? 0 };
  expect((await historyOf(batch, span)).map(({ row }) => row.sequence)).toEqual([2, 3]);
});

test('what could not be read of a report is still said of it', async () => {
  const unread = ['battery 99 is not from 0 to 30'];
  const batch = batchOf({ sequence: 1, reports: [{ ...rowOf(1, exampleReport('status')), unread }] });
  expect(await historyOf(batch, everything)).toMatchObject([{ row: { unread } }]);
});

test('visits stand between the reports before and after them', async () => {
  const status = exampleReport('status');
  const visit: Visit = {
    ...{ type: 'visit', commandId: 'visit-1', by: { type: 'account', id: 'a' }, householdId: 'h1' },
    ...{ visitedAt: minute(1), why: 'round', result: 'well' },
  };
  const batch: ProjectionBatch = {
    ...batchOf({ sequence: 3, reports: [rowOf(1, status), rowOf(3, status)] }),
    visits: [{ sequence: 2, at: minute(2), areaId: 'a1', visit }],
  };
  const told = { sequence: 2, at: minute(2), householdId: 'h1', visitedAt: minute(1), result: 'well' };
  const read = await historyOf(batch, everything);
  expect(read.map(({ type }) => type)).toEqual(['report', 'visit', 'report']);
  expect(read[1]?.row).toEqual(told);
});

test('a database without reports has no time', async () => {
  const url = await postgres.createDatabase();
  const store = createSqlStore({ url, log: silentLog });
  await store.position();
  await store.close();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    expect(await historySpan(client)).toBeUndefined();
  } finally {
    await client.end();
  }
});

const withVersion = (report: Report): Report => ({ ...report, v: 1 });

function rowOf(sequence: number, report: Report): ReportRow {
  const receivedAt = minute(sequence);
  return {
    sequence,
    part: 0,
    deviceId: `d${sequence % 3}`,
    receivedAt,
    occurredAt: receivedAt,
    clock: 'absent',
    report,
    unread: [],
  };
}

async function historyOf(batch: ProjectionBatch, span: Span): Promise<HistoryRow[]> {
  const url = await postgres.createDatabase();
  const store = createSqlStore({ url, log: silentLog });
  await store.writeBatch(batch);
  await store.close();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const read: HistoryRow[] = [];
  for await (const rows of readHistory(client, span)) read.push(...rows);
  expect((await historySpan(client))?.from).toBe(batch.reports[0]?.receivedAt);
  await client.end();
  return read;
}
