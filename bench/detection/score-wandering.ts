import { judgeTrack, type Told, type Track } from './judged-tracks.ts';
import { readTracks } from './recordings-wandering.ts';

/**
 * How the rule that ships, unfitted, does on recorded tracks: exits that were told while they lasted, and after how long; alerts while nobody
 * was outside, by day of recording. Somebody who comes back before a fix shows it was not outside as far as anybody can tell: an
 * exit counts when at least one fix was taken in it. Errors: a file in another format throws.
 */
export async function* score(
  files: readonly string[],
): AsyncGenerator<{ figure: string; value: number; unit: string }> {
  const scored = (await Promise.all(files.map(readTracks))).flat().map(scoreOf);
  if (scored.every(({ days }) => days === 0)) throw new Error('no track in it lasts');
  const exits = scored.flatMap((one) => one.exits);
  const delays = exits.flatMap((exit) => exit.delayMs ?? []).toSorted((a, b) => a - b);
  const days = scored.reduce((sum, one) => sum + one.days, 0);
  const falsely = scored.reduce((sum, one) => sum + one.falsely, 0);
  yield { figure: 'wandering-people', value: scored.length, unit: 'people' };
  yield { figure: 'wandering-days', value: days, unit: 'days' };
  yield { figure: 'wandering-exits', value: exits.length, unit: 'exits' };
  yield { figure: 'wandering-exits-found', value: delays.length, unit: 'exits' };
  if (delays.length > 0) {
    yield { figure: 'wandering-delay-mean', value: mean(delays) / 60_000, unit: 'min' };
    yield { figure: 'wandering-delay-worst', value: (delays.at(-1) ?? 0) / 60_000, unit: 'min' };
  }
  yield { figure: 'wandering-false', value: falsely, unit: 'alerts' };
  if (days > 0) yield { figure: 'wandering-false-a-day', value: falsely / days, unit: '1/day' };
  for (const condition of ['position-unknown', 'camp-moved'] as const) {
    const told = scored.reduce((sum, one) => sum + one.told.filter((each) => each.condition === condition).length, 0);
    yield { figure: `wandering-${condition}`, value: told, unit: 'alerts' };
  }
}

type Scored = { told: Told[]; exits: { delayMs: number | undefined }[]; falsely: number; days: number };

function scoreOf(track: Track): Scored {
  const told = judgeTrack(track);
  const away = told.filter(({ condition }) => condition === 'wandering');
  const isIn = ({ from, until = Number.POSITIVE_INFINITY }: Exit, at: number) => at >= from && at <= until;
  const exits = (track.exits ?? []).filter((exit) => track.fixes.some(({ t }) => isIn(exit, t)));
  return {
    told,
    exits: exits.map((exit) => {
      const first = away.find(({ at }) => isIn(exit, at));
      return { delayMs: first && first.at - exit.from };
    }),
    falsely: away.filter(({ at }) => !(track.exits ?? []).some((exit) => isIn(exit, at))).length,
    days: ((track.fixes.at(-1)?.t ?? 0) - (track.fixes[0]?.t ?? 0)) / 86_400_000,
  };
}
type Exit = NonNullable<Track['exits']>[number];

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
