import type { Clock } from '../platform/clock.ts';

/**
 * The wall clock was stepped. `byMs` > 0: journal time went forward by so much with it; 0: the wall only came back to where journal
 * time had gone on; < 0: the wall went back by so much, and journal time did not. `wallAt` is the wall clock after the step.
 */
export type ClockStep = { byMs: number; wallAt: number };

/**
 * Journal time: never decreasing, at the monotonic clock's pace, following the wall clock.
 * Units: epoch milliseconds, whole.
 *
 * A difference below `STEP_MS` is slewed away, at most `SLEW` of the time that passes. A wall that gets ahead by more is
 * followed at once; one that falls behind by more is waited for at the slewed pace, so that no deadline freezes. Both are steps,
 * to be put on record before the next record. A suspended machine looks like a step forward, and is one for those who wait.
 */
export class JournalClock {
  readonly #clock: Clock;
  #time: number;
  #wall: number;
  #monotonic: number;
  #forwardMs: number | undefined;
  #backMs: number | undefined;

  /** `last` is the journal time that was reached before; the time since then counts as downtime, not as a step. */
  constructor(clock: Clock, last: number | undefined) {
    this.#clock = clock;
    this.#wall = clock.now();
    this.#monotonic = clock.monotonic();
    this.#time = Math.max(this.#wall, last ?? this.#wall);
    const behindMs = this.#time - this.#wall;
    if (behindMs >= STEP_MS) this.#backMs = -behindMs;
  }

  now(): number {
    const wall = this.#clock.now();
    // Within one millisecond nothing can have happened, and most records come within one of others.
    if (wall === this.#wall) return Math.floor(this.#time);
    const monotonic = this.#clock.monotonic();
    const passedMs = Math.max(0, monotonic - this.#monotonic);
    const steppedMs = wall - this.#wall - passedMs;
    const behindMs = wall - (this.#time + passedMs);
    this.#wall = wall;
    this.#monotonic = monotonic;
    if (behindMs >= STEP_MS) {
      this.#time = wall;
      this.#forwardMs = (this.#forwardMs ?? 0) + behindMs;
    } else {
      const slewMs = passedMs * SLEW;
      this.#time += passedMs + Math.min(Math.max(behindMs, -slewMs), slewMs);
      if (steppedMs >= STEP_MS) this.#forwardMs ??= 0;
      if (steppedMs <= -STEP_MS) this.#backMs = (this.#backMs ?? 0) + steppedMs;
    }
    return Math.floor(this.#time);
  }

  get hasSteps(): boolean {
    return this.#backMs !== undefined || this.#forwardMs !== undefined;
  }

  /**
   * The steps that are not on record yet, once: at most one in each direction, summed since the last call. The one forward comes
   * first: journal time has gone on already, and who reads on must know why before any deadline is looked at.
   */
  takeSteps(): ClockStep[] {
    const steps = [this.#forwardMs, this.#backMs].filter((byMs) => byMs !== undefined);
    this.#backMs = undefined;
    this.#forwardMs = undefined;
    return steps.map((byMs) => ({ byMs: Math.round(byMs), wallAt: this.#wall }));
  }
}

/** Above what a healthy time source slews between two looks, below any deadline of a rule. */
const STEP_MS = 2_000;
/** Slow enough that a minute's deadline stays within its second or two, fast enough to absorb two seconds in two minutes. */
const SLEW = 0.02;
