import type { FoldState } from '../records/fold-state.ts';
import { DeadlineHeap, type Hint } from './deadline-heap.ts';

/**
 * When which row may be due. Every row with a deadline has a hint that is not later than it. A deadline that moves later, as it does
 * with every report of a supervised device, costs nothing: its hint is moved when it comes up. Hints wait by the minute, in no order, and are
 * put in theirs when their minute is the next: of a million that wait, those of one minute are compared.
 * Units: epoch ms of journal time.
 */
export class Deadlines {
  readonly #rows: DueRows;
  readonly #state: FoldState;
  /** Hints of the minutes up to the one that was reached. */
  #near = new DeadlineHeap();
  #reached = Number.NEGATIVE_INFINITY;
  /** Those of later minutes, by the minute; and the minutes, the next on top. */
  #far = new Map<number, Hint[]>();
  #minutes = new DeadlineHeap();
  #size = 0;
  /** A step that added or moved hints was undone: they are made anew when they are next asked for. */
  #isStale = false;
  readonly #markStale = (): void => {
    this.#isStale = true;
  };

  constructor(rows: DueRows, state: FoldState) {
    this.#rows = rows;
    this.#state = state;
    this.rebuild();
  }

  get size(): number {
    return this.#size;
  }

  /** What was left behind, by rows that went or moved earlier, is swept when it outnumbers the rows. */
  add(hint: Hint): void {
    // Its row is there already.
    if (this.#isStale) this.rebuild();
    else this.#keep(hint);
    this.#state.onUndo(this.#markStale);
    let rowCount = 0;
    for (const { table } of this.#rows.values()) rowCount += table.size;
    if (this.#size > 2 * rowCount + 1000) this.rebuild();
  }

  /**
   * Moves hints to where their rows are by now, until the earliest is true. Undefined: none is due by `by`. Whoever asks that with each
   * report looks at no row whose hint is later: nearly all have moved on by the time at which theirs comes up.
   */
  earliest(by = Number.POSITIVE_INFINITY): Hint | undefined {
    if (this.#isStale) this.rebuild();
    for (;;) {
      const top = this.#near.top();
      if (top) {
        if (top.dueAt > by) return undefined;
        const dueAt = this.#dueOf(top);
        if (dueAt === top.dueAt) return top;
        this.#near.takeTop();
        this.#move(top, dueAt);
      } else if (!this.#reachNext(by)) return undefined;
    }
  }

  rebuild(): void {
    this.#near = new DeadlineHeap();
    this.#reached = Number.NEGATIVE_INFINITY;
    this.#far = new Map();
    this.#minutes = new DeadlineHeap();
    this.#size = 0;
    for (const [rule, { table }] of this.#rows)
      for (const [subject, { dueAt }] of table.entries()) if (dueAt !== undefined) this.#keep({ dueAt, subject, rule });
    this.#isStale = false;
    this.#state.onUndo(this.#markStale);
  }

  #dueOf({ rule, subject }: Hint): number | undefined {
    return this.#rows.get(rule)?.table.get(subject)?.dueAt;
  }

  #keep(hint: Hint): void {
    this.#size += 1;
    const minute = Math.floor(hint.dueAt / minuteMs);
    if (minute <= this.#reached) {
      this.#near.add(hint);
      return;
    }
    const others = this.#far.get(minute);
    if (others) {
      others.push(hint);
      return;
    }
    this.#far.set(minute, [hint]);
    this.#minutes.add({ dueAt: minute, subject: '', rule: '' });
  }

  /** To where its row is due by now; without one it goes. */
  #move(hint: Hint, dueAt: number | undefined): void {
    this.#size -= 1;
    // The row may come back by an undo. Each preview that put its hints back beside those that it moved would double them.
    this.#state.onUndo(this.#markStale);
    if (dueAt === undefined) return;
    this.#keep({ dueAt, subject: hint.subject, rule: hint.rule });
  }

  /** The first minute with hints, unless that begins after `by`. */
  #reachNext(by: number): boolean {
    const next = this.#minutes.top();
    if (!next || next.dueAt * minuteMs > by) return false;
    this.#minutes.takeTop();
    this.#reached = next.dueAt;
    this.#near = new DeadlineHeap(this.#far.get(next.dueAt));
    this.#far.delete(next.dueAt);
    return true;
  }
}

type DueRows = ReadonlyMap<string, { table: DueTable }>;
type DueTable = {
  readonly size: number;
  get(subject: string): { dueAt?: number } | undefined;
  entries(): Iterable<[string, { dueAt?: number }]>;
};

const minuteMs = 60_000;
