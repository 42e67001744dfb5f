import { between, chanceOf } from '../../simulators/seeded-chance.ts';
import type { RecordedHome, RecordedSign, Span } from './recordings-inactivity.ts';

/**
 * Something that watches over a home: it hears its signs one by one, knows nothing of what comes, and says when it would alert. A state
 * is a value, so that a recording can be cut anywhere.
 */
export type Watcher<State> = {
  name: string;
  /** The state after a sign, and the alerts (epoch ms) that came before it. */
  hear(state: State | undefined, sign: RecordedSign): [State, number[]];
  /** When people are told if no sign comes any more (epoch ms); undefined: they are told already. */
  toldAt(state: State): number | undefined;
};

export type MeasureOptions = {
  cuts: number;
  seed: number;
  /** The home is learned before anything counts; of a short recording its first half. */
  learnDays: number;
  /** Hours of the home's clock in which people are awake: from (included), until (excluded). */
  wakingHours: readonly [from: number, until: number];
};
export const usualMeasure: MeasureOptions = { cuts: 200, seed: 1, learnDays: 7, wakingHours: [7, 22] };

/**
 * `delayHours`: from each cut, in its order of chance, to the alert. `alerts`: of the uncut recording, after the learning time and
 * outside of absences; `months`: of the same time. `standing`: cuts that were drawn anew because an alert stood there.
 */
export type Measured = { delayHours: number[]; alerts: number[]; months: number; standing: number };

/** Plays a recording to a watcher, whole, and cut at moments of chance after which no sign comes any more. */
export function measure<State>(home: RecordedHome, watcher: Watcher<State>, options: MeasureOptions): Measured {
  const states: State[] = [];
  const told: number[] = [];
  for (const sign of home.signs) {
    const [state, alerts] = watcher.hear(states.at(-1), sign);
    states.push(state);
    told.push(...alerts);
  }
  const times = home.signs.map(({ at }) => at);
  const [firstAt = 0, endAt = 0] = [times[0], times.at(-1)];
  const startAt = firstAt + Math.min(options.learnDays * dayMs, (endAt - firstAt) / 2);
  const away = home.spans.filter(({ what }) => what === 'away');
  const alerts = told.filter((at) => at >= startAt && !isWithin(away, at));
  const delayHours: number[] = [];
  let standing = 0;
  for (const cutAt of waking(home, startAt, endAt, options)) {
    const state = states[lastBefore(times, cutAt)];
    const toldAt = state === undefined ? undefined : watcher.toldAt(state);
    if (toldAt === undefined || toldAt < cutAt) standing += 1;
    else delayHours.push((toldAt - cutAt) / hourMs);
    if (delayHours.length === options.cuts) break;
  }
  const months = Math.max(0, endAt - startAt - lengthOf(away, startAt)) / monthMs;
  return { delayHours, alerts, months, standing };
}

export const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const monthMs = 30.44 * dayMs;

/** Moments at which the person is up and about: by the clock, and as far as the recording says where they are. */
function* waking({ isHourly, spans }: RecordedHome, startAt: number, endAt: number, options: MeasureOptions) {
  const chance = chanceOf(options.seed, 'cuts');
  const [from, until] = options.wakingHours;
  // A recording that holds no such moment at all must come to an end.
  for (let tries = 0; tries < 1000 * options.cuts; tries++) {
    const drawn = between(chance, startAt, endAt);
    // Within an hour of counts nobody knows what came before the cut.
    const at = isHourly ? Math.floor(drawn / hourMs) * hourMs : drawn;
    const hour = (at % dayMs) / hourMs;
    if (at >= startAt && hour >= from && hour < until && !isWithin(spans, at)) yield at;
  }
}

const isWithin = (spans: readonly Span[], at: number): boolean => spans.some(({ from, to }) => from < at && at <= to);

/** The length of what spans cover after a moment; they may overlap. */
function lengthOf(spans: readonly Span[], startAt: number): number {
  let [length, reached] = [0, startAt];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    length += Math.max(0, to - Math.max(from, reached));
    reached = Math.max(reached, to);
  }
  return length;
}

/** The index of the last of ascending times that is not after `at`. */
function lastBefore(times: readonly number[], at: number): number {
  let [low, high] = [-1, times.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((times[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}
