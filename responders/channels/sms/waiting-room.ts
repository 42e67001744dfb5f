/**
 * Guards who may use a line at once. `width` may; up to `mostWaiting` wait, life safety before everything else, and whoever waits at the end
 * of a full room is sent away, so that another way is tried at once and not when its time is over.
 */
export class WaitingRoom {
  readonly #width: number;
  readonly #mostWaiting: number;
  readonly #waiting: Waiting[] = [];
  #inside = 0;

  constructor({ width, mostWaiting }: { width: number; mostWaiting: number }) {
    this.#width = width;
    this.#mostWaiting = mostWaiting;
  }

  /** Resolves with what lets the next one in, or with why there is no place. */
  enter({ isFirst, signal }: { isFirst: boolean; signal: AbortSignal }): Promise<(() => void) | 'full' | 'left'> {
    if (signal.aborted) return Promise.resolve('left');
    const { promise, resolve } = Promise.withResolvers<(() => void) | 'full' | 'left'>();
    const one: Waiting = { isFirst, resolve };
    signal.addEventListener('abort', () => this.#leave(one), { once: true });
    const behind = isFirst ? this.#waiting.findIndex((other) => !other.isFirst) : -1;
    this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, one);
    this.#admit();
    if (this.#waiting.length > this.#mostWaiting) this.#waiting.pop()?.resolve('full');
    return promise;
  }

  #admit(): void {
    while (this.#inside < this.#width) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#inside += 1;
      let isOut = false;
      next.resolve(() => {
        if (isOut) return;
        isOut = true;
        this.#inside -= 1;
        this.#admit();
      });
    }
  }

  #leave(one: Waiting): void {
    const at = this.#waiting.indexOf(one);
    if (at === -1) return;
    this.#waiting.splice(at, 1);
    one.resolve('left');
  }
}
type Waiting = { isFirst: boolean; resolve: (outcome: (() => void) | 'full' | 'left') => void };
