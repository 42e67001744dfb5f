import { createHash } from 'node:crypto';
import type { Chance } from '../platform/random.ts';

/**
 * Chance that is the same in every run: a stream of its own for each name under a seed, so that what one part draws moves
 * no other. The generator is sfc32 (Doty-Humphrey, PractRand), whose state comes from a hash of both.
 */
export function chanceOf(seed: number, name: string): Chance {
  const digest = createHash('sha256').update(`${seed}\n${name}`).digest();
  let [a, b, c, counter] = [0, 4, 8, 12].map((at) => digest.readUInt32LE(at)) as [number, number, number, number];
  function next(): number {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
  return {
    fraction: () => next() / 2 ** 32,
    bytes: (count) => Uint8Array.from({ length: count }, () => next() >>> 24),
  };
}

/** From `low` up to `high`, without it. */
export function between(chance: Chance, low: number, high: number): number {
  return low + chance.fraction() * (high - low);
}

/** A time that clocks can tell: whole ms, because instants are integers wherever they are written down. */
export function msBetween(chance: Chance, low: number, high: number): number {
  return Math.round(between(chance, low, high));
}

/** Errors: an empty list. */
export function oneOf<T>(chance: Chance, list: readonly T[]): T {
  const index = Math.floor(chance.fraction() * list.length);
  if (index >= list.length) throw new Error('nothing to choose from');
  return list[index] as T;
}
