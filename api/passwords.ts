import { type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import type { Chance } from '../platform/random.ts';

/**
 * Passwords as accounts keep them: scrypt in PHC format, `$scrypt$ln=15,r=8,p=1$salt$hash`, base64 without padding. One
 * hash takes about 0.1 s of a pool thread and 32 MiB. Source: https://github.com/P-H-C/phc-string-format
 */
export async function hashPassword(password: string, chance: Chance): Promise<string> {
  const salt = Buffer.from(chance.bytes(16));
  const key = await derive(password, salt, cost, keyBytes);
  return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${base64(salt)}$${base64(key)}`;
}

/** False also for a hash in another format, or one that would cost more than a machine should pay at a sign-in. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [, ln, r, p, salt, key] = phc.exec(hash) ?? [];
  if (salt === undefined || key === undefined) return false;
  const asked = { ln: Number(ln), r: Number(r), p: Number(p) };
  if (asked.ln < 1 || asked.ln > 18 || asked.r < 1 || asked.r > 16 || asked.p < 1 || asked.p > 4) return false;
  const expected = Buffer.from(key, 'base64');
  return timingSafeEqual(await derive(password, Buffer.from(salt, 'base64'), asked, expected.length), expected);
}

/** 16 characters that cannot be mistaken for each other or form a word, in fours: 76 bits. */
export function generatePassword(chance: Chance): string {
  let characters = '';
  while (characters.length < 16) {
    // Bytes beyond the last whole alphabet would make its first letters more likely.
    for (const byte of chance.bytes(32)) if (byte < fairBelow) characters += alphabet[byte % alphabet.length];
  }
  return (characters.slice(0, 16).match(/.{4}/g) ?? []).join('-');
}

/** Compared against when there is no such account, so that the time of an answer does not tell. */
export const nobodysHash = `$scrypt$ln=15,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

const cost = { ln: 15, r: 8, p: 1 };
const keyBytes = 32;
const phc = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;
const alphabet = 'bcdfghjkmnpqrstvwxyz23456789';
const fairBelow = 256 - (256 % alphabet.length);

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replaceAll('=', '');

function derive(password: string, salt: Uint8Array, { ln, r, p }: typeof cost, length: number): Promise<Buffer> {
  const N = 2 ** ln;
  const options: ScryptOptions = { N, r, p, maxmem: 256 * N * r };
  return new Promise((resolve, reject) =>
    scrypt(password.normalize('NFKC'), salt, length, options, (error, key) => (error ? reject(error) : resolve(key))),
  );
}
