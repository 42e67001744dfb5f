import { scryptSync } from 'node:crypto';
import Fastify from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { systemChance } from '../../platform/random.ts';
import { put } from '../../records/registry.test-support.ts';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import type { LockoutPage } from '../answers.ts';
import { ask, deskRegistry, openDesk, password, signedIn, standInAlarm } from '../desk.test-support.ts';
import { sessionRoutes } from './session-routes.ts';
import { createSessions } from './sessions.ts';
import { createSignInDoors } from './sign-in-doors.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const HOUR_MS = 3_600_000;
const li = { id: 'li', name: 'Li', hash: 'one', language: 'en' as const };

function doorsOf() {
  const clock = new VirtualClock({ startAt: 0 });
  const accounts = new Map([['li', li]]);
  const doors = createSignInDoors({ clock, chance: systemChance, account: (id) => accounts.get(id) });
  /** Guesses until the door is locked, each as soon as it may. */
  async function lock(door: Parameters<typeof doors.limitsOf>[0]): Promise<number> {
    const limits = doors.limitsOf(door);
    let guesses = 0;
    while (!doors.isLocked(limits)) {
      const waitMs = doors.attempt(limits);
      if (waitMs === 0) guesses += 1;
      else await clock.advance(waitMs);
    }
    return guesses;
  }
  return { clock, doors, lock, accounts };
}

test('ten wrong passwords lock the door through which they came, for a day, and no other door of the account', async () => {
  const { clock, doors, lock } = doorsOf();
  const here = { accountId: 'li', address: '10.0.0.7' };
  expect(await lock(here)).toBe(10);
  expect(doors.locked()).toEqual([{ account: 'li', from: '10.0.0.7', leftMs: 24 * HOUR_MS }]);
  expect(doors.attempt(doors.limitsOf({ ...here, address: '10.0.0.8' }))).toBe(0);
  expect(doors.attempt(doors.limitsOf({ accountId: 'wang', address: '10.0.0.7' }))).toBe(0);
  await clock.advance(24 * HOUR_MS - 1);
  expect(doors.attempt(doors.limitsOf(here))).toBe(1);
  await clock.advance(1);
  expect(doors.attempt(doors.limitsOf(here))).toBe(0);
});

test('a browser in which somebody signed in before has its own door: guessing from the same address does not close it', async () => {
  const { doors, lock } = doorsOf();
  const here = { accountId: 'li', address: '10.0.0.7' };
  const known = { ...here, deviceCookie: doors.deviceCookie(li) };
  await lock(here);
  expect(doors.attempt(doors.limitsOf(known))).toBe(0);
  // It is locked by its own guesses alone, and then for itself alone.
  await lock(known);
  expect(doors.attempt(doors.limitsOf({ ...here, deviceCookie: doors.deviceCookie(li) }))).toBe(0);
});

test('a cookie of another account, of an old password, or of somebody’s own making is no key to a door', async () => {
  const { doors, lock } = doorsOf();
  const here = { accountId: 'li', address: '10.0.0.7' };
  await lock(here);
  const foreign = [
    doors.deviceCookie({ ...li, id: 'wang' }),
    doors.deviceCookie({ ...li, hash: 'before' }),
    ...['', '.', 'device.mac', `${doors.deviceCookie(li)}x`],
  ];
  for (const deviceCookie of foreign)
    expect(doors.isLocked(doors.limitsOf({ ...here, deviceCookie })), deviceCookie).toBe(true);
});

test('a new password has its doors open, and those of the old one are forgotten', async () => {
  const { doors, lock, accounts } = doorsOf();
  const here = { accountId: 'li', address: '10.0.0.7' };
  await lock(here);
  accounts.set('li', { ...li, hash: 'another' });
  expect(doors.attempt(doors.limitsOf(here))).toBe(0);
  expect(doors.locked()).toEqual([]);
});

test('all addresses of one IPv6 network are one door', async () => {
  const { doors, lock } = doorsOf();
  const at = (address: string) => doors.limitsOf({ accountId: 'li', address });
  await lock({ accountId: 'li', address: '2001:db8:1:2::1' });
  expect(doors.isLocked(at('2001:db8:1:2:ffff:1:2:3'))).toBe(true);
  expect(doors.isLocked(at('2001:db8:1:3::1'))).toBe(false);
});

/** Guesses at the desk until the door is locked; time passes as it has to. */
async function lockedDesk() {
  const clock = new VirtualClock({ startAt: Date.now() });
  const api = await openDesk(standInAlarm(), { clock });
  closing.push(api.close);
  const guess = (word: string, cookie?: string) =>
    ask(api, 'POST', '/session', { body: { account: 'wang', password: word }, ...(cookie && { cookie }) });
  const onDuty = await signedIn(api, 'wang');
  const first = await signedIn(api, 'li');
  for (let refused = 0; refused < 10; ) {
    const { status } = await guess('a guess');
    if (status === 401) refused += 1;
    else await clock.advance(60_000);
  }
  return { guess, onDuty, first };
}

test('whoever locks an account out locks out themselves: the person on duty still signs in, and operators see and open it', async () => {
  const { guess, onDuty, first } = await lockedDesk();
  const locked = await guess(password);
  expect([locked.status, await locked.json()]).toMatchObject([429, { code: 'locked' }]);
  expect((await guess(password, onDuty.cookie)).status).toBe(200);
  const { lockouts } = (await (await first.get('/lockouts')).json()) as LockoutPage;
  expect(lockouts).toMatchObject([{ account: 'wang', from: '127.0.0.1' }]);
  expect((await first.ask('DELETE', '/lockouts/wang')).status).toBe(204);
  expect((await guess(password)).status).toBe(200);
}, 20_000);

test('a hash of former releases still opens, and is made anew at the sign-in without ending a session', async () => {
  const salt = Buffer.alloc(16, 7);
  const key = scryptSync(password, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 });
  const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
  const hash = `$scrypt$ln=15,r=8,p=1$${text(salt)}$${text(key)}`;
  const old = put('account', { id: 'old', name: 'Old', hash, grants: [{ role: 'auditor' }] });
  const alarm = standInAlarm({ changes: [...deskRegistry, old] });
  const api = await openDesk(alarm);
  closing.push(api.close);
  const account = await signedIn(api, 'old');
  while (alarm.registry.account('old')?.hash === hash) await new Promise((next) => setTimeout(next, 5));
  expect(alarm.registry.account('old')).toMatchObject({
    hash: expect.stringMatching(/^\$argon2id\$/),
    grants: [{ role: 'auditor' }],
  });
  expect((await account.get('/session')).status).toBe(200);
  const deviceCookie = /steppewatch_device=([^;]+)/.exec(account.cookie)?.[1];
  const now = { clock: new VirtualClock({ startAt: 0 }), chance: systemChance, account: alarm.registry.account };
  expect(createSignInDoors(now).isKnown({ accountId: 'old', address: '10.0.0.7', deviceCookie })).toBe(true);
  expect((await signedIn(api, 'old')).cookie).toContain('steppewatch_session');
});

test('a sign-in at which nothing was compared is no wrong password, however often it comes', async () => {
  const clock = new VirtualClock({ startAt: 0 });
  const { registry, view, apply } = standInAlarm();
  const { account } = registry;
  const doors = createSignInDoors({ clock, chance: systemChance, account });
  let isBusy = true;
  const server = Fastify().setValidatorCompiler(validatorCompiler);
  await server.register(sessionRoutes, {
    ...{ registry, view, doors, clock, commands: { apply }, log: silentLog, metrics: createMetrics() },
    sessions: createSessions({ clock, chance: systemChance, account }),
    passwords: { verify: async () => (isBusy ? undefined : true), hash: async () => undefined },
    ...{ stream: { cut() {} }, unseal: () => undefined, timeZone: 'Asia/Shanghai' },
  });
  closing.push(() => server.close());
  const signIn = async () => {
    const { statusCode } = await server.inject({
      method: 'POST',
      url: '/session',
      payload: { account: 'li', password },
    });
    return statusCode;
  };
  for (let count = 0; count < 40; count++) expect(await signIn()).toBe(429);
  isBusy = false;
  expect(await signIn()).toBe(200);
});
