import { expect, test } from 'vitest';
import { systemChance } from '../../platform/random.ts';
import { put } from '../../records/registry.test-support.ts';
import type { Account } from '../../records/registry.ts';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import { createThrottle } from '../throttle.ts';
import { createPasswords, generatePassword, hashPassword, nobodysHash, verifyPassword } from './passwords.ts';
import { createSessions } from './sessions.ts';

const HOUR_MS = 3_600_000;

test('a password opens its own hash alone, and the hash says how it was made', async () => {
  const hash = await hashPassword('steppe-grass-2', systemChance);
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(put('account', { id: 'li', name: 'Li', hash })).toBeDefined();
  expect(await verifyPassword('steppe-grass-2', hash)).toBe(true);
  expect(await verifyPassword('steppe-grass-3', hash)).toBe(false);
  expect(await hashPassword('steppe-grass-2', systemChance)).not.toBe(hash);
});

test('a hash in another format, or one that would cost too much, opens for nobody', async () => {
  const hash = await hashPassword('x', systemChance);
  for (const wrong of ['', 'x', hash.replace('argon2id', 'argon2d'), hash.replace('m=19456', 'm=999999'), `${hash}$`]) {
    expect(await verifyPassword('x', wrong), wrong).toBe(false);
  }
  expect(await verifyPassword('x', nobodysHash)).toBe(false);
});

test('generated passwords can be read out, and are not alike', () => {
  const many = new Set(Array.from({ length: 200 }, () => generatePassword(systemChance)));
  expect(many.size).toBe(200);
  for (const password of many)
    expect(password).toMatch(/^([bcdfghjkmnpqrstvwxyz2-9]{4}-){3}[bcdfghjkmnpqrstvwxyz2-9]{4}$/);
});

test('guessing is slowed more and more, many at once gain nothing, and a success clears it', () => {
  const clock = new VirtualClock({ startAt: 0 });
  const throttle = createThrottle({ clock });
  const limits = [{ key: 'li from here', free: 5 }];
  const attempts = Array.from({ length: 8 }, () => throttle.attempt(limits));
  expect(attempts).toEqual([0, 0, 0, 0, 0, 30_000, 30_000, 30_000]);
  expect(throttle.attempt([{ key: 'li from elsewhere', free: 5 }])).toBe(0);
  throttle.succeeded(limits);
  expect(throttle.attempt(limits)).toBe(0);
});

test('the wait doubles up to a quarter of an hour, and an hour of quiet forgets', async () => {
  const clock = new VirtualClock({ startAt: 0 });
  const throttle = createThrottle({ clock });
  const limits = [{ key: 'k', free: 1 }];
  const waits: number[] = [];
  for (let count = 0; count < 8; count++) {
    throttle.attempt(limits);
    const waitMs = throttle.attempt(limits);
    waits.push(waitMs / 1000);
    await clock.advance(waitMs);
  }
  expect(waits).toEqual([30, 60, 120, 240, 480, 900, 900, 900]);
  await clock.advance(HOUR_MS);
  throttle.attempt(limits);
  expect(throttle.attempt(limits)).toBe(30_000);
});

function sessionsOf(accounts: Map<string, Account>) {
  const clock = new VirtualClock({ startAt: 0 });
  const sessions = createSessions({ clock, chance: systemChance, account: (id) => accounts.get(id) });
  return { clock, sessions };
}
const li: Account = { id: 'li', name: 'Li', hash: 'one', language: 'en' };

test('a session that is used stays, one that is not ends after a shift', async () => {
  const { clock, sessions } = sessionsOf(new Map([['li', li]]));
  const token = sessions.begin(li);
  for (let shift = 0; shift < 5; shift++) {
    await clock.advance(11 * HOUR_MS);
    expect(sessions.use(token)?.account.id).toBe('li');
  }
  await clock.advance(13 * HOUR_MS);
  expect(sessions.use(token)).toBeUndefined();
});

test('a page that only watches keeps its session, for a week', async () => {
  const { clock, sessions } = sessionsOf(new Map([['li', li]]));
  const token = sessions.begin(li);
  const key = sessions.use(token)?.key ?? '';
  let hours = 0;
  while (sessions.owner(key)) {
    await clock.advance(HOUR_MS);
    hours += 1;
  }
  expect(hours).toBe(7 * 24 + 1);
});

test('a new password and a removed account end every session', () => {
  const accounts = new Map([['li', li]]);
  const { sessions } = sessionsOf(accounts);
  const [first, second] = [sessions.begin(li), sessions.begin(li)];
  accounts.set('li', { ...li, hash: 'two' });
  expect(sessions.use(first)).toBeUndefined();
  const token = sessions.begin({ ...li, hash: 'two' });
  expect(sessions.use(token)).toBeDefined();
  accounts.delete('li');
  expect(sessions.use(token)).toBeUndefined();
  expect(sessions.use(second)).toBeUndefined();
});

test('one account cannot push the others out: its own quietest session makes room', async () => {
  const wang = { ...li, id: 'wang' };
  const { clock, sessions } = sessionsOf(
    new Map([
      ['li', li],
      ['wang', wang],
    ]),
  );
  const other = sessions.begin(wang);
  const tokens: string[] = [];
  for (let count = 0; count < 60; count++) {
    await clock.advance(1);
    tokens.push(sessions.begin(li));
  }
  expect(sessions.use(other)).toBeDefined();
  expect(tokens.filter((token) => sessions.use(token)).length).toBe(50);
  expect(sessions.use(tokens.at(-1) ?? '')).toBeDefined();
});

test('an attempt that was given back never was: it brings nobody nearer to a wait or a lock', async () => {
  const clock = new VirtualClock({ startAt: 0 });
  const throttle = createThrottle({ clock });
  const limits = [{ key: 'k', free: 5, lockAfter: 10 }];
  for (let count = 0; count < 50; count++) {
    expect(throttle.attempt(limits)).toBe(0);
    throttle.giveBack(limits);
  }
  for (let guesses = 0; guesses < 9; ) {
    const waitMs = throttle.attempt(limits);
    if (waitMs === 0) guesses += 1;
    else await clock.advance(waitMs);
  }
  await clock.advance(throttle.attempt(limits));
  expect(throttle.attempt(limits)).toBe(0);
  expect(throttle.isLocked('k')).toBe(true);
  throttle.giveBack(limits);
  expect(throttle.isLocked('k')).toBe(false);
  throttle.attempt(limits);
  expect(throttle.isLocked('k')).toBe(true);
});

test('a crowd of strangers leaves two places for whoever is known', async () => {
  const { verify } = createPasswords({ chance: systemChance });
  const ask = (isKnown: boolean) => verify('a guess of somebody', nobodysHash, { isKnown });
  const answers = await Promise.all([...Array.from({ length: 20 }, () => ask(false)), ask(true), ask(true), ask(true)]);
  expect(answers.map((answer) => answer === undefined)).toEqual([
    ...Array.from({ length: 6 }, () => false),
    ...Array.from({ length: 14 }, () => true),
    ...[false, false, true],
  ]);
});
