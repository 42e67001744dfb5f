import type { Chance } from '../../platform/random.ts';
import { countyMidnight, type Happening, type Home, type Movement, movementsOf, reportsOf } from '../home.ts';
import { between, oneOf } from '../seeded-chance.ts';
import { breakDown } from './breakdowns.ts';
import type { Truth } from './evidence.ts';
import type { FaultPlan, Window } from './faults.ts';
import {
  emergency,
  errand,
  fall,
  fire,
  monthlyTest,
  type Plot,
  type Story,
  truth,
  type Unheard,
  type WorldDeed,
} from './stories.ts';

/** In a world; the homes of a village stand one after the other. */
export const homesPerVillage = 6;

/** `startAt` is epoch ms; life lasts as long as the storm. */
export type LifeParts = { homes: readonly Home[]; startAt: number; chance: Chance; faults: FaultPlan };
/** What devices do, in order, and what really happened, in order. */
export type Life = { happenings: readonly Happening[]; truth: readonly Truth[] };

/**
 * Two days (or what the storm lasts) in a dozen homes: ordinary days, and what befalls people and devices. In two days there
 * are 4 to 8 fires, 4 to 8 emergency calls, 3 to 6 falls and 7 to 13 errands; in one home things lie more than two hours
 * apart, except where one follows from the other. There are some 2,000 records a day in the journal.
 */
export function planLife({ homes, startAt, chance, faults }: LifeParts): Life {
  const absences = drawAbsences(homes, faults.stormMs, chance);
  const stories = tellStories({ homes, absences, stormMs: faults.stormMs, chance });
  const told = stories.flatMap(({ truths }) => truths);
  const powerCuts = drawPowerCuts(homes, faults.stormMs, chance);
  const failing = breakDown({ homes, told, faults, chance });
  const unheard = [
    ...stories.flatMap((story) => story.unheard),
    ...powerCuts.flatMap((cut) => cut.unheard),
    ...cellsDown(homes, faults, chance),
    ...failing.unheard,
  ];
  const deeds = [...stories, failing].flatMap((story) => story.deeds).concat(coverage(unheard, faults.stormMs));
  const returns = absences.flatMap(({ deeds: back }) => back);
  const cries = told.filter(({ what }) => isCry.has(what)).length;
  const strange = faults.hostile.reduce((sum, { count }) => sum + count, 0) * recordsOfStrangeness;
  const reports = (recordsPerDay * (faults.stormMs / dayMs) - recordsOfCry(faults) * cries - strange) / copies(faults);
  const wanted = Math.max(fewestOrdinary, reports - heartbeats(homes, faults.stormMs) - deeds.length);
  const isOfTheLiving = ({ deviceId, at }: Pick<Happening, 'deviceId' | 'at'>) =>
    at - startAt <= (failing.diedAtMs.get(deviceId) ?? Infinity);
  const days = ordinaryDays({ homes, startAt, absences, stormMs: faults.stormMs, chance }).filter(isOfTheLiving);
  const movements = evenly(days, wanted / 2);
  const all = [
    ...movements.flatMap(reportsOf),
    ...[...deeds, ...returns].map(({ atMs, ...deed }): Happening => ({ at: startAt + Math.round(atMs), ...deed })),
  ];
  const truths = [...told, ...failing.truths, ...[...absences, ...powerCuts].flatMap((one) => one.truths)];
  return {
    happenings: all.filter(isOfTheLiving).sort((a, b) => a.at - b.at),
    truth: truths.sort((a, b) => a.atMs - b.atMs),
  };
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

// Worlds are to have about as much in them as others: where much befalls people, strangers talk, or the network says things twice, ordinary days
// are the quieter. All four are means of what was seen.
const recordsPerDay = 1_870;
const isCry: ReadonlySet<string> = new Set<Truth['what']>(['fire', 'emergency-press', 'fall']);
/** That follow from each thing that a hostile client says. */
const recordsOfStrangeness = 12;
const fewestOrdinary = 600;

/** That are no reports, about: what is decided, sent and answered because somebody needs help. What takes long is sent again. */
function recordsOfCry({ providers: { opMs } }: FaultPlan): number {
  return 54 * (1 + opMs[1] / 20_000);
}

/** How often the network brings a report, about: what is lost, held up or slow is sent again. */
function copies({ network: { dropChance, repeatChance, reorderChance, delayMs } }: FaultPlan): number {
  return 1 + 4 * dropChance ** 2 + 1.5 * repeatChance + reorderChance + delayMs[1] / 10_000;
}

/** One or two people are away for a day; the first that is seen of them again is the door. */
function drawAbsences(homes: readonly Home[], stormMs: number, chance: Chance): Absence[] {
  const away = new Set(Array.from({ length: 1 + Math.round(chance.fraction()) }, () => oneOf(chance, homes)));
  return [...away].flatMap((home) => {
    const [kitchen] = home.devices;
    const atMs = between(chance, 0, stormMs / 2);
    const untilMs = atMs + between(chance, stormMs / 6, stormMs / 2);
    if (!kitchen) return [];
    const door = home.devices.find(({ source }) => source === 'door');
    const opens = door && reportsOf({ deviceId: door.id, at: untilMs, endsAt: untilMs + 9_000, source: 'door' });
    const deeds = (opens ?? []).map(({ at, ...deed }) => ({ atMs: at, ...deed }));
    return { home, fromMs: atMs, toMs: untilMs, truths: [truth('away', home, kitchen, atMs, untilMs)], deeds };
  });
}
type Absence = Window & { home: Home; truths: Truth[]; deeds: WorldDeed[] };

/** Each story in a home and a part of the day of its own, and none where nobody is. */
function tellStories({ homes, absences, stormMs, chance }: Stage): Story[] {
  const places = shuffled(
    homes.flatMap((home) => {
      const isAway = ({ home: left, fromMs, toMs }: Absence, atMs: number) =>
        left === home && fromMs < atMs + partMs && atMs < toMs;
      const parts = Array.from({ length: Math.floor(stormMs / partMs) }, (_, index) => index * partMs);
      const free = parts.filter((atMs) => !absences.some((absence) => isAway(absence, atMs)));
      return free.map((atMs) => ({ home, atMs }));
    }),
    chance,
  );
  const share = stormMs / (2 * dayMs);
  const howOften = ([low, high]: readonly [number, number]) =>
    Math.max(1, Math.round(share * Math.floor(between(chance, low, high + 1))));
  return plots.flatMap(([plot, often]) =>
    Array.from({ length: howOften(often) }).flatMap(() => tellOne(plot, places, chance) ?? []),
  );
}
type Stage = { homes: readonly Home[]; absences: readonly Absence[]; stormMs: number; chance: Chance };

/** How often in two days. */
const plots: readonly (readonly [Plot, readonly [low: number, high: number]])[] = [
  [fall, [3, 6]],
  [fire, [4, 8]],
  [emergency, [4, 6]],
  [errand, [7, 13]],
  [monthlyTest, [1, 3]],
];
/** A story begins in the first hour and a half of its part, so that the next one in that home is far enough away. */
const partMs = 4 * hourMs;

function tellOne(plot: Plot, places: { home: Home; atMs: number }[], chance: Chance): Story | undefined {
  for (const [index, { home, atMs }] of places.entries()) {
    const story = plot(home, atMs + between(chance, 0.1, 1.5) * hourMs, chance);
    if (!story) continue;
    places.splice(index, 1);
    return story;
  }
  return undefined;
}

/** The repeater of a home hangs on the mains: without it its devices are not heard. */
function drawPowerCuts(homes: readonly Home[], stormMs: number, chance: Chance): Story[] {
  return Array.from({ length: Math.floor(between(chance, 0, 3)) }).flatMap(() => {
    const home = oneOf(chance, homes);
    const fromMs = between(chance, 0, stormMs);
    const toMs = Math.min(stormMs, fromMs + between(chance, 0.3, 4) * hourMs);
    const [kitchen] = home.devices;
    if (!kitchen) return [];
    const unheard = home.devices.map(({ id: deviceId }) => ({ deviceId, fromMs, toMs }));
    return { truths: [truth('power-cut', home, kitchen, fromMs, toMs)], deeds: [], unheard };
  });
}

/** A device soon notices that its cell is gone, and waits; it is not the first to notice that it is back. */
function cellsDown(homes: readonly Home[], { network }: FaultPlan, chance: Chance): Unheard[] {
  return network.cuts.flatMap(({ fromMs, toMs, village }) =>
    homes
      .filter((_, index) => village === undefined || Math.floor(index / homesPerVillage) === village)
      .flatMap(({ devices }) =>
        devices.map(({ id: deviceId }) => ({
          deviceId,
          fromMs: fromMs + between(chance, 30_000, 3 * minuteMs),
          toMs: toMs + between(chance, 1_000, minuteMs),
        })),
      ),
  );
}

/** Windows of one device that touch are one: it sleeps once, and wakes once. */
function coverage(unheard: readonly Unheard[], stormMs: number): WorldDeed[] {
  const lastMs = stormMs + minuteMs;
  return [...Map.groupBy(unheard, ({ deviceId }) => deviceId)].flatMap(([deviceId, windows]) => {
    const merged: { fromMs: number; toMs: number }[] = [];
    for (const { fromMs, toMs } of windows.sort((a, b) => a.fromMs - b.fromMs)) {
      const last = merged.at(-1);
      if (fromMs >= Math.min(toMs, lastMs)) continue;
      if (last && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
      else merged.push({ fromMs, toMs });
    }
    return merged.flatMap(({ fromMs, toMs }) => [
      { atMs: fromMs, deviceId, deed: 'sleep' },
      { atMs: Math.min(toMs, lastMs), deviceId, deed: 'wake' },
    ]);
  });
}

/** More than is wanted: where few homes have sensors, people are livelier than they are. */
function ordinaryDays({ homes, startAt, absences, stormMs, chance }: Stage & { startAt: number }): Movement[] {
  const sensors = homes.filter(({ devices }) => devices.some(({ source }) => source === 'motion')).length;
  const crowd = Math.max(1, 8 / Math.max(1, sensors));
  const endAt = startAt + stormMs - minuteMs;
  const seen: Movement[] = [];
  for (let midnightAt = countyMidnight(startAt); midnightAt < endAt; midnightAt += dayMs) {
    for (const home of homes) {
      const absence = absences.find((one) => one.home === home);
      const isThere = ({ at }: Movement) => !absence || at - startAt < absence.fromMs || at - startAt > absence.toMs;
      const { wakesAt, sleepsAt, liveliness } = home.rhythm;
      const lively = { ...home, rhythm: { wakesAt, sleepsAt, liveliness: liveliness * crowd } };
      const day = movementsOf(lively, midnightAt, chance);
      seen.push(...day.filter((movement) => movement.at >= startAt && movement.at < endAt && isThere(movement)));
    }
  }
  return seen;
}

/** So many of a list, from everywhere in it. */
function evenly<T>(list: readonly T[], count: number): T[] {
  const share = Math.min(1, Math.max(0, count) / Math.max(1, list.length));
  return list.filter((_, index) => Math.floor((index + 1) * share) > Math.floor(index * share));
}

function heartbeats(homes: readonly Home[], stormMs: number): number {
  const devices = homes.flatMap((home) => home.devices);
  return devices.reduce((sum, { intervalMinutes }) => sum + stormMs / (intervalMinutes * minuteMs), 0);
}

function shuffled<T>(list: readonly T[], chance: Chance): T[] {
  return list
    .map((item) => ({ item, rank: chance.fraction() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
