import { expect, test } from 'vitest';
import { systemChance } from '../platform/random.ts';
import { deviceKeys } from './device-keys.ts';

const keys = deviceKeys({ pepper: Buffer.from('a pepper of this installation'), chance: systemChance });

test('a secret and a code open what was kept of them, for their device and installation alone', () => {
  const { secret, credential } = keys.newSecret();
  const { code, claim } = keys.newCode('d1');
  expect([keys.isSecret(secret, credential), keys.isCode('d1', code, claim)]).toEqual([true, true]);
  expect(keys.isSecret(`${secret}x`, credential)).toBe(false);
  expect(keys.isCode('d2', code, claim)).toBe(false);
  const elsewhere = deviceKeys({ pepper: Buffer.from('another'), chance: systemChance });
  expect([elsewhere.isSecret(secret, credential), elsewhere.isCode('d1', code, claim)]).toEqual([false, false]);
  expect([keys.isSecret(secret, undefined), keys.isCode('d1', code, undefined)]).toEqual([false, false]);
});

test('a code cannot be used as a secret, nor what is kept of it', () => {
  const { code, claim } = keys.newCode('d1');
  expect(keys.isSecret(code, claim)).toBe(false);
  expect(keys.isCode('d1', code, keys.credentialOf(code))).toBe(false);
});

test('what was kept holds neither secret nor code, and the same one is kept otherwise each time', () => {
  const { code, claim } = keys.newCode('d1');
  expect(JSON.stringify(claim)).not.toContain(code.slice(0, 4));
  expect(keys.claimOf('d1', code)).not.toEqual(claim);
  expect(keys.isCode('d1', code, keys.claimOf('d1', code))).toBe(true);
});

test('no spreadsheet takes a secret for a formula or a number', () => {
  let count = 0;
  // Base64url begins with "-" for 0xf8.
  const chance = {
    bytes: (length: number) => new Uint8Array(length).fill(count++ === 0 ? 0xf8 : 7),
    fraction: () => 0,
  };
  expect(deviceKeys({ pepper: Buffer.from('p'), chance }).newSecret().secret).toMatch(/^B/);
  expect(
    Array.from({ length: 200 }, () => keys.newSecret().secret).filter((secret) => !/^[A-Za-z]/.test(secret)),
  ).toEqual([]);
});
