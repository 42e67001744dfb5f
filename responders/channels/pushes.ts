import { createHash } from 'node:crypto';
import type { Inbound } from '../channel.ts';
import { codeOf, type Fields } from './provider-answer.ts';

/** Whoever understands what one provider pushes. */
export type PushTaker = {
  /** `key`: the same in every repeat. `keep` resolves when it is on record. Undefined: it cannot be read. */
  take(item: Fields): { key: string; keep: () => Promise<void> } | undefined;
};

/** Whoever takes what is pushed has to be told first where it goes: to answer 200 for nothing would lose it. */
export function listening(inbound: Inbound | undefined): Inbound {
  if (!inbound) throw new Error('a provider pushed before anybody listened');
  return inbound;
}

/** A text of bounded length; providers also send numbers for it. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 64) : '';
}

/**
 * The provider's number of something and when it was, since numbers begin anew; where it gives none, four digits made of what it says tell two
 * of one moment apart. More of them would let a telephone number be found by trying all.
 */
export function uniqueOf(number: unknown, at: string, parts: readonly string[]): string {
  const given = codeOf(number);
  const trait = given !== '' ? given : createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 4);
  return `${trait} ${at}`;
}
