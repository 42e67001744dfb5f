import type { Clock } from '../../platform/clock.ts';
import type { VirtualClock } from '../virtual-clock.ts';

/**
 * One life of a process: from its start until it ends or is struck. Every port that it is given calls `onCall` first; a strike comes
 * at one of these calls. After the end its timers are gone, and what `whenOver` was told has run.
 */
export class ProcessLife {
  readonly name: 'alarm' | 'desk';
  readonly clock: Clock;
  readonly startedAtMs: number;
  readonly #ends: (() => void)[];
  readonly #struck: (at: string) => void;
  #callsLeft: number | undefined;
  #isOver = false;

  /** `wallAheadMs`: of the machine's wall clock, before the world's. `struck` hears at which call it happened. */
  constructor({ name, world, wallAheadMs, struck }: LifeParts) {
    this.name = name;
    this.startedAtMs = world.monotonic();
    this.#struck = struck;
    const { clock, end } = world.ofProcess();
    this.#ends = [end];
    this.clock = {
      now: () => clock.now() + wallAheadMs(),
      monotonic: () => clock.monotonic(),
      turn: () => clock.turn(),
      after: (delayMs, run) => {
        this.onCall('a timer');
        return clock.after(delayMs, run);
      },
    };
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** It will be struck at the so-manieth call from now. */
  arm(calls: number): void {
    this.#callsLeft = calls;
  }

  readonly onCall = (what: string): void => {
    if (this.#callsLeft === undefined || this.#isOver) return;
    this.#callsLeft -= 1;
    if (this.#callsLeft <= 0) this.#struck(what);
  };

  whenOver(run: () => void): void {
    this.#ends.push(run);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const end of this.#ends) end();
  }
}

type LifeParts = {
  name: 'alarm' | 'desk';
  world: VirtualClock;
  wallAheadMs: () => number;
  struck: (at: string) => void;
};
