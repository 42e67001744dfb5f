import type { Chance } from '../../platform/random.ts';

/**
 * The bytes of one file twice: as processes see them, and as they are after a power cut. What was written and not synced is
 * always the end of the file, from a place on: files grow at their end, and what is written once more is written up to it.
 */
export class SimulatedFile {
  readonly #seen: GrowingBytes;
  readonly #durable: GrowingBytes;
  #unsyncedFrom: number;
  /** How much of the durable bytes the next sync leaves: they are cut when the file was. */
  #uncutTo: number;

  /** Everything in it is durable. */
  constructor(bytes: Uint8Array = new Uint8Array()) {
    this.#seen = new GrowingBytes(bytes);
    this.#durable = new GrowingBytes(bytes);
    this.#unsyncedFrom = bytes.length;
    this.#uncutTo = bytes.length;
  }

  get length(): number {
    return this.#seen.length;
  }

  read(from: number, bytes: number): Uint8Array {
    return this.#seen.slice(from, from + bytes);
  }

  write(at: number, bytes: Uint8Array): void {
    this.#seen.write(at, bytes);
    this.#unsyncedFrom = Math.min(this.#unsyncedFrom, at);
  }

  truncate(to: number): void {
    this.#seen.truncate(to);
    this.#unsyncedFrom = Math.min(this.#unsyncedFrom, to);
    this.#uncutTo = Math.min(this.#uncutTo, to);
  }

  /** What stands from there on is written once more. */
  rewrite(from: number): void {
    this.#unsyncedFrom = Math.min(this.#unsyncedFrom, from);
  }

  /** Where an earlier sync failed and nothing was written since, zeros are kept. */
  sync(): void {
    this.#durable.truncate(this.#uncutTo);
    this.#durable.write(this.#unsyncedFrom, this.#seen.view(this.#unsyncedFrom, this.length));
    this.#unsyncedFrom = this.length;
    this.#uncutTo = this.length;
  }

  /** The system takes the bytes for written: no later sync brings them to the disk, unless they are written once more. */
  failSync(): void {
    this.#unsyncedFrom = this.length;
  }

  flip(at: number): void {
    this.#seen.flip(at);
    this.#durable.flip(at);
  }

  /** Of what was not synced a beginning of any length may be on the disk, and a byte of that may be another. */
  cutPower(chance: Chance, { tornChance, flippedChance }: { tornChance: number; flippedChance: number }): void {
    const unsynced = this.#seen.slice(this.#unsyncedFrom, this.length);
    if (unsynced.length > 0 && chance.fraction() < tornChance) {
      const torn = beginningOf(unsynced, chance);
      this.#durable.truncate(this.#uncutTo);
      // Where the same bytes were written once more, they are there either way.
      const newFrom = Math.max(this.#unsyncedFrom, this.#durable.length);
      this.#durable.write(this.#unsyncedFrom, torn);
      const flippedAt = newFrom + Math.floor(chance.fraction() * (this.#durable.length - newFrom));
      if (chance.fraction() < flippedChance) this.#durable.flip(flippedAt);
    }
    this.#seen.truncate(0);
    this.#seen.write(0, this.#durable.view(0, this.#durable.length));
    this.#unsyncedFrom = this.length;
    this.#uncutTo = this.length;
  }
}

/** Any length, nothing and all of it too. */
export function beginningOf(bytes: Uint8Array, chance: Chance): Uint8Array {
  return bytes.subarray(0, Math.floor(chance.fraction() * (bytes.length + 1)));
}

/** Room grows by doubling. Behind the end there are only zeros, so that a gap reads as such. */
class GrowingBytes {
  #buffer: Uint8Array;
  #length: number;

  constructor(bytes: Uint8Array) {
    this.#buffer = bytes.slice();
    this.#length = bytes.length;
  }

  get length(): number {
    return this.#length;
  }

  slice(from: number, to: number): Uint8Array {
    return this.view(from, to).slice();
  }
  /** The same bytes, as long as nothing is written. */
  view(from: number, to: number): Uint8Array {
    return this.#buffer.subarray(from, Math.max(from, Math.min(to, this.#length)));
  }

  write(at: number, bytes: Uint8Array): void {
    const end = at + bytes.length;
    if (end > this.#buffer.length) {
      const grown = new Uint8Array(2 * end);
      grown.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, at);
    this.#length = Math.max(this.#length, end);
  }

  truncate(to: number): void {
    this.#buffer.fill(0, Math.min(to, this.#length), this.#length);
    this.#length = Math.min(to, this.#length);
  }

  flip(at: number): void {
    if (at < this.#length) this.#buffer[at] = (this.#buffer[at] ?? 0) ^ 0x40;
  }
}
