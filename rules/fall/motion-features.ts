import { at, gridHz, type MotionGrid } from './motion-grid.ts';

/**
 * What is measured around a moment that may be an impact, so that a person can read what spoke for a fall. All of it is the same whichever
 * way the sensor is turned, and rests on what a slow sensor of a small range sees as well. What a window does not
 * reach is not a number.
 */
export type Features = {
  /** Highest force, g. */
  peakG: number;
  /** How long and how far it was lighter than gravity in the 1.2 s before: the way down, g·s. */
  dipGs: number;
  /** Greatest change within 0.1 s, g. */
  jerkG: number;
  /** All force that was not gravity, within a second on both sides, g·s. */
  effortGs: number;
  /** Spread of the acceleration from 0.5 s before to 0.75 s after, against that before and after: 1 is what went on anyway. */
  contrast: number;
  /** The same against what came after alone: who fell does not go on as before. */
  contrastAfter: number;
  /** Other peaks of more than half its height, 2 s before to 5 s after: claps, steps and jumps come in rows. */
  rivals: number;
  /** Between up before (2 to 0.7 s) and up after (1.2 to 4 s), degrees. */
  tiltDegrees: number;
  /** The same with 3 to 6 s after. */
  tiltLateDegrees: number;
  /** Between the second before and the second after. */
  swingDegrees: number;
  /** All turning from 1.2 s before to 1.2 s after. */
  turnDegrees: number;
  /** Spread of the quietest second from 0.6 to 6 s after, g; what is below the noise of a poor sensor is the same to it. */
  restG: number;
  /** How long until a second is quiet; 6 where none is, s. */
  restAfterSeconds: number;
};

/** Moments that may be an impact, by their place on the grid: higher than half a second on both sides. */
export function impactsIn({ force, count }: MotionGrid): number[] {
  const found: number[] = [];
  for (let index = 0; index < count; index++) {
    const own = at(force, index);
    if (own < leastImpactG) continue;
    let isHighest = true;
    for (let near = Math.max(0, index - apart); near <= Math.min(count - 1, index + apart) && isHighest; near++)
      isHighest = near < index ? at(force, near) < own : at(force, near) <= own;
    if (isHighest) found.push(index);
  }
  return found;
}

/** Below this, on the smoothed grid, nothing hit anything. */
const leastImpactG = 1.25;
const apart = gridHz / 2;

export function featuresAt(grid: MotionGrid, impact: number): Features {
  const { force } = grid;
  const span = (from: number, to: number) => spanAround(grid, impact, from, to);
  const upBefore = meanOf(grid, span(-2, -0.7));
  const burstG = spreadOf(grid, span(-0.5, 0.75));
  const [before, after] = [spreadOf(grid, span(-2, -0.7)), spreadOf(grid, span(1, 4))];
  const around = Number.isNaN(before) ? after : Number.isNaN(after) ? before : (before + after) / 2;
  return {
    peakG: at(force, impact),
    dipGs: sumOver(grid, impact, [-1.2, 0], (g) => Math.max(0, 1 - g)),
    jerkG: jerk(grid, impact),
    effortGs: sumOver(grid, impact, [-1, 1], (g) => Math.abs(g - 1)),
    contrast: burstG / (noiseG + around),
    contrastAfter: burstG / (noiseG + after),
    rivals: rivals(grid, impact),
    tiltDegrees: angle(upBefore, meanOf(grid, span(1.2, 4))),
    tiltLateDegrees: angle(upBefore, meanOf(grid, span(3, 6))),
    swingDegrees: angle(meanOf(grid, span(-1, 0)), meanOf(grid, span(0, 1))),
    turnDegrees: turning(grid, impact),
    ...rest(grid, impact),
  };
}

/** Keeps a ratio of two quiet moments from being great. */
const noiseG = 0.1;

type Vector = readonly [x: number, y: number, z: number];
/** Places on the grid, the last not included. */
type Span = readonly [from: number, to: number];

const seconds = (count: number): number => Math.round(count * gridHz);

/** Undefined where the window holds less than half a second of it, or less than most of a shorter one. */
function spanAround({ count }: MotionGrid, impact: number, fromS: number, toS: number): Span | undefined {
  const from = Math.max(0, impact + seconds(fromS));
  const to = Math.min(count, impact + seconds(toS));
  return to - from < Math.min(gridHz / 2, seconds(toS - fromS) * 0.7) ? undefined : [from, to];
}

function meanOf({ x, y, z }: MotionGrid, span: Span | undefined): Vector | undefined {
  if (!span) return undefined;
  const [from, to] = span;
  let [sumX, sumY, sumZ] = [0, 0, 0];
  for (let index = from; index < to; index++) {
    sumX += at(x, index);
    sumY += at(y, index);
    sumZ += at(z, index);
  }
  return [sumX / (to - from), sumY / (to - from), sumZ / (to - from)];
}

/** How far the vectors lie from their mean, whichever way, g. */
function spreadOf(grid: MotionGrid, span: Span | undefined): number {
  if (!span) return Number.NaN;
  const [from, to] = span;
  let [sumX, sumY, sumZ, squares] = [0, 0, 0, 0];
  for (let index = from; index < to; index++) {
    const [x, y, z] = [at(grid.x, index), at(grid.y, index), at(grid.z, index)];
    sumX += x;
    sumY += y;
    sumZ += z;
    squares += x * x + y * y + z * z;
  }
  const count = to - from;
  return Math.sqrt(Math.max(0, squares / count - (sumX * sumX + sumY * sumY + sumZ * sumZ) / (count * count)));
}

/** Degrees; not a number where one of them has no direction. */
function angle(one: Vector | undefined, other: Vector | undefined): number {
  if (!one || !other) return Number.NaN;
  const lengths = Math.hypot(...one) * Math.hypot(...other);
  if (lengths < 1e-6) return Number.NaN;
  const cosine = (one[0] * other[0] + one[1] * other[1] + one[2] * other[2]) / lengths;
  return (Math.acos(Math.max(-1, Math.min(1, cosine))) * 180) / Math.PI;
}

function sumOver({ force, count }: MotionGrid, impact: number, [fromS, toS]: Span, of: (g: number) => number): number {
  const from = Math.max(0, impact + seconds(fromS));
  const to = Math.min(count, impact + seconds(toS));
  let sum = 0;
  for (let index = from; index < to; index++) sum += of(at(force, index));
  return from === to ? Number.NaN : sum / gridHz;
}

function jerk({ x, y, z, count }: MotionGrid, impact: number): number {
  let most = 0;
  for (let index = Math.max(0, impact - 6); index < Math.min(count, impact + 6) - 2; index++) {
    const change = Math.hypot(
      at(x, index + 2) - at(x, index),
      at(y, index + 2) - at(y, index),
      at(z, index + 2) - at(z, index),
    );
    most = Math.max(most, change);
  }
  return most;
}

function rivals({ force, count }: MotionGrid, impact: number): number {
  const bar = 1 + 0.55 * (at(force, impact) - 1);
  let found = 0;
  for (let index = Math.max(0, impact - seconds(2)) + 1; index < Math.min(count, impact + seconds(5)) - 1; index++) {
    const own = at(force, index);
    const isPeak = own >= bar && own >= at(force, index - 1) && own > at(force, index + 1);
    if (isPeak && Math.abs(index - impact) >= seconds(0.35)) found++;
  }
  return found;
}

/** Directions are means over 0.4 s, every 0.2 s; where it flies free there is none. */
function turning(grid: MotionGrid, impact: number): number {
  let turned = 0;
  let last: Vector | undefined;
  for (let step = -6; step <= 6; step++) {
    const now = meanOf(grid, spanAround(grid, impact, step / 5 - 0.2, step / 5 + 0.2));
    if (!now || Math.hypot(...now) < leastGravityG) continue;
    if (last) turned += angle(last, now);
    last = now;
  }
  return turned;
}

const leastGravityG = 0.3;

function rest(grid: MotionGrid, impact: number): Pick<Features, 'restG' | 'restAfterSeconds'> {
  const second = seconds(1);
  let restG = Number.NaN;
  let quietAt: number | undefined;
  for (let start = impact + seconds(0.6); start + second <= Math.min(grid.count, impact + seconds(6)); start += 2) {
    const spread = Math.max(sensorNoiseG, spreadOf(grid, [start, start + second]));
    if (!(restG <= spread)) restG = spread;
    if (quietAt === undefined && spread < quietG) quietAt = start;
  }
  if (quietAt !== undefined) return { restG, restAfterSeconds: (quietAt - impact) / gridHz };
  const isSeen = grid.count - impact >= seconds(4);
  return { restG, restAfterSeconds: isSeen ? 6 : Number.NaN };
}

const sensorNoiseG = 0.03;
const quietG = 0.12;
