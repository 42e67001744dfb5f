import { pointsOf, type Scorecard, type Where, whereOf } from '../../rules/fall/scorecard.ts';
import { chanceOf } from '../../simulators/seeded-chance.ts';
import { boostedPoints, type Example, type Group } from './falls-boosting.ts';
import { type FallExample, type Impact, type Variant, variants } from './falls-examples.ts';

/** The points that tell the falls of these trials best from their activities. */
export function fittedPoints(trials: readonly FallExample[]): Scorecard['points'] {
  const groups: Group[] = [];
  const examples: Example[] = [];
  for (const { isFall, placement, impacts } of trials) {
    for (const variant of variants) {
      for (const { features } of impacts[variant]) examples.push({ group: groups.length, features });
      groups.push({ isFall, source: placement });
    }
  }
  return boostedPoints(examples, groups);
}

/** What the likeliest moment of a trial gets; a trial without any moment gets nothing at all. */
export function scoreOf({ impacts }: FallExample, variant: Variant, points: Scorecard['points']): number {
  return Math.max(Number.NEGATIVE_INFINITY, ...impacts[variant].map(({ features }) => pointsOf(points, features)));
}

/** How often an alarm is made of these moments; within the length of a window they are one. */
export function alarmCount(impacts: readonly Impact[], points: Scorecard['points'], base: number): number {
  let [alarms, quietUntilMs] = [0, Number.NEGATIVE_INFINITY];
  for (const { atMs, features } of impacts) {
    if (atMs < quietUntilMs || base + pointsOf(points, features) < 0) continue;
    alarms += 1;
    quietUntilMs = atMs + windowMs;
  }
  return alarms;
}

const windowMs = 8_000;

/** The points of every trial by a fit that never saw its subject. */
export type HeldOut = {
  readonly trial: FallExample;
  readonly fold: number;
  readonly points: Scorecard['points'];
  readonly scores: { readonly [V in Variant]: number };
};

export const foldCount = 5;

/**
 * Subjects apart, the old and the young each spread over all folds; which fold a subject is in comes from a fixed seed.
 */
export function foldsOf(trials: readonly FallExample[]): number[] {
  const chance = chanceOf(1, 'folds');
  const foldOf = new Map<string, number>();
  const nameOf = ({ placement, subject, isElderly }: FallExample) => `${placement} ${isElderly} ${subject}`;
  const names = [...new Set(trials.map(nameOf))].sort();
  const drawn = names.map((name) => ({ name, kind: name.slice(0, name.lastIndexOf(' ')), place: chance.fraction() }));
  for (const kind of new Set(drawn.map((one) => one.kind))) {
    const ofKind = drawn.filter((one) => one.kind === kind).sort((one, other) => one.place - other.place);
    for (const [index, { name }] of ofKind.entries()) foldOf.set(name, index % foldCount);
  }
  return trials.map((trial) => foldOf.get(nameOf(trial)) ?? 0);
}

/** Each fold judged by a fit on the others, among the trials that are `among`. */
export function heldOut(
  trials: readonly FallExample[],
  folds: readonly number[],
  among: (fold: number) => boolean,
): HeldOut[] {
  const found: HeldOut[] = [];
  for (let fold = 0; fold < foldCount; fold++) {
    if (!among(fold)) continue;
    const isTaught = (_: unknown, index: number) => folds[index] !== fold && among(folds[index] ?? -1);
    const points = fittedPoints(trials.filter(isTaught));
    trials.forEach((trial, index) => {
      if (folds[index] === fold) found.push(judgedBy(points, trial, fold));
    });
  }
  return found;
}

export function judgedBy(points: Scorecard['points'], trial: FallExample, fold = 0): HeldOut {
  const scores = Object.fromEntries(variants.map((variant) => [variant, scoreOf(trial, variant, points)]));
  return { trial, fold, points, scores: scores as HeldOut['scores'] };
}

/** What the sum begins with, so that 0 lies in the middle of where falls and activities are told apart about as well as can be. Where nobody was taught it is as elsewhere. */
export function baseOf(judged: readonly HeldOut[]): Scorecard['base'] {
  const base = (where: Where, variant: Variant) => {
    const own = judged.filter(({ trial }) => whereOf(trial.placement) === where);
    return -Math.round(middle(own.length > 0 ? own : judged, variant) * 100) / 100;
  };
  const at = (where: Where) => ({
    narrow: base(where, 'degraded'),
    wide: base(where, 'native'),
  });
  return { limb: at('limb'), trunk: at('trunk') };
}

/**
 * The middle of the limits that are about as good as the best, where good is the lowest of sensitivity, specificity and the specificity on the
 * old, for whom all of this is, less one in a hundred.
 */
function middle(judged: readonly HeldOut[], variant: Variant): number {
  const scoresOf = (isMeant: (trial: FallExample) => boolean) =>
    judged.filter(({ trial }) => isMeant(trial)).map(({ scores }) => scores[variant]);
  const falls = scoresOf(({ isFall }) => isFall);
  const others = scoresOf(({ isFall }) => !isFall);
  const ofOld = scoresOf(({ isFall, isElderly }) => !isFall && isElderly);
  const limits = Array.from({ length: 1201 }, (_, index) => -6 + index / 100);
  const goodness = limits.map((limit) =>
    Math.min(1 - shareBelow(falls, limit), shareBelow(others, limit), shareBelow(ofOld, limit) - elderlyMore),
  );
  const best = Math.max(...goodness);
  const good = limits.filter((_, index) => (goodness[index] ?? 0) >= best - asGood);
  return ((good[0] ?? 0) + (good.at(-1) ?? 0)) / 2;
}

const elderlyMore = 0.01;
const asGood = 0.01;
/** Of nobody, all. */
const shareBelow = (scores: readonly number[], limit: number): number =>
  scores.length === 0 ? 1 : scores.filter((score) => score < limit).length / scores.length;

/** The figures that people ask for; a share of nothing is not a number. */
export function sharesOf(judged: readonly HeldOut[], variant: Variant, baseFor: (one: HeldOut) => Scorecard['base']) {
  const reach = variant === 'native' || variant === 'cropped' ? 'wide' : 'narrow';
  const isTaken = (one: HeldOut) => baseFor(one)[whereOf(one.trial.placement)][reach] + one.scores[variant] >= 0;
  const share = (all: readonly HeldOut[], isRight: (one: HeldOut) => boolean) =>
    all.filter(isRight).length / all.length;
  const others = judged.filter(({ trial }) => !trial.isFall);
  return {
    sensitivity: share(
      judged.filter(({ trial }) => trial.isFall),
      isTaken,
    ),
    specificity: share(others, (one) => !isTaken(one)),
    elderlySpecificity: share(
      others.filter(({ trial }) => trial.isElderly),
      (one) => !isTaken(one),
    ),
  };
}
