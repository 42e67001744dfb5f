import { type Argon2Parameters, argon2, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import type { Chance } from '../../platform/random.ts';

/**
 * Passwords are compared and made by a few at a time: each takes 19 MiB and a pool thread for about 0.05 s, and a crowd of them must not
 * take the desk's memory. Two places are kept for whoever is known. Undefined: too many are under way, try again in a second.
 */
export function createPasswords({ chance }: { chance: Chance }) {
  let underWay = 0;
  async function bounded<T>(most: number, work: () => Promise<T>): Promise<T | undefined> {
    if (underWay >= most) return undefined;
    underWay += 1;
    return work().finally(() => {
      underWay -= 1;
    });
  }
  return {
    /** `isKnown`: somebody who is signed in, or who was before in the same browser. */
    verify: (password: string, hash: string, { isKnown }: { isKnown: boolean }) =>
      bounded(isKnown ? mostAtOnce : mostOfStrangers, () => verifyPassword(password, hash)),
    hash: (password: string) => bounded(mostAtOnce, () => hashPassword(password, chance)),
  };
}

export type Passwords = ReturnType<typeof createPasswords>;

/**
 * Passwords as accounts keep them: argon2id in PHC format, `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`, base64 without padding.
 * Source: OWASP Password Storage Cheat Sheet (19 MiB, two passes, one lane); RFC 9106; https://github.com/P-H-C/phc-string-format
 */
export async function hashPassword(password: string, chance: Chance): Promise<string> {
  const salt = chance.bytes(16);
  const key = await deriveArgon(password, salt, cost, keyBytes);
  if (!key) throw new Error('the cost of passwords is out of its own bounds');
  return `$argon2id$v=19$m=${cost.m},t=${cost.t},p=${cost.p}$${base64(salt)}$${base64(key)}`;
}

/**
 * Accounts of former releases have a hash by scrypt. False also for a hash in another format, or one that would cost more than a machine
 * should pay at a sign-in.
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const made = argonPhc.exec(hash)?.groups ?? scryptPhc.exec(hash)?.groups;
  if (made?.salt === undefined || made.key === undefined) return false;
  const [salt, expected] = [Buffer.from(made.salt, 'base64'), Buffer.from(made.key, 'base64')];
  const key = await (made.m === undefined
    ? deriveScrypt(password, salt, { ln: Number(made.ln), r: Number(made.r), p: Number(made.p) }, expected.length)
    : deriveArgon(password, salt, { m: Number(made.m), t: Number(made.t), p: Number(made.p) }, expected.length));
  return key !== undefined && timingSafeEqual(key, expected);
}

/** Whether it was made as passwords are made today; else it is made anew when its password is known, at a sign-in. */
export const isOfToday = (hash: string): boolean =>
  hash.startsWith(`$argon2id$v=19$m=${cost.m},t=${cost.t},p=${cost.p}$`);

/** Why nobody may choose it; undefined: it is good enough. Length is what counts, and that it is not one character again and again. */
export function passwordProblem(password: string, accountId: string): string | undefined {
  if (Array.from(password).length < shortest) return `a password has at least ${shortest} characters`;
  if (new Set(password).size < 6) return 'a password has at least 6 different characters';
  if (password.toLowerCase().includes(accountId.toLowerCase()) && password.length < accountId.length + shortest)
    return 'a password is not the name of the account';
  return undefined;
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

const mostAtOnce = 8;
const mostOfStrangers = 6;
const shortest = 12;
const cost = { m: 19_456, t: 2, p: 1 };
const keyBytes = 32;

/** Compared against when there is no such account, so that the time of an answer does not tell. */
export const nobodysHash = `$argon2id$v=19$m=${cost.m},t=${cost.t},p=${cost.p}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

const argonPhc =
  /^\$argon2id\$v=19\$m=(?<m>\d{1,6}),t=(?<t>\d{1,2}),p=(?<p>\d)\$(?<salt>[A-Za-z0-9+/]{11,86})\$(?<key>[A-Za-z0-9+/]{22,86})$/;
const scryptPhc =
  /^\$scrypt\$ln=(?<ln>\d{1,2}),r=(?<r>\d{1,2}),p=(?<p>\d)\$(?<salt>[A-Za-z0-9+/]{11,86})\$(?<key>[A-Za-z0-9+/]{22,86})$/;
const alphabet = 'bcdfghjkmnpqrstvwxyz23456789';
const fairBelow = 256 - (256 % alphabet.length);

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replaceAll('=', '');

type ArgonCost = typeof cost;
/** Undefined: it would cost too much, or is no cost at all. */
async function deriveArgon(password: string, nonce: Uint8Array, { m, t, p }: ArgonCost, tagLength: number) {
  if (m < 8 * p || m > 131_072 || t < 1 || t > 10 || p < 1 || p > 4) return undefined;
  const message = Buffer.from(password.normalize('NFKC'));
  const parameters: Argon2Parameters = { message, nonce, parallelism: p, tagLength, memory: m, passes: t };
  return new Promise<Buffer>((resolve, reject) =>
    argon2('argon2id', parameters, (error, key) => (error ? reject(error) : resolve(key))),
  );
}

type ScryptCost = { ln: number; r: number; p: number };
async function deriveScrypt(password: string, salt: Uint8Array, { ln, r, p }: ScryptCost, length: number) {
  if (ln < 1 || ln > 18 || r < 1 || r > 16 || p < 1 || p > 4) return undefined;
  const N = 2 ** ln;
  const options: ScryptOptions = { N, r, p, maxmem: 256 * N * r };
  return new Promise<Buffer>((resolve, reject) =>
    scrypt(password.normalize('NFKC'), salt, length, options, (error, key) => (error ? reject(error) : resolve(key))),
  );
}
