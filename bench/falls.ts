import { classifyMotion } from '../rules/fall/classify.ts';
import { type Scorecard, whereOf } from '../rules/fall/scorecard.ts';
import { chanceOf } from '../simulators/seeded-chance.ts';
import { type FallExample, fallExamples } from './detection/falls-examples.ts';
import {
  alarmCount,
  baseOf,
  fittedPoints,
  foldCount,
  foldsOf,
  type HeldOut,
  heldOut,
  judgedBy,
  sharesOf,
} from './detection/falls-folds.ts';
import { recordingsFolder } from './detection/recordings-folder.ts';
import type { Bench } from './run.ts';

/**
 * How well falls are told from activities, one decision a recorded trial, by fits that never saw the subject that they judge; the shipped points
 * come from the same fit on all subjects. The main figure is the smallest margin to the bounds below; 0 or more is good.
 */
export const run: Bench = async (report) => {
  const folder = recordingsFolder(process.argv.slice(2));
  if (folder === undefined) {
    process.stderr.write('falls: not measured, give the folder of the recordings with --recordings DIR\n');
    process.exitCode = 2;
    return;
  }
  const trials = await fallExamples(folder);
  const folds = foldsOf(trials);
  const judged = heldOut(trials, folds, () => true);
  const bases = basesOfFolds(trials, folds);
  const baseFor = ({ fold }: HeldOut) => bases[fold] ?? fail();
  const margins: number[] = [];
  for (const { placement, ...bounds } of bounded) {
    const own = judged.filter(({ trial }) => trial.placement === placement);
    const [native, degraded] = (['native', 'degraded'] as const).map((variant) => sharesOf(own, variant, baseFor));
    if (!native || !degraded) continue;
    for (const share of shares) {
      margins.push(native[share] - bounds[share], mostLost - (native[share] - degraded[share]));
      report(`falls-${placement}-${words[share]}`, native[share], '1');
      report(`falls-${placement}-${words[share]} at 20 Hz and 2 g`, degraded[share], '1');
    }
    report(`falls-${placement}-false-alarms`, falseAlarmsAnHour(own, baseFor), '1/h');
  }
  for (const { name, isTeacher, isJudged } of strangers) {
    const shown = taughtByStrangers(trials, isTeacher, isJudged);
    for (const share of shares) report(`falls-${name}-${words[share]}`, shown[share], '1');
  }
  const ms = msFor10s();
  margins.push(mostMs - ms);
  report('falls-ms-for-10-s', ms, 'ms');
  report('falls', Math.min(...margins), 'margin');
};

const shares = ['sensitivity', 'specificity', 'elderlySpecificity'] as const;
const words = { sensitivity: 'sensitivity', specificity: 'specificity', elderlySpecificity: 'elderly-specificity' };
const bounded = [
  { placement: 'wrist', sensitivity: 0.92, specificity: 0.92, elderlySpecificity: 0.92 },
  { placement: 'waist', sensitivity: 0.97, specificity: 0.97, elderlySpecificity: 0.98 },
] as const;
/** What each share may lose on a poor sensor. */
const mostLost = 0.06;
const mostMs = 1;

function fail(): never {
  throw new Error('a trial of no fold');
}

/** The base of a fold comes from the other folds alone, judged by fits that saw neither. */
function basesOfFolds(trials: readonly FallExample[], folds: readonly number[]) {
  return Array.from({ length: foldCount }, (_, fold) => baseOf(heldOut(trials, folds, (other) => other !== fold)));
}

function falseAlarmsAnHour(judged: readonly HeldOut[], baseFor: BaseFor): number {
  let [alarms, spentMs] = [0, 0];
  for (const one of judged) {
    const { trial, points } = one;
    if (trial.isFall || !trial.isElderly) continue;
    spentMs += trial.lengthMs;
    alarms += alarmCount(trial.impacts.native, points, baseFor(one)[whereOf(trial.placement)].wide);
  }
  return (alarms * 3_600_000) / spentMs;
}

type BaseFor = (one: HeldOut) => Scorecard['base'];

/** One laboratory judged by what the other taught: other people, another sensor, worn elsewhere; and the old by the young. */
const strangers: { name: string; isTeacher: Chosen; isJudged: Chosen }[] = [
  {
    name: 'wrist-to-waist',
    isTeacher: ({ placement }) => placement === 'wrist',
    isJudged: ({ placement }) => placement === 'waist',
  },
  {
    name: 'waist-to-wrist',
    isTeacher: ({ placement }) => placement === 'waist',
    isJudged: ({ placement }) => placement === 'wrist',
  },
  { name: 'young-to-elderly', isTeacher: ({ isElderly }) => !isElderly, isJudged: ({ isElderly }) => isElderly },
];
type Chosen = (trial: FallExample) => boolean;

/** Points and limits alike. */
function taughtByStrangers(trials: readonly FallExample[], isTeacher: Chosen, isJudged: Chosen) {
  const teachers = trials.filter(isTeacher);
  const points = fittedPoints(teachers);
  const base = baseOf(heldOut(teachers, foldsOf(teachers), () => true));
  const judged = trials.filter(isJudged).map((trial) => judgedBy(points, trial));
  return sharesOf(judged, 'native', () => base);
}

/** Of steps with a blow every other second, which is more to look at than a home gives; time of the processor, whatever else runs. */
function msFor10s(): number {
  const chance = chanceOf(1, 'steps');
  const atMs = Float64Array.from({ length: 500 }, (_, index) => index * 20);
  const axis = (still: number) =>
    atMs.map((ms) => still + 0.3 * Math.sin(ms / 80) + (ms % 2000 < 60 ? 2 : 0) + 0.1 * chance.fraction());
  const window = { atMs, x: axis(0), y: axis(0), z: axis(1) };
  const rounds = 2_000;
  for (let round = 0; round < rounds; round++) classifyMotion(window, { placement: 'wrist', rangeG: 4 });
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round++) classifyMotion(window, { placement: 'wrist', rangeG: 4 });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / rounds;
}
