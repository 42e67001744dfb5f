import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FieldConfig, Panel } from '@grafana/schema';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { silentLog } from '../platform/log.ts';
import { query, type ScratchPostgres, startScratchPostgres } from '../storage/scratch-postgres.test-support.ts';
import { createSqlStore } from '../storage/sql-store.ts';
import { alertAt, batchOf, incidentAt, statusAt } from '../storage/store-contract.ts';
import { published, publishedFolder } from './publish.ts';
import { wall } from './wall.ts';

const panels = (wall.panels ?? []) as Panel[];
const ageColumn = 'age of this picture';
let postgres: ScratchPostgres;
beforeAll(async () => {
  postgres = await startScratchPostgres();
});
afterAll(() => postgres.stop());

test('what Grafana provisions is what the code says', () => {
  expect(readdirSync(publishedFolder).sort()).toEqual(Object.keys(published).sort());
  for (const [name, text] of Object.entries(published)) {
    expect(readFileSync(join(publishedFolder, name), 'utf8'), `run: node dashboards/publish.ts`).toBe(text);
  }
});

test('the wall is of the schema that files may have, nobody edits it, and it renews itself', () => {
  expect(wall).toMatchObject({ schemaVersion: 42, editable: false, refresh: '10s', uid: 'steppewatch-wall' });
});

test('every panel says what it is, and asks the one datasource without macros or variables', () => {
  const provisioned = parse(
    readFileSync(join(import.meta.dirname, 'provisioning/datasources/steppewatch.yaml'), 'utf8'),
  );
  const [{ uid, type }] = provisioned.datasources;
  for (const panel of panels) {
    expect(panel.title?.length).toBeGreaterThan(5);
    expect(panel.description).toContain(panel.id === 3 ? 'Zero is red' : '.');
    expect(panel.datasource).toEqual({ uid, type });
    expect(panel.targets).toHaveLength(1);
    expect(panel.targets?.[0]).toMatchObject({
      refId: 'A',
      datasource: { uid, type },
      format: 'table',
      rawQuery: true,
    });
    // So what is executed here is exactly what Grafana sends.
    expect(sqlOf(panel)).not.toContain('$');
  }
});

test('no two panels have one id or one place, and none leaves the grid', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const taken = new Set<string>();
  for (const { gridPos } of panels) {
    const { x = 0, y = 0, w = 0, h = 0 } = gridPos ?? {};
    expect(w * h).toBeGreaterThan(0);
    expect(x + w).toBeLessThanOrEqual(24);
    for (let column = x; column < x + w; column++) {
      for (let row = y; row < y + h; row++) {
        expect(taken).not.toContain(`${column} ${row}`);
        taken.add(`${column} ${row}`);
      }
    }
  }
});

test('a value that is not there is UNKNOWN in red on every panel and in every column, and has no colour otherwise', () => {
  const unknown = { type: 'special', options: { match: 'null+nan', result: { text: 'UNKNOWN', color: 'red' } } };
  for (const { fieldConfig } of panels) {
    const { defaults, overrides = [] } = fieldConfig ?? {};
    const appearances = [defaults, ...overrides.map(({ properties }) => asRecord(properties))];
    for (const appearance of appearances) {
      expect(appearance).toMatchObject({ noValue: 'UNKNOWN', unit: expect.stringMatching(/^(none|s)$/) });
      expect(appearance?.thresholds?.steps[0]).toEqual({ value: null, color: 'transparent' });
      const [special, words] = appearance?.mappings ?? [];
      expect(special).toMatchObject(unknown);
      expect(words).toMatchObject({ type: 'value', options: { UNKNOWN: { color: 'red' } } });
    }
  }
});

test('before the first record is copied, and when the copy stands still, nothing is known', async () => {
  const empty = await postgres.createDatabase();
  const store = createSqlStore({ url: empty, log: silentLog });
  await store.position();
  await expectUnknown(empty, null);
  const anHourAgo = Date.now() - 3_600_000;
  const freshness = { headSequence: 1, trueUntil: anHourAgo, seenAt: Date.now() };
  await store.writeBatch(batchOf({ sequence: 1, reports: [statusAt(1)], freshness }));
  await expectUnknown(empty, 3600);
  await store.close();
});

test('in a quiet hour there are none, which is not unknown', async () => {
  const url = await postgres.createDatabase();
  const store = createSqlStore({ url, log: silentLog });
  await store.writeBatch(batchOf({ sequence: 1, freshness: freshNow() }));
  expect(await rowsOf(url, 1)).toEqual([{ critical: '0', urgent: '0', service: '0', [ageColumn]: recent }]);
  expect(await rowsOf(url, 2)).toEqual([{ 'silent devices': '0', [ageColumn]: recent }]);
  expect(await rowsOf(url, 3)).toEqual([{ reports: '0', unreadable: '0', [ageColumn]: recent }]);
  expect(await rowsOf(url, 4)).toEqual([{ 'records waiting': '0', gaps: '0', [ageColumn]: recent }]);
  expect(await rowsOf(url, 5)).toMatchObject([{ state: 'none', code: null, [ageColumn]: recent }]);
  expect(await rowsOf(url, 6)).toMatchObject([{ state: 'none', device: null, [ageColumn]: recent }]);
  await store.close();
});

test('open incidents with their age, silent devices and what came in are on the wall', async () => {
  const url = await postgres.createDatabase();
  const store = createSqlStore({ url, log: silentLog });
  const twoMinutesAgo = Date.now() - 120_000;
  const incident = { ...incidentAt(1, 'open'), openedAt: twoMinutesAgo };
  const resolved = {
    phase: 'resolved',
    since: 0,
    by: { type: 'account', id: 'd' },
    outcome: 'helped',
    contact: 'reached',
  } as const;
  const over = { ...incidentAt(2, 'open'), state: resolved };
  const village = { id: 'a1', level: 'village', name: '白音' } as const;
  await store.writeBatch(
    batchOf({
      sequence: 3,
      freshness: { ...freshNow(), headSequence: 10 },
      reports: [{ ...statusAt(1), receivedAt: twoMinutesAgo }],
      rejections: [
        { sequence: 2, part: 0, deviceId: 'd2', receivedAt: twoMinutesAgo, reason: 'malformed', problem: 'x' },
      ],
      incidents: [incident, over].map((each) => ({ sequence: 3, change: { incident: each, timeline: [] } })),
      alerts: [{ sequence: 3, change: { type: 'raise', alert: alertAt(1) } }],
      entities: [{ sequence: 3, change: { entity: 'area', id: 'a1', value: village } }],
      gaps: [{ from: 1, to: 1 }],
    }),
  );
  expect(await rowsOf(url, 1)).toMatchObject([{ critical: '1', urgent: '0' }]);
  expect(await rowsOf(url, 2)).toMatchObject([{ 'silent devices': '1' }]);
  expect(await rowsOf(url, 3)).toMatchObject([{ reports: '1', unreadable: '1' }]);
  expect(await rowsOf(url, 4)).toMatchObject([{ 'records waiting': '7', gaps: '1' }]);
  const row = {
    state: 'open',
    code: 'AB1D',
    severity: 'critical',
    about: 'fire',
    where: '白音',
    'open for': near(120),
  };
  expect(await rowsOf(url, 5)).toMatchObject([row]);
  expect(await rowsOf(url, 6)).toMatchObject([{ state: 'silent', device: 'd1', where: '白音' }]);
  await store.close();
});

test('what is named in a panel is a column of its query', async () => {
  const url = await postgres.createDatabase();
  const store = createSqlStore({ url, log: silentLog });
  await store.position();
  for (const panel of panels) {
    const [row] = await rowsOf(url, panel.id ?? 0);
    const named = panel.fieldConfig?.overrides?.map(({ matcher }) => matcher.options);
    expect(Object.keys(row ?? {})).toEqual(expect.arrayContaining(named ?? []));
    expect(named).toContain(ageColumn);
  }
  await store.close();
});

const recent = expect.toSatisfy((age: unknown) => Math.abs(Number(age)) < 30);
const near = (seconds: number) => expect.toSatisfy((age: unknown) => Math.abs(Number(age) - seconds) < 30);
const freshNow = () => ({ headSequence: 1, trueUntil: Date.now(), seenAt: Date.now() });
const sqlOf = (panel: Panel): string => String(panel.targets?.[0]?.rawSql);
const asRecord = (properties: { id: string; value?: unknown }[]): FieldConfig =>
  Object.fromEntries(properties.map(({ id, value }) => [id, value]));

/** As Grafana's account sees it. */
async function rowsOf(url: string, id: number): Promise<Record<string, unknown>[]> {
  const panel = panels.find((one) => one.id === id);
  if (!panel) throw new Error(`there is no panel ${id}`);
  return query(`${url}?options=-c%20role%3Dsteppewatch_dashboards`, sqlOf(panel));
}

async function expectUnknown(url: string, ageSeconds: number | null): Promise<void> {
  for (const { id = 0, type } of panels) {
    const rows = await rowsOf(url, id);
    expect(rows).toHaveLength(1);
    const { [ageColumn]: age, state, ...values } = rows[0] ?? {};
    if (ageSeconds === null) expect(age).toBeNull();
    else expect(age).toEqual(near(ageSeconds));
    expect(state).toBe(type === 'table' ? 'UNKNOWN' : undefined);
    expect(Object.values(values).every((value) => value === null)).toBe(true);
  }
}
