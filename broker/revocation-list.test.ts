import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { Authority } from './authority.test-support.ts';
import { readRevocationLists, serialOf } from './revocation-list.ts';

const DAY_MS = 86_400_000;
const asRead = (authority: Authority) => new X509Certificate(authority.pem());

test('a list names its authority, the revoked, and when the next one is due', async () => {
  const authority = await Authority.make();
  const [revoked, good] = [await authority.issue({}), await authority.issue({})];
  const list = await authority.revoke([revoked]);
  const [read] = readRevocationLists(Buffer.from(list), [asRead(await Authority.make('Others')), asRead(authority)]);
  expect(read?.authority.fingerprint256).toBe(asRead(authority).fingerprint256);
  expect(read?.serials.has(serialOf(new X509Certificate(revoked.cert)))).toBe(true);
  expect(read?.serials.has(serialOf(new X509Certificate(good.cert)))).toBe(false);
  expect(Math.abs((read?.nextUpdateAt ?? 0) - Date.now() - 10 * DAY_MS)).toBeLessThan(60_000);
});

test('a list without anybody is one, and a file may hold several', async () => {
  const [one, two] = [await Authority.make('One'), await Authority.make('Two')];
  const both = (await one.revoke([])) + (await two.revoke([await two.issue({})]));
  const read = readRevocationLists(Buffer.from(both), [asRead(one), asRead(two)]);
  expect(read.map(({ serials }) => serials.size)).toEqual([0, 1]);
});

test('a list in DER is read as well', async () => {
  const authority = await Authority.make();
  const pem = await authority.revoke([await authority.issue({})]);
  const der = Buffer.from(pem.replaceAll(/-----[^-]+-----/g, ''), 'base64');
  expect(readRevocationLists(der, [asRead(authority)])[0]?.serials.size).toBe(1);
});

test('a negative serial number is the same in a certificate and in a list', async () => {
  const authority = await Authority.make();
  const issued = await authority.issue({ serial: '7b' });
  const certificate = new X509Certificate(authority.withNegativeSerial(issued.cert));
  expect(serialOf(certificate)).toBe('-5');
  const list = authority.withNegativeSerial(await authority.revoke([issued]));
  const [read] = readRevocationLists(Buffer.from(list), [asRead(authority)]);
  expect([...(read?.serials ?? [])]).toEqual(['-5']);
});

test('an authority with a key of another kind does not stand in the way of the one that signed', async () => {
  const authority = await Authority.make();
  const other = { publicKey: generateKeyPairSync('ed25519').publicKey } as X509Certificate;
  const list = Buffer.from(await authority.revoke([]));
  expect(readRevocationLists(list, [other, asRead(authority)])).toHaveLength(1);
});

test('what another authority signed, or nobody, is no list', async () => {
  const authority = await Authority.make();
  const foreign = await (await Authority.make()).revoke([]);
  expect(() => readRevocationLists(Buffer.from(foreign), [asRead(authority)])).toThrow(
    'none of the client authorities',
  );
  const list = Buffer.from((await authority.revoke([])).replaceAll(/-----[^-]+-----/g, ''), 'base64');
  // The last hundred bytes are the signature and its algorithm, which nobody signs.
  for (let at = 4; at < list.length - 100; at++) {
    expect(() => readRevocationLists(list.subarray(0, at), [asRead(authority)])).toThrow();
    const changed = Buffer.from(list);
    changed[at] = (changed[at] ?? 0) ^ 0x55;
    expect(() => readRevocationLists(changed, [asRead(authority)])).toThrow();
  }
});
