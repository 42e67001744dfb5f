import type { Features } from './motion-features.ts';
import type { Placement } from './motion-grid.ts';

/**
 * Points for each feature by the step that its value is on, added up; what could not be measured gives none. The sum is the logarithm of the
 * odds of a fall, so that 0 is as likely as not, 1 means 73 % and 2 means 88 %.
 * `base`: what the sum begins with, by where it is worn and how far the sensor reaches.
 */
export type Scorecard = {
  readonly base: { readonly [W in Where]: { readonly [R in Reach]: number } };
  readonly points: { readonly [Name in keyof Features]?: readonly Step[] };
};
/** Values below `below` that are on no earlier step; the last step has no end. */
export type Step = readonly [below: number, points: number];

/** On the trunk falls stand apart; arms and legs do more of what looks like them. */
export type Where = 'limb' | 'trunk';
/** A small range cuts off the impact. */
export type Reach = 'narrow' | 'wide';

export const whereOf = (placement: Placement): Where =>
  placement === 'waist' || placement === 'neck' ? 'trunk' : 'limb';
export const reachOf = (rangeG: number): Reach => (rangeG < 3 ? 'narrow' : 'wide');

/** The sum of the points, without the base. */
export function pointsOf(points: Scorecard['points'], features: Features): number {
  let sum = 0;
  for (const name of featureNames) sum += pointsOn(features[name], points[name]);
  return sum;
}

/** In the order in which a person reads them. */
export const featureNames: readonly (keyof Features)[] = [
  ...(['peakG', 'dipGs', 'jerkG', 'effortGs', 'contrast', 'contrastAfter', 'rivals'] as const),
  ...(['tiltDegrees', 'tiltLateDegrees', 'swingDegrees', 'turnDegrees', 'restG', 'restAfterSeconds'] as const),
];

function pointsOn(value: number, steps: readonly Step[] = []): number {
  if (!Number.isFinite(value)) return 0;
  for (const [below, points] of steps) if (value < below) return points;
  return 0;
}
