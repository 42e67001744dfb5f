import type { MotionReport } from '../../firmware-contracts/wearable.ts';

/**
 * Acceleration as a device sent it. Units: `atMs` in ms on any running clock, axes in g. `rangeG`: where the sensor clips.
 */
export type MotionWindow = {
  readonly atMs: ArrayLike<number>;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly z: ArrayLike<number>;
};
export type Placement = NonNullable<MotionReport['placement']>;
export type Wearing = { readonly placement: Placement; readonly rangeG: number };

/**
 * The same movement on an even grid, whatever the sensor was: low-passed at about 4 Hz, so that 20 Hz tells as much as 200 Hz,
 * and scaled so that rest is 1 g. `force` is the length of the vector. Gaps are filled by a straight line.
 */
export type MotionGrid = {
  readonly startMs: number;
  readonly count: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
  readonly force: Float64Array;
};

/** Why a window cannot be judged. */
export type Unusable = 'too-short' | 'too-few-samples' | 'gaps' | 'impossible-samples' | 'stuck-sensor' | 'no-gravity';

/** Moments a second of the grid: what the slowest usable sensors give. */
export const gridHz = 20;

/** Puts a window on the grid, or says why it tells nothing. */
export function motionGrid(window: MotionWindow, { rangeG }: Pick<Wearing, 'rangeG'>): MotionGrid | Unusable {
  const samples = possibleSamples(window, rangeG);
  if (typeof samples === 'string') return samples;
  spreadBursts(samples.atMs);
  const { atMs } = samples;
  const startMs = atMs[0] ?? 0;
  const lastMs = atMs[atMs.length - 1] ?? 0;
  const count = Math.floor(((lastMs - startMs) * gridHz) / 1000) + 1;
  if (count < leastSeconds * gridHz) return 'too-short';
  if (count > atMs.length * leastHzShare) return 'too-few-samples';
  const grid = {
    ...{ startMs, count, x: new Float64Array(count), y: new Float64Array(count), z: new Float64Array(count) },
    force: new Float64Array(count),
  };
  const unseen = smooth(samples, grid);
  return unseen > count * mostUnseenShare ? 'gaps' : scaleToGravity(grid);
}

type Samples = { atMs: Float64Array; x: Float64Array; y: Float64Array; z: Float64Array };

/** Shorter than this nothing can be said of before and after. */
const leastSeconds = 2;
/** Grid moments a sample: slower than 8 Hz, or mostly gaps, no impact is seen. */
const leastHzShare = gridHz / 8;
/** All sensors are read as if they clipped here at the latest: beyond it, falls and blows differ no more. */
const mostG = 4;
/** Beyond twice its range no sensor has measured anything; up to there the range was said wrongly, and it is cut off. */
const impossible = 2;
const mostImpossibleShare = 0.25;
const mostUnseenShare = 0.3;
/** A step back by more is a clock that was set, by less samples that overtook each other on the road. */
const clockSetMs = 2_000;

/**
 * In the order of time, without what cannot be: no number, no gravity at all on any axis, far beyond the range. What clips is
 * kept. A window of two hours at 200 Hz is the most that is looked at.
 */
function possibleSamples(window: MotionWindow, rangeG: number): Samples | Unusable {
  const length = Math.min(window.atMs.length, window.x.length, window.y.length, window.z.length, 1_440_000);
  const times = new Float64Array(length);
  const kept: number[] = [];
  let shiftMs = 0;
  let latestMs = Number.NEGATIVE_INFINITY;
  const isPossible = (g: number) => Number.isFinite(g) && Math.abs(g) <= rangeG * impossible;
  for (let index = 0; index < length; index++) {
    const [t, x, y, z] = [at(window.atMs, index), at(window.x, index), at(window.y, index), at(window.z, index)];
    if (!Number.isFinite(t) || !isPossible(x) || !isPossible(y) || !isPossible(z) || (x === 0 && y === 0 && z === 0))
      continue;
    if (t + shiftMs < latestMs - clockSetMs) shiftMs = latestMs - t + 20;
    times[index] = t + shiftMs;
    latestMs = Math.max(latestMs, t + shiftMs);
    kept.push(index);
  }
  if (kept.length === 0 || kept.length < length * (1 - mostImpossibleShare))
    return length === 0 ? 'too-short' : 'impossible-samples';
  kept.sort((one, other) => at(times, one) - at(times, other) || one - other);
  const clipG = Math.min(rangeG, mostG);
  const axis = (values: ArrayLike<number>) =>
    Float64Array.from(kept, (index) => Math.max(-clipG, Math.min(clipG, at(values, index))));
  const samples = {
    ...{ atMs: Float64Array.from(kept, (index) => at(times, index)), x: axis(window.x) },
    ...{ y: axis(window.y), z: axis(window.z) },
  };
  return isStuck(samples) ? 'stuck-sensor' : samples;
}

/** The noise of a living sensor moves the last digit within seconds. */
function isStuck({ x, y, z }: Samples): boolean {
  const same = (values: Float64Array) => values.every((value) => value === values[0]);
  return same(x) && same(y) && same(z);
}

/** Reads past the end as no number, which no comparison lets through. */
export const at = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN;

/**
 * Samples that arrive in bursts bear the times of their arrival. Each time becomes the mean of its neighbours', within stretches
 * without a gap, which leaves even times as they are.
 */
function spreadBursts(atMs: Float64Array): void {
  // Counted from the first, because sums of epoch times would lose their milliseconds.
  const firstMs = atMs[0] ?? 0;
  const arrived = atMs.map((ms) => ms - firstMs);
  const sums = new Float64Array(arrived.length + 1);
  for (let index = 0; index < arrived.length; index++) sums[index + 1] = at(sums, index) + at(arrived, index);
  const reach = Math.max(1, Math.round((burstMs / 1000) * samplesPerSecond(arrived)));
  let start = 0;
  for (let end = 1; end <= arrived.length; end++) {
    if (end < arrived.length && at(arrived, end) - at(arrived, end - 1) <= gapMs) continue;
    for (let one = start; one < end; one++) {
      const width = Math.min(reach, one - start, end - 1 - one);
      atMs[one] = firstMs + (at(sums, one + width + 1) - at(sums, one - width)) / (2 * width + 1);
    }
    start = end;
  }
}

/** Bursts are up to 200 ms apart. */
const burstMs = 120;
const gapMs = 300;

/** Samples a second, gaps left out. */
function samplesPerSecond(atMs: Float64Array): number {
  let [spent, steps] = [0, 0];
  for (let index = 1; index < atMs.length; index++) {
    const step = at(atMs, index) - at(atMs, index - 1);
    if (step > gapMs) continue;
    spent += step;
    steps += 1;
  }
  return spent > 0 ? (steps * 1000) / spent : 1;
}

/** Each moment is the mean of the samples near it, the nearer the heavier. Answers how many moments have no sample near. */
function smooth({ atMs, x, y, z }: Samples, grid: MotionGrid): number {
  let first = 0;
  let unseen = 0;
  let seen = -1;
  for (let index = 0; index < grid.count; index++) {
    const nowMs = grid.startMs + (index * 1000) / gridHz;
    while (at(atMs, first) <= nowMs - kernelMs) first++;
    let [weights, sumX, sumY, sumZ] = [0, 0, 0, 0];
    for (let one = first; at(atMs, one) < nowMs + kernelMs; one++) {
      const weight = kernelMs - Math.abs(at(atMs, one) - nowMs);
      weights += weight;
      sumX += weight * at(x, one);
      sumY += weight * at(y, one);
      sumZ += weight * at(z, one);
    }
    if (weights <= 0) {
      unseen += 1;
      continue;
    }
    [grid.x[index], grid.y[index], grid.z[index]] = [sumX / weights, sumY / weights, sumZ / weights];
    for (const axis of [grid.x, grid.y, grid.z]) fillBetween(axis, seen, index);
    seen = index;
  }
  for (const axis of [grid.x, grid.y, grid.z]) axis.fill(at(axis, seen), seen + 1);
  return unseen;
}

const kernelMs = 75;

function fillBetween(axis: Float64Array, from: number, to: number): void {
  for (let index = from + 1; index < to; index++)
    axis[index] = at(axis, from) + ((at(axis, to) - at(axis, from)) * (index - from)) / (to - from);
}

/** Half of all moments of a window are near rest; what a sensor's scale is off by, up to a tenth, is taken out, what movement adds is not. */
function scaleToGravity(grid: MotionGrid): MotionGrid | Unusable {
  const { x, y, z, force } = grid;
  for (let index = 0; index < grid.count; index++) force[index] = Math.hypot(at(x, index), at(y, index), at(z, index));
  const medianG = Float64Array.from(force).sort()[grid.count >> 1] ?? 0;
  if (medianG < leastRestG || medianG > mostRestG) return 'no-gravity';
  const restG = Math.max(0.9, Math.min(1.1, medianG));
  for (const values of [x, y, z, force])
    for (let index = 0; index < grid.count; index++) values[index] = at(values, index) / restG;
  return grid;
}

const leastRestG = 0.6;
const mostRestG = 1.6;
