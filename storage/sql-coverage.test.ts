import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import type { Coverage } from '../records/alert.ts';
import { query, type ScratchPostgres, startScratchPostgres } from './scratch-postgres.test-support.ts';
import { makeRoomForJournal } from './sql-rebuild.ts';
import { createSqlStore } from './sql-store.ts';
import { batchOf } from './store-contract.ts';

let postgres: ScratchPostgres;
beforeAll(async () => {
  postgres = await startScratchPostgres();
});
afterAll(() => postgres.stop());

const at = (text: string) => Date.parse(text);
const where = { householdId: 'h1', areaId: 'a1' };
const said = (sequence: number, noticedAt: string, words: Partial<Coverage> & Pick<Coverage, 'state'>) => ({
  sequence,
  change: {
    ...{
      type: 'coverage' as const,
      personId: 'her',
      where,
      harm: 'fire' as const,
      at: at(noticedAt),
      since: at(noticedAt),
    },
    ...words,
  },
});
const village = {
  sequence: 1,
  change: { entity: 'area' as const, id: 'a1', value: { id: 'a1', level: 'village' as const, name: '白音' } },
};

async function home() {
  const url = await postgres.createDatabase();
  const store = createSqlStore({ url, log: silentLog, timeZone: 'Asia/Shanghai' });
  await store.writeBatch(batchOf({ sequence: 1, entities: [village] }));
  await query(url, 'insert into dashboard_access values (current_user, null)');
  return {
    ...{ url, store },
    stretches: () =>
      query<{ state: string; why: string | null; since: Date; until: Date | null }>(
        url,
        'select state, why, since, until from coverage order by journal_position, ordinal',
      ),
  };
}

test('each change ends the one before it, from when it is true and not from when it was noticed', async () => {
  const { store, stretches } = await home();
  const first = [said(2, '2026-11-01T00:00Z', { state: 'watched' })];
  // Found silent on the third, and silent since the first.
  const blind = said(3, '2026-11-03T00:00Z', { state: 'blind', since: at('2026-11-01T06:00Z'), why: 'silent' });
  const again = said(3, '2026-11-03T00:00Z', { state: 'watched' });
  await store.writeBatch(batchOf({ after: 1, sequence: 2, alerts: first }));
  await store.writeBatch(batchOf({ after: 2, sequence: 3, alerts: [blind, again] }));
  const words = [
    { state: 'watched', why: null, since: new Date('2026-11-01T00:00Z'), until: new Date('2026-11-01T06:00Z') },
    { state: 'blind', why: 'silent', since: new Date('2026-11-01T06:00Z'), until: new Date('2026-11-03T00:00Z') },
    { state: 'watched', why: null, since: new Date('2026-11-03T00:00Z'), until: null },
  ];
  expect(await stretches()).toEqual(words);
  await store.writeBatch(batchOf({ after: 2, sequence: 3, alerts: [blind, again] }));
  expect(await stretches()).toEqual(words);
  await store.close();
});

test("blind person-hours are counted by month of the county's zone, as far as the copy reaches", async () => {
  const { store, url } = await home();
  const alerts = [
    said(2, '2026-10-01T00:00Z', { state: 'watched' }),
    // Two hours of October and three of November in Shanghai, then watched again.
    said(2, '2026-11-01T00:00Z', { state: 'blind', since: at('2026-10-31T14:00Z'), why: 'silent' }),
    said(2, '2026-10-31T19:00Z', { state: 'watched' }),
    // Him since the tenth of November, and still.
    said(2, '2026-11-10T00:00Z', { personId: 'him', state: 'blind', why: 'fault' }),
  ];
  const trueUntil = at('2026-11-10T06:00Z');
  const freshness = { headSequence: 2, trueUntil, seenAt: trueUntil };
  await store.writeBatch(batchOf({ after: 1, sequence: 2, alerts, freshness }));
  const hours = await query<{ month: string; hours: number; people: number }>(
    url,
    `select to_char(month, 'YYYY-MM') as month, round(person_hours::numeric, 3)::float8 as hours, people::int4
     from dashboards.blind_person_hours where harm = 'fire' order by 1`,
  );
  expect(hours).toEqual([
    { month: '2026-10', hours: 2, people: 1 },
    { month: '2026-11', hours: 9, people: 2 },
  ]);
  await store.close();
});

test('a copy that is made again from the journal leaves what stood before open', async () => {
  const { store, url, stretches } = await home();
  const watched = said(2, '2026-11-01T00:00Z', { state: 'watched' });
  const blind = said(3, '2026-11-05T00:00Z', { state: 'blind', since: at('2026-11-03T00:00Z'), why: 'silent' });
  await store.writeBatch(batchOf({ after: 1, sequence: 3, alerts: [watched, blind] }));
  const start = { journalId: 'steppe', firstSequence: 3, firstReceivedAt: at('2026-11-04T00:00Z') };
  await makeRoomForJournal({ url, start, at: at('2026-11-06T00:00Z') });
  expect(await stretches()).toMatchObject([{ state: 'watched', until: null }]);
  await store.close();
});
