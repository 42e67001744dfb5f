import type { Chance } from '../platform/random.ts';
import type { OrdinaryCounty, OrdinaryHome, OrdinaryPerson } from './ordinary-days.ts';
import { mealHours, type Said } from './ordinary-days-life.ts';
import { between, chanceOf } from './seeded-chance.ts';
import { tumbleWindow } from './tumble.ts';

/**
 * What a home's devices say on a day although nobody is in need: cooking smoke, movements like falls, presses by accident. Rates are published
 * ones where there are any: docs/detection.md.
 */
export function nuisancesOf({ seed }: OrdinaryCounty, home: OrdinaryHome, midnight: number, rates: NuisanceRates) {
  if (home.gone) return [];
  const chance = chanceOf(seed, `${home.id} troubled on ${midnight}`);
  return [
    ...cookingSmoke(chance, home, midnight, rates),
    ...home.people.flatMap((person) => (person.watch ? falseFalls(chance, home, person, midnight, rates) : [])),
    ...accidents(chance, home, midnight, rates),
  ];
}

export type NuisanceRates = {
  /** Alarms from cooking, of a home with a photoelectric detector and day; detectors of heat stay quiet. */
  smokesADay: number;
  /** Movements of a day that a watch takes for a fall before it asks its wearer. */
  suspicionsADay: number;
  /** Of those, the share that the wearer does not cancel. */
  uncancelledShare: number;
  /** Movements of a day that look like a fall, of a watch that judges none itself. */
  movementsADay: number;
  /** Emergency presses that nobody meant, of a button and day. */
  pressesADay: number;
};

/**
 * Smoke: Fazzini 2000 (West J Med 173:89), small rural homes in Alaska, 11 % of those with photoelectric alarms had false ones in six months; that these had three each is
 * our assumption. Falls: Scheurer 2019 (Sensors 19(6):1357), 0.17 false alarms a week and person, of 86 years on average; that one in five is not cancelled is our assumption.
 * Movements: 1.6 false alarms in an hour of exercises (docs/detection.md), which holds more than a day at home. Presses: Consumer Reports, 62 % of owners ever pressed
 * by accident; over three years, which is our assumption, that is one press each.
 */
export const publishedRates: NuisanceRates = {
  smokesADay: (0.11 * 3) / 182,
  suspicionsADay: 0.17 / 7,
  uncancelledShare: 0.2,
  movementsADay: 1.6,
  pressesADay: 1 / (3 * 365),
};

/**
 * CPSC (Lee and Pineda 2010): 0.9 % of cooking events sound a photoelectric alarm at 6 m from the stove; 469 events in nine homes in about 30 days. Nobody was in these
 * homes to open a window because of it: the alarms were only recorded.
 */
export const smokesADayAt6Meters = 0.009 * (469 / 9 / 30);

function cookingSmoke(chance: Chance, home: OrdinaryHome, midnight: number, { smokesADay }: NuisanceRates): Said[] {
  if (home.detector.senses === 'heat') return [];
  return mealHours.flatMap((hour) => {
    if (chance.fraction() >= smokesADay / mealHours.length) return [];
    const at = midnight + (hour + between(chance, -0.7, 0.7)) * hourMs;
    return alarmOf(home, at, Math.ceil(between(chance, 0, 4)), 'smoke');
  });
}

/** It sounds, says so again every minute while it lasts, and then that it is over. */
export function alarmOf(home: OrdinaryHome, from: number, minutes: number, source: 'smoke' | 'heat'): Said[] {
  const word = (state: 'on' | 'off', nth: number): Said => {
    const at = Math.floor(from) + nth * minuteMs;
    return { at, home, deviceId: home.detector.id, name: 'alarm', fields: { source, state } };
  };
  return [...Array.from({ length: minutes }, (_, nth) => word('on', nth)), word('off', minutes)];
}

function falseFalls(
  chance: Chance,
  home: OrdinaryHome,
  { watch, wakesAt, sleepsAt }: OrdinaryPerson,
  midnight: number,
  { suspicionsADay, uncancelledShare, movementsADay }: NuisanceRates,
): Said[] {
  if (!watch) return [];
  const said: Said[] = [];
  const rate = watch.judges ? suspicionsADay : movementsADay;
  for (let left = poisson(chance, rate); left > 0; left--) {
    const at = Math.floor(midnight + between(chance, wakesAt, sleepsAt) * hourMs);
    const say = (afterMs: number, name: 'fall' | 'motion', fields: Said['fields']) =>
      said.push({ at: at + afterMs, home, deviceId: watch.id, name, fields });
    if (!watch.judges) say(8_000, 'motion', tumbleWindow);
    else {
      say(0, 'fall', { state: 'suspected' });
      const isCancelled = chance.fraction() >= uncancelledShare;
      if (isCancelled) say(between(chance, 4_000, 45_000), 'fall', { state: 'cancelled' });
      else say(50_000, 'fall', { state: 'confirmed' });
    }
  }
  return said.map((one) => ({ ...one, at: Math.floor(one.at) }));
}

function accidents(chance: Chance, home: OrdinaryHome, midnight: number, { pressesADay }: NuisanceRates): Said[] {
  const watches = home.people.flatMap(({ watch }) => (watch ? [watch.id] : []));
  return [home.buttonId, ...watches].flatMap((deviceId) => {
    if (chance.fraction() >= pressesADay) return [];
    const at = Math.floor(midnight + between(chance, 6, 22) * hourMs);
    return [{ at, home, deviceId, name: 'press' as const, fields: { call: 'emergency' } }];
  });
}

/** When what a device says does not arrive, or is not said: epoch ms. */
export type Deafness = { from: number; until: number };

/**
 * Of a home's devices: cells that run out and radios that fail for good (one device in ten a year), watches that nobody charged (one day in 200), hours without network
 * of the home (one day in 365) and of its village (one day in 200, up to three hours). Our assumptions.
 */
export function deafnessOf(
  county: OrdinaryCounty,
  home: OrdinaryHome,
  { habitDays, days }: Days,
): Map<string, Deafness[]> {
  const { seed } = county;
  const span = { from: county.startAt + habitDays * dayMs, days };
  const chance = chanceOf(seed, `${home.id} deaf`);
  const shared = [
    ...stretches(chanceOf(seed, `${home.villageId} deaf`), span, 1 / 200, 3),
    ...stretches(chance, span, 1 / 365, 6),
  ];
  const watches = new Set(home.people.flatMap(({ watch }) => (watch ? [watch.id] : [])));
  const ids = [home.detector.id, home.buttonId, ...home.motionIds, ...(home.doorId ? [home.doorId] : []), ...watches];
  return new Map(
    ids.map((id) => {
      const dies = chance.fraction() < (0.1 * days) / 365;
      const diesAt = span.from + chance.fraction() * days * dayMs;
      const flat = watches.has(id) ? stretches(chance, span, 1 / 200, 20) : [];
      return [id, [...shared, ...flat, ...(dies ? [{ from: diesAt, until: Number.POSITIVE_INFINITY }] : [])]];
    }),
  );
}
/** Nothing fails in the first `habitDays`. */
type Days = { habitDays: number; days: number };

function stretches(
  chance: Chance,
  { from: begin, days }: { from: number; days: number },
  share: number,
  mostHours: number,
) {
  return Array.from({ length: days }, (_, day) => begin + day * dayMs).flatMap((midnight): Deafness[] => {
    if (chance.fraction() >= share) return [];
    const from = midnight + chance.fraction() * dayMs;
    return [{ from, until: from + between(chance, 0.3, mostHours) * hourMs }];
  });
}

/** How often something happens that happens `mean` times (Knuth). */
function poisson(chance: Chance, mean: number): number {
  let count = 0;
  for (let left = chance.fraction(); left > Math.exp(-mean); left *= chance.fraction()) count += 1;
  return count;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
