import { classifyMotion } from '../../rules/fall/classify.ts';
import { fallScorecard } from '../../rules/fall/fall-scorecard.ts';
import type { Placement } from '../../rules/fall/motion-grid.ts';
import { reachOf, whereOf } from '../../rules/fall/scorecard.ts';
import { impactsOf } from './falls-examples.ts';
import { alarmCount } from './falls-folds.ts';
import { type FallTrial, fallTrials, lengthMs } from './recordings-falls.ts';

/** What a recording does not say of itself; `hz` where it names no instants, `rangeG` where its sensor clips. */
export type FallScoreOptions = { placement?: Placement; rangeG?: number; hz?: number };

/**
 * How well the shipped settings tell falls from activities in recordings of falls (NDJSON, a trial a line), one decision a trial, nothing fitted to
 * them. What a file says of its sensor goes before the options. A range that neither says is the smallest usual one that holds all of the
 * file. A trial that cannot be judged counts as no fall, and is counted.
 * Units: shares are 1; a share of nothing is left out. Errors: a file that cannot be read, or a line that is no trial.
 */
export async function* score(
  files: readonly string[],
  options: FallScoreOptions = {},
): AsyncGenerator<{ figure: string; value: number; unit: string }> {
  const counts = {
    falls: 0,
    found: 0,
    others: 0,
    right: 0,
    ofElderly: 0,
    rightOfElderly: 0,
    alarms: 0,
    elderlyMs: 0,
    unusable: 0,
  };
  for (const file of files) {
    const rangeG = options.rangeG ?? usualRange(await highestOf(file, options.hz));
    for await (const trial of fallTrials(file, options.hz))
      add(counts, trial, { placement: 'wrist', ...options, rangeG });
  }
  const { falls, found, others, right, ofElderly, rightOfElderly, alarms, elderlyMs, unusable } = counts;
  if (falls + others === 0) throw new Error('there is no trial in it');
  if (unusable === falls + others) throw new Error(`none of its ${unusable} trials can be judged`);
  if (falls > 0) yield { figure: 'sensitivity', value: found / falls, unit: '1' };
  if (others > 0) yield { figure: 'specificity', value: right / others, unit: '1' };
  if (ofElderly > 0) {
    yield { figure: 'elderly-specificity', value: rightOfElderly / ofElderly, unit: '1' };
    yield { figure: 'elderly-false-alarms', value: (alarms * 3_600_000) / elderlyMs, unit: '1/h' };
  }
  yield { figure: 'trials', value: falls + others, unit: '1' };
  yield { figure: 'unusable-trials', value: unusable, unit: '1' };
}

type Counts = {
  [K in
    | 'falls'
    | 'found'
    | 'others'
    | 'right'
    | 'ofElderly'
    | 'rightOfElderly'
    | 'alarms'
    | 'elderlyMs'
    | 'unusable']: number;
};

function add(counts: Counts, trial: FallTrial, usual: { placement: Placement; rangeG: number }): void {
  const { placement = usual.placement, rangeG = usual.rangeG, window, isFall, isElderly } = trial;
  const verdict = classifyMotion(window, { placement, rangeG });
  const isTaken = verdict.type === 'judged' && verdict.isFall;
  if (verdict.type === 'unusable') counts.unusable += 1;
  if (isFall) {
    counts.falls += 1;
    counts.found += isTaken ? 1 : 0;
    return;
  }
  counts.others += 1;
  counts.right += isTaken ? 0 : 1;
  if (!isElderly) return;
  counts.ofElderly += 1;
  counts.rightOfElderly += isTaken ? 0 : 1;
  const base = fallScorecard.base[whereOf(placement)][reachOf(rangeG)];
  counts.alarms += alarmCount(impactsOf(window, rangeG), fallScorecard.points, base);
  counts.elderlyMs += lengthMs(window);
}

/** The highest value on any axis that a sensor can have measured. */
async function highestOf(file: string, hz: number | undefined): Promise<number> {
  let highest = 0;
  for await (const { window } of fallTrials(file, hz))
    for (const axis of [window.x, window.y, window.z])
      for (let index = 0; index < axis.length; index++) {
        const g = Math.abs(axis[index] ?? 0);
        if (g > highest && g <= mostG) highest = g;
      }
  return highest;
}

const mostG = 20;

/** Sensors overshoot their range a little. */
const usualRange = (highestG: number): number => [2, 4, 8].find((rangeG) => highestG <= rangeG * 1.05) ?? 16;
