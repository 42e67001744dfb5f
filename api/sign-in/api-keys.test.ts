import { afterEach, expect, test } from 'vitest';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import type { ApiKeyMade, ApiKeyPage, IncidentDetail, Snapshot } from '../answers.ts';
import { ask, openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import { watchEvents } from '../incidents/watching.test-support.ts';
import { eastern, ofCounty, staffedCounty } from '../rights/rights.test-support.ts';
import type { Api } from '../server.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function county() {
  let now = 1_000_000;
  const alarm = standInAlarm({ changes: staffedCounty, now: () => now });
  const api = await openDesk(alarm, { now: () => now });
  closing.push(api.close);
  const li = await signedIn(api, 'li');
  return { alarm, api, li, pass: (ms: number) => (now += ms), now: () => now };
}

const helperInEast = { role: 'village-helper', areaId: 'east' };
const keyWords = (id: string, more: object = {}) => ({
  ...{ commandId: crypto.randomUUID(), id, name: 'the township’s own system', grants: [helperInEast] },
  ...more,
});
const withKey = (api: Api, token: string, method: string, path: string, body?: object) =>
  ask(api, method, path, { headers: { authorization: `Bearer ${token}` }, ...(body && { body }) });

test('a key holds 256 bits, is shown once, and is kept as a hash', async () => {
  const { alarm, li } = await county();
  const response = await li.post('/api-keys', keyWords('k1'));
  expect(response.status).toBe(201);
  const { key, token } = (await response.json()) as ApiKeyMade;
  expect(token).toMatch(/^swk_[A-Za-z0-9_-]{43}$/);
  expect(key).toEqual({ id: 'k1', name: 'the township’s own system', grants: [helperInEast] });
  const page = await (await li.get('/api-keys')).text();
  expect(page).toContain('k1');
  expect(page).not.toContain(alarm.registry.get('apiKey', 'k1')?.hash);
  expect(JSON.stringify([...alarm.registry.list('apiKey')])).not.toContain(token);
});

test('a program does what its key was granted, under its own name, and nothing elsewhere', async () => {
  const { alarm, api, li } = await county();
  const { token } = (await (await li.post('/api-keys', keyWords('k1'))).json()) as ApiKeyMade;
  const [near, far] = [alarm.raise('smoke', 'smoke-1'), alarm.raise('smoke', 'smoke-r1')];
  const get = (incidentId: string) => withKey(api, token, 'GET', `/incidents/${encodeURIComponent(incidentId)}`);
  expect(((await (await get(near.incidentId)).json()) as IncidentDetail).masked).toBe(false);
  expect((await get(far.incidentId)).status).toBe(404);
  const claim = { commandId: crypto.randomUUID(), expectedVersion: near.version };
  const path = `/incidents/${encodeURIComponent(near.incidentId)}/claim`;
  const claimed = (await (await withKey(api, token, 'POST', path, claim)).json()) as IncidentDetail;
  expect(claimed.state).toMatchObject({ phase: 'claimed', by: { name: 'the township’s own system' } });
  expect(alarm.commands.at(-1)).toMatchObject({ type: 'claim', by: { type: 'api-key', id: 'k1' } });
  const { keys } = (await (await li.get('/api-keys')).json()) as ApiKeyPage;
  expect(keys).toMatchObject([{ id: 'k1', lastUsedAt: 1_000_000 }]);
});

test('a key never breaks a glass, manages no accounts and makes no keys, whatever it was granted', async () => {
  const { api, li } = await county();
  const roles = ['operator', 'dispatcher', 'data-admin', 'auditor', 'village-helper', 'call-taker', 'quality-monitor'];
  const grants = roles.map((role) => ({ role }));
  const { token } = (await (await li.post('/api-keys', keyWords('k2', { grants }))).json()) as ApiKeyMade;
  const of = { type: 'household', id: 'alone' };
  expect((await withKey(api, token, 'POST', '/glass', { of, reason: 'a program has no reasons' })).status).toBe(403);
  expect((await withKey(api, token, 'GET', '/accounts')).status).toBe(403);
  expect((await withKey(api, token, 'POST', '/api-keys', keyWords('k3'))).status).toBe(403);
  expect((await withKey(api, token, 'PUT', '/session/password', { current: 'x', next: 'y' })).status).toBe(403);
  expect((await withKey(api, token, 'GET', '/incidents')).status).toBe(200);
});

test('a key ends at its time, and in the instant in which it is taken out', async () => {
  const { api, li, pass, now } = await county();
  const expiresAt = now() + 60_000;
  const { token } = (await (await li.post('/api-keys', keyWords('k1', { expiresAt }))).json()) as ApiKeyMade;
  const status = async (one: string) => (await withKey(api, one, 'GET', '/incidents')).status;
  expect(await status(token)).toBe(200);
  pass(60_000);
  expect(await status(token)).toBe(401);
  const second = (await (await li.post('/api-keys', keyWords('k2'))).json()) as ApiKeyMade;
  expect(await status(second.token)).toBe(200);
  expect((await li.ask('DELETE', '/api-keys/k2', { commandId: crypto.randomUUID() })).status).toBe(204);
  expect(await status(second.token)).toBe(401);
  expect((await li.post('/api-keys', keyWords('k4', { expiresAt: now() }))).status).toBe(400);
});

test('a program that watches hears of its area, until its key is taken out', async () => {
  const clock = new VirtualClock({ startAt: Date.now() });
  const alarm = standInAlarm({ changes: staffedCounty });
  const api = await openDesk(alarm, { clock });
  closing.push(api.close);
  const li = await signedIn(api, 'li');
  const { token } = (await (await li.post('/api-keys', keyWords('k1'))).json()) as ApiKeyMade;
  alarm.raise('smoke', 'smoke-r1');
  const near = alarm.raise('smoke', 'smoke-1');
  const page = await watchEvents(api, closing, { authorization: `Bearer ${token}` });
  const { open } = (await page.next('snapshot')).body as Snapshot;
  expect(open.map(({ incidentId }) => incidentId)).toEqual([near.incidentId]);
  await li.ask('DELETE', '/api-keys/k1', { commandId: crypto.randomUUID() });
  await clock.advance(5_000);
  await page.over();
});

test('nobody gives a program more than they hold, or sees the keys of other areas', async () => {
  const { api, li } = await county();
  await li.post('/api-keys', keyWords('west', { grants: [{ role: 'village-helper', areaId: 'west' }] }));
  const east = await signedIn(api, eastern('operator'));
  expect((await east.post('/api-keys', keyWords('k5'))).status).toBe(403);
  expect(
    (await east.post('/api-keys', keyWords('k6', { grants: [{ role: 'operator', areaId: 'east' }] }))).status,
  ).toBe(201);
  const { keys } = (await (await east.get('/api-keys')).json()) as ApiKeyPage;
  expect(keys.map(({ id }) => id)).toEqual(['k6']);
  expect((await east.ask('DELETE', '/api-keys/west', { commandId: crypto.randomUUID() })).status).toBe(404);
  expect((await (await signedIn(api, ofCounty('dispatcher'))).get('/api-keys')).status).toBe(403);
});

test('a request that shows a key is that program’s alone, whatever cookies come with it', async () => {
  const { api, li } = await county();
  const headers = { authorization: 'Bearer swk_not-a-key' };
  expect((await ask(api, 'GET', '/incidents', { cookie: li.cookie, headers })).status).toBe(401);
});

test('of the same request twice at once one shows a token, and it is the one that opens', async () => {
  const alarm = standInAlarm({ changes: staffedCounty, newsAfterMs: 40 });
  const api = await openDesk(alarm);
  closing.push(api.close);
  const li = await signedIn(api, 'li');
  const words = keyWords('k1');
  const answers = await Promise.all([1, 2].map(() => li.post('/api-keys', words)));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  const made = (await answers.find(({ status }) => status === 201)?.json()) as ApiKeyMade;
  expect((await withKey(api, made.token, 'GET', '/incidents')).status).toBe(200);
});
