import { judgeTrack, type Told, type Track } from './detection/judged-tracks.ts';
import { campMove, homeDays, riderDays, walkAway } from './detection/lives.ts';
import type { Bench } from './run.ts';

/**
 * What the rules of wandering say of simulated people (bench/detection/lives.ts), whose wearables report every 1, 10 and 30 minutes. `wandering`:
 * where all is as it should be, by how many minutes the slowest exit was told before an interval and 4 minutes were over, as a negative
 * number; else how many went wrong: exits that were not told in time, exits told of people at home, riders (by receivers without speed: from
 * their fourth day on) and households that moved about whom somebody was called. The rest are the figures behind it, by interval; `rough` ones are of receivers whose fixes
 * fail and err beyond what they say, and have no bound.
 */
export const run: Bench = async (report) => {
  let wrong = 0;
  let slowestMinutes = Number.NEGATIVE_INFINITY;
  for (const minutes of [1, 10, 30]) {
    const figures = measure({ intervalMs: minutes * 60_000, seed: 2026 });
    const rough = measure({ intervalMs: minutes * 60_000, seed: 2026, isRough: true });
    tell(report, figures, `${minutes}min`);
    tell(report, rough, `rough-${minutes}min`);
    const lateMinutes = figures.delays.map((delay) => delay - minutes - 4);
    wrong += figures.missed + lateMinutes.filter((late) => late > 0).length;
    wrong += figures.atHome + figures.riders + figures.speedlessUsual + figures.movesCalled + figures.movesNotAsked;
    slowestMinutes = Math.max(slowestMinutes, ...lateMinutes);
  }
  report('wandering', wrong > 0 ? wrong : slowestMinutes, wrong > 0 ? 'failures' : 'min');
};

const [exitCount, homeCount, riderCount, moveCount] = [300, 60, 40, 10];

type Figures = {
  /** Of exits that were told: from the true edge of where they are expected to the alert, min. */
  delays: number[];
  missed: number;
  /** Alerts about people at home, in 7 days each; about riders, in 5 days each; about households that moved, but for the question. */
  atHome: number;
  riders: number;
  /** Of riders whose receivers give no speed: on their first three days, and when they have a usual pasture. */
  speedlessNew: number;
  speedlessUsual: number;
  movesCalled: number;
  movesNotAsked: number;
};

function measure(life: { intervalMs: number; seed: number; isRough?: boolean }): Figures {
  const delays = people(exitCount).flatMap((index) => delayOf(walkAway({ ...life, index })) ?? []);
  const moves = people(moveCount).map((index) => judgeTrack(campMove({ ...life, index })));
  const speedless = people(riderCount).flatMap((index) => daysTold(riderDays({ ...life, index, isSpeedless: true })));
  return {
    ...{ delays, missed: exitCount - delays.length },
    atHome: people(homeCount).flatMap((index) => judgeTrack(homeDays({ ...life, index }))).length,
    riders: people(riderCount).flatMap((index) => judgeTrack(riderDays({ ...life, index }))).length,
    speedlessNew: speedless.filter((day) => day < learningDays).length,
    speedlessUsual: speedless.filter((day) => day >= learningDays).length,
    movesCalled: moves.flat().filter((told) => !isQuestion(told)).length,
    movesNotAsked: moves.filter((told) => !told.some(isQuestion)).length,
  };
}

function tell(report: Parameters<Bench>[0], figures: Figures, of: string): void {
  const { delays, missed, atHome, riders, speedlessNew, speedlessUsual, movesCalled, movesNotAsked } = figures;
  report(`wandering-exits-missed-${of}`, missed, 'exits');
  report(`wandering-delay-mean-${of}`, delays.reduce((sum, delay) => sum + delay, 0) / delays.length, 'min');
  report(`wandering-delay-worst-${of}`, Math.max(...delays), 'min');
  report(`wandering-false-at-home-${of}`, atHome, 'alerts');
  report(`wandering-false-riders-${of}`, riders, 'alerts');
  report(`wandering-false-speedless-riders-new-${of}`, speedlessNew, 'alerts');
  report(`wandering-false-speedless-riders-usual-${of}`, speedlessUsual, 'alerts');
  report(`wandering-moves-called-${of}`, movesCalled, 'moves');
  report(`wandering-moves-not-asked-${of}`, movesNotAsked, 'moves');
}

/** Minutes from the true exit to the word of it; undefined: never told, or told before. */
function delayOf(track: Track): number | undefined {
  const from = track.exits?.[0]?.from ?? 0;
  const told = judgeTrack(track).find(({ condition }) => condition === 'wandering');
  return told === undefined || told.at < from ? undefined : (told.at - from) / 60_000;
}

/** On which day of the track, from 0 on, each word came. */
function daysTold(track: Track): number[] {
  const from = track.fixes[0]?.t ?? 0;
  return judgeTrack(track).map(({ at }) => Math.floor((at - from) / dayMs));
}
const dayMs = 86_400_000;
/** As many as make a pasture usual. */
const learningDays = 3;

const people = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const isQuestion = ({ condition }: Told): boolean => condition === 'camp-moved';
