import type { Fields } from './device.ts';

/**
 * The movement of somebody who stands, falls, and stays on the side, as a watch reports it that does not judge falls itself: 20 moments a second,
 * from 2 s before its trigger to 6 s after.
 */
export const tumbleWindow: Fields = {
  ...{ t0: -2000, rate: 20, range: 8, placement: 'wrist' },
  samples: Array.from({ length: 161 }, (_, index) => tumble(index / 20 - 2, index)).flat(),
};

/** In milli-g. A living sensor is never quite still. */
function tumble(second: number, index: number): number[] {
  const noise = 4 * Math.sin(index * 7);
  return postureAt(second).map((milliG, axis) => Math.round(milliG + noise * (axis - 1)));
}

function postureAt(second: number): readonly number[] {
  if (second < -0.5) return [20, 100, 990];
  if (second < -0.05) return [100, 100, 250];
  if (second < 0.15) return [3200, 1400, 1100];
  return second < 0.6 ? [1200, 300, 400] : [980, 150, 50];
}
