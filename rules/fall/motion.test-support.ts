import type { MotionReport } from '../../firmware-contracts/wearable.ts';
import type { ShortReport } from '../watch.test-support.ts';
import type { MotionWindow } from './motion-grid.ts';

/** Somebody moves for `seconds` as `motion` says for each instant, in g by axis; `hz` times a second, clipped at `rangeG`. */
export function recorded(
  motion: (second: number) => readonly [number, number, number],
  { seconds = 8, hz = 50, rangeG = 16 }: { seconds?: number; hz?: number; rangeG?: number } = {},
): { atMs: number[]; x: number[]; y: number[]; z: number[] } {
  const moments = Array.from({ length: seconds * hz + 1 }, (_, index) => index / hz);
  // A living sensor is never quite still, and never twice the same.
  const axis = (which: 0 | 1 | 2) =>
    moments.map((second, index) => clip(motion(second)[which] + 0.004 * Math.sin(index * (7 + which)), rangeG));
  return { atMs: moments.map((second) => second * 1000 - 2000), x: axis(0), y: axis(1), z: axis(2) };
}

const clip = (g: number, rangeG: number): number => Math.max(-rangeG, Math.min(rangeG, g));

/** Standing, 0.4 s of falling, a blow two seconds in, then lying on the side. */
export const tumble = (second: number): readonly [number, number, number] => {
  if (second < 1.5) return [0, 0.1, 0.99];
  if (second < 1.95) return [0.1, 0.1, 0.25];
  if (second < 2.15) return [3.2, 1.4, 1.1];
  if (second < 2.6) return [1.2, 0.3, 0.4];
  return [0.98, 0.15, 0.05];
};

export const walking = (second: number): readonly [number, number, number] => [
  0.25 * Math.sin(2 * Math.PI * 0.9 * second),
  0.15 * Math.cos(2 * Math.PI * 0.9 * second),
  1 + 0.35 * Math.sin(2 * Math.PI * 1.8 * second),
];

/** A blow twice a second, and the arm stays where it is. */
export const clapping = (second: number): readonly [number, number, number] => [
  second % 0.5 < 0.06 ? 3.5 : 0.3,
  0.2,
  0.9,
];

/** Down on a chair within a second, upright before and after. */
export const sitting = (second: number): readonly [number, number, number] => [
  0.1,
  0.15,
  second > 1.4 && second < 1.9 ? 0.75 : second >= 1.9 && second < 2.2 ? 1.6 : 0.98,
];

export function turned({ atMs, x, y, z }: MotionWindow, [a, b]: readonly [number, number]): MotionWindow {
  const about = (one: ArrayLike<number>, other: ArrayLike<number>, angle: number) => [
    Array.from(one, (value, index) => value * Math.cos(angle) - (other[index] ?? 0) * Math.sin(angle)),
    Array.from(one, (value, index) => value * Math.sin(angle) + (other[index] ?? 0) * Math.cos(angle)),
  ];
  const [x1 = [], y1 = []] = about(x, y, a);
  const [y2 = [], z2 = []] = about(y1, z, b);
  return { atMs, x: x1, y: y2, z: z2 };
}

/** The reports in which a wearable sends a window: `parts` of them, the trigger two seconds in. */
export function motionReports(
  motion: (second: number) => readonly [number, number, number],
  { parts = 1, of, hz = 50 }: { parts?: number; of?: number; hz?: number } = {},
): (ShortReport & { name: 'motion' })[] {
  const { atMs, x, y, z } = recorded(motion, { hz, rangeG: 8 });
  const size = Math.ceil(atMs.length / parts);
  return Array.from({ length: parts }, (_, index) => {
    const from = index * size;
    const to = Math.min(atMs.length, from + size);
    const samples: MotionReport['samples'] = [];
    for (let moment = from; moment < to; moment++)
      for (const axis of [x, y, z]) samples.push(Math.round((axis[moment] ?? 0) * 1000));
    const named = of === undefined ? {} : { of };
    const where = { t0: atMs[from] ?? 0, rate: hz, range: 8, placement: 'waist' as const };
    return { name: 'motion', ...where, samples, part: index + 1, parts, ...named };
  });
}
