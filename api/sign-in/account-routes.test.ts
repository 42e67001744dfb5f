import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import type { AccountMade, AccountPage, LockoutPage, SessionAnswer } from '../answers.ts';
import { ask, openDesk, password, signedIn, standInAlarm } from '../desk.test-support.ts';
import { eastern, ofCounty, staff, staffedCounty } from '../rights/rights.test-support.ts';
import type { Api } from '../server.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const helperInEast = { role: 'village-helper', areaId: 'east' };

/** Beside the county's staff: `boss` manages accounts of the township and dispatches there, as one person often does. */
async function county() {
  const changes = [
    ...staffedCounty,
    staff('boss', { role: 'operator', areaId: 'township' }, { role: 'dispatcher', areaId: 'township' }),
    staff('far', { role: 'village-helper', areaId: 'west' }, { role: 'village-helper', areaId: 'east' }),
    staff('west-only', { role: 'village-helper', areaId: 'west' }),
  ];
  const alarm = standInAlarm({ changes });
  const api = await openDesk(alarm);
  closing.push(api.close);
  return { alarm, api };
}
type Program = Awaited<ReturnType<typeof signedIn>>;

const commandId = () => crypto.randomUUID();
const versionOf = async (program: Program, id: string) => {
  const { accounts } = (await (await program.get('/accounts?limit=200')).json()) as AccountPage;
  return accounts.find((one) => one.id === id)?.version ?? 0;
};
const patch = async (program: Program, id: string, words: object) =>
  program.ask('PATCH', `/accounts/${id}`, {
    commandId: commandId(),
    expectedVersion: await versionOf(program, id),
    ...words,
  });
const signIn = (api: Api, account: string, word = password) =>
  ask(api, 'POST', '/session', { body: { account, password: word } });

test('who manages accounts makes one with what they hold themselves; its password is shown once and opens it', async () => {
  const { api } = await county();
  const boss = await signedIn(api, 'boss');
  const asked = { commandId: commandId(), id: 'new-1', name: 'Bat', grants: [helperInEast] };
  const made = await boss.post('/accounts', asked);
  expect(made.status).toBe(201);
  const { account, password: first = '' } = (await made.json()) as AccountMade;
  expect(account).toMatchObject({ id: 'new-1', name: 'Bat', grants: [helperInEast] });
  const session = (await (await signIn(api, 'new-1', first)).json()) as SessionAnswer;
  expect(session).toMatchObject({ grants: [{ ...helperInEast, area: 'East Well' }] });
  expect(session.permissions).not.toContain('account:manage');
  // The same again shows nothing: what was shown was shown.
  expect((await boss.post('/accounts', asked)).status).toBe(409);
});

test('nobody gives what they do not hold, nor where they do not hold it', async () => {
  const { api } = await county();
  const boss = await signedIn(api, 'boss');
  const make = async (program: Program, ...grants: object[]) =>
    (await program.post('/accounts', { commandId: commandId(), id: 'new-2', name: 'Bat', grants })).status;
  expect(await make(boss, { role: 'data-admin', areaId: 'township' })).toBe(403);
  expect(await make(boss, { role: 'dispatcher', areaId: 'county' })).toBe(403);
  expect(await make(boss, { role: 'dispatcher' })).toBe(403);
  expect(await make(boss, helperInEast, { role: 'auditor', areaId: 'east' })).toBe(403);
  // Managing accounts alone makes nobody who sees what is personal, and so no way to it.
  const operator = await signedIn(api, ofCounty('operator'));
  expect(await make(operator, helperInEast)).toBe(403);
  expect(await make(operator, { role: 'operator', areaId: 'east' })).toBe(201);
});

test('nobody changes their own rights, and nobody sets a password behind which there is more than they hold', async () => {
  const { api } = await county();
  const operator = await signedIn(api, ofCounty('operator'));
  const own = ofCounty('operator');
  const grants = [{ role: 'operator', areaId: 'county' }];
  expect((await patch(operator, own, { grants: [...grants, helperInEast] })).status).toBe(403);
  expect((await patch(operator, own, { grants: [] })).status).toBe(403);
  const words = { commandId: commandId(), expectedVersion: await versionOf(operator, own) };
  expect((await operator.ask('DELETE', `/accounts/${own}`, words)).status).toBe(403);
  const other = { commandId: commandId(), expectedVersion: await versionOf(operator, 'boss') };
  expect((await operator.post('/accounts/boss/password', other)).status).toBe(403);
});

test('rights are taken in the area that one manages, and those elsewhere stay', async () => {
  const { alarm, api } = await county();
  const east = await signedIn(api, eastern('operator'));
  const helperInWest = { role: 'village-helper', areaId: 'west' };
  expect((await patch(east, 'far', { grants: [helperInEast] })).status).toBe(403);
  expect((await patch(east, 'far', { name: 'Somebody else' })).status).toBe(403);
  expect((await patch(east, 'far', { grants: [helperInWest] })).status).toBe(200);
  expect(alarm.registry.account('far')?.grants).toEqual([helperInWest]);
  // Now the account is nobody's business in the east.
  expect((await patch(east, 'far', { grants: [] })).status).toBe(404);
});

test('an account of another area is not there: not in the list, and not by its id, which goes on record', async () => {
  const { alarm, api } = await county();
  const east = await signedIn(api, eastern('operator'));
  const { accounts } = (await (await east.get('/accounts?limit=200')).json()) as AccountPage;
  expect(accounts.map(({ id }) => id)).toContain(eastern('dispatcher'));
  for (const id of ['li', 'west-only', ofCounty('dispatcher')]) {
    expect(accounts.map((one) => one.id)).not.toContain(id);
    const words = { commandId: commandId(), expectedVersion: 1 };
    expect((await east.ask('DELETE', `/accounts/${id}`, words)).status).toBe(404);
    expect(alarm.commands).toContainEqual(
      expect.objectContaining({ type: 'look', how: 'refused', of: { type: 'account', id } }),
    );
  }
  expect(accounts.every((one) => !('hash' in one))).toBe(true);
});

test('whoever is removed, or loses a right, feels it at the next request', async () => {
  const { api } = await county();
  const li = await signedIn(api, 'li');
  const helper = await signedIn(api, eastern('village-helper'));
  expect((await helper.get('/incidents')).status).toBe(200);
  await patch(li, eastern('village-helper'), { grants: [{ role: 'auditor', areaId: 'east' }] });
  expect((await helper.get('/incidents')).status).toBe(403);
  const words = { commandId: commandId(), expectedVersion: await versionOf(li, eastern('village-helper')) };
  expect((await li.ask('DELETE', `/accounts/${eastern('village-helper')}`, words)).status).toBe(204);
  expect((await helper.get('/incidents')).status).toBe(401);
});

test('of two who change one account at once, one is told that it has changed', async () => {
  const { api } = await county();
  const li = await signedIn(api, 'li');
  const expectedVersion = await versionOf(li, 'boss');
  const change = (name: string) => li.ask('PATCH', '/accounts/boss', { commandId: commandId(), expectedVersion, name });
  expect((await change('First')).status).toBe(200);
  expect((await change('Second')).status).toBe(409);
});

test("a password of one's own: the old one is asked for, a poor one is refused, and every other session ends", async () => {
  const { api } = await county();
  const [here, elsewhere] = [await signedIn(api, 'boss'), await signedIn(api, 'boss')];
  const change = (current: string, next: string) => here.ask('PUT', '/session/password', { current, next });
  expect((await change('wrong', 'a better password')).status).toBe(401);
  for (const poor of [password, 'short', 'aaaaaaaaaaaaaaaa', 'boss12345678'])
    expect((await change(password, poor)).status, poor).toBe(400);
  const changed = await change(password, 'grass on the steppe');
  expect(changed.status).toBe(204);
  expect((await elsewhere.get('/session')).status).toBe(401);
  expect((await here.get('/session')).status).toBe(401);
  const cookie = changed.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  expect((await ask(api, 'GET', '/session', { cookie })).status).toBe(200);
  expect((await signIn(api, 'boss')).status).toBe(401);
  expect((await signIn(api, 'boss', 'grass on the steppe')).status).toBe(200);
});

test('a door that guessing has closed is seen by those who manage the account, and opened by them', async () => {
  const { api } = await county();
  const li = await signedIn(api, 'li');
  const east = await signedIn(api, eastern('operator'));
  for (let guess = 0; guess < 5; guess++) expect((await signIn(api, 'boss', `guess ${guess}`)).status).toBe(401);
  // Five were free; the next waits, and waiting is not yet a lock.
  expect((await signIn(api, 'boss')).status).toBe(429);
  expect(((await (await li.get('/lockouts')).json()) as LockoutPage).lockouts).toEqual([]);
  expect((await east.ask('DELETE', '/lockouts/li')).status).toBe(404);
  expect((await li.ask('DELETE', '/lockouts/boss')).status).toBe(404);
});

test('of the same request twice at once one shows a password, and it is the one that opens', async () => {
  const alarm = standInAlarm({ changes: staffedCounty, newsAfterMs: 150 });
  const api = await openDesk(alarm);
  closing.push(api.close);
  const li = await signedIn(api, 'li');
  const asked = { commandId: commandId(), id: 'new-1', name: 'Bat', grants: [helperInEast] };
  const answers = await Promise.all([1, 2].map(() => li.post('/accounts', asked)));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  const made = (await answers.find(({ status }) => status === 201)?.json()) as AccountMade;
  expect((await signIn(api, 'new-1', made.password)).status).toBe(200);
});

test('while it is not known what stands, neither a password nor a token is shown', async () => {
  const alarm = standInAlarm({ changes: staffedCounty, newsAfterMs: 30_000 });
  const hurried = { ...systemClock, after: (_ms: number, then: () => void) => systemClock.after(0, then) };
  const api = await openDesk(alarm, { clock: hurried });
  closing.push(api.close);
  const li = await signedIn(api, 'li');
  const version = await versionOf(li, 'nobody');
  const reset = await li.post('/accounts/nobody/password', { commandId: commandId(), expectedVersion: version });
  expect([reset.status, Object.keys((await reset.json()) as object)]).toEqual([202, ['account']]);
  const key = { commandId: commandId(), id: 'k1', name: 'K', grants: [helperInEast] };
  const made = await li.post('/api-keys', key);
  expect([made.status, Object.keys((await made.json()) as object)]).toEqual([202, ['key']]);
});

test('an account and a key never have one name: what they sign could not be told apart', async () => {
  const { alarm, api } = await county();
  const li = await signedIn(api, 'li');
  const words = (id: string) => ({ commandId: commandId(), id, name: 'N', grants: [helperInEast] });
  expect((await li.post('/api-keys', words('wang'))).status).toBe(409);
  expect((await li.post('/api-keys', words('k1'))).status).toBe(201);
  expect((await li.post('/accounts', words('k1'))).status).toBe(409);
  expect([alarm.registry.get('apiKey', 'wang'), alarm.registry.account('k1')]).toEqual([undefined, undefined]);
});
