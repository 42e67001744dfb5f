import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KeyFile } from './key-file.ts';
import type { Chance } from './random.ts';

/**
 * The wrapped keys of all owners, in two files of one folder. Release 0.1.0 reads the first alone: it ends at an owner whose kind it does
 * not know, and would destroy the key. So those of later kinds stand in the second, which a way back leaves as it is.
 * Errors: those of a file of keys.
 */
export class KeyFiles {
  readonly #first: KeyFile;
  readonly #second: KeyFile;
  readonly #secondPath: string;

  /** Without a first file there is nothing yet: the first flush makes both. */
  constructor({ folder, chance }: { folder: string; chance: Chance }) {
    const [first, second] = [join(folder, firstFile), join(folder, secondFile)];
    this.#secondPath = second;
    this.#first = existsSync(first) ? KeyFile.read({ path: first, chance }) : new KeyFile({ path: first, chance });
    this.#second = existsSync(second) ? KeyFile.read({ path: second, chance }) : new KeyFile({ path: second, chance });
  }

  owners(): string[] {
    return [...this.#first.owners(), ...this.#second.owners()];
  }
  get(owner: string): Uint8Array | undefined {
    return this.#fileOf(owner).get(owner);
  }
  isKept(owner: string): boolean {
    return this.#fileOf(owner).isKept(owner);
  }
  add(owner: string, wrapped: Uint8Array): void {
    this.#fileOf(owner).add(owner, wrapped);
  }
  destroy(owner: string): void {
    this.#fileOf(owner).destroy(owner);
  }
  async flush(): Promise<void> {
    await Promise.all([this.#first.flush(), this.#second.flush()]);
  }
  async close(): Promise<void> {
    await Promise.all([this.#first.close(), this.#second.close()]);
  }
  follow(): boolean {
    const isNew = this.#first.follow();
    return (existsSync(this.#secondPath) && this.#second.follow()) || isNew;
  }

  #fileOf(owner: string): KeyFile {
    return ofTheFirst.test(owner) ? this.#first : this.#second;
  }
}

export const firstFile = 'owner-keys';
const secondFile = 'owner-keys-2';
/** What 0.1.0 knows. */
const ofTheFirst = /^(?:installation:pepper$|(?:area|site|place|household|person|contact|device|account|ruleSetting):)/;
