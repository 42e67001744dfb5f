import { randomBytes, randomInt } from 'node:crypto';

/** Chance as a port, so that a simulated world can be repeated from its seed. `fraction` is in [0, 1). */
export type Chance = {
  bytes(count: number): Uint8Array;
  fraction(): number;
};

export const systemChance: Chance = {
  bytes: (count) => randomBytes(count),
  fraction: () => randomInt(2 ** 47) / 2 ** 47,
};
