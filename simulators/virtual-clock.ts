import type { Clock } from '../platform/clock.ts';
import { TimerHeap } from './timer-heap.ts';

/**
 * Time that passes only when somebody says so. Timers run one after the other, by their time and then in the order in which
 * they were set; between two of them every promise that can resolve does.
 * Nothing here waits for the event loop: what runs on this clock must not either, or time passes without it.
 * Units: ms, as `Clock`. `startAt` is the wall clock at the beginning; monotonic time begins at 0.
 */
export class VirtualClock implements Clock {
  #wall: number;
  #monotonic = 0;
  readonly #timers = new TimerHeap();
  #settlements = 0;

  constructor({ startAt }: { startAt: number }) {
    this.#wall = startAt;
  }

  now(): number {
    return this.#wall;
  }
  monotonic(): number {
    return this.#monotonic;
  }
  after(delayMs: number, run: () => void): () => void {
    // Whole milliseconds, as every clock tells them: devices write instants down as integers.
    const timer = this.#timers.add(this.#monotonic + Math.max(0, Math.round(delayMs)), run);
    return () => this.#timers.remove(timer);
  }
  turn(): Promise<void> {
    return Promise.resolve();
  }

  /** Somebody sets the wall clock; monotonic time and timers do not notice. */
  stepWall(byMs: number): void {
    this.#wall += byMs;
  }

  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await this.settled();
    for (let next = this.#timers.takeUntil(end); next; next = this.#timers.takeUntil(end)) {
      this.#passTo(next.at);
      next.run();
      await this.settled();
    }
    this.#passTo(end);
  }

  /** Resolves when no promise resolves any more without time passing. */
  async settled(): Promise<void> {
    // A tick comes when the queue of promises is empty; asked for from within it, so that it is not empty from the beginning.
    await undefined;
    await new Promise<void>((resolve) => process.nextTick(resolve));
    this.#settlements += 1;
    // Node reports a rejection that nobody handled only when the event loop turns: seldom, as that costs more than all else here.
    if (this.#settlements % 256 === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** The same clock for a process that can be killed: with `end` its timers are gone, it sets no more, and waits for ever. */
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
    const turn = () => (hasEnded ? new Promise<void>(() => {}) : this.turn());
    const end = () => {
      hasEnded = true;
      for (const cancel of cancels) cancel();
      cancels.clear();
    };
    return { clock: { now: () => this.now(), monotonic: () => this.monotonic(), after, turn }, end };
  }

  #passTo(at: number): void {
    this.#wall += at - this.#monotonic;
    this.#monotonic = at;
  }
}
