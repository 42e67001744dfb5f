import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { put } from '../../records/registry.test-support.ts';
import type { GlassPage, IncidentDetail, Problem } from '../answers.ts';
import { openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import type { ApiParts } from '../server.ts';
import { eastern, ofCounty, staff, staffedCounty } from './rights.test-support.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function county(more: Partial<ApiParts> = {}, now?: () => number) {
  const alarm = standInAlarm({ changes: staffedCounty, ...(now && { now }) });
  const api = await openDesk(alarm, { ...more, ...(now && { now }) });
  closing.push(api.close);
  const looks = (how: string) => alarm.commands.filter((one) => one.type === 'look' && one.how === how);
  return { alarm, api, looks };
}

const reason = 'smoke seen from the road, nobody answers';

test("a village user asks for another village's household by its id: not found, and on record; with a reason: allowed, and on record", async () => {
  const { api, looks } = await county();
  const helper = await signedIn(api, eastern('village-helper'));
  const of = { type: 'household', id: 'resident-1' };
  const by = { type: 'account', id: eastern('village-helper') };

  const refused = await helper.get('/households/resident-1');
  const missing = await helper.get('/households/nowhere');
  expect(refused.status).toBe(404);
  const said = async (response: Response, id: string) => JSON.stringify(await response.json()).replaceAll(id, '*');
  expect(await said(refused, 'resident-1')).toBe(await said(missing, 'nowhere'));
  expect(looks('refused')).toMatchObject([{ type: 'look', of, by }]);

  expect((await helper.post('/glass', { of, reason })).status).toBe(201);
  expect(looks('glass')).toMatchObject([{ of, by, reason }]);
  expect((await helper.get('/households/resident-1')).status).toBe(200);
  expect((await helper.get('/households/resident-2')).status).toBe(404);
});

test('what a broken glass shows is that one thing, to that one account, for an hour', async () => {
  let now = 1_000_000;
  const { alarm, api } = await county({}, () => now);
  const fire = alarm.raise('smoke', 'smoke-r1');
  const path = `/incidents/${encodeURIComponent(fire.incidentId)}`;
  const [helper, other] = [await signedIn(api, eastern('village-helper')), await signedIn(api, eastern('call-taker'))];
  expect((await helper.get(path)).status).toBe(404);
  const broken = await helper.post('/glass', { of: { type: 'incident', id: fire.incidentId }, reason });
  expect(await broken.json()).toMatchObject({ until: now + 3_600_000 });
  const detail = (await (await helper.get(path)).json()) as IncidentDetail;
  expect(detail).toMatchObject({ masked: false, contacts: { night: { phone: '138 0000 0000' } } });
  expect((await other.get(path)).status).toBe(404);
  // To look at: what it shows is still nobody's to change.
  expect((await helper.command(fire, 'claim')).status).toBe(404);
  now += 3_600_000;
  expect((await helper.get(path)).status).toBe(404);
});

test('whoever loses the right to break a glass loses what it shows', async () => {
  const { alarm, api } = await county();
  const helper = await signedIn(api, eastern('village-helper'));
  expect((await helper.post('/glass', { of: { type: 'household', id: 'resident-1' }, reason })).status).toBe(201);
  alarm.registry.apply([staff(eastern('village-helper'), { role: 'quality-monitor', areaId: 'east' })]);
  expect((await helper.get('/households/resident-1')).status).toBe(404);
});

test('nothing is shown while it cannot be put on record, and nothing without a reason', async () => {
  const { alarm, api } = await county();
  const helper = await signedIn(api, eastern('village-helper'));
  const of = { type: 'household', id: 'resident-1' };
  for (const short of ['', 'because   ', '  a reason '])
    expect((await helper.post('/glass', { of, reason: short })).status, short).toBe(400);
  alarm.isAway = true;
  const refused = await helper.post('/glass', { of, reason });
  expect(refused.status).toBe(503);
  expect((await refused.json()) as Problem).toMatchObject({ code: 'unavailable' });
  expect((await helper.get('/households/resident-1')).status).toBe(404);
});

test('who breaks one glass after another has to stop at fifty, and closes nobody else’s', async () => {
  let now = 1_000_000;
  const people = Array.from({ length: 60 }, (_, at) =>
    put('person', { id: `p${at}`, householdId: 'resident-1', name: 'P' }),
  );
  const alarm = standInAlarm({ changes: [...staffedCounty, ...people], now: () => now });
  let ms = 0;
  const clock = { ...systemClock, monotonic: () => ms };
  const api = await openDesk(alarm, { now: () => now, clock });
  closing.push(api.close);
  const [other, greedy] = [await signedIn(api, eastern('call-taker')), await signedIn(api, eastern('village-helper'))];
  const of = { type: 'household', id: 'resident-1' };
  expect((await other.post('/glass', { of, reason })).status).toBe(201);
  const take = async (at: number) => {
    ms += 1_000;
    return (await greedy.post('/glass', { of: { type: 'person', id: `p${at}` }, reason })).status;
  };
  for (let at = 0; at < 50; at++) expect(await take(at)).toBe(201);
  expect(await take(50)).toBe(429);
  // One that is open may be broken again.
  expect(await take(49)).toBe(201);
  expect((await other.get('/households/resident-1')).status).toBe(200);
  now += 3_600_000;
  expect(await take(50)).toBe(201);
});

test('dispatchers and auditors of the area see whose glass was broken for what, and why; others do not', async () => {
  const { api } = await county();
  const helper = await signedIn(api, eastern('village-helper'));
  await helper.post('/glass', { of: { type: 'household', id: 'resident-1' }, reason });
  const seenBy = async (account: string) => {
    const answer = await (await signedIn(api, account)).get('/glass');
    return answer.status === 200 ? ((await answer.json()) as GlassPage).glass : answer.status;
  };
  const by = { id: eastern('village-helper'), name: `${eastern('village-helper')} by name` };
  const shown = [{ by, of: { type: 'household', id: 'resident-1' }, reason }];
  expect(await seenBy(ofCounty('dispatcher'))).toMatchObject(shown);
  expect(await seenBy(ofCounty('auditor'))).toMatchObject(shown);
  expect(await seenBy(eastern('dispatcher'))).toEqual([]);
  expect(await seenBy(eastern('village-helper'))).toBe(403);
});

test('a glass is for those who work on incidents: nobody else breaks one', async () => {
  const { api, looks } = await county();
  const of = { type: 'household', id: 'resident-1' };
  for (const role of ['quality-monitor', 'data-admin', 'auditor', 'operator'] as const) {
    const account = await signedIn(api, ofCounty(role));
    expect((await account.post('/glass', { of, reason })).status, role).toBe(403);
  }
  expect(looks('glass')).toEqual([]);
});
