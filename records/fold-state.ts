/**
 * The state of a fold: named tables of immutable values, changed all together or not at all.
 * A step that throws leaves no trace, a preview never does, and a checkpoint takes what changed since the last one.
 */
export class FoldState {
  readonly #tables = new Map<string, Table<unknown>>();
  #undo: Undo[] | undefined;

  /** The table of that name; `derived` tables are indexes, which are rebuilt after a load and never saved. */
  table<V>(name: string, { derived = false } = {}): Table<V> {
    const existing = this.#tables.get(name);
    if (existing) return existing as Table<V>;
    const table = new Table<V>(name, derived, (undo) => this.#undo?.push(undo));
    this.#tables.set(name, table as Table<unknown>);
    return table;
  }

  /** Runs a step; when it throws, every table is as it was before. */
  attempt<T>(step: () => T): T {
    const outer = this.#undo;
    const mine: Undo[] = [];
    this.#undo = mine;
    try {
      const result = step();
      if (outer) for (const undo of mine) outer.push(undo);
      return result;
    } catch (error) {
      this.#undo = undefined;
      for (const undo of mine.reverse()) undo();
      throw error;
    } finally {
      this.#undo = outer;
    }
  }

  /** What a step would answer; every table is as it was before. */
  preview<T>(step: () => T): T {
    let result: { value: T } | undefined;
    try {
      this.attempt(() => {
        result = { value: step() };
        throw previewed;
      });
    } catch (error) {
      if (error !== previewed) throw error;
    }
    return (result as { value: T }).value;
  }

  /** For what is kept beside the tables: runs when the step that is now running leaves no trace, latest first. */
  onUndo(undo: () => void): void {
    this.#undo?.push(undo);
  }

  /** What changed since the last call; `undefined` stands for a deletion. */
  takeChanges(): StateChange[] {
    const changes: StateChange[] = [];
    for (const table of this.#tables.values()) {
      for (const key of table.takeChangedKeys()) changes.push({ table: table.name, key, value: table.get(key) });
    }
    return changes;
  }

  /** Everything that a snapshot keeps. Safe to consume slowly: later changes also come through `takeChanges`. */
  *entries(): IterableIterator<StateChange> {
    for (const table of this.#tables.values()) {
      if (table.derived) continue;
      for (const [key, value] of table.entries()) yield { table: table.name, key, value };
    }
  }

  /** Puts back what a checkpoint kept, without marking it as changed. */
  load({ table, key, value }: StateChange): void {
    this.table(table).load(key, value);
  }
}

export type StateChange = { table: string; key: string; value: unknown };

/** A map that remembers which keys changed. Values are replaced, never changed in place. */
export class Table<V> {
  readonly name: string;
  readonly derived: boolean;
  readonly #rows = new Map<string, V>();
  /** With repeats: to note a key once more is cheaper than to look whether it is noted. */
  #changed: string[] = [];
  #mostNoted = 1000;
  readonly #record: (undo: Undo) => void;

  constructor(name: string, derived: boolean, record: (undo: Undo) => void) {
    this.name = name;
    this.derived = derived;
    this.#record = record;
  }

  get size(): number {
    return this.#rows.size;
  }
  get(key: string): V | undefined {
    return this.#rows.get(key);
  }
  has(key: string): boolean {
    return this.#rows.has(key);
  }
  keys(): IterableIterator<string> {
    return this.#rows.keys();
  }
  values(): IterableIterator<V> {
    return this.#rows.values();
  }
  entries(): IterableIterator<[string, V]> {
    return this.#rows.entries();
  }

  set(key: string, value: V): void {
    const before = this.#rows.get(key);
    if (before === value) return;
    this.#record(() => this.load(key, before));
    this.#rows.set(key, value);
    if (!this.derived) this.#note(key);
  }

  delete(key: string): void {
    const before = this.#rows.get(key);
    if (!this.#rows.delete(key)) return;
    this.#record(() => this.load(key, before));
    if (!this.derived) this.#note(key);
  }

  load(key: string, value: unknown): void {
    if (value === undefined) this.#rows.delete(key);
    else this.#rows.set(key, value as V);
  }

  takeChangedKeys(): string[] {
    const keys = [...new Set(this.#changed)];
    this.#changed = [];
    this.#mostNoted = 1000;
    return keys;
  }

  #note(key: string): void {
    this.#changed.push(key);
    if (this.#changed.length <= this.#mostNoted) return;
    this.#changed = [...new Set(this.#changed)];
    // By the keys, not by the rows: of rows that were deleted the keys are noted still, and looking again would cost as much each time.
    this.#mostNoted = 2 * this.#changed.length + 1000;
  }
}

type Undo = () => void;
const previewed = Symbol('previewed');
