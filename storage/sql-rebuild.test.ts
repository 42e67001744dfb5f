import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { query, type ScratchPostgres, startScratchPostgres } from './scratch-postgres.test-support.ts';
import { type JournalStart, makeRoomForJournal } from './sql-rebuild.ts';
import { createSqlStore } from './sql-store.ts';
import type { ProjectionBatch } from './store.ts';
import { alertAt, batchOf, incidentAt, minute, statusAt } from './store-contract.ts';

let postgres: ScratchPostgres;
beforeAll(async () => {
  postgres = await startScratchPostgres();
});
afterAll(() => postgres.stop());

/** A store that has been written to, and what may be asked of its database. */
async function written(...batches: Partial<ProjectionBatch>[]) {
  const url = await postgres.createDatabase();
  const store = createSqlStore({ url, log: silentLog });
  for (const batch of batches) await store.writeBatch(batchOf(batch));
  return {
    store,
    makeRoom: (start: Omit<JournalStart, 'journalId'>, journalId = 'steppe') =>
      makeRoomForJournal({ url, start: { journalId, ...start }, at: minute(90) }),
    positions: async (table: string) =>
      (await query<{ at: string }>(url, `select journal_position as at from ${table} order by 1`)).map(({ at }) =>
        Number(at),
      ),
    ask: (sql: string) => query(url, sql),
    async end() {
      await store.close();
    },
  };
}

test('what came since the journal begins goes, what is older stays, and the next batch is the journal begun anew', async () => {
  const village = { id: 'a1', level: 'village' as const, name: '白音' };
  const area = { sequence: 1, change: { entity: 'area' as const, id: 'a1', value: village } };
  const opened = (sequence: number) => ({
    sequence,
    change: {
      incident: incidentAt(sequence, 'open'),
      timeline: [{ at: minute(sequence), what: 'opened' as const, details: {} }],
    },
  });
  const raised = (sequence: number) => ({ sequence, change: { type: 'raise' as const, alert: alertAt(sequence) } });
  const clear = { type: 'clear' as const, alertId: alertAt(2).alertId, at: minute(7), reason: {} };
  const rejection = (sequence: number) => ({
    ...{ sequence, part: 0, deviceId: 'd1', receivedAt: minute(sequence), reason: 'malformed', problem: 'cut' },
  });
  const { store, makeRoom, positions, ask, end } = await written({
    ...{ sequence: 8, reports: [1, 2, 3, 4, 5, 6, 7, 8].map(statusAt), rejections: [rejection(4), rejection(5)] },
    ...{
      entities: [area],
      alerts: [raised(2), raised(6), { sequence: 7, change: clear }],
      incidents: [opened(2), opened(6)],
    },
    gaps: [
      { from: 3, to: 6 },
      { from: 8, to: 8 },
    ],
  });
  expect(await makeRoom({ firstSequence: 5, firstReceivedAt: minute(5) })).toEqual({ reports: 4, incidents: 1 });

  expect(await store.position()).toEqual({ journalId: 'steppe', sequence: 4, receivedAt: minute(5) });
  expect(await positions('report')).toEqual([1, 2, 3, 4]);
  expect(await positions('rejection')).toEqual([4]);
  expect(
    await ask('select sum(reports)::int as reports, sum(rejections)::int as rejections from received_minute'),
  ).toEqual([{ reports: 4, rejections: 1 }]);
  expect(await ask('select alert_id, cleared_at from alert')).toEqual([
    { alert_id: alertAt(2).alertId, cleared_at: null },
  ]);
  expect(await ask('select incident_id from incident')).toEqual([{ incident_id: 'i2' }]);
  expect(await ask('select incident_id from incident_timeline')).toEqual([{ incident_id: 'i2' }]);
  expect(await ask('select from_sequence, to_sequence from projection_gap')).toEqual([
    { from_sequence: '3', to_sequence: '4' },
  ]);
  expect(await ask('select id from area')).toEqual([{ id: 'a1' }]);
  await store.writeBatch(batchOf({ after: 4, sequence: 8, reports: [5, 6, 7, 8].map(statusAt) }));
  expect(await positions('report')).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  await end();
});

test('records of the same millisecond are divided by their place, and counted once', async () => {
  const together = [1, 2, 3, 4].map((sequence) => ({ ...statusAt(sequence), receivedAt: minute(1) + 500 }));
  const { store, makeRoom, positions, ask, end } = await written({ sequence: 4, reports: together });
  expect(await makeRoom({ firstSequence: 3, firstReceivedAt: minute(1) + 500 })).toMatchObject({ reports: 2 });
  expect(await positions('report')).toEqual([1, 2]);
  await store.writeBatch(batchOf({ after: 2, sequence: 4, reports: together.slice(2) }));
  expect(await ask('select reports from received_minute')).toEqual([{ reports: 4 }]);
  await end();
});

test('the history of another journal stays, and takes nothing away from the rows of this one', async () => {
  const rejection = { part: 0, deviceId: 'd1', reason: 'malformed', problem: 'cut' };
  const { store, makeRoom, positions, ask, end } = await written({
    ...{ journalId: 'of-before', sequence: 9, reports: [1, 2, 9].map(statusAt) },
    rejections: [{ ...rejection, sequence: 2, receivedAt: minute(2) }],
    incidents: [{ sequence: 9, change: { incident: incidentAt(3, 'claimed'), timeline: [] } }],
  });
  await makeRoom({ firstSequence: 1, firstReceivedAt: minute(8) });
  expect(await positions('report')).toEqual([1, 2]);
  await store.writeBatch(
    batchOf({
      ...{
        after: 0,
        sequence: 2,
        receivedAt: minute(9),
        reports: [{ ...statusAt(1), receivedAt: minute(8), occurredAt: minute(8) }],
      },
      rejections: [{ ...rejection, sequence: 2, receivedAt: minute(9) }],
      incidents: [{ sequence: 2, change: { incident: incidentAt(3, 'open'), timeline: [] } }],
    }),
  );
  expect(await positions('report')).toEqual([1, 1, 2]);
  expect(await positions('rejection')).toEqual([2, 2]);
  expect(await ask('select phase from incident')).toEqual([{ phase: 'open' }]);
  await end();
});

test('a journal that reaches back to its beginning brings its own registry', async () => {
  const device = { id: 'd1', kind: 'smoke-detector' as const, placeId: 'p1', intervalMinutes: 60, simulated: false };
  const { makeRoom, ask, end } = await written({
    sequence: 2,
    reports: [statusAt(1)],
    entities: [
      { sequence: 2, change: { entity: 'area', id: 'a1', value: { id: 'a1', level: 'village', name: '白音' } } },
      { sequence: 2, change: { entity: 'device', id: 'd1', value: device } },
    ],
  });
  await makeRoom({ firstSequence: 1, firstReceivedAt: minute(1) });
  expect(await ask('select id from area')).toEqual([]);
  expect(await ask('select kind from device')).toEqual([{ kind: null }]);
  await end();
});

test('with the database away nothing is changed, and it says so', async () => {
  const { makeRoom, positions, end } = await written({ sequence: 1, reports: [statusAt(1)] });
  await postgres.away(async () => {
    const room = makeRoom({ firstSequence: 1, firstReceivedAt: minute(1) });
    await expect(room).rejects.toMatchObject({ code: 'DATABASE_AWAY', retry: 'later' });
  });
  expect(await positions('report')).toEqual([1]);
  await end();
});
