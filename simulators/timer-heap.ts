/** `order` counts the timers as they were set; `place` is where the heap has it, -1 when it has not. */
export type Timer = { readonly at: number; readonly order: number; readonly run: () => void; place: number };

/** Timers by their time, and then in the order in which they were set: a binary heap. */
export class TimerHeap {
  readonly #timers: Timer[] = [];
  #order = 0;

  add(at: number, run: () => void): Timer {
    const timer = { at, order: this.#order++, run, place: this.#timers.length };
    this.#timers.push(timer);
    this.#rise(timer);
    return timer;
  }

  /** Nothing happens when it is not there any more. */
  remove(timer: Timer): void {
    if (timer.place < 0) return;
    const last = this.#timers.pop();
    if (last && last !== timer) {
      this.#put(last, timer.place);
      this.#rise(last);
      this.#sink(last);
    }
    timer.place = -1;
  }

  /** The next one, which is not there any more then; undefined when it comes after `end`. */
  takeUntil(end: number): Timer | undefined {
    const [first] = this.#timers;
    if (!first || first.at > end) return undefined;
    this.remove(first);
    return first;
  }

  #rise(timer: Timer): void {
    for (;;) {
      const above = this.#timers[(timer.place - 1) >> 1];
      if (!above || !isBefore(timer, above)) return;
      this.#swap(timer, above);
    }
  }

  #sink(timer: Timer): void {
    for (;;) {
      const left = this.#timers[2 * timer.place + 1];
      const right = this.#timers[2 * timer.place + 2];
      const below = left && right && isBefore(right, left) ? right : left;
      if (!below || !isBefore(below, timer)) return;
      this.#swap(timer, below);
    }
  }

  #swap(a: Timer, b: Timer): void {
    const place = a.place;
    this.#put(a, b.place);
    this.#put(b, place);
  }

  #put(timer: Timer, place: number): void {
    this.#timers[place] = timer;
    timer.place = place;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
