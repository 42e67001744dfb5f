import type { LocalTime } from '../local-time.ts';

/**
 * What is usual in one home, learned from its own signs of life and from nothing else. Time without a sign counts by how lively
 * its hours usually are: an hour in which there is always somebody about counts more than one, an hour of sleep next to
 * nothing. So one limit, in *lively hours*, is three hours by day and a whole night. How long a day's longest quiet stretch
 * usually gets, in those hours, is the home's own measure, and a limit stands above it.
 * Shapes: about a hundred numbers, 1 KB. Nothing here asks for the time.
 */
export type Rhythm = {
  /** How often each local hour had a sign, 0 to 1; newer days weigh more. */
  presence: readonly number[];
  /** What each local hour counts, in lively hours; the mean of the day is 1. Follows from `presence`. */
  pace: readonly number[];
  /** The longest quiet stretch of each of the last days, in lively hours, the newest last. */
  quiets: readonly number[];
  /** What they usually stay below, in lively hours. Follows from `quiets`. */
  usualQuiet: number;
  /** The longest that they were out, in ms; it fades. */
  awayMs: number;
  /** What alerts that came to nothing added to the limit, 0 to 1; it fades. */
  patience: number;
  /** Days that were learned from. */
  days: number;
  today: Today;
};

/** Hours are bits. `seen`: those with a sign; `unjudged`: those of which nobody knows. `quiet`: the longest stretch so far. */
type Today = { day: number; seen: number; unjudged: number; quiet: number };

export type RhythmSettings = {
  /** How far back the habits of a home reach. */
  memoryDays: number;
  quietDays: number;
  /** The share of days whose longest quiet stretch is usual. */
  quietPercent: number;
  /** What a home counts as usual that is not known yet, in lively hours. */
  firstQuietHours: number;
  firstAwayMs: number;
  /** How much longer the limit is for each alert that came to nothing. */
  patiencePercent: number;
};

/** From the last sign to the next. `alerted`: it was longer than the limit, and came to nothing. */
export type Gap = { fromAt: number; toAt: number; what: 'home' | 'away' | 'alerted' | 'unjudged' };

/** Of a home whose first sign comes at `local`: people are up from 7 to 22, until it is known better. */
export function firstRhythm({ day, minuteOfDay }: LocalTime, settings: RhythmSettings): Rhythm {
  const presence = Array.from({ length: 24 }, (_, hour) => (hour >= 7 && hour < 22 ? 0.8 : 0.3));
  const quiets = new Array<number>(firstDays).fill(settings.firstQuietHours);
  return {
    ...{ presence, pace: paceOf(presence), quiets, usualQuiet: settings.firstQuietHours },
    ...{ awayMs: settings.firstAwayMs, patience: 0, days: 0 },
    today: { day, seen: bit(minuteOfDay / 60), unjudged: hoursFrom(0, minuteOfDay / 60), quiet: 0 },
  };
}

/** With a sign at `local`, which ends a gap. The whole of a day is learned with the first sign of the next. */
export function withSign(before: Rhythm, gap: Gap, local: LocalTime, settings: RhythmSettings): Rhythm {
  const hour = local.minuteOfDay / 60;
  const gapMs = gap.toAt - gap.fromAt;
  const isJudged = gap.what === 'home' && gapMs < dayMs;
  const fromHour = hour - gapMs / hourMs;
  let rhythm = isJudged ? before : withGap(before, gap, settings);
  if (local.day > rhythm.today.day) {
    const fromHourThen = fromHour + 24 * (local.day - rhythm.today.day);
    const unjudged = isJudged ? 0 : hoursFrom(Math.floor(fromHourThen) + 1, 24);
    rhythm = dayLearned(rhythm, { ...rhythm.today, unjudged: rhythm.today.unjudged | unjudged }, local.day, settings);
  }
  const { today } = rhythm;
  // A stored sign of yesterday says nothing of today.
  if (local.day < today.day) return rhythm;
  const quiet = isJudged ? livelyHours(rhythm, fromHour, hour) : 0;
  const seen = today.seen | bit(hour);
  const unjudged = isJudged ? today.unjudged : today.unjudged | hoursFrom(Math.floor(fromHour) + 1, hour);
  if (seen === today.seen && unjudged === today.unjudged && quiet <= today.quiet) return rhythm;
  const { presence, pace, quiets, usualQuiet, awayMs, patience, days } = rhythm;
  const now = { day: today.day, seen, unjudged, quiet: Math.max(today.quiet, quiet) };
  return { presence, pace, quiets, usualQuiet, awayMs, patience, days, today: now };
}

/** How long after a moment at `local` that many lively hours are over, in ms; at most `mostMs`. */
export function lasts({ pace }: Rhythm, hours: number, { minuteOfDay }: LocalTime, mostMs: number): number {
  const start = minuteOfDay / 60;
  const end = start + mostMs / hourMs;
  let left = hours;
  for (let at = start; at < end; ) {
    const next = Math.min(Math.floor(at) + 1, end);
    const weight = pace[Math.floor(at) % 24] ?? 1;
    if (left <= weight * (next - at)) return (at + left / weight - start) * hourMs;
    left -= weight * (next - at);
    at = next;
  }
  return mostMs;
}

/** Whether people usually sleep at that hour: it counts less than half of the day's mean. */
export const isSleepy = ({ pace }: Rhythm, { minuteOfDay }: LocalTime): boolean =>
  (pace[Math.floor(minuteOfDay / 60)] ?? 1) < 0.5;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** So many days of its own stand against the first assumption. */
const firstDays = 7;
const presenceDays = 3;

function withGap(rhythm: Rhythm, { fromAt, toAt, what }: Gap, { patiencePercent }: RhythmSettings): Rhythm {
  const gapMs = toAt - fromAt;
  if (what === 'alerted') return { ...rhythm, patience: Math.min(1, rhythm.patience + patiencePercent / 100) };
  if (what !== 'away' || gapMs >= dayMs || gapMs <= rhythm.awayMs) return rhythm;
  return { ...rhythm, awayMs: gapMs };
}

function dayLearned(
  rhythm: Rhythm,
  { day, seen, unjudged, quiet }: Today,
  nextDay: number,
  { memoryDays, quietDays, quietPercent }: RhythmSettings,
): Rhythm {
  const days = Math.min(rhythm.days + 1, memoryDays);
  const weight = 1 / Math.min(days + presenceDays, memoryDays);
  const left = Math.max(0, 1 - (nextDay - day) / memoryDays);
  const presence = rhythm.presence.map((before, hour) => {
    if (seen & bit(hour)) return short(before + (1 - before) * weight);
    return unjudged & bit(hour) ? before : short(before - before * weight);
  });
  const kept =
    quiet > 0 ? [...rhythm.quiets.slice(days <= firstDays ? 1 : 0), short(quiet)].slice(-quietDays) : rhythm.quiets;
  return {
    ...{ presence, pace: paceOf(presence), quiets: kept, usualQuiet: usual(kept, quietPercent / 100) },
    awayMs: Math.round(rhythm.awayMs * left),
    patience: short(rhythm.patience * left),
    days,
    today: { day: nextDay, seen: 0, unjudged: 0, quiet: 0 },
  };
}

/** An hour that has a sign on half of the days counts a quarter of one that always has: as measured (docs/detection.md). */
function paceOf(presence: readonly number[]): number[] {
  const weights = presence.map((share) => Math.max(least, share * share));
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  return weights.map((weight) => short(weight / mean));
}

/** No hour counts nothing: a home that was never seen at night is silent there all the same. */
const least = 0.01;

function usual(quiets: readonly number[], share: number): number {
  const sorted = quiets.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [low = 0, high = low] = sorted.slice(Math.floor(at));
  return low + (at - Math.floor(at)) * (high - low);
}

/** Between two hours of the clock; the first may lie on the day before. */
function livelyHours({ pace }: Rhythm, fromHour: number, toHour: number): number {
  let hours = 0;
  for (let at = fromHour; at < toHour; ) {
    const next = Math.min(Math.floor(at) + 1, toHour);
    hours += (pace[(Math.floor(at) + 24) % 24] ?? 1) * (next - at);
    at = next;
  }
  return hours;
}

/** Three decimals are more than anybody knows of a home, and half of what it takes to keep them. */
const short = (number: number): number => Math.round(number * 1000) / 1000;

const bit = (hour: number): number => 1 << Math.floor(hour);

/** The hours from one (included) to another (excluded), as bits; outside of the day there are none. */
function hoursFrom(first: number, end: number): number {
  let bits = 0;
  for (let hour = Math.max(0, Math.floor(first)); hour < Math.min(24, Math.floor(end)); hour++) bits |= bit(hour);
  return bits;
}
