/**
 * The state of a fold: named tables of immutable values, changed all together or not at all.
 * A step that throws leaves no trace, a preview never does, and a checkpoint takes what changed since the last one.
 */
export class FoldState {
  readonly #tables = new Map<string, Table<unknown>>();
  /** Of the step that is running: how to take it back. */
  readonly #undo = new UndoLog();

  /** The table of that name; `derived` tables are indexes, which are rebuilt after a load and never saved. */
  table<V>(name: string, { derived = false } = {}): Table<V> {
    const existing = this.#tables.get(name);
    if (existing) return existing as Table<V>;
    const table = new Table<V>(name, derived, this.#undo);
    this.#tables.set(name, table as Table<unknown>);
    return table;
  }

  /** Runs a step; when it throws, every table is as it was before. */
  attempt<T>(step: () => T): T {
    const begun = this.#undo.begin();
    try {
      return step();
    } catch (error) {
      this.#undo.takeBack(begun);
      throw error;
    } finally {
      this.#undo.end();
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
    this.#undo.note(undo);
  }

  /** What changed since the last call; `undefined` stands for a deletion. Loaded in this order, the rows stand as they stand here. */
  takeChanges(): StateChange[] {
    return [...this.#tables.values()].flatMap((table) => table.takeChanges());
  }

  /** Everything that a snapshot keeps. Safe to consume slowly: later changes also come through `takeChanges`. */
  *entries(): IterableIterator<StateChange> {
    for (const table of this.#tables.values()) {
      if (table.derived) continue;
      for (const [key, value] of table.entries()) yield { table: table.name, key, value };
    }
  }

  /** Puts back what a checkpoint kept, without marking it as changed. */
  load({ table, key, value, isLast }: StateChange): void {
    const rows = this.table(table);
    if (isLast) rows.load(key, undefined);
    rows.load(key, value);
  }
}

/** `isLast`: it came, or came back, and stands behind every row that was there before. */
export type StateChange = { table: string; key: string; value: unknown; isLast?: true };

/**
 * A map that remembers which keys changed. Values are replaced, never changed in place. Rows stand in the order in which they came, also
 * when a step that deleted some was taken back: until its step is over a row that is deleted keeps its place.
 */
export class Table<V> {
  readonly name: string;
  readonly derived: boolean;
  readonly #rows = new Map<string, V | typeof gone>();
  /** Deleted by the step that is running. */
  #goneCount = 0;
  readonly #changed = new NotedKeys();
  /** Those that came behind all others, in the order of the rows; also of steps that were taken back, whose rows are not there. */
  readonly #last = new NotedKeys();
  readonly #undo: UndoLog;

  constructor(name: string, derived: boolean, undo: UndoLog) {
    this.name = name;
    this.derived = derived;
    this.#undo = undo;
  }

  get size(): number {
    return this.#rows.size - this.#goneCount;
  }
  get(key: string): V | undefined {
    const row = this.#rows.get(key);
    return row === gone ? undefined : row;
  }
  has(key: string): boolean {
    return this.get(key) !== undefined;
  }
  *keys(): IterableIterator<string> {
    for (const [key, row] of this.#rows) if (row !== gone) yield key;
  }
  *values(): IterableIterator<V> {
    for (const row of this.#rows.values()) if (row !== gone) yield row;
  }
  *entries(): IterableIterator<[string, V]> {
    for (const [key, row] of this.#rows) if (row !== gone) yield [key, row];
  }

  set(key: string, value: V): void {
    const before = this.#rows.get(key);
    if (before === value) return;
    this.#undo.noteRow(this, key, before);
    this.#put(key, before, value);
    if (this.derived) return;
    this.#changed.note(key);
    if (before === undefined) this.#last.note(key);
  }

  delete(key: string): void {
    const before = this.#rows.get(key);
    if (before === undefined || before === gone) return;
    this.#undo.noteRow(this, key, before);
    this.#put(key, before, this.#undo.noteDeletion() ? gone : undefined);
    if (!this.derived) this.#changed.note(key);
  }

  /** As a checkpoint kept it, or as it was before a step that is taken back. */
  load(key: string, value: unknown): void {
    this.#put(key, this.#rows.get(key), value);
  }

  #put(key: string, before: unknown, value: unknown): void {
    if (before === gone) this.#goneCount -= 1;
    if (value === undefined) this.#rows.delete(key);
    else this.#rows.set(key, value as V | typeof gone);
    if (value === gone) this.#goneCount += 1;
  }

  /** The step stands: what it deleted goes, and what it put there again is the newest. `before` is what a change of it found. */
  settle(key: string, before: unknown): void {
    const row = this.#rows.get(key);
    if (row !== gone && before !== gone) return;
    this.load(key, undefined);
    if (row === gone) return;
    this.load(key, row);
    if (!this.derived) this.#last.note(key);
  }

  takeChanges(): StateChange[] {
    // As with most tables of most batches. What came is noted among what changed, too.
    if (this.#changed.isEmpty) return [];
    const table = this.name;
    const last = new Set(this.#last.take().filter((key) => this.has(key)));
    const others = this.#changed.take().filter((key) => !last.has(key));
    return [
      ...others.map((key) => ({ table, key, value: this.get(key) })),
      ...[...last].map((key) => ({ table, key, value: this.get(key), isLast: true as const })),
    ];
  }
}

/** Keys in the order in which each was noted last. With repeats: to note one once more is cheaper than to look whether it is noted. */
class NotedKeys {
  #keys: string[] = [];
  #most = 1000;

  get isEmpty(): boolean {
    return this.#keys.length === 0;
  }

  note(key: string): void {
    this.#keys.push(key);
    if (this.#keys.length <= this.#most) return;
    this.#keys = once(this.#keys);
    // By the keys, not by the rows: of rows that were deleted the keys are noted still, and looking again would cost as much each time.
    this.#most = 2 * this.#keys.length + 1000;
  }

  take(): string[] {
    const keys = once(this.#keys);
    this.#keys = [];
    this.#most = 1000;
    return keys;
  }
}

const once = (keys: string[]): string[] => [...new Set(keys.reverse())].reverse();

/**
 * What the running steps changed, in that order: of each row its table, key and value before, in three lists that are written over and over.
 * A step that stands leaves no garbage behind. Steps lie in each other; each begins where the log stood.
 */
class UndoLog {
  readonly #tables: (Loadable | Undo)[] = [];
  readonly #keys: string[] = [];
  readonly #values: unknown[] = [];
  #size = 0;
  #depth = 0;
  #hasDeleted = false;

  begin(): number {
    this.#depth += 1;
    return this.#size;
  }

  noteRow(table: Loadable, key: string, before: unknown): void {
    if (this.#depth === 0) return;
    this.#tables[this.#size] = table;
    this.#keys[this.#size] = key;
    this.#values[this.#size] = before;
    this.#size += 1;
  }

  /** Whether a step is running, which may be taken back. */
  noteDeletion(): boolean {
    if (this.#depth === 0) return false;
    this.#hasDeleted = true;
    return true;
  }

  note(undo: Undo): void {
    if (this.#depth === 0) return;
    this.#tables[this.#size] = undo;
    this.#keys[this.#size] = '';
    this.#values[this.#size] = undefined;
    this.#size += 1;
  }

  /** Latest first; what this writes itself is not noted. */
  takeBack(begun: number): void {
    const depth = this.#depth;
    this.#depth = 0;
    while (this.#size > begun) {
      this.#size -= 1;
      const undo = this.#tables[this.#size];
      if (typeof undo === 'function') undo();
      else undo?.load(this.#keys[this.#size] ?? '', this.#values[this.#size]);
    }
    this.#depth = depth;
  }

  /** What an inner step changed is taken back with the one around it. */
  end(): void {
    this.#depth -= 1;
    if (this.#depth > 0) return;
    if (this.#hasDeleted) this.#settle();
    this.#size = 0;
    if (this.#tables.length <= mostKept) return;
    this.#tables.length = 0;
    this.#keys.length = 0;
    this.#values.length = 0;
  }

  #settle(): void {
    this.#hasDeleted = false;
    for (let at = 0; at < this.#size; at++) {
      const noted = this.#tables[at];
      if (typeof noted === 'object') noted.settle(this.#keys[at] ?? '', this.#values[at]);
    }
  }
}

type Loadable = { load(key: string, value: unknown): void; settle(key: string, before: unknown): void };
type Undo = () => void;
/** Of a step as large as an import nothing is held after it. */
const mostKept = 1000;
const previewed = Symbol('previewed');
const gone = Symbol('gone');
