import { afterEach, expect, test } from 'vitest';
import { openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import { eastern, staffedCounty } from '../rights/rights.test-support.ts';
import type { Api } from '../server.ts';

let api: Api | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function desk(account: string) {
  const alarm = standInAlarm({ changes: staffedCounty });
  api = await openDesk(alarm);
  return { alarm, caller: await signedIn(api, account) };
}

const quiet = () => ({
  ...{ commandId: 'suppress-the-house', scope: { type: 'household', id: 'couple' }, conditions: ['inactivity'] },
  ...{ until: Date.now() + 3_600_000, reason: 'painters in the house' },
});

test('what is kept from people is listed with who answers for it and until when, and can be ended', async () => {
  const { caller } = await desk(eastern('dispatcher'));
  expect((await caller.post('/suppressions', quiet())).status).toBe(201);
  const { suppressions } = (await (await caller.get('/suppressions')).json()) as { suppressions: object[] };
  expect(suppressions).toMatchObject([
    {
      id: 'suppress-the-house',
      owner: eastern('dispatcher'),
      conditions: ['inactivity'],
      reason: 'painters in the house',
    },
  ]);
  const ended = await caller.ask('DELETE', '/suppressions/suppress-the-house?commandId=end-the-quiet&reason=done');
  expect(ended.status).toBe(204);
  expect(await (await caller.get('/suppressions')).json()).toEqual({ suppressions: [] });
});

test('without an end, of smoke, or of another village it is refused', async () => {
  const { caller } = await desk(eastern('dispatcher'));
  const { until: _, ...endless } = quiet();
  expect((await caller.post('/suppressions', endless)).status).toBe(400);
  expect((await caller.post('/suppressions', { ...quiet(), conditions: ['smoke'] })).status).toBe(400);
  expect((await caller.post('/suppressions', { ...quiet(), until: 1 })).status).toBe(400);
  const elsewhere = { ...quiet(), scope: { type: 'area', id: 'west' } };
  expect((await caller.post('/suppressions', elsewhere)).status).toBe(404);
});
