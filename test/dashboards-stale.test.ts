import type { Panel } from '@grafana/schema';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DashboardFile, dashboards, languages } from '../dashboards/publish.ts';
import type { Texts } from '../dashboards/texts/en.ts';
import { silentLog } from '../platform/log.ts';
import { query, type ScratchPostgres, startScratchPostgres } from '../storage/scratch-postgres.test-support.ts';
import { createSqlStore } from '../storage/sql-store.ts';
import { alertAt, batchOf, incidentAt, statusAt } from '../storage/store-contract.ts';
import { panelsOf } from './dashboards-query.test-support.ts';
import type { Cell } from './dashboards-rendering.test-support.ts';
import { openScreen, type Screen, shown } from './dashboards-screen.test-support.ts';

let postgres: ScratchPostgres;
beforeAll(async () => {
  postgres = await startScratchPostgres();
});
afterAll(() => postgres.stop());

/** An account that sees everything, on a database of its own. */
async function open({
  write,
  texts,
}: {
  write?: (url: string) => Promise<void>;
  texts?: Texts;
}): Promise<Screen & { url: string }> {
  const url = await postgres.createDatabase();
  const store = createSqlStore({ url, log: silentLog });
  await store.position();
  await store.close();
  const account = url.split('/').at(-1) ?? '';
  await query(
    url,
    `create role ${account} in role steppewatch_dashboards; insert into dashboard_access values ('${account}', null)`,
  );
  await write?.(url);
  return { url, ...(await openScreen({ url, account, ...(texts && { texts }) })) };
}

/** One open incident, one silent device, one report, all of them `ageMs` ago; so old is the copy as well. */
async function writeOnce(url: string, ageMs: number): Promise<void> {
  const store = createSqlStore({ url, log: silentLog });
  const at = Date.now() - ageMs;
  await store.writeBatch(
    batchOf({
      sequence: 3,
      freshness: { headSequence: 3, trueUntil: at, seenAt: at },
      reports: [{ ...statusAt(1), receivedAt: at, occurredAt: at }],
      incidents: [{ sequence: 3, change: { incident: { ...incidentAt(1, 'open'), openedAt: at }, timeline: [] } }],
      alerts: [{ sequence: 3, change: { type: 'raise', alert: alertAt(1) } }],
      entities: [
        { sequence: 3, change: { entity: 'area', id: 'a1', value: { id: 'a1', level: 'village', name: '白音' } } },
        {
          sequence: 3,
          change: { entity: 'place', id: 'p1', value: { id: 'p1', areaId: 'a1', kind: 'house', name: 'x' } },
        },
        {
          sequence: 3,
          change: {
            entity: 'device',
            id: 'd1',
            value: { id: 'd1', kind: 'smoke-detector', placeId: 'p1', intervalMinutes: 60, simulated: true },
          },
        },
      ],
    }),
  );
  await store.close();
}

/** Everything that somebody sees on the panels of a dashboard that have cells. */
async function seen(screen: Screen, name: DashboardFile): Promise<[Panel, Cell[][]][]> {
  const frames = [...(await screen.everything(name))].filter(([{ type }]) => type === 'stat' || type === 'table');
  return frames.map(([panel, fields]) => [panel, shown(screen.grafana, panel, fields)]);
}

const unknown = { text: 'UNKNOWN', colour: 'red' };

/** Nothing but how old it is, and that nothing is known, stands on a panel: no number, no green. */
function expectUnknown(
  [panel, rows]: [Panel, Cell[][]],
  age: { text: unknown; colour: string },
  nothing = unknown,
): void {
  expect(rows.length, panel.title).toBeGreaterThan(0);
  for (const row of rows) {
    expect(row.at(-1), panel.title).toMatchObject(age);
    if (panel.type === 'stat') for (const cell of row.slice(0, -1)) expect(cell, panel.title).toMatchObject(nothing);
    else expect(row[0], panel.title).toMatchObject(nothing);
    for (const { colour } of row) expect(colour, panel.title).not.toBe('green');
  }
}

test.each(languages)('before the first record is copied nothing is known, in $language', async (texts) => {
  const screen = await open({ texts });
  const nothing = { text: texts.words.UNKNOWN, colour: 'red' };
  for (const panel of await seen(screen, 'wall')) expectUnknown(panel, nothing, nothing);
  await screen.close();
});

test('a copy that stands still for longer than half a minute is UNKNOWN in red, on every panel of the wall', async () => {
  const screen = await open({ write: (url) => writeOnce(url, 45_000) });
  for (const panel of await seen(screen, 'wall')) {
    expectUnknown(panel, { text: expect.stringMatching(/^\d+ s$|^1 mins$/), colour: 'red' });
  }
  await screen.close();
});

test('so is one that is ahead of the clock: two clocks differ, and nobody knows by how much', async () => {
  const screen = await open({ write: (url) => writeOnce(url, -3_600_000) });
  for (const panel of await seen(screen, 'wall'))
    expectUnknown(panel, { text: expect.stringMatching(/^-(60 mins|1 hours)$/), colour: 'red' });
  await screen.close();
});

test('a fresh one says how old it is on every panel, and counts', async () => {
  const screen = await open({ write: (url) => writeOnce(url, 0) });
  const panels = await seen(screen, 'wall');
  for (const [panel, rows] of panels)
    for (const row of rows)
      expect(row.at(-1), panel.title).toMatchObject({ name: 'age of this picture', colour: 'green' });
  const said = panels.map(([, rows]) => rows[0]?.slice(0, 2).map(({ text }) => text));
  expect(said).toEqual([
    ['1', '0'],
    ['1', '0'],
    ['1', '0'],
    ['● open', 'AB1D'],
    ['✓ none', '–'],
    ['✕ silent', 'd1'],
  ]);
  await screen.close();
});

test('where the age grows, its colour says so before nothing is known any more', async () => {
  const screen = await open({ write: (url) => writeOnce(url, 20_000) });
  for (const [, rows] of await seen(screen, 'wall')) expect(rows[0]?.at(-1)?.colour).toBe('orange');
  await screen.close();
});

test('a query that fails leaves UNKNOWN in red: numbers by their colour, everything else by its sign', async () => {
  const screen = await open({});
  for (const make of Object.values(dashboards)) {
    for (const texts of languages) {
      const nothing = { text: texts.words.UNKNOWN, colour: 'red' };
      for (const panel of panelsOf(make(texts))) {
        if (panel.type === 'stat') expect(screen.grafana.stat(panel, undefined)).toMatchObject([nothing]);
        else if (panel.targets) expect(panel.fieldConfig?.defaults.noValue).toBe(`🔴 ${texts.words.UNKNOWN}`);
      }
    }
  }
  await screen.close();
});

test('numbers of now are UNKNOWN on every other dashboard, too', async () => {
  const screen = await open({ write: (url) => writeOnce(url, 45_000) });
  for (const name of Object.keys(dashboards) as DashboardFile[]) {
    for (const [panel, rows] of await seen(screen, name))
      if (panel.type === 'stat')
        for (const cell of rows[0]?.slice(0, -1) ?? []) expect(cell, `${name} ${cell.name}`).toMatchObject(unknown);
  }
  await screen.close();
});
