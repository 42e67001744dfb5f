import { localTimeIn } from '../../platform/local-time.ts';
import type { Whereabouts } from '../../records/alert.ts';
import { FoldState } from '../../records/fold-state.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { createEngine, type Engine } from '../../rules/engine.ts';
import { hazard } from '../../rules/hazard.ts';
import { type Air, type AirSample, readAir } from './recordings-smoke.ts';

/**
 * What the rule for smoke, as it ships, makes of recordings of the air. It has no limit of its own: the certified detector decides, and its
 * first word is an alert. A recording of sensors holds no such word, so that a simple detector stands in for it, the same for every file: it
 * learns clean air from the first half of it, which then counts no more, and gives the alarm while all sensors together are more than
 * `outerDeviations` away from it, in `lastingSamples` running. The shares are thus of that detector; what the rule adds is counted: an alarm
 * that raised no alert, and alerts without an alarm.
 * An episode is a stretch of one class. Errors: a file in another format, or with too little clean air to begin with.
 */
export async function* score(
  files: readonly string[],
): AsyncGenerator<{ figure: string; value: number; unit: string }> {
  for (const file of files) {
    const { name, samples } = await readAir(file);
    const allClean = samples.filter(({ air }) => air === 'clean');
    if (allClean.length < 2 * leastClean)
      throw new Error(
        `${file} has ${allClean.length} samples of clean air: ${2 * leastClean} are needed to begin with`,
      );
    const clean = allClean.slice(0, Math.floor(allClean.length / 2));
    const learned = new Set(clean);
    const episodes = episodesOf(samples.filter((sample) => !learned.has(sample)));
    yield* figuresOf(`smoke-${name}`, judge(episodes, bandsOf(clean)));
  }
}

const leastClean = 50;
/** Beyond what a sensor shows once in some ten thousand readings of clean air, were they normal. Not chosen by these recordings. */
const outerDeviations = 4;
const lastingSamples = 3;

type Episode = { air: Air; samples: AirSample[] };
/** `alarms`: samples at which the detector was on; `alerts`: what the rule raised. */
type Judged = Episode & { alarms: number; alerts: number };
type Band = { median: number; deviation: number };

function bandsOf(clean: readonly AirSample[]): Band[] {
  return (clean[0]?.values ?? []).map((_, sensor) => {
    const values = clean.map((sample) => sample.values[sensor] ?? 0);
    const median = medianOf(values);
    // 1.4826 makes of a median deviation what a standard deviation would be; a converter's last digit is never certain.
    const deviation = 1.4826 * medianOf(values.map((value) => Math.abs(value - median)));
    return { median, deviation: Math.max(1, deviation) };
  });
}

/** How far the air is from clean air, in deviations of it: the root of the mean square over all sensors. */
function distanceOf(values: readonly number[], bands: readonly Band[]): number {
  const squares = bands.map(
    ({ median, deviation }, sensor) => (((values[sensor] ?? median) - median) / deviation) ** 2,
  );
  return Math.sqrt(squares.reduce((total, square) => total + square, 0) / Math.max(1, squares.length));
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function episodesOf(samples: readonly AirSample[]): Episode[] {
  const episodes: Episode[] = [];
  for (const sample of samples) {
    const current = episodes.at(-1);
    if (current?.air === sample.air) current.samples.push(sample);
    else episodes.push({ air: sample.air, samples: [sample] });
  }
  return episodes;
}

/** Each episode in a home of its own, so that none is taken for what goes on from the one before it. */
function judge(episodes: readonly Episode[], bands: readonly Band[]): Judged[] {
  return episodes.map((episode, index) => {
    const say = detectorOf(`detector-${index}`);
    let [running, alarms, alerts] = [0, 0, 0];
    for (const { values } of episode.samples) {
      running = distanceOf(values, bands) > outerDeviations ? running + 1 : 0;
      const isOn = running >= lastingSamples;
      if (isOn) alarms += 1;
      alerts += say(isOn);
    }
    return { ...episode, alarms, alerts };
  });
}

/** Tells the shipped rule what a detector says, a sample every 2 s, and counts what it raises. */
function detectorOf(deviceId: string): (isOn: boolean) => number {
  const state = new FoldState();
  const registry = createRegistry({ state });
  const engine: Engine = createEngine({ rules: [hazard], state, registry, localTime: localTimeIn('Asia/Shanghai') });
  const where: Whereabouts = { deviceId };
  let [seq, wasOn] = [0, false];
  return (isOn) => {
    seq += 1;
    if (!isOn && !wasOn) return 0;
    wasOn = isOn;
    const at = seq * sampleMs;
    const report = { name: 'alarm', v: 1, boot: 1, seq, source: 'smoke', state: isOn ? 'on' : 'off' } as const;
    const times = { at, occurredAt: at, clock: 'trusted', lateMs: 0 } as const;
    const { changes } = engine.step({
      type: 'report',
      ...times,
      causeId: `${deviceId}:${seq}`,
      where,
      report,
      unread: [],
    });
    return changes.filter(({ type }) => type === 'raise').length;
  };
}
const sampleMs = 2_000;

function* figuresOf(name: string, judged: readonly Judged[]) {
  const of = (isMeant: (air: Air) => boolean) => sum(judged.filter(({ air }) => isMeant(air)));
  const smoke = of((air) => air === 'smoke');
  const other = of((air) => air !== 'smoke' && air !== 'mixture');
  if (smoke.samples > 0) {
    yield { figure: `${name}-sensitivity`, value: smoke.alarms / smoke.samples, unit: '1' };
    yield { figure: `${name}-episodes-found`, value: smoke.alerted / smoke.episodes, unit: '1' };
  }
  if (other.samples > 0) yield { figure: `${name}-specificity`, value: 1 - other.alarms / other.samples, unit: '1' };
  for (const air of ['clean', 'cooking', 'cleaning', 'gas', 'mixture'] as const) {
    const one = of((each) => each === air);
    if (one.samples === 0) continue;
    yield { figure: `${name}-alarms-in-${air}`, value: one.alarms / one.samples, unit: '1' };
    yield { figure: `${name}-episodes-in-${air}`, value: one.alerted / one.episodes, unit: '1' };
  }
  const unheard = judged.filter(({ alarms, alerts }) => alarms > 0 && alerts === 0).length;
  const invented = judged.filter(({ alarms, alerts }) => alarms === 0 && alerts > 0).length;
  yield { figure: `${name}-alarms-without-alert`, value: unheard, unit: 'episodes' };
  yield { figure: `${name}-alerts-without-alarm`, value: invented, unit: 'episodes' };
}

function sum(judged: readonly Judged[]) {
  const total = { samples: 0, alarms: 0, episodes: judged.length, alerted: 0 };
  for (const { samples, alarms, alerts } of judged) {
    total.samples += samples.length;
    total.alarms += alarms;
    if (alerts > 0) total.alerted += 1;
  }
  return total;
}
