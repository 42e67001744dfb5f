import { join } from 'node:path';
import { type Features, featuresAt, impactsIn } from '../../rules/fall/motion-features.ts';
import { type MotionWindow, motionGrid, type Placement } from '../../rules/fall/motion-grid.ts';
import { chanceOf } from '../../simulators/seeded-chance.ts';
import { cropped, degraded, type FallTrial, fallTrials, lengthMs } from './recordings-falls.ts';

/** Both laboratories, where their sensors are worn, and where those clip. */
export const fallRecordings = [
  { file: 'falls/wrist-weda50.ndjson.gz', placement: 'wrist', rangeG: 4 },
  { file: 'falls/waist-sisfall50.ndjson.gz', placement: 'waist', rangeG: 16 },
] as const;

/**
 * A trial as the fit sees it. `impacts`: what was measured at each moment that may be an impact, `atMs` counted from the beginning,
 * in the recording as it is, as a poor sensor would have reported it, and in pieces of both that are as short as recordings can be.
 */
export type FallExample = Pick<FallTrial, 'subject' | 'isElderly' | 'isFall'> & {
  readonly placement: Placement;
  readonly lengthMs: number;
  readonly impacts: { readonly [V in Variant]: readonly Impact[] };
};
export type Impact = { readonly atMs: number; readonly features: Features };
export const variants = ['native', 'degraded', 'cropped', 'cropped-degraded'] as const;
export type Variant = (typeof variants)[number];

/** What a poor sensor gives: 20 Hz, clipped at 2 g. */
export const poorSensor = { hz: 20, rangeG: 2 };

export async function fallExamples(folder: string): Promise<FallExample[]> {
  const examples: FallExample[] = [];
  const chance = chanceOf(1, 'cropped trials');
  for (const { file, placement, rangeG } of fallRecordings) {
    for await (const { window, subject, isElderly, isFall } of fallTrials(join(folder, file))) {
      const piece = cropped(window, {
        beforeMs: 800 + 1700 * chance.fraction(),
        afterMs: 1300 + 2700 * chance.fraction(),
      });
      const impacts = {
        native: impactsOf(window, rangeG),
        degraded: impactsOf(degraded(window, poorSensor), poorSensor.rangeG),
        cropped: impactsOf(piece, rangeG),
        'cropped-degraded': impactsOf(degraded(piece, poorSensor), poorSensor.rangeG),
      };
      examples.push({ subject, isElderly, isFall, placement, lengthMs: lengthMs(window), impacts });
    }
  }
  return examples;
}

/** What is measured at each moment of a window that may be an impact; of one that tells nothing there is none. */
export function impactsOf(window: MotionWindow, rangeG: number): Impact[] {
  const grid = motionGrid(window, { rangeG });
  if (typeof grid === 'string') return [];
  return impactsIn(grid).map((impact) => ({ atMs: impact * 50, features: featuresAt(grid, impact) }));
}
