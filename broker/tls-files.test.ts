import { readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { systemChance } from '../platform/random.ts';
import { Authority } from './authority.test-support.ts';
import { stoppedClock } from './broker.test-support.ts';
import { tlsUnderTest } from './secure-broker.test-support.ts';
import type { Tls } from './tls.ts';
import { tlsFolder } from './tls-folder.test-support.ts';
import { openTicketKeys } from './tls-tickets.ts';

const DAY_MS = 86_400_000;
const inUse = (tls: Tls) => String(tls.context().cert);
const issuedNow = async (authority: Authority, days = 30) =>
  authority.issue({ name: 'broker', dns: ['localhost'], days });
const readRefused = async (parts: Awaited<ReturnType<typeof tlsUnderTest>>) =>
  (await parts.metrics.tlsFilesRefused.get()).values[0]?.value;

test('files that do not fit together are refused, and what was in use stays in use', async () => {
  const setting = await tlsUnderTest();
  const { tls, folder, authority } = setting;
  const before = inUse(tls);
  const renewed = await issuedNow(authority);
  for (const broken of ['', 'no certificate', renewed.cert.slice(0, 300)]) {
    folder.write('broker.pem', broken);
    await tls.check();
    expect(inUse(tls)).toBe(before);
    expect(await readRefused(setting)).toBe(1);
  }
  folder.write('broker.pem', renewed.cert); // its key comes a moment later
  await tls.check();
  expect(inUse(tls)).toBe(before);
  folder.write('broker.key', renewed.key);
  await tls.check();
  expect(inUse(tls)).toBe(renewed.cert);
  expect(await readRefused(setting)).toBe(0);
});

test('a restart over broken files goes on with what worked before, and a first start says what is wrong', async () => {
  const setting = await tlsUnderTest();
  const { tls, folder, open } = setting;
  rmSync(folder.path('broker.key'));
  const again = await open();
  expect(inUse(again)).toBe(inUse(tls));
  expect(await readRefused(setting)).toBe(1);
  again.close();
  rmSync(folder.path('tls-in-use.json'));
  await expect(open()).rejects.toMatchObject({
    code: 'TLS_UNUSABLE',
    message: expect.stringContaining('broker.key (ENOENT)'),
  });
});

test('the copy of what is in use is for its owner alone', async () => {
  const { folder } = await tlsUnderTest();
  for (const name of ['tls-in-use.json', 'tls-tickets.key'])
    expect(statSync(folder.path(name)).mode & 0o777).toBe(0o600);
});

test('a link that is turned to another certificate is followed', async () => {
  const { tls, folder, authority } = await tlsUnderTest();
  const renewed = await issuedNow(authority);
  folder.write('new.pem', renewed.cert);
  folder.write('new.key', renewed.key);
  for (const kind of ['pem', 'key']) {
    symlinkSync(folder.path(`new.${kind}`), folder.path(`link.${kind}`));
    renameSync(folder.path(`link.${kind}`), folder.path(`broker.${kind}`));
  }
  await tls.check();
  expect(inUse(tls)).toBe(renewed.cert);
});

test('each problem names its file', async () => {
  const devices = await Authority.make();
  const setting = await tlsUnderTest({ devices });
  const { folder, open } = setting;
  rmSync(folder.path('tls-in-use.json'));
  const foreign = await (await Authority.make('Others')).revoke([]);
  for (const [name, content, problem] of [
    ['revoked.pem', foreign, 'revoked.pem: is signed by none of the client authorities'],
    ['devices.pem', 'nothing', 'devices.pem holds no certificate in PEM'],
    ['broker.key', 'nothing', 'broker.key is not the key of'],
  ] as const) {
    const right = readFileSync(folder.path(name));
    folder.write(name, content);
    await expect(open()).rejects.toThrow(problem);
    writeFileSync(folder.path(name), right);
  }
});

test('how long the certificate lasts can be watched', async () => {
  const { tls, metrics, folder, authority } = await tlsUnderTest();
  const daysLeft = async () => (await metrics.tlsCertificateDaysLeft.get()).values[0]?.value;
  expect(await daysLeft()).toBeCloseTo(10, 1);
  folder.install(await issuedNow(authority, 40));
  await tls.check();
  expect(await daysLeft()).toBeCloseTo(40, 1);
});

test('the files are looked at by themselves every ten seconds', async () => {
  const clock = { ...stoppedClock(), now: () => Date.now() };
  const { tls, folder, authority } = await tlsUnderTest({ clock });
  const renewed = await issuedNow(authority);
  folder.install(renewed);
  const changed = new Promise<void>((resolve) => tls.onChange(resolve));
  clock.advance(10_000);
  await changed;
  expect(inUse(tls)).toBe(renewed.cert);
});

test('the key of tickets outlives a restart, and not a week; it differs by what it is bound to', async () => {
  const { folder } = tlsFolder();
  const clock = stoppedClock();
  const open = () => openTicketKeys({ folder, clock, chance: systemChance, log: silentLog });
  const first = await open();
  const key = first.keysFor('a');
  expect(key).toHaveLength(48);
  expect(first.keysFor('b')).not.toEqual(key);
  clock.advance(6 * DAY_MS);
  expect((await open()).keysFor('a')).toEqual(key);
  expect(await first.renewIfDue()).toBe(false);
  clock.advance(DAY_MS);
  expect(await first.renewIfDue()).toBe(true);
  expect(first.keysFor('a')).not.toEqual(key);
  expect((await open()).keysFor('a')).toEqual(first.keysFor('a'));
});

test('a key of tickets that is damaged, of the future, or cannot be kept stops nobody', async () => {
  const { folder, path } = tlsFolder();
  const clock = stoppedClock();
  const open = (into = folder) => openTicketKeys({ folder: into, clock, chance: systemChance, log: silentLog });
  const keys: Buffer[] = [];
  for (const bytes of [Buffer.alloc(7), Buffer.alloc(40, 0x7f)]) {
    writeFileSync(path('tls-tickets.key'), bytes);
    keys.push((await open()).keysFor('a'));
  }
  keys.push((await open(`${folder}/absent`)).keysFor('a'));
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(3);
});
