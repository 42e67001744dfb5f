import type { Clock } from '../platform/clock.ts';

/**
 * Time that passes only when somebody says so. Timers run one after the other, by their time and then in the order in which
 * they were set; after each the event loop turns until everything that follows from it is done.
 * Units: ms, as `Clock`. `startAt` is the wall clock at the beginning; monotonic time begins at 0.
 */
export class VirtualClock implements Clock {
  #wall: number;
  #monotonic = 0;
  /** By time, the latest first, so that the next one is at the end. */
  readonly #timers: Timer[] = [];
  readonly #isBusy: () => boolean;

  /** `isBusy`: work is under way that needs no time to pass. What only awaits promises need not be said. */
  constructor({ startAt, isBusy = () => false }: { startAt: number; isBusy?: () => boolean }) {
    this.#wall = startAt;
    this.#isBusy = isBusy;
  }

  now(): number {
    return this.#wall;
  }
  monotonic(): number {
    return this.#monotonic;
  }
  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#monotonic + Math.max(0, delayMs), run };
    const later = this.#timers.findLastIndex(({ at }) => at > timer.at);
    this.#timers.splice(later + 1, 0, timer);
    return () => this.#forget(timer);
  }

  /** Somebody sets the wall clock; monotonic time and timers do not notice. */
  stepWall(byMs: number): void {
    this.#wall += byMs;
  }

  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await this.settled();
    for (let next = this.#timers.at(-1); next && next.at <= end; next = this.#timers.at(-1)) {
      this.#timers.pop();
      this.#passTo(next.at);
      next.run();
      await this.settled();
    }
    this.#passTo(end);
  }

  /** Resolves when nothing more happens without time passing. */
  async settled(): Promise<void> {
    do await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#isBusy());
  }

  /** The same clock for a process that can be killed: with `end` its timers are gone, and it sets no more. */
  ofProcess(): { clock: Clock; end(): void } {
    const cancels = new Set<() => void>();
    let hasEnded = false;
    const after: Clock['after'] = (delayMs, run) => {
      if (hasEnded) return () => {};
      const cancel = this.after(delayMs, () => {
        cancels.delete(cancel);
        run();
      });
      cancels.add(cancel);
      return () => {
        cancels.delete(cancel);
        cancel();
      };
    };
    const end = () => {
      hasEnded = true;
      for (const cancel of cancels) cancel();
    };
    return { clock: { now: () => this.now(), monotonic: () => this.monotonic(), after }, end };
  }

  #passTo(at: number): void {
    this.#wall += at - this.#monotonic;
    this.#monotonic = at;
  }

  #forget(timer: Timer): void {
    const at = this.#timers.indexOf(timer);
    if (at >= 0) this.#timers.splice(at, 1);
  }
}

type Timer = { at: number; run: () => void };
