/**
 * The one way to know and to wait for time outside the pure folders.
 * Units: `now` is wall-clock epoch milliseconds and may step; `monotonic` is milliseconds from an arbitrary origin and never
 * does; `after` waits milliseconds of the monotonic clock and returns a function that cancels. `turn` lets the event loop turn, so
 * that a long piece of work holds up nobody.
 */
export type Clock = {
  now(): number;
  monotonic(): number;
  after(delayMs: number, run: () => void): () => void;
  turn(): Promise<void>;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run) {
    // A longer delay overflows Node's timer and would fire at once.
    const timer = setTimeout(run, Math.min(Math.max(0, delayMs), 2_147_483_647));
    return () => clearTimeout(timer);
  },
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};

/** A clock that starts at the true time and runs `factor` times faster: for simulated villages alone. */
export function scaledClock(factor: number, origin: Clock = systemClock): Clock {
  const wallStart = origin.now();
  const start = origin.monotonic();
  return {
    now: () => Math.round(wallStart + (origin.monotonic() - start) * factor),
    monotonic: () => start + (origin.monotonic() - start) * factor,
    after: (delayMs, run) => origin.after(delayMs / factor, run),
    turn: () => origin.turn(),
  };
}
