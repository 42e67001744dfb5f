import type { Home } from '../home.ts';
import { isAbsent } from '../wandering/expected-places.ts';
import { limitRule } from './limit-rule.ts';
import type { Limit } from './limit-watch.ts';

const everyRoom = { rule: 'climate', quantity: 'status.temperature' } as const;
const none: readonly Limit[] = [];

/**
 * The air of a home, by what hangs in it. Cold or warm for long is work for the village; so cold that a body cools down, or so hot that it
 * cannot cool, is a matter for the desk. A place where nobody lives now, as a summer camp in winter, may be as cold as it
 * likes, and so may a home while everybody of it is away.
 * Sources: docs/thresholds.md.
 */
export const climate = limitRule<ClimateSettings>({
  name: 'climate',
  settings: {
    coldCelsius: 18,
    coldHoldMs: 24 * 3_600_000,
    freezingCelsius: 5,
    freezingHoldMs: 2 * 3_600_000,
    coldMaxGapMs: 26 * 3_600_000,
    coldRepeats: 3,
    warmCelsius: 32,
    warmHoldMs: 6 * 3_600_000,
    hotCelsius: 39,
    hotHoldMs: 2 * 3_600_000,
    hotMaxGapMs: 90 * 60_000,
    repeats: 2,
    backCelsius: 1,
  },
  ranges: {
    coldCelsius: [5, 25],
    coldHoldMs: [3_600_000, 72 * 3_600_000],
    freezingCelsius: [0, 15],
    freezingHoldMs: [0, 24 * 3_600_000],
    coldMaxGapMs: [10 * 60_000, 50 * 3_600_000],
    coldRepeats: [2, 50],
    warmCelsius: [24, 45],
    warmHoldMs: [10 * 60_000, 72 * 3_600_000],
    hotCelsius: [28, 50],
    hotHoldMs: [0, 24 * 3_600_000],
    hotMaxGapMs: [10 * 60_000, 26 * 3_600_000],
    repeats: [2, 50],
    backCelsius: [0, 4],
  },
  reports: new Set(['status']),
  // What is worn measures its own case.
  limitsOf: ({ event, limits }) => (event.type === 'report' && event.deviceKind === 'wearable' ? none : limits),
  limits(settings) {
    const { repeats, backCelsius: hysteresis, coldMaxGapMs, hotMaxGapMs } = settings;
    const cold = { ...everyRoom, condition: 'cold', maxGapMs: coldMaxGapMs, repeats, hysteresis } as const;
    const hot = { ...everyRoom, condition: 'hot', maxGapMs: hotMaxGapMs, repeats, hysteresis } as const;
    // The more urgent first: it is what is named when readings stop.
    return [
      {
        ...cold,
        key: 'freezing',
        severity: 'urgent',
        below: settings.freezingCelsius,
        holdMs: settings.freezingHoldMs,
      },
      {
        ...{ ...cold, key: 'cold', severity: 'service', repeats: settings.coldRepeats },
        ...{ below: settings.coldCelsius, holdMs: settings.coldHoldMs },
      },
      { ...hot, key: 'hot', severity: 'urgent', above: settings.hotCelsius, holdMs: settings.hotHoldMs },
      { ...hot, key: 'warm', severity: 'service', above: settings.warmCelsius, holdMs: settings.warmHoldMs },
    ];
  },
  isJudged: ({ home, event }) => isInhabited(home, event.at),
});

/** Somebody who lives there is at home, as far as is known. */
function isInhabited(home: Home, at: number): boolean {
  const people = home.people();
  return home.isLivedIn() && (people.length === 0 || people.some((person) => !isAbsent(person, at)));
}

export type ClimateSettings = {
  /** Below this a home is cold; below `freezingCelsius` a body cools down. For how long, and in readings how far apart. */
  coldCelsius: number;
  coldHoldMs: number;
  freezingCelsius: number;
  freezingHoldMs: number;
  coldMaxGapMs: number;
  coldRepeats: number;
  /** Above this a home is too warm; above `hotCelsius` a body cannot cool. */
  warmCelsius: number;
  warmHoldMs: number;
  hotCelsius: number;
  hotHoldMs: number;
  hotMaxGapMs: number;
  /** In so many readings at least; it is over when one is so far back inside. */
  repeats: number;
  backCelsius: number;
};
