/** Counts what each holds, and knows at once who holds most. */
export class Tally<Key> {
  readonly #counts = new Map<Key, number>();
  /** By count; the last is never empty. Who came to a count first stands first. */
  readonly #byCount: Set<Key>[] = [];

  of(key: Key): number {
    return this.#counts.get(key) ?? 0;
  }

  most(): Key | undefined {
    return this.#byCount.at(-1)?.values().next().value;
  }

  add(key: Key, by: 1 | -1): void {
    const before = this.of(key);
    const count = before + by;
    this.#byCount[before - 1]?.delete(key);
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
    if (count > this.#byCount.length) this.#byCount.push(new Set());
    this.#byCount[count - 1]?.add(key);
    while (this.#byCount.at(-1)?.size === 0) this.#byCount.pop();
  }
}
