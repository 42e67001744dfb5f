import assert from 'node:assert/strict';
import type { VisitedArea } from './sql-statistics.ts';
import type { RegistrationRow, Store, VisitRow } from './store.ts';
import { batchOf } from './store-contract.ts';

type Counting = Store & { visitedMonth(month: string): Promise<VisitedArea[]> };

/** What a month of visits comes to, as facts; `open` gives an empty store each time. */
export const visitFacts: { fact: string; holds(open: () => Promise<Counting>): Promise<void> }[] = [
  {
    fact: 'who was registered at the end of the month counts, wherever and however often it was before',
    async holds(open) {
      const store = await open();
      await write(store, {
        registrations: [
          ...[registered('h1', 'a1', '2026-09-01T00:00Z'), registered('h2', 'a1', '2026-09-01T00:00Z')],
          // Retired in the middle of November; moved to another village; new, and gone again within the month.
          registered('h2', undefined, '2026-11-15T00:00Z'),
          ...[registered('h3', 'a1', '2026-09-01T00:00Z'), registered('h3', 'a2', '2026-11-20T00:00Z')],
          ...[registered('h4', 'a2', '2026-11-03T00:00Z'), registered('h4', undefined, '2026-11-04T00:00Z')],
          registered('h5', 'a2', '2026-11-03T00:00Z'),
        ],
        visits: [visited('v1', 'h3', '2026-11-05T08:00Z', 'well'), visited('v2', 'h2', '2026-11-02T08:00Z', 'helped')],
      });
      assert.deepEqual(await brief(store, '2026-11'), ['a1 0/1 0 h1', 'a2 1/2 0 h5', 'a3 0/0 0 ']);
      assert.deepEqual(await brief(store, '2026-10'), ['a1 0/3 0 h1,h2,h3', 'a2 0/0 0 ', 'a3 0/0 0 ']);
    },
  },
  {
    fact: "a month begins and ends at midnight in the county's zone",
    async holds(open) {
      const store = await open();
      await write(store, {
        registrations: [
          ...['h1', 'h2', 'h3', 'h4'].map((id) => registered(id, 'a1', '2026-09-01T00:00Z')),
          // The first instant of December in Shanghai, and the last of November.
          registered('h5', 'a1', '2026-11-30T16:00Z'),
          registered('h6', 'a1', '2026-11-30T15:59:59.999Z'),
        ],
        visits: [
          ...[
            visited('v1', 'h1', '2026-10-31T16:00Z', 'well'),
            visited('v2', 'h2', '2026-10-31T15:59:59.999Z', 'well'),
          ],
          ...[
            visited('v3', 'h3', '2026-11-30T15:59:59.999Z', 'helped'),
            visited('v4', 'h4', '2026-11-30T16:00Z', 'well'),
          ],
        ],
      });
      assert.deepEqual(await brief(store, '2026-11'), ['a1 2/5 1 h2,h4,h6', 'a2 0/0 0 ', 'a3 0/0 0 ']);
      assert.deepEqual(await brief(store, '2026-12'), ['a1 1/6 0 h1,h2,h3,h5,h6', 'a2 0/0 0 ', 'a3 0/0 0 ']);
    },
  },
  {
    fact: 'where nobody was there nobody was visited, and a visit that is reported twice is one',
    async holds(open) {
      const store = await open();
      const again = visited('v1', 'h1', '2026-11-05T08:00Z', 'nobody-there');
      await write(store, {
        registrations: ['h1', 'h2'].map((id) => registered(id, 'a1', '2026-09-01T00:00Z')),
        visits: [
          again,
          visited('v2', 'h2', '2026-11-05T08:00Z', 'nobody-there'),
          visited('v3', 'h2', '2026-11-06T08:00Z', 'well'),
        ],
      });
      await store.writeBatch(batchOf({ after: 9, sequence: 10, visits: [{ ...again, sequence: 10 }] }));
      const [first] = await store.visitedMonth('2026-11');
      assert.deepEqual(first, {
        ...{ areaId: 'a1', area: 'a1', registered: 2, visited: 1, helped: 0, attempted: 1, notVisited: ['h1'] },
      });
    },
  },
  {
    fact: 'a registry that is written as a whole ends who is not in it, and moves nobody else',
    async holds(open) {
      const store = await open();
      await write(store, {
        registrations: ['h1', 'h2'].map((id) => registered(id, 'a1', '2026-09-01T00:00Z')),
        visits: [],
      });
      const every = { sequence: 10, at: Date.parse('2026-11-10T00:00Z'), householdId: undefined, areaId: undefined };
      const whole = [every, { ...registered('h2', 'a1', '2026-11-10T00:00Z'), sequence: 10 }];
      await store.writeBatch(batchOf({ after: 9, sequence: 10, registrations: whole }));
      assert.deepEqual(await brief(store, '2026-11'), ['a1 0/1 0 h2', 'a2 0/0 0 ', 'a3 0/0 0 ']);
      assert.deepEqual(await brief(store, '2026-10'), ['a1 0/2 0 h1,h2', 'a2 0/0 0 ', 'a3 0/0 0 ']);
    },
  },
];

/** By area: visited of registered, helped, and who was not visited. */
async function brief(store: Counting, month: string): Promise<string[]> {
  return (await store.visitedMonth(month)).map(
    ({ areaId, visited, registered, helped, notVisited }) =>
      `${areaId} ${visited}/${registered} ${helped} ${notVisited.join()}`,
  );
}

async function write(store: Store, rows: { registrations: RegistrationRow[]; visits: VisitRow[] }): Promise<void> {
  const entities = ['a1', 'a2', 'a3'].map((id) => ({
    ...{ sequence: 1 },
    change: { entity: 'area' as const, id, value: { id, level: 'village' as const, name: id } },
  }));
  const registrations = rows.registrations.map((row, index) => ({ ...row, sequence: index + 1 }));
  await store.writeBatch(batchOf({ sequence: 9, entities, registrations, visits: rows.visits }));
}

const registered = (householdId: string, areaId: string | undefined, at: string): RegistrationRow => ({
  ...{ sequence: 1, at: Date.parse(at), householdId, areaId },
});

function visited(id: string, householdId: string, at: string, result: VisitRow['visit']['result']): VisitRow {
  const visitedAt = Date.parse(at);
  const by = { type: 'account' as const, id: 'li' };
  const visit = { type: 'visit' as const, commandId: id, by, householdId, visitedAt, why: 'round' as const, result };
  return { sequence: 2, at: visitedAt + 60_000, areaId: 'a1', visit };
}
