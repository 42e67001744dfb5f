import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createProjectionFold } from '../../ingest/projection-fold.ts';
import { noRows } from '../../ingest/projection-rows.ts';
import { databaseAway } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import type { Command, CommandResult, Visit } from '../../records/command.ts';
import { encodeRecord } from '../../records/record-codec.ts';
import { put, remove } from '../../records/registry.test-support.ts';
import type { RegistryChange } from '../../records/registry.ts';
import { chanceOf } from '../../simulators/seeded-chance.ts';
import { query, type ScratchPostgres, startScratchPostgres } from '../../storage/scratch-postgres.test-support.ts';
import type { Statistics } from '../../storage/sql-statistics.ts';
import { createSqlStore } from '../../storage/sql-store.ts';
import { batchOf } from '../../storage/store-contract.ts';
import { ask, deskRegistry, openDesk, signedIn, staffHash, standInAlarm } from '../desk.test-support.ts';
import type { VisitMonth } from './visit-routes.ts';

let postgres: ScratchPostgres;
beforeAll(async () => {
  postgres = await startScratchPostgres();
});
afterAll(() => postgres.stop());

/** The staff of a county: the data admin of East Well, its helper, and a monitor of the whole county. */
const staff = [
  put('account', { id: 'admin', name: 'A', hash: staffHash, grants: [{ role: 'data-admin', areaId: 'east' }] }),
  put('account', { id: 'helper', name: 'H', hash: staffHash, grants: [{ role: 'village-helper', areaId: 'east' }] }),
  put('account', {
    id: 'monitor',
    name: 'M',
    hash: staffHash,
    grants: [{ role: 'quality-monitor', areaId: 'county' }],
  }),
];

test('a visit is reported by who may do so in that village, and elsewhere there is no such household', async () => {
  const { api, asked } = await desk();
  const helper = await signedIn(api, 'helper');
  const body = {
    commandId: 'visit-0001',
    householdId: 'alone',
    visitedAt: 1_795_000_000_000,
    why: 'round',
    result: 'well',
  };
  const reported = await helper.post('/visits', body);
  expect(reported.status).toBe(201);
  const visit = { type: 'visit', ...body, by: { type: 'account', id: 'helper' } };
  expect(await reported.json()).toEqual({ visit });
  expect(asked).toEqual([visit]);
  const foreign = await helper.post('/visits', { ...body, householdId: 'resident-1' });
  const unknown = await helper.post('/visits', { ...body, householdId: 'nobody' });
  expect(foreign.status).toBe(404);
  expect((await foreign.text()).replaceAll('resident-1', 'nobody')).toEqual(await unknown.text());
  expect(asked.filter(({ type }) => type === 'visit').length).toBe(1);
});

test('what the alarm process refuses is refused in its words', async () => {
  const { api } = await desk({
    answer: { ok: false, problem: 'invalid', message: 'a visit was within the last 60 days' },
  });
  const helper = await signedIn(api, 'helper');
  const body = { commandId: 'visit-0001', householdId: 'alone', visitedAt: 1, why: 'round', result: 'well' };
  const refused = await helper.post('/visits', body);
  expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([
    400,
    'a visit was within the last 60 days',
  ]);
});

test('without the database a month is not to be had, and a visit is reported all the same', async () => {
  const store = { visitedMonth: () => Promise.reject(databaseAway({}, 'stopped')) };
  const { api } = await desk({ store });
  const monitor = await signedIn(api, 'monitor');
  expect((await monitor.get('/statistics/visits?month=2026-11')).status).toBe(503);
  expect((await monitor.get('/statistics/visits?month=2026-13')).status).toBe(400);
});

test('the exceptions of a village go by name to whom its registry is open, which is on record', async () => {
  const month = { registered: 2, visited: 1, helped: 0, attempted: 0 };
  const store = {
    visitedMonth: async () => [
      { areaId: 'east', area: 'East Well', ...month, notVisited: ['alone'] },
      { areaId: 'west', area: '=West "Well"', ...month, registered: 0, visited: 0, notVisited: [] },
    ],
  };
  const { api, asked } = await desk({ store });
  const admin = await signedIn(api, 'admin');
  const own = (await (await admin.get('/statistics/visits?month=2026-11')).json()) as VisitMonth;
  const shares = { visitedShare: 0.5, helpedShare: 0 };
  const people = ['Narantuya'];
  expect(own.areas).toEqual([
    { areaId: 'east', area: 'East Well', ...month, ...shares, notVisited: [{ householdId: 'alone', people }] },
  ]);
  expect(asked).toMatchObject([{ type: 'look', how: 'exported', of: { type: 'registry', id: 'visits 2026-11' } }]);

  const monitor = await signedIn(api, 'monitor');
  const all = (await (await monitor.get('/statistics/visits?month=2026-11')).json()) as VisitMonth;
  expect(all.areas.map(({ areaId, visitedShare }) => [areaId, visitedShare])).toEqual([
    ['east', 0.5],
    ['west', null],
  ]);
  expect(all.areas[0]?.notVisited).toEqual([{ householdId: 'alone', people: ['N**'] }]);
  const csv = await (await monitor.get('/statistics/visits.csv?month=2026-11')).arrayBuffer();
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(csv);
  expect(text.split('\r\n').slice(1)).toEqual([
    'East Well,2,1,50.0,0,0.0,0,alone N**',
    `"'=West ""Well""",0,0,,0,,0,`,
    '',
  ]);
  expect(text.startsWith('\ufeff嘎查村 village,')).toBe(true);
  expect(asked.length).toBe(1);
});

test('exceptions by name are refused while they cannot be put on record; a month without names is not', async () => {
  const month = { registered: 2, visited: 1, helped: 0, attempted: 0, notVisited: ['alone'] };
  const store = { visitedMonth: async () => [{ areaId: 'east', area: 'East Well', ...month }] };
  const answer = { ok: false, problem: 'not-allowed', message: 'too many wait' } as const;
  const { api } = await desk({ store, answer });
  for (const [account, status] of [
    ['admin', 503],
    ['monitor', 200],
  ] as const)
    expect((await (await signedIn(api, account)).get('/statistics/visits.csv?month=2026-11')).status).toBe(status);
});

test('without signing in nobody sees how a village does', async () => {
  const { api } = await desk({ store: { visitedMonth: async () => [] } });
  expect((await ask(api, 'GET', '/statistics/visits?month=2026-11')).status).toBe(401);
});

/**
 * The month's end in the county's zone: visited over registered, and helped over registered, for each village, the exceptions by name,
 * the same numbers from the raw rows.
 */
test('a county that changes and is visited every day comes to the same numbers from its raw rows', async () => {
  const { changes, commands } = countyOfThreeMonths(20);
  const url = await postgres.createDatabase();
  const store = createSqlStore({ url, log: silentLog, timeZone: 'Asia/Shanghai' });
  const fold = createProjectionFold();
  let after = 0;
  for (let from = 0; from < commands.length; from += 50) {
    const rows = noRows();
    for (const [index, { at, command }] of commands.slice(from, from + 50).entries()) {
      const stored = { sequence: from + index + 1, receivedAt: at, body: encodeRecord({ kind: 'command', command }) };
      fold.step(stored, rows);
    }
    const sequence = Math.min(from + 50, commands.length);
    await store.writeBatch(batchOf({ ...rows, after, sequence, receivedAt: commands[sequence - 1]?.at ?? 0 }));
    after = sequence;
  }
  const { api } = await desk({ store, changes });
  const li = await signedIn(api, 'li');
  for (const month of ['2026-10', '2026-11', '2026-12']) {
    const shown = (await (await li.get(`/statistics/visits?month=${month}`)).json()) as VisitMonth;
    expect(shown.areas.map(brief)).toEqual(await fromRawRows(url, month));
    const sum = (what: 'registered' | 'visited' | 'helped') =>
      shown.areas.reduce((total, area) => total + area[what], 0);
    expect([sum('registered') > sum('visited'), sum('visited') > sum('helped'), sum('helped') > 0]).toEqual([
      true,
      true,
      true,
    ]);
  }
  const named = ((await (await li.get('/statistics/visits?month=2026-12')).json()) as VisitMonth).areas;
  const missing = named.flatMap(({ notVisited }) => notVisited);
  expect(missing).toEqual(missing.map(({ householdId }) => ({ householdId, people: [`Person of ${householdId}`] })));
  await store.close();
});

const brief = ({ areaId, registered, visited, helped, notVisited }: VisitMonth['areas'][number]) => ({
  ...{ areaId, registered, visited, helped, missing: notVisited.map(({ householdId }) => householdId) },
});

/** Counted by hand from what was written down: by local days, without the functions of the database. */
async function fromRawRows(url: string, month: string) {
  const history = await query<{ household_id: string; at: Date; area_id: string | null }>(
    url,
    'select household_id, at, area_id from household_history order by at, journal_position',
  );
  const visits = await query<{ household_id: string; visited_at: Date; result: string }>(url, 'select * from visit');
  const monthOf = (at: Date) => new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 7);
  const home = new Map<string, string | null>();
  for (const { household_id, at, area_id } of history) if (monthOf(at) <= month) home.set(household_id, area_id);
  const seen = visits.filter(({ visited_at, result }) => monthOf(visited_at) === month && result !== 'nobody-there');
  return ['v0', 'v1', 'v2'].map((areaId) => {
    const homes = [...home].flatMap(([id, area]) => (area === areaId ? [id] : [])).sort();
    const visited = new Set(seen.map(({ household_id }) => household_id));
    const helped = new Set(seen.filter(({ result }) => result === 'helped').map(({ household_id }) => household_id));
    return {
      ...{ areaId, registered: homes.length },
      ...{ visited: homes.filter((id) => visited.has(id)).length, helped: homes.filter((id) => helped.has(id)).length },
      missing: homes.filter((id) => !visited.has(id)),
    };
  });
}

/** Households that come, move, go and come back, and visits to them, from October to December. `changes`: who lives there in the end. */
function countyOfThreeMonths(seed: number) {
  const chance = chanceOf(seed, 'visits');
  const pick = (many: number) => Math.floor(chance.fraction() * many);
  const villages = ['v0', 'v1', 'v2'];
  const current = new Map<string, string>();
  const commands: { at: number; command: Command }[] = [];
  const by = { type: 'account' as const, id: 'li' };
  const change = (at: number, one: RegistryChange) =>
    commands.push({
      at,
      command: { type: 'registry-change', commandId: `change-${commands.length}`, by, change: one },
    });
  const household = (id: string, areaId: string) => put('household', { id, areaId, currentPlaceId: `p-${areaId}` });
  const start = Date.parse('2026-09-30T12:00Z');
  const places = villages.flatMap((areaId) => [
    put('area', { id: areaId, level: 'village', parentId: 'township', name: areaId }),
    put('place', { id: `p-${areaId}`, areaId, kind: 'house', name: 'houses' }),
  ]);
  const township = put('area', { id: 'township', level: 'township', parentId: 'county', name: 'Baiyin' });
  const county = [put('area', { id: 'county', level: 'county', name: 'Wulan' }), township, ...places];
  for (const one of county) change(start, one);
  for (let at = start; at < Date.parse('2026-12-31T20:00Z'); at += 3 * 3_600_000) {
    const id = `h${pick(90)}`;
    const deed = chance.fraction();
    const home = current.get(id);
    if (deed < 0.25 && (!home || deed < 0.03)) {
      const areaId = villages[pick(3)] ?? 'v0';
      current.set(id, areaId);
      change(at, household(id, areaId));
    } else if (deed < 0.08 && home) {
      current.delete(id);
      change(at, remove('household', id));
    } else {
      const result = (['well', 'helped', 'nobody-there'] as const)[pick(3)] ?? 'well';
      const visit: Visit = {
        type: 'visit',
        commandId: `visit-${at}`,
        by,
        householdId: id,
        visitedAt: at - pick(36) * 3_600_000,
        why: 'round',
        result,
      };
      commands.push({ at, command: visit });
    }
  }
  const people = [...current.keys()].map((id) =>
    put('person', { id: `of-${id}`, householdId: id, name: `Person of ${id}` }),
  );
  const homes = [...current].map(([id, areaId]) => household(id, areaId));
  return {
    commands,
    changes: [...county, ...homes, ...people, put('account', { id: 'li', name: 'Li', hash: staffHash })],
  };
}

async function desk({
  answer = { ok: true } as CommandResult,
  changes = [...deskRegistry, ...staff],
  ...more
}: Desk = {}) {
  const alarm = standInAlarm({ changes });
  const asked: Command[] = [];
  const apply = async (command: Command) => {
    asked.push(command);
    return answer;
  };
  const history = {
    incidentHistory: async () => [],
    incident: async () => undefined,
    incidentTimeline: async () => undefined,
  };
  const store = more.store && { ...history, ...more.store };
  const api = await openDesk(alarm, { commands: { apply }, ...(store && { store }) });
  onTestFinished(() => api.close());
  return { api, asked };
}
type Desk = {
  answer?: CommandResult;
  changes?: RegistryChange[];
  store?: { visitedMonth: Statistics['visitedMonth'] };
};
