import type { Chance } from '../../platform/random.ts';
import { SimulatedFile } from './simulated-file.ts';

/** From now on the name stands for this file, or for none. Changes that are made together reach the disk together. */
export type NameChange = readonly [name: string, file: SimulatedFile | undefined];

/**
 * The names of files, as processes see them and as they are after a power cut. Changes reach the disk in their order, as on
 * file systems that keep a log of them; those that came after the last sync of a folder may be undone.
 */
export class SimulatedNames {
  #seen = new Map<string, SimulatedFile>();
  #durable = new Map<string, SimulatedFile>();
  #unsynced: (readonly NameChange[])[] = [];

  get(name: string): SimulatedFile | undefined {
    return this.#seen.get(name);
  }
  entries(): Iterable<[string, SimulatedFile]> {
    return this.#seen.entries();
  }

  change(...changes: readonly NameChange[]): void {
    apply(changes, this.#seen);
    this.#unsynced.push(changes);
  }

  sync(): void {
    for (const changes of this.#unsynced.splice(0)) apply(changes, this.#durable);
  }

  cutPower(chance: Chance, faults: { tornChance: number; flippedChance: number }): void {
    const survive =
      chance.fraction() < faults.tornChance ? Math.floor(chance.fraction() * (this.#unsynced.length + 1)) : 0;
    for (const changes of this.#unsynced.splice(0).slice(0, survive)) apply(changes, this.#durable);
    this.#seen = new Map(this.#durable);
    for (const file of this.#seen.values()) file.cutPower(chance, faults);
  }

  copy(without: (name: string) => boolean): SimulatedNames {
    const names = new SimulatedNames();
    for (const [name, file] of this.#seen) {
      if (!without(name)) names.change([name, new SimulatedFile(file.read(0, file.length))]);
    }
    names.sync();
    return names;
  }
}

function apply(changes: readonly NameChange[], names: Map<string, SimulatedFile>): void {
  for (const [name, file] of changes) {
    if (file) names.set(name, file);
    else names.delete(name);
  }
}
