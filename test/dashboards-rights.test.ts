import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { alertRules } from '../dashboards/alerting.ts';
import { silentLog } from '../platform/log.ts';
import { query, type ScratchPostgres, startScratchPostgres } from '../storage/scratch-postgres.test-support.ts';
import { createSqlStore } from '../storage/sql-store.ts';
import { writeMonth } from './dashboards-month.test-support.ts';
import { openScreen, picture } from './dashboards-screen.test-support.ts';

let postgres: ScratchPostgres;
let url: string;
beforeAll(async () => {
  postgres = await startScratchPostgres();
  url = await postgres.createDatabase();
  await writeMonth({ url, homes: 60, thinning: 24 });
  await query(
    url,
    `create role village_reader in role steppewatch_dashboards; create role township_reader in role steppewatch_dashboards;
     create role county_reader in role steppewatch_dashboards; create role nobody in role steppewatch_dashboards;
     create role stranger;
     insert into dashboard_access values ('village_reader', 'v2'), ('township_reader', 't1'), ('county_reader', 'c1');
     -- Something that happened in no area, and something in an area that is no more.
     insert into incident (incident_id, journal_position, code, category, severity, phase, opened_at, phase_since, alerts, area_id, body)
     values ('s1', 1, 'SYST', 'system', 'critical', 'open', now(), now(), 1, null, '{}'),
       ('s2', 1, 'GONE', 'fire', 'critical', 'open', now(), now(), 1, 'v99', '{}');
     -- In every village something that only a setting on trial would have raised.
     insert into shadow_word (setting_id, journal_position, ordinal, said_at, rule, what, condition, severity, area_id, body)
     select 'trial', 1, row_number() over (order by id), now(), 'inactivity', 'raise', 'inactivity', 'urgent', id, '{}'
     from area where level = 'village'`,
  );
}, 120_000);
afterAll(() => postgres.stop());

const as = <Row extends object>(account: string, sql: string) =>
  query<Row>(`${url}?options=-c%20role%3D${account}`, sql);
const counted = async (account: string, view: string, what = '*') =>
  Number((await as<{ n: string }>(account, `select count(${what}) as n from dashboards.${view}`))[0]?.n);
/** Every view that shows something of somewhere. */
const placed = [
  ...[
    'area',
    'household',
    'device',
    'silence',
    'coverage',
    'blind',
    'blind_person_hours',
    'battery',
    'incident',
    'reading',
    'village_day',
    'attempt',
  ],
  ...['visit_month', 'rejection', 'shadow_week'],
];

test('an account of a village sees that village in every view, one of a township its villages, one of a county all', async () => {
  for (const view of placed) {
    const area = async (account: string) =>
      (await as<{ area_id: string | null }>(account, `select distinct area_id from dashboards.${view} order by 1`)).map(
        ({ area_id }) => area_id,
      );
    expect(await area('nobody'), view).toEqual([]);
    const [village, township, county] = [
      await area('village_reader'),
      await area('township_reader'),
      await area('county_reader'),
    ];
    for (const id of village) expect(id, view).toBe('v2');
    for (const id of township) expect(id, view).toMatch(/^(t1|v([1-9]|10))$/);
    expect(county, view).toEqual(await area('wall_reader'));
    expect(county.length, view).toBeGreaterThan(0);
  }
  expect(await counted('village_reader', 'household')).toBe(5);
  expect(await counted('township_reader', 'household')).toBe(50);
  expect(await counted('county_reader', 'household')).toBe(60);
});

test('what lies in no area is for the whole county alone', async () => {
  const codes = async (account: string) =>
    (
      await as<{ code: string }>(
        account,
        "select code from dashboards.incident where code in ('SYST', 'GONE') order by 1",
      )
    ).map(({ code }) => code);
  expect(await codes('county_reader')).toEqual(['GONE', 'SYST']);
  expect(await codes('wall_reader')).toEqual(['GONE', 'SYST']);
  expect(await codes('township_reader')).toEqual([]);
});

test('nobody gets around the views: not to a table, not to another schema, not by a function that tells what it is given', async () => {
  const { rows: tables } = await query<{ name: string }>(
    url,
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'public'
     union all select format('%I.%I', schemaname, viewname) from pg_views where schemaname = 'public'`,
  ).then((rows) => ({ rows }));
  expect(tables.length).toBeGreaterThan(20);
  for (const { name } of tables)
    await expect(as('county_reader', `select * from ${name} limit 1`), name).rejects.toThrow(/permission denied/);
  for (const sql of [
    'delete from dashboards.incident',
    "insert into dashboards.page values ('x')",
    'create table t (a int)',
  ])
    await expect(as('county_reader', sql), sql).rejects.toThrow(/permission denied|cannot (delete|insert)/);
  await expect(as('stranger', 'select * from dashboards.area')).rejects.toThrow(/permission denied/);
  // A condition of our own is asked after the view's: it never hears of the other villages.
  const heard: string[] = [];
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  client.on('notice', ({ message }) => heard.push(message ?? ''));
  await client.query(`
    create function public.tell(id text) returns boolean language plpgsql cost 0.0001
    as $$ begin raise notice '%', id; return true; end $$`);
  await client.query('set role village_reader');
  for (const view of ['household', 'incident', 'device', 'reading', 'silence'])
    await client.query(`select * from dashboards.${view} where public.tell(area_id)`);
  await client.query('reset role; drop function public.tell');
  await client.end();
  expect(heard.length).toBeGreaterThan(10);
  expect(new Set(heard)).toEqual(new Set(['v2']));
});

test('no view has a name, a number of a telephone, a note, a position or a pulse', async () => {
  const columns = await query<{ name: string }>(
    url,
    "select distinct column_name as name from information_schema.columns where table_schema = 'dashboards'",
  );
  const names = columns.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(50);
  for (const personal of [
    /phone/,
    /note$/,
    /^lat$|^lon$/,
    /accuracy/,
    /pulse|oxygen/,
    /address$/,
    /^body|extra|cell|detail|problem/,
  ]) {
    expect(names.filter((name) => personal.test(name) && name !== 'address')).toEqual([]);
  }
  // The one address is that of the duty page.
  expect(await as('nobody', 'select * from dashboards.page')).toEqual([{ address: 'http://127.0.0.1:8080' }]);
  const [{ rows } = { rows: '' }] = await query<{ rows: string }>(
    url,
    "select string_agg(row::text, ' ') as rows from (select to_jsonb(d) as row from dashboards.device d union all select to_jsonb(h) from dashboards.household h) as all_rows",
  );
  expect(rows ?? '').not.toContain('AAAA');
});

test('a village looks at its own wall and devices, and the chain of areas leads there', async () => {
  const screen = await openScreen({ url, account: 'village_reader' });
  for (const name of ['wall', 'fleet', 'quality', 'storm', 'household', 'pipeline', 'home'] as const)
    await screen.everything(name);
  await query(url, 'update projection_position set true_until = now()');
  const [counts] = picture(await screen.cells('fleet', 1));
  expect(counts?.devices).toMatch(/^\d\d \(green\)$/);
  const [row, ...more] = picture(await screen.cells('storm', 4));
  expect(more).toEqual([]);
  expect(row?.where).toBe('v2 嘎查');
  await screen.close();
});

test('an upgrade leaves the accounts of before what they saw, and a new database gives the whole to nobody but grafana', async () => {
  await query(url, 'create role grafana in role steppewatch_dashboards');
  const fresh = await postgres.createDatabase();
  const upgraded = await postgres.createDatabase();
  await query(upgraded, readFileSync(join(import.meta.dirname, '../storage/releases/0.1.0.sql'), 'utf8'));
  const granted = async (database: string) => {
    const store = createSqlStore({ url: database, log: silentLog });
    await store.position();
    await store.close();
    return query(database, 'select account, area_id from dashboard_access order by 1');
  };
  expect(await granted(fresh)).toEqual([{ account: 'grafana', area_id: null }]);
  expect(await granted(upgraded)).toContainEqual({ account: 'village_reader', area_id: null });
});

test('villages of one name are told apart by what they lie in', async () => {
  await query(url, `update area set body = body || '{"name": "白音"}' where id in ('v2', 'v3', 'v11')`);
  const rows = await as<{ area: string }>(
    'wall_reader',
    "select area from dashboards.area where area_id in ('v2', 'v3', 'v4', 'v11') order by area_id",
  );
  expect(rows.map(({ area }) => area)).toEqual(['白音 · t2 苏木', '白音 · v2', '白音 · v3', 'v4 嘎查']);
});

test('alert rules ask one number, which is beyond its limit when something is wrong', async () => {
  const asked = async (uid: string) => {
    const rule = alertRules.groups.flatMap(({ rules }) => rules).find((one) => one.uid === `steppewatch-${uid}`);
    const rows = await as<{ value: string }>('wall_reader', String(rule?.data[0]?.model.rawSql));
    expect(rows).toHaveLength(1);
    return Number(rows[0]?.value);
  };
  await query(url, "update projection_position set true_until = now() - interval '5 seconds'");
  expect(await asked('lag')).toBeLessThan(60);
  await query(url, "update projection_position set true_until = now() - interval '10 minutes'");
  expect(await asked('lag')).toBeGreaterThan(60);
  await query(url, 'delete from received_minute');
  expect(await asked('silence')).toBe(0);
  await query(url, "insert into received_minute values (date_trunc('minute', now()), 30, 25)");
  expect([await asked('silence'), await asked('rejections')]).toEqual([30, 25]);
  await query(url, "insert into received_minute values (date_trunc('minute', now()) - interval '2 hours', 900, 800)");
  expect(await asked('rejections')).toBe(0);
  expect([await asked('notices'), await asked('gap')]).toEqual([expect.any(Number), 0]);
  await query(url, "insert into projection_gap values ('j', 1, 2, now())");
  expect(await asked('gap')).toBe(1);
});
