import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { put } from '../../records/registry.test-support.ts';
import type { DeliveryPage, SubscriptionMade, SubscriptionPage, SubscriptionShown } from '../answers.ts';
import { openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import { eastern, ofCounty, staff, staffedCounty } from '../rights/rights.test-support.ts';
import type { Api } from '../server.ts';
import type { SubscribedEvents } from './subscription-change.ts';
import * as schemas from './subscription-schemas.ts';

const open: Api[] = [];
afterEach(async () => {
  for (const api of open.splice(0)) await api.close();
});

const url = 'https://events.example.org/';
const whole = staff('manages-all', { role: 'data-admin' });

async function desk() {
  const alarm = standInAlarm({ changes: [...staffedCounty, whole] });
  const asked: unknown[] = [];
  const events: SubscribedEvents = {
    mostSubscriptions: 4,
    health: () => ({ waiting: 0, missed: 0, replaying: false }),
    publicKey: () => 'whpk_key',
    addressProblem: (url) => (url.includes('10.') ? 'not a public address' : undefined),
    async test(id) {
      asked.push(['test', id]);
      return {
        at: 1,
        eventId: 'msg_1',
        type: 'subscription.test',
        attempt: 1,
        outcome: 'delivered',
        detail: '',
        tookMs: 1,
      };
    },
    async deliveries(id, page) {
      asked.push(['deliveries', id, page]);
      return { deliveries: [], next: '1-20' };
    },
    async replay(id, range) {
      asked.push(['replay', id, range]);
      return 'at' in range.from ? undefined : { from: 'a', to: 'b', isWhole: true };
    },
  };
  const api = await openDesk(alarm, { events });
  open.push(api);
  const as = (account: string) => signedIn(api, account);
  return { api, alarm, asked, as, eastern: await as(eastern('data-admin')) };
}
type Staff = Awaited<ReturnType<typeof signedIn>>;
let count = 0;
const commandId = () => `command-${++count}-of-test`;
const putting = (staff: Staff, id: string, more: object = {}) =>
  staff.ask('PUT', `/subscriptions/${id}`, {
    ...{ name: 'Platform', areaId: 'east', types: ['incident.opened'], url },
    ...{ commandId: commandId(), expectedVersion: 0, ...more },
  });
const make = async (staff: Staff, id: string, more: object = {}) =>
  (await (await putting(staff, id, more)).json()) as SubscriptionMade;
const shown = async (staff: Staff, id: string) =>
  (await (await staff.get(`/subscriptions/${id}`)).json()) as SubscriptionShown;

test('whoever manages an area makes a subscription there, and sees its secret once', async () => {
  const { eastern } = await desk();
  const response = await putting(eastern, 'platform');
  expect(response.status).toBe(201);
  const { subscription, secret } = (await response.json()) as SubscriptionMade;
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(subscription).toEqual({
    ...{ id: 'platform', name: 'Platform', areaId: 'east', types: ['incident.opened'], url, paused: false },
    ...{ version: expect.any(Number), publicKey: 'whpk_key', health: { waiting: 0, missed: 0, replaying: false } },
  });
  expect(JSON.stringify(await shown(eastern, 'platform'))).not.toContain(secret);
  const list = (await (await eastern.get('/subscriptions')).json()) as SubscriptionPage;
  expect(list).toEqual({ subscriptions: [subscription] });
});

test('made again by the same command it shows no secret, and is not made twice', async () => {
  const { eastern, alarm } = await desk();
  const once = commandId();
  await putting(eastern, 'platform', { commandId: once });
  const again = await putting(eastern, 'platform', { commandId: once });
  expect(again.status).toBe(409);
  expect(await again.text()).not.toContain('whsec_');
  expect([...alarm.registry.list('subscription')]).toHaveLength(1);
});

test('of two who change the same version one is told that it has changed', async () => {
  const { eastern } = await desk();
  const { subscription, secret } = await make(eastern, 'platform');
  const expectedVersion = subscription.version;
  const first = await putting(eastern, 'platform', { name: 'A', expectedVersion, paused: true });
  expect(first.status).toBe(200);
  expect(await first.json()).toMatchObject({ name: 'A', paused: true });
  expect((await putting(eastern, 'platform', { name: 'B', expectedVersion })).status).toBe(409);
  expect((await putting(eastern, 'platform', { name: 'B' })).status).toBe(409);
  expect(JSON.stringify(await shown(eastern, 'platform'))).not.toContain(secret);
});

test('a new secret is shown once, and the one before signs beside it for a day', async () => {
  const { eastern, alarm } = await desk();
  const { subscription, secret } = await make(eastern, 'platform');
  const expectedVersion = subscription.version;
  const response = await eastern.post('/subscriptions/platform/rotate-secret', {
    commandId: commandId(),
    expectedVersion,
  });
  expect(response.status).toBe(200);
  const rotated = (await response.json()) as SubscriptionMade;
  expect(rotated.secret).not.toBe(secret);
  const dayMs = 24 * 3_600_000;
  expect((rotated.subscription.previousUntil ?? 0) - Date.now()).toBeGreaterThan(dayMs - 60_000);
  const kept = alarm.registry.get('subscription', 'platform');
  expect(kept).toMatchObject({ secret: rotated.secret, previous: { secret } });
  // A change of something else leaves both.
  await putting(eastern, 'platform', { name: 'A', expectedVersion: rotated.subscription.version });
  expect(alarm.registry.get('subscription', 'platform')).toMatchObject({
    secret: rotated.secret,
    previous: { secret },
  });
});

test('a subscription of another area is not there, whoever asks what of it, and asking is on record', async () => {
  const { as, eastern, alarm } = await desk();
  const { subscription } = await make(await as(ofCounty('data-admin')), 'western', { areaId: 'west' });
  const expected = { commandId: commandId(), expectedVersion: subscription.version };
  const asked = [
    await eastern.get('/subscriptions/western'),
    await putting(eastern, 'western', { expectedVersion: subscription.version }),
    await eastern.ask('DELETE', '/subscriptions/western', expected),
    await eastern.post('/subscriptions/western/rotate-secret', expected),
    await eastern.post('/subscriptions/western/test', {}),
    await eastern.get('/subscriptions/western/deliveries'),
    await eastern.post('/subscriptions/western/replay', { from: '2026-11-03T00:00:00Z' }),
  ];
  const absent = await eastern.get('/subscriptions/nothing');
  for (const response of asked) {
    expect(response.status).toBe(404);
    const problem = (await response.json()) as { detail: string };
    expect(problem.detail.replace('western', 'nothing')).toBe('there is no subscription nothing');
  }
  expect(absent.status).toBe(404);
  expect(await (await eastern.get('/subscriptions')).json()).toEqual({ subscriptions: [] });
  expect(alarm.commands).toContainEqual(
    expect.objectContaining({ type: 'look', how: 'refused', of: { type: 'subscription', id: 'western' } }),
  );
});

test('nobody subscribes to an area that they do not manage, nor moves one there', async () => {
  const { eastern } = await desk();
  const details = async (response: Response) => ((await response.json()) as { detail: string }).detail;
  const foreign = await details(await putting(eastern, 'platform', { areaId: 'west' }));
  const absent = await details(await putting(eastern, 'platform', { areaId: 'nowhere' }));
  expect(foreign.replace('west', 'nowhere')).toBe(absent);
  const { subscription } = await make(eastern, 'platform');
  const moved = await putting(eastern, 'platform', { areaId: 'west', expectedVersion: subscription.version });
  expect(moved.status).toBe(400);
});

test('the whole installation is for those who manage all of it, and a county is not all of it', async () => {
  const { as } = await desk();
  const everywhere = { areaId: undefined };
  expect((await putting(await as(ofCounty('data-admin')), 'all', everywhere)).status).toBe(400);
  const manager = await as('manages-all');
  expect((await putting(manager, 'all', everywhere)).status).toBe(201);
  expect((await (await as(ofCounty('data-admin'))).get('/subscriptions/all')).status).toBe(404);
});

test('who may not manage subscriptions is told so', async () => {
  const { as } = await desk();
  for (const account of [eastern('dispatcher'), eastern('operator'), 'nobody']) {
    expect((await (await as(account)).get('/subscriptions')).status, account).toBe(403);
  }
});

test('an address that could never be reached, a wrong type and a missing version are refused', async () => {
  const { eastern } = await desk();
  const wrong = [
    { url: 'http://10.0.0.1/' },
    { url: 'ftp://a.example/' },
    { types: ['incident.exploded'] },
    { types: [] },
  ];
  for (const one of wrong) expect((await putting(eastern, 'platform', one)).status, JSON.stringify(one)).toBe(400);
  expect((await putting(eastern, 'platform', { expectedVersion: undefined })).status).toBe(428);
  expect((await putting(eastern, 'no spaces')).status).toBe(400);
});

test('there are only so many', async () => {
  const { eastern } = await desk();
  for (const id of ['a', 'b', 'c', 'd']) expect((await putting(eastern, id)).status).toBe(201);
  expect((await putting(eastern, 'e')).status).toBe(409);
});

test('a subscription ends', async () => {
  const { eastern, alarm } = await desk();
  const { subscription } = await make(eastern, 'platform');
  const expected = { commandId: commandId(), expectedVersion: subscription.version };
  expect((await eastern.ask('DELETE', '/subscriptions/platform', expected)).status).toBe(204);
  expect([...alarm.registry.list('subscription')]).toEqual([]);
});

test('a test, the log of deliveries and a replay are asked of what follows the journal', async () => {
  const { eastern, asked } = await desk();
  await make(eastern, 'platform');
  const position = `${'a'.repeat(32)}/0/7`;
  expect((await eastern.post('/subscriptions/platform/test', {})).status).toBe(200);
  const page = (await (
    await eastern.get('/subscriptions/platform/deliveries?limit=5&cursor=2-40')
  ).json()) as DeliveryPage;
  expect(page).toEqual({ deliveries: [], next: '1-20' });
  const replay = (body: object) => eastern.post('/subscriptions/platform/replay', body);
  expect((await replay({ from: position, to: '2026-11-03T08:00:00+08:00' })).status).toBe(202);
  expect((await replay({ from: '2026-11-03T00:00:00Z' })).status).toBe(409);
  expect((await replay({ from: 'yesterday' })).status).toBe(400);
  expect(asked).toEqual([
    ['test', 'platform'],
    ['deliveries', 'platform', { limit: 5, before: '2-40' }],
    ['replay', 'platform', { from: { position }, to: { at: Date.UTC(2026, 10, 3) } }],
    ['replay', 'platform', { from: { at: Date.UTC(2026, 10, 3) } }],
  ]);
});

test('a subscription that an import made is managed like any other', async () => {
  const { as, alarm } = await desk();
  alarm.registry.apply([
    put('subscription', { id: 'old', name: 'Old', types: ['visit.recorded'], url, secret: `whsec_${'A'.repeat(40)}` }),
  ]);
  expect(await shown(await as('manages-all'), 'old')).toMatchObject({ id: 'old', types: ['visit.recorded'] });
});

test('every example of what is asked and answered is one', () => {
  const examples = Object.values(schemas).flatMap((schema) => {
    const found = schema instanceof z.ZodType ? (schema.meta()?.examples ?? []) : [];
    return (found as unknown[]).map((example) => (schema as z.ZodType).safeParse(example).error);
  });
  expect(examples.length).toBeGreaterThan(6);
  expect(examples.filter((error) => error !== undefined)).toEqual([]);
});
