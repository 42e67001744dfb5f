import type { Features } from '../../rules/fall/motion-features.ts';
import { featureNames, type Scorecard, type Step } from '../../rules/fall/scorecard.ts';

/** One moment that may be an impact. `group`: the recording that it is of, of which at most one moment is a fall. */
export type Example = { readonly group: number; readonly features: Features };
/** `source`: where its sensor was worn. */
export type Group = { readonly isFall: boolean; readonly source: string };

/**
 * Finds the points of a scorecard by boosting: again and again the one step of one feature that tells falls best from what is still
 * taken for one, under the logistic loss, and only in the direction that makes sense for that feature.
 * Of a recorded fall the moment that looks most like one is the fall, which is looked for anew in a few passes; of an activity every moment is
 * none, and the likeliest weighs most. Nothing is drawn by chance.
 */
export function boostedPoints(examples: readonly Example[], groups: readonly Group[]): Scorecard['points'] {
  const columns = featureNames.map((name) => columnOf(examples, name));
  let likeness = Float64Array.from(examples, ({ features }) => features.contrast);
  let tables: Float64Array[] = [];
  for (let pass = 1; pass <= passes; pass++) {
    const judged = judge(examples, groups, likeness);
    ({ tables, likeness } = boost(columns, judged, pass === passes ? lastRounds : earlyRounds));
  }
  return Object.fromEntries(
    columns.map(({ name, edges }, index) => [name, stepsOf(edges, tables[index] ?? new Float64Array())]),
  ) as Scorecard['points'];
}

const passes = 3;
const earlyRounds = 60;
const lastRounds = 240;
const learningRate = 0.15;
/** Keeps few examples from saying much. */
const shrinkage = 5;
const binCount = 24;
/** What any but the likeliest moment of an activity weighs. */
const otherWeight = 0.15;
/**
 * What the falls of a laboratory weigh together, and its activities. On the trunk the two lie far apart, so that fewer words of it
 * suffice: found by trying 0.1 to 1 against the wrist's.
 */
const sourceWeights: { readonly [source: string]: number } = { wrist: 2000, waist: 600 };

/** 1: more of it speaks for a fall; -1: against. */
const trends: { readonly [Name in keyof Features]: -1 | 1 } = {
  ...{ peakG: 1, dipGs: 1, jerkG: 1, effortGs: 1, contrast: 1, contrastAfter: 1, rivals: -1 },
  ...{ tiltDegrees: 1, tiltLateDegrees: 1, swingDegrees: 1, turnDegrees: 1, restG: -1, restAfterSeconds: -1 },
};

/** `binOf`: 0 where it could not be measured, which says nothing. */
type Column = { name: keyof Features; edges: number[]; binOf: Uint8Array };
type Judged = { target: Float64Array; weight: Float64Array };

/** Edges are quantiles, rounded to two digits so that people can read them. */
function columnOf(examples: readonly Example[], name: keyof Features): Column {
  const values = Float64Array.from(examples, ({ features }) => features[name]);
  const known = values.filter(Number.isFinite).sort();
  const quantiles = Array.from({ length: binCount - 1 }, (_, index) => {
    const quantile = known[Math.floor(((index + 1) * known.length) / binCount)] ?? 0;
    return Number(quantile.toPrecision(2));
  });
  const edges = [...new Set(quantiles)].sort((one, other) => one - other);
  return { name, edges, binOf: Uint8Array.from(values, (value) => binIn(edges, value)) };
}

function binIn(edges: readonly number[], value: number): number {
  if (!Number.isFinite(value)) return 0;
  const next = edges.findIndex((edge) => value < edge);
  return next < 0 ? edges.length + 1 : next + 1;
}

function judge(examples: readonly Example[], groups: readonly Group[], likeness: Float64Array): Judged {
  const highest = new Float64Array(groups.length).fill(Number.NEGATIVE_INFINITY);
  examples.forEach(({ group }, index) => {
    highest[group] = Math.max(at(highest, group), at(likeness, index));
  });
  const target = new Float64Array(examples.length);
  const weight = new Float64Array(examples.length);
  const sums = new Map<string, number>();
  const sideOf = ({ source, isFall }: Group) => `${source} ${isFall}`;
  examples.forEach(({ group: number }, index) => {
    const group = groups[number];
    if (!group) return;
    const isLikeliest = at(likeness, index) === at(highest, number);
    target[index] = group.isFall ? 1 : 0;
    weight[index] = isLikeliest ? 1 : group.isFall ? 0 : otherWeight;
    sums.set(sideOf(group), (sums.get(sideOf(group)) ?? 0) + at(weight, index));
  });
  examples.forEach(({ group: number }, index) => {
    const group = groups[number];
    if (!group) return;
    weight[index] = (at(weight, index) * (sourceWeights[group.source] ?? 0)) / (sums.get(sideOf(group)) ?? 1);
  });
  return { target, weight };
}

function boost(columns: readonly Column[], judged: Judged, rounds: number) {
  const tables = columns.map(({ edges }) => new Float64Array(edges.length + 2));
  const likeness = new Float64Array(judged.target.length);
  for (let round = 0; round < rounds; round++) {
    const step = bestStep(columns, slopesOf(judged, likeness));
    const [column, table] = [columns[step?.column ?? -1], tables[step?.column ?? -1]];
    if (!step || !column || !table) break;
    for (let bin = 1; bin < table.length; bin++)
      table[bin] = at(table, bin) + learningRate * (bin <= step.lastBelow ? step.below : step.above);
    for (let index = 0; index < likeness.length; index++) {
      const bin = at(column.binOf, index);
      if (bin > 0)
        likeness[index] = at(likeness, index) + learningRate * (bin <= step.lastBelow ? step.below : step.above);
    }
  }
  return { tables, likeness };
}

/** First and second derivative of the loss at each example. */
type Slopes = { pull: Float64Array; curve: Float64Array };
function slopesOf({ target, weight }: Judged, likeness: Float64Array): Slopes {
  const pull = new Float64Array(target.length);
  const curve = new Float64Array(target.length);
  for (let index = 0; index < target.length; index++) {
    const chance = 1 / (1 + Math.exp(-at(likeness, index)));
    pull[index] = at(weight, index) * (at(target, index) - chance);
    curve[index] = at(weight, index) * chance * (1 - chance);
  }
  return { pull, curve };
}

/** Values in bins up to `lastBelow` get `below`, the others `above`. */
type BoostStep = { column: number; lastBelow: number; below: number; above: number; gain: number };

function bestStep(columns: readonly Column[], slopes: Slopes): BoostStep | undefined {
  let best: BoostStep | undefined;
  columns.forEach(({ name, edges, binOf }, column) => {
    const pulls = new Float64Array(edges.length + 2);
    const curves = new Float64Array(edges.length + 2);
    for (let index = 0; index < binOf.length; index++) {
      const bin = at(binOf, index);
      pulls[bin] = at(pulls, bin) + at(slopes.pull, index);
      curves[bin] = at(curves, bin) + at(slopes.curve, index);
    }
    const [allPull, allCurve] = [sumFrom1(pulls), sumFrom1(curves)];
    let [pull, curve] = [0, 0];
    for (let lastBelow = 1; lastBelow <= edges.length; lastBelow++) {
      pull += at(pulls, lastBelow);
      curve += at(curves, lastBelow);
      const below = pull / (curve + shrinkage);
      const above = (allPull - pull) / (allCurve - curve + shrinkage);
      if ((above - below) * trends[name] < 0) continue;
      const gain = pull * below + (allPull - pull) * above;
      if (gain > (best?.gain ?? 0)) best = { column, lastBelow, below, above, gain };
    }
  });
  return best;
}

const sumFrom1 = (values: Float64Array): number =>
  values.reduce((sum, value, index) => (index > 0 ? sum + value : 0), 0);

/** Neighbouring bins with the same points are one step; points have two decimals. */
function stepsOf(edges: readonly number[], table: Float64Array): Step[] {
  const steps: Step[] = [];
  for (let bin = 1; bin < table.length; bin++) {
    const points = Math.round(at(table, bin) * 100) / 100;
    const below = edges[bin - 1] ?? Number.POSITIVE_INFINITY;
    if (steps.at(-1)?.[1] === points) steps.pop();
    steps.push([below, points]);
  }
  return steps;
}

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN;
