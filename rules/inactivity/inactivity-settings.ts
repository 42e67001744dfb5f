import type { Range } from '../rule.ts';
import type { RhythmSettings } from './rhythm.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** What chose each number: docs/thresholds.md, docs/detection.md. */
export const inactivitySettings: InactivitySettings = {
  quietMargin: 1.2,
  leastQuietHours: 3,
  leastMs: 3 * hourMs,
  mostMs: 12 * hourMs,
  awayMargin: 1.1,
  awayLeastMs: 5 * hourMs,
  awayMostMs: 10 * hourMs,
  doorMs: 3 * minuteMs,
  outsideMeters: 300,
  visitMs: 2 * hourMs,
  overdueMs: 10 * minuteMs,
  missedWords: 5,
  promptMs: 5 * minuteMs,
  firmFromMs: 5 * minuteMs,
  firmUntilMs: 65 * minuteMs,
  memoryDays: 45,
  quietDays: 42,
  quietPercent: 90,
  firstQuietHours: 4.5,
  firstAwayMs: 6 * hourMs,
  patiencePercent: 10,
};

export const inactivityRanges: { readonly [Name in keyof InactivitySettings]: Range } = {
  quietMargin: [1, 3],
  leastQuietHours: [1, 8],
  leastMs: [hourMs, 6 * hourMs],
  mostMs: [6 * hourMs, 24 * hourMs],
  awayMargin: [1, 3],
  awayLeastMs: [hourMs, 24 * hourMs],
  awayMostMs: [4 * hourMs, 48 * hourMs],
  doorMs: [minuteMs, 15 * minuteMs],
  outsideMeters: [100, 5000],
  visitMs: [0, 12 * hourMs],
  overdueMs: [minuteMs, hourMs],
  missedWords: [2, 50],
  promptMs: [10_000, 10 * minuteMs],
  firmFromMs: [minuteMs, 30 * minuteMs],
  firmUntilMs: [30 * minuteMs, 3 * hourMs],
  memoryDays: [14, 120],
  quietDays: [14, 90],
  quietPercent: [50, 100],
  firstQuietHours: [2, 12],
  firstAwayMs: [2 * hourMs, 24 * hourMs],
  patiencePercent: [0, 50],
};

export type InactivitySettings = RhythmSettings & {
  /** The limit, times what a home's longest quiet stretch usually stays below. */
  quietMargin: number;
  /** It is never below so many lively hours and `leastMs`, and never above `mostMs`, which grows with the patience that a home was given. */
  leastQuietHours: number;
  leastMs: number;
  mostMs: number;
  /** The same of being out, times the longest. */
  awayMargin: number;
  awayLeastMs: number;
  awayMostMs: number;
  /** A door, and nothing inside later than so long after it: they went out. */
  doorMs: number;
  /** So far beyond the error of a fix from the place they are out, whatever the door says. */
  outsideMeters: number;
  /** How long visitors stay: the person was met, and what moves is not them alone. */
  visitMs: number;
  /** On top of its interval, before a sensor that nobody heard counts as one that may hear nothing. */
  overdueMs: number;
  /** So many reports of a whole village that stay out mean that none of its homes can be heard. */
  missedWords: number;
  /** How long the person has to answer. */
  promptMs: number;
  /** After an alert one sign may be a sensor's own; a second one, so long after it, is somebody. */
  firmFromMs: number;
  firmUntilMs: number;
};
