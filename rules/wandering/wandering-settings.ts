import type { Range } from '../rule.ts';

/** Every limit of wandering. Units are in the names; `...Month` is 1 to 12, minutes count from midnight in the county's zone. */
export const wanderingSettings = {
  /** Where no zone holds the home: the circle around it in which somebody is expected. */
  homeRadiusMeters: 1000,
  dementiaRadiusMeters: 300,
  /** On top of a zone's edge, for a zone drawn by hand and a fence that is walked along. */
  marginMeters: 25,
  /** All of three circles of a fix lies so far outside that one more, whose middle is outside, is enough beside it. */
  farMeters: 100,
  /** One fix outside, and none that denies it for so long. */
  holdMs: 3 * 60_000,
  /** Up to this radius a fix is taken at its word; beyond `coarseMeters` it is not judged. */
  fineMeters: 30,
  coarseMeters: 300,
  /** What comes with an age above `lateMs` waits `lateFixMs` for what was stored behind it. */
  lateMs: 60_000,
  lateFixMs: 10_000,
  /** Faster than this from one fix to the next is an error of the receiver, until the next fix is there too. */
  jumpMetersPerSecond: 60,
  /** Who is as fast as this rides, or is driven; nobody drives faster out here. */
  rideFromMetersPerSecond: 2.5,
  rideUpToMetersPerSecond: 33,
  /** How long somebody who rode may stand, and how far beyond the edge they may be. */
  rideRestMs: 9 * 3_600_000,
  rideReachMeters: 60_000,
  /** Where somebody rode on so many days, within so many metres, is their pasture. */
  usualDays: 3,
  usualMeters: 3000,
  /** Around another camp, and beside the way there; who is so far from home did not walk there lost. */
  campMeters: 2000,
  campFarMeters: 8000,
  wayMeters: 10_000,
  /** Night, and the cold of the season. */
  nightFromMinute: 21 * 60,
  nightUntilMinute: 6 * 60,
  coldFromMonth: 11,
  coldUntilMonth: 3,
  /** A device as cold as this is outside in the cold, for so long after it said so. */
  coldCelsius: 0,
  coldForMs: 3 * 3_600_000,
  /** How long where somebody was is remembered while they are not away. */
  rememberMs: 24 * 3_600_000,
};
export type WanderingSettings = { readonly [Name in keyof typeof wanderingSettings]: number };

export const wanderingRanges: { readonly [Name in keyof WanderingSettings]: Range } = {
  homeRadiusMeters: [50, 20_000],
  dementiaRadiusMeters: [30, 20_000],
  marginMeters: [0, 500],
  farMeters: [25, 2000],
  holdMs: [60_000, 30 * 60_000],
  fineMeters: [5, 200],
  coarseMeters: [50, 2000],
  lateMs: [10_000, 10 * 60_000],
  lateFixMs: [0, 60_000],
  jumpMetersPerSecond: [20, 300],
  rideFromMetersPerSecond: [1.5, 6],
  rideUpToMetersPerSecond: [6, 40],
  rideRestMs: [0, 12 * 3_600_000],
  rideReachMeters: [0, 60_000],
  usualDays: [1, 30],
  usualMeters: [500, 10_000],
  campMeters: [200, 10_000],
  campFarMeters: [3000, 50_000],
  wayMeters: [0, 30_000],
  nightFromMinute: [16 * 60, 24 * 60 - 1],
  nightUntilMinute: [3 * 60, 10 * 60],
  coldFromMonth: [8, 12],
  coldUntilMonth: [1, 6],
  coldCelsius: [-30, 15],
  coldForMs: [10 * 60_000, 24 * 3_600_000],
  rememberMs: [2 * 3_600_000, 72 * 3_600_000],
};
