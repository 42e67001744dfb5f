import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { query, type ScratchPostgres, startScratchPostgres } from './scratch-postgres.test-support.ts';
import { createSqlStore } from './sql-store.ts';
import { batchOf, minute, statusAt } from './store-contract.ts';
import { withTimescale } from './timescale.test-support.ts';

let postgres: ScratchPostgres;
beforeAll(async () => {
  postgres = await startScratchPostgres();
});
afterAll(() => postgres.stop());

const fact =
  'with a person go the reports of their device up to then, in the hours of the roll-ups too, and nobody else loses any';

test(`${fact}: plain PostgreSQL`, async () => {
  const url = await postgres.createDatabase();
  await holds(url, {}, (sql) => query(url, sql));
});

test(`${fact}: TimescaleDB`, async () => {
  await withTimescale(async (timescale) => {
    await holds(timescale.url, { connections: 1 }, timescale.query);
  });
}, 120_000);

async function holds(
  url: string,
  limits: { connections?: number },
  ask: (sql: string) => Promise<object[]>,
): Promise<void> {
  const said = (number: number, deviceId: string) => ({ ...statusAt(number), deviceId });
  const store = createSqlStore({ url, log: silentLog, ...limits });
  const cannotRead = {
    sequence: 4,
    part: 0,
    receivedAt: minute(4),
    deviceId: 'hers',
    reason: 'malformed',
    problem: 'cut',
  };
  const reports = [said(1, 'hers'), said(2, 'his'), said(3, 'hers')];
  await store.writeBatch(batchOf({ sequence: 4, reports, rejections: [cannotRead] }));
  await untilRolledUp(store, minute(24 * 60));
  await store.close();
  expect(await ask(hourly)).toEqual([{ device_id: 'hers' }, { device_id: 'his' }]);
  // Where there is one session alone, it remembers what the store before had prepared.
  await ask('deallocate all');

  const again = createSqlStore({ url, log: silentLog, ...limits });
  const erase = { devices: ['hers', 'never-heard'], receivedUntil: minute(5) };
  const entities = [{ sequence: 5, change: { entity: 'person' as const, id: 'urna', value: undefined, erase } }];
  // In the same batch the next bearer is heard already.
  await again.writeBatch(batchOf({ after: 4, sequence: 7, reports: [said(7, 'hers')], entities }));
  await again.close();
  expect(
    await ask(`select device_id, journal_position::int as at from report join device using (device_key) order by at`),
  ).toEqual([
    { device_id: 'his', at: 2 },
    { device_id: 'hers', at: 7 },
  ]);
  expect(await ask(hourly)).toEqual([{ device_id: 'his' }]);
  expect(await ask('select from rejection')).toEqual([]);
}

async function untilRolledUp(store: ReturnType<typeof createSqlStore>, at: number): Promise<void> {
  for (let rounds = 0; rounds < 50; rounds++) if ((await store.maintain(at)).due === 0) return;
  throw new Error('the roll-ups do not come to an end');
}

const hourly = 'select distinct device_id from report_hourly join device using (device_key) order by 1';
