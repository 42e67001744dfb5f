/** When a rule's subject may have to be stepped by time alone. A hint: its row says what is true by then. */
export type Hint = { dueAt: number; subject: string; rule: string };

/**
 * A binary heap of hints, the earliest on top; among equals by subject, then by rule, so that the order never depends
 * on how they came in. Adding and taking cost the logarithm of its size.
 */
export class DeadlineHeap {
  readonly #hints: Hint[];

  /** Takes the array over. */
  constructor(hints: Hint[] = []) {
    this.#hints = hints;
    for (let index = (hints.length >> 1) - 1; index >= 0; index--) this.#sink(index);
  }

  get size(): number {
    return this.#hints.length;
  }

  top(): Hint | undefined {
    return this.#hints[0];
  }

  add(hint: Hint): void {
    const hints = this.#hints;
    let index = hints.push(hint) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = hints[parent];
      if (above === undefined || !isBefore(hint, above)) break;
      hints[index] = above;
      index = parent;
    }
    hints[index] = hint;
  }

  takeTop(): void {
    const last = this.#hints.pop();
    if (last === undefined || this.#hints.length === 0) return;
    this.#hints[0] = last;
    this.#sink(0);
  }

  #sink(start: number): void {
    const hints = this.#hints;
    const hint = hints[start];
    if (hint === undefined) return;
    let index = start;
    for (;;) {
      let child = 2 * index + 1;
      let below = hints[child];
      const sibling = hints[child + 1];
      if (below !== undefined && sibling !== undefined && isBefore(sibling, below)) {
        child += 1;
        below = sibling;
      }
      if (below === undefined || !isBefore(below, hint)) break;
      hints[index] = below;
      index = child;
    }
    hints[index] = hint;
  }
}

function isBefore(a: Hint, b: Hint): boolean {
  if (a.dueAt !== b.dueAt) return a.dueAt < b.dueAt;
  if (a.subject !== b.subject) return a.subject < b.subject;
  return a.rule < b.rule;
}
