import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { query, type ScratchPostgres, startScratchPostgres } from './scratch-postgres.test-support.ts';
import { createSqlStore } from './sql-store.ts';
import type { ReportRow, Store } from './store.ts';
import { alertAt, batchOf, incidentAt, minute, statusAt, storeFacts } from './store-contract.ts';

let postgres: ScratchPostgres;
const opened: Store[] = [];
beforeAll(async () => {
  postgres = await startScratchPostgres();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});
afterAll(() => postgres.stop());

function openStore(url: string): Store {
  const store = createSqlStore({ url, log: silentLog });
  opened.push(store);
  return store;
}

for (const { fact, holds } of storeFacts) {
  test(fact, () => holds(async () => openStore(await postgres.createDatabase())));
}

test('a batch of which one row fails leaves no other row and no position', async () => {
  const url = await postgres.createDatabase();
  const store = openStore(url);
  const impossible = { ...statusAt(2), occurredAt: 1e18 };
  const batch = batchOf({ sequence: 2, reports: [statusAt(1), impossible] });
  await expect(store.writeBatch(batch)).rejects.toMatchObject({ code: 'DATABASE_REFUSED', retry: 'never' });
  expect(await query(url, 'select from report')).toEqual([]);
  expect(await query(url, 'select from device')).toEqual([]);
  expect(await store.position()).toBeUndefined();
  await store.writeBatch(batchOf({ sequence: 1, reports: [statusAt(1)] }));
  expect(await query(url, 'select journal_position from report')).toEqual([{ journal_position: '1' }]);
});

test('a row under a name that another has is refused, and not passed over in silence', async () => {
  const store = openStore(await postgres.createDatabase());
  await store.writeBatch(batchOf({ sequence: 1, reports: [statusAt(1)] }));
  const twice = batchOf({ after: 1, sequence: 2, reports: [{ ...statusAt(1), deviceId: 'd2' }] });
  await expect(store.writeBatch(twice)).rejects.toMatchObject({ code: 'DATABASE_REFUSED' });
  expect(await store.position()).toMatchObject({ sequence: 1 });
});

test('two writers of the same stretch: one has written it, and nothing is there twice', async () => {
  const url = await postgres.createDatabase();
  const [one, other] = [openStore(url), openStore(url)];
  await Promise.all([one.position(), other.position()]);
  const batch = batchOf({ sequence: 2, reports: [statusAt(1), statusAt(2)] });
  await Promise.all([one.writeBatch(batch), other.writeBatch(batch)]);
  expect(await query(url, 'select reports from received_minute')).toEqual([{ reports: 1 }, { reports: 1 }]);
  await expect(other.writeBatch(batchOf({ after: 1, sequence: 3 }))).rejects.toMatchObject({ code: 'DATABASE_UNFIT' });
});

test('the state of a device is what happened last, whatever arrives last', async () => {
  const url = await postgres.createDatabase();
  const store = openStore(url);
  const low = { ...statusAt(5), report: { ...statusAt(5).report, battery: 2.5, firmware: '1.4.2' } };
  const late = { ...statusAt(6), occurredAt: minute(1), report: { ...statusAt(6).report, battery: 3, temperature: 4 } };
  await store.writeBatch(batchOf({ sequence: 6, reports: [low, late] }));
  const state = 'select battery_volts, celsius, firmware, received_at from device_state';
  const expected = [{ battery_volts: 2.5, celsius: 4, firmware: '1.4.2', received_at: new Date(minute(6)) }];
  expect(await query(url, state)).toEqual(expected);
  // The same order over two batches.
  const later = { ...statusAt(7), occurredAt: minute(2), report: { ...statusAt(7).report, battery: 2.9 } };
  await store.writeBatch(batchOf({ after: 6, sequence: 7, reports: [later] }));
  expect(await query(url, state)).toEqual([{ ...expected[0], received_at: new Date(minute(7)) }]);
});

test('the fleet is watched by what each device last said of itself', async () => {
  const url = await postgres.createDatabase();
  const store = openStore(url);
  const status: ReportRow = {
    ...statusAt(2),
    report: {
      ...{ name: 'status', v: 1, boot: 1, seq: 2, age: 0, at: minute(2) + 90_000, battery: 3, snr: 4.5, charge: 80 },
      ...{ worn: 'yes', charging: false, interval: 30, faults: ['motor', 'chamber-dirty'] },
    },
  };
  const tested = {
    ...statusAt(3),
    report: { name: 'test' as const, v: 1 as const, boot: 1, seq: 3, age: 0, result: 'failed' as const },
  };
  const done = {
    ...statusAt(4),
    report: { name: 'done' as const, v: 1 as const, boot: 1, seq: 4, command: 'c', result: 'ok' as const },
  };
  await store.writeBatch(batchOf({ sequence: 4, reports: [status, tested, { ...done, clock: 'absent' }] }));
  const state = `select snr_db, charge_percent, worn, charging, mains, interval_min, faults, tested_at, test_result, clock, kind,
    clock_offset_ms from device_state`;
  const expected = {
    ...{ snr_db: 4.5, charge_percent: 80, worn: 'yes', charging: false, mains: null, interval_min: 30 },
    ...{ faults: 'motor,chamber-dirty', tested_at: new Date(minute(3)), test_result: 'failed' },
    ...{ clock: 2, kind: 5, clock_offset_ms: '90000' },
  };
  expect(await query(url, state)).toEqual([expected]);
  // It was mended; a test from before that comes late says nothing new.
  const well: ReportRow = { ...statusAt(6), report: { name: 'status', v: 1, boot: 1, seq: 6, faults: [] } };
  const early = {
    ...tested,
    sequence: 7,
    occurredAt: minute(1),
    report: { ...tested.report, result: 'passed' as const },
  };
  await store.writeBatch(batchOf({ after: 4, sequence: 7, reports: [well, early] }));
  expect(await query(url, state)).toEqual([{ ...expected, faults: '', clock: 0, kind: 4 }]);
});

test('response times are counted by the first of each instant, and an incident that is reopened is not resolved', async () => {
  const url = await postgres.createDatabase();
  const store = openStore(url);
  const entry = (number: number, what: 'notified' | 'claimed' | 'accepted' | 'arrived') => ({
    at: minute(number),
    what,
    details: {},
  });
  const by = { type: 'account' as const, id: 'li' };
  const end = {
    phase: 'resolved' as const,
    since: minute(9),
    by,
    outcome: 'helped' as const,
    contact: 'reached' as const,
  };
  const first = {
    incident: { ...incidentAt(1, 'open'), state: end },
    timeline: [entry(1, 'notified'), entry(3, 'claimed'), entry(4, 'claimed')],
  };
  await store.writeBatch(batchOf({ sequence: 1, incidents: [{ sequence: 1, change: first }] }));
  const instants =
    'select notified_at, claimed_at, accepted_at, arrived_at, resolved_at, outcome, contact_result, place_id from incident';
  const then = {
    notified_at: new Date(minute(1)),
    claimed_at: new Date(minute(3)),
    accepted_at: null,
    arrived_at: null,
    place_id: 'p1',
  };
  const over = { resolved_at: new Date(minute(9)), outcome: 'helped', contact_result: 'reached' };
  expect(await query(url, instants)).toEqual([{ ...then, ...over }]);
  const again = {
    incident: incidentAt(1, 'claimed'),
    timeline: [entry(12, 'claimed'), entry(13, 'accepted'), entry(15, 'arrived')],
  };
  await store.writeBatch(batchOf({ after: 1, sequence: 2, incidents: [{ sequence: 2, change: again }] }));
  const later = { accepted_at: new Date(minute(13)), arrived_at: new Date(minute(15)) };
  expect(await query(url, instants)).toEqual([
    { ...then, ...later, resolved_at: null, outcome: null, contact_result: null },
  ]);
});

test('reports that came before their week was made move into it', async () => {
  const url = await postgres.createDatabase();
  const store = openStore(url);
  await store.writeBatch(batchOf({ sequence: 1, reports: [statusAt(1)] }));
  const where = 'select tableoid::regclass::text as partition from report';
  expect(await query(url, where)).toEqual([{ partition: 'report_default' }]);
  await store.maintain(minute(0));
  expect(await query(url, where)).toEqual([{ partition: 'report_2026_11_16' }]);
  await store.maintain(minute(0));
});

test('the registry is there to search in, sealed where it is personal, and without credentials', async () => {
  const url = await postgres.createDatabase();
  const store = openStore(url);
  const person = { id: 'p1', householdId: 'h1', name: { sealed: 'b64' }, categories: [], language: 'zh-CN' as const };
  const credential = { salt: 's', hmac: 'h' };
  const device = {
    id: 'd1',
    kind: 'smoke-detector' as const,
    placeId: 'x',
    intervalMinutes: 60,
    simulated: false,
    credential,
  };
  await store.writeBatch(
    batchOf({
      sequence: 1,
      reports: [statusAt(1)],
      entities: [
        { sequence: 1, change: { entity: 'person', id: 'p1', value: person } },
        { sequence: 1, change: { entity: 'device', id: 'd1', value: device } },
      ],
    }),
  );
  expect(await query(url, 'select household_id, body from person')).toEqual([{ household_id: 'h1', body: person }]);
  const { credential: _, ...shown } = device;
  expect(await query(url, 'select interval_minutes, body from device')).toEqual([
    { interval_minutes: 60, body: shown },
  ]);
  const end = { sequence: 2, change: { entity: 'device' as const, id: 'd1', value: undefined } };
  await store.writeBatch(batchOf({ after: 1, sequence: 2, entities: [end] }));
  expect(await query(url, 'select device_id, kind from device')).toEqual([{ device_id: 'd1', kind: null }]);
});

test('a registry that comes as a whole leaves nothing of the one before, but for devices that have reported', async () => {
  const url = await postgres.createDatabase();
  const store = openStore(url);
  const area = (id: string) => ({ entity: 'area' as const, id, value: { id, level: 'village' as const, name: id } });
  const value = { id: 'd1', kind: 'smoke-detector' as const, placeId: 'x', intervalMinutes: 60, simulated: false };
  const device = { entity: 'device' as const, id: 'd1', value: { ...value, credential: { salt: 's', hmac: 'h' } } };
  const changes = [area('a1'), area('a2'), device].map((change) => ({ sequence: 1, change }));
  await store.writeBatch(batchOf({ sequence: 1, reports: [statusAt(1)], entities: changes }));
  const every = { entity: 'every' as const, id: '' as const, value: undefined };
  const whole = [area('a3'), every, area('a1'), area('a4')].map((change) => ({ sequence: 2, change }));
  await store.writeBatch(batchOf({ after: 1, sequence: 2, entities: whole }));
  expect(await query(url, 'select id from area order by 1')).toEqual([{ id: 'a1' }, { id: 'a4' }]);
  expect(await query(url, 'select device_id, body from device')).toEqual([{ device_id: 'd1', body: null }]);
});

test('a silent device is in the view until it is heard again', async () => {
  const url = await postgres.createDatabase();
  const store = openStore(url);
  const raise = { sequence: 1, change: { type: 'raise' as const, alert: alertAt(1) } };
  const village = { id: 'a1', level: 'village' as const, name: '白音' };
  const area = { sequence: 1, change: { entity: 'area' as const, id: 'a1', value: village } };
  await store.writeBatch(batchOf({ sequence: 1, alerts: [raise], entities: [area] }));
  await query(url, 'insert into dashboard_access values (current_user, null)');
  const view = 'select device_id, area, noticed_at from dashboards.silence where ended_at is null';
  expect(await query(url, view)).toEqual([{ device_id: 'd1', area: '白音', noticed_at: new Date(minute(1)) }]);
  const clear = { type: 'clear' as const, alertId: alertAt(1).alertId, at: minute(2), reason: {} };
  await store.writeBatch(batchOf({ after: 1, sequence: 2, alerts: [{ sequence: 2, change: clear }] }));
  expect(await query(url, view)).toEqual([]);
});

test('the dashboards may read their views and nothing else', async () => {
  const url = await postgres.createDatabase();
  await openStore(url).position();
  const granted = await query<{ name: string; right: string }>(
    url,
    `select format('%s.%s', table_schema, table_name) as name, privilege_type as right
     from information_schema.role_table_grants where grantee = 'steppewatch_dashboards' order by 1`,
  );
  const views = await query<{ name: string; right: string }>(
    url,
    "select format('dashboards.%s', viewname) as name, 'SELECT' as right from pg_views where schemaname = 'dashboards' order by 1",
  );
  expect(views.length).toBeGreaterThan(10);
  expect(granted).toEqual(views);
  const asDashboard = (sql: string) => query(url, `set role steppewatch_dashboards; ${sql}`);
  await asDashboard('select * from dashboards.incident');
  for (const table of ['person', 'report', 'incident', 'projection_position']) {
    await expect(asDashboard(`select * from ${table}`)).rejects.toThrow('permission denied');
  }
});

test('a database that is away says so, and takes the batch when it is back', async () => {
  const store = openStore(await postgres.createDatabase());
  await store.writeBatch(batchOf({ sequence: 1, reports: [statusAt(1)] }));
  const second = batchOf({ after: 1, sequence: 2, reports: [statusAt(2)] });
  await postgres.away(async () => {
    await expect(store.writeBatch(second)).rejects.toMatchObject({ code: 'DATABASE_AWAY', retry: 'later' });
    await expect(store.position()).rejects.toMatchObject({ code: 'DATABASE_AWAY' });
  });
  await store.writeBatch(second);
  expect((await store.deviceReports({ deviceId: 'd1', limit: 9 })).length).toBe(2);
});

test('a database that was emptied, or put back to before its last migration, gets its tables at the next call', async () => {
  const url = await postgres.createDatabase();
  const store = openStore(url);
  await store.writeBatch(batchOf({ sequence: 1, reports: [statusAt(1)] }));
  await query(url, 'drop schema public cascade; create schema public');
  const second = batchOf({ after: 1, sequence: 2, reports: [statusAt(2)] });
  await expect(store.writeBatch(second)).rejects.toMatchObject({ code: 'DATABASE_UNFIT' });
  expect(await store.position()).toBeUndefined();
  await store.writeBatch(batchOf({ sequence: 1, reports: [statusAt(1)] }));
  expect((await store.deviceReports({ deviceId: 'd1', limit: 9 })).length).toBe(1);
});

test('a connection that is cut in the middle of a batch leaves nothing of it', async () => {
  const url = await postgres.createDatabase();
  const store = openStore(url);
  await store.position();
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  await other.query('begin; lock table device_state in exclusive mode');
  const batch = batchOf({ sequence: 1, reports: [statusAt(1)] });
  const written = expect(store.writeBatch(batch)).rejects.toMatchObject({ code: 'DATABASE_AWAY' });
  const blocked = "from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  await expect.poll(async () => (await query(url, `select ${blocked}`)).length).toBe(1);
  await query(url, `select pg_terminate_backend(pid) ${blocked}`);
  await written;
  await other.end();
  expect(await query(url, 'select from report')).toEqual([]);
  await store.writeBatch(batch);
  expect(await query(url, 'select part from report')).toEqual([{ part: 0 }]);
});
