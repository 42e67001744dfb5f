import type { ReportName } from '../firmware-contracts/report.ts';
import type { Chance } from '../platform/random.ts';
import { destination, metersBetween } from '../rules/wandering/geodesy.ts';
import type { Fields } from './device.ts';
import type { OrdinaryCounty, OrdinaryHome, OrdinaryPerson } from './ordinary-days.ts';
import { between, chanceOf } from './seeded-chance.ts';
import { around, normal } from './tracks.ts';

/**
 * What a device says. `by`: it says so because of that person (of anybody in the home: `home`), and would not if they lay on the floor; or because of an
 * emergency, as long as nobody helped.
 * `at`: epoch ms.
 */
export type Said = {
  at: number;
  home: OrdinaryHome;
  deviceId: string;
  name: ReportName;
  fields: Fields;
  by?: OrdinaryPerson | 'home' | 'emergency';
};

/** Away from the house from `from` to `until` at `place`, so many metres away; there and back at so many m/s. */
type Outing = { from: number; until: number; place: Place; meters: number; speed: number; rides?: true };
type Place = { lat: number; lon: number };
/** Awake between its ends, but for a nap. */
type Day = { wakesAt: number; sleepsAt: number; nap?: { from: number; until: number }; outings: Outing[] };

/** Everything that the devices of a home say on the day that begins at `midnight`, without order. */
export function ordinaryDay({ seed }: OrdinaryCounty, home: OrdinaryHome, midnight: number): Said[] {
  const chance = chanceOf(seed, `${home.id} on ${midnight}`);
  const days = home.people.map((person) => dayOf(chance, home, person, midnight));
  const isGone = home.gone !== undefined;
  return [
    ...(isGone ? [] : motionsOf(chance, home, days, midnight)),
    ...(isGone ? [] : doorsOf(chance, home, days, midnight)),
    ...home.people.flatMap((person, index) =>
      person.watch && days[index] && !isGone ? watchOf(chance, home, person, days[index], midnight) : [],
    ),
    ...heartbeatsOf(chance, home, midnight),
  ];
}

/** When the meals of a day are cooked. */
export const mealHours = [7.3, 11.9, 17.8] as const;

/** Habits are our choice. Who has dementia stays near the house. */
function dayOf(chance: Chance, home: OrdinaryHome, person: OrdinaryPerson, midnight: number): Day {
  const { pasture, hasDementia } = person;
  const hour = (of: number) => midnight + of * hourMs;
  const wakesAt = hour(person.wakesAt + 0.4 * normal(chance));
  const sleepsAt = hour(person.sleepsAt + 0.4 * normal(chance));
  const nearMeters = hasDementia ? 80 : 150;
  const yards = Array.from({ length: Math.floor(between(chance, 3, 8)) }, () => {
    const from = between(chance, wakesAt, sleepsAt);
    return outing(chance, home, { from, minutes: [3, 25], meters: [10, nearMeters], speed: [0.5, 1.2] });
  });
  const main = mainOuting(chance, home, { ...(pasture && { pasture }), hasDementia, hour });
  const napAt = hour(between(chance, 12.4, 13.4));
  const nap = { from: napAt, until: napAt + between(chance, 0.5, 1.7) * hourMs };
  // Who is away does not walk about the yard.
  const others = yards.filter(({ from, until }) => !main || until < main.from || from > main.until);
  return { wakesAt, sleepsAt, ...(chance.fraction() < 0.7 && { nap }), outings: main ? [main, ...others] : others };
}

type MainWish = Pick<OrdinaryPerson, 'pasture' | 'hasDementia'> & { hour: (of: number) => number };

function mainOuting(chance: Chance, home: OrdinaryHome, { pasture, hasDementia, hour }: MainWish): Outing | undefined {
  const draw = chance.fraction();
  if (draw < (hasDementia ? doctorShare : townShare)) {
    const from = hour(between(chance, 8, 11));
    return outing(chance, home, { from, minutes: [180, 420], meters: [6_000, 40_000], speed: [12, 20] });
  }
  if (pasture && draw < 0.9) {
    const from = hour(between(chance, 7.5, 9));
    const meters = metersBetween(home.position, pasture);
    const until = from + between(chance, 300, 540) * minuteMs;
    return { from, until, place: pasture, meters, speed: between(chance, 3, 9), rides: true };
  }
  if (draw > 0.6) return undefined;
  const from = hour(between(chance, 9, 15));
  const meters = hasDementia ? ([20, 120] as const) : ([150, 700] as const);
  return outing(chance, home, { from, minutes: [30, 150], meters, speed: [0.6, 1.2] });
}

type Range = readonly [low: number, high: number];
type OutingWish = { from: number; minutes: Range; meters: Range; speed: Range };

function outing(chance: Chance, { position }: OrdinaryHome, wish: OutingWish): Outing {
  const meters = between(chance, ...wish.meters);
  const place = destination(position, between(chance, 0, 360), meters);
  const until = wish.from + between(chance, ...wish.minutes) * minuteMs;
  return { from: wish.from, until, place, meters, speed: between(chance, ...wish.speed) };
}

/** To the market once in four weeks, and with somebody who has dementia to the doctor each quarter: by car or bus, without a word to anybody. */
const townShare = 1 / 28;
const doctorShare = 1 / 90;

function motionsOf(chance: Chance, home: OrdinaryHome, days: readonly Day[], midnight: number): Said[] {
  const { motionIds, motionMinutes } = home;
  const said: Said[] = [];
  if (motionIds.length === 0) return said;
  const see = (at: number) => {
    const deviceId = motionIds[Math.floor(chance.fraction() * motionIds.length)] ?? '';
    said.push({
      at: Math.floor(at),
      home,
      deviceId,
      name: 'presence',
      fields: { source: 'motion', state: 'on' },
      by: 'home',
    });
  };
  for (const { wakesAt, sleepsAt, nap, outings } of days) {
    for (let at = wakesAt; at < sleepsAt; ) {
      const out = outings.find(({ from, until }) => at >= from && at < until);
      const rest = out ?? (nap && at >= nap.from && at < nap.until ? nap : undefined);
      if (!rest) see(at);
      at = rest ? rest.until : at - motionMinutes * minuteMs * Math.log(1 - chance.fraction()) + blindMs;
    }
    // To the toilet, at least once in four nights of five: 69 to 93 % of people over 70 have to (Bosch and Weiss 2010, J Urol 184:440).
    for (let night = Math.floor(between(chance, 0.5, 3)); night > 0; night--) {
      const at = between(chance, midnight, Math.max(midnight + hourMs, wakesAt));
      see(at);
      see(at + 4 * minuteMs);
    }
  }
  return said;
}

/** A battery sensor of movement rests so long after it has seen some. */
const blindMs = 4 * 60_000;

function doorsOf(chance: Chance, home: OrdinaryHome, days: readonly Day[], midnight: number): Said[] {
  const { doorId } = home;
  if (doorId === undefined) return [];
  const moments = days.flatMap(({ outings }) => outings.flatMap(({ from, until }) => [from, until]));
  if (chance.fraction() < visitedShare) {
    const comesAt = midnight + between(chance, 9, 17) * hourMs;
    moments.push(comesAt, comesAt + between(chance, 20, 150) * minuteMs);
  }
  return moments.flatMap((moment) => {
    const at = Math.floor(moment);
    const door = (state: 'on' | 'off', afterMs: number): Said => {
      return {
        at: at + afterMs,
        home,
        deviceId: doorId,
        name: 'presence',
        fields: { source: 'door', state },
        by: 'home',
      };
    };
    return [door('on', 0), door('off', 8_000)];
  });
}
const visitedShare = 0.25;

/** Its fixes while it is worn, and its heartbeats; by night many lie on the charger. */
function watchOf(chance: Chance, home: OrdinaryHome, person: OrdinaryPerson, day: Day, midnight: number): Said[] {
  const { id: deviceId = '', isOffAtNight = false, fixMinutes = 30 } = person.watch ?? {};
  const isWorn = (at: number) => !isOffAtNight || (at > day.wakesAt && at < day.sleepsAt);
  const said: Said[] = [];
  const first = midnight + chance.fraction() * fixMinutes * minuteMs;
  for (let at = first; at < midnight + dayMs; at += fixMinutes * minuteMs) {
    const worn = isWorn(at);
    const fields = fixOf(
      chance,
      worn ? standOf(chance, home, day, at) : { ...home.position, speed: 0, isIndoors: true },
    );
    said.push({ at: Math.floor(at), home, deviceId, name: 'position', fields, ...(worn && { by: person }) });
  }
  for (let at = midnight + between(chance, 0, 2) * hourMs; at < midnight + dayMs; at += 2 * hourMs) {
    const isCharging = isOffAtNight && !isWorn(at);
    const charge = Math.round(between(chance, 45, 95));
    const fields = { charge, temperature: 24, worn: isWorn(at) ? 'yes' : 'no', charging: isCharging };
    said.push({ at: Math.floor(at), home, deviceId, name: 'status', fields });
  }
  return said;
}

type Stand = Place & { speed: number; isIndoors: boolean };

function standOf(chance: Chance, { position }: OrdinaryHome, { outings }: Day, at: number): Stand {
  const out = outings.find(({ from, until }) => at >= from && at < until);
  if (!out) return { ...position, speed: 0, isIndoors: true };
  const { place, speed, meters } = out;
  const wayMs = (meters / speed) * 1000;
  const share = Math.min(1, (at - out.from) / wayMs, (out.until - at) / wayMs);
  if (share < 1) {
    const between = (from: number, to: number) => from + share * (to - from);
    return { lat: between(position.lat, place.lat), lon: between(position.lon, place.lon), speed, isIndoors: false };
  }
  if (!out.rides) return { ...place, speed: 0.3, isIndoors: false };
  // With the herd: mostly standing, now and then around it.
  const isRiding = chance.fraction() < 0.35;
  return { ...around(chance, place, 1_500), speed: isRiding ? speed : 0.4, isIndoors: false };
}

/** As an honest receiver reports: 68 % within its circle. The same sizes as in simulators/tracks.ts. */
export function fixOf(chance: Chance, { lat, lon, speed, isIndoors }: Stand): Fields {
  const [middle, deviation, low, high] = isIndoors ? [28, 0.7, 5, 400] : [9, 0.6, 3, 80];
  const accuracy = Math.round(Math.min(high, Math.max(low, middle * Math.exp(deviation * normal(chance)))));
  const size = accuracy / 1.51;
  const meters = Math.hypot(normal(chance), normal(chance)) * size;
  const place = destination({ lat, lon }, between(chance, 0, 360), meters);
  const isWifi = isIndoors && chance.fraction() < 0.4;
  if (isWifi) return { source: 'wifi', ...place, accuracy };
  return { source: 'gnss', ...place, accuracy, speed: Math.round(Math.abs(speed + 0.25 * normal(chance)) * 10) / 10 };
}

/** What hangs on the wall says now and then that it is there. */
function heartbeatsOf(chance: Chance, home: OrdinaryHome, midnight: number): Said[] {
  const { detector, buttonId, motionIds, doorId } = home;
  const every: [string, number][] = [
    [detector.id, 24],
    [buttonId, 12],
    ...[...motionIds, ...(doorId ? [doorId] : [])].map((id): [string, number] => [id, 4]),
  ];
  return every.flatMap(([deviceId, hours]) => {
    // Each device at an hour of its own, the same every day.
    const first = chanceOf(home.index, deviceId).fraction() * hours;
    const times = Array.from({ length: 24 / hours }, (_, nth) => first + nth * hours);
    const fields = { battery: 3.02, rsrp: -103, snr: 6, temperature: 21 };
    return times.map((hour): Said => {
      const at = Math.floor(midnight + hour * hourMs + between(chance, 0, 60_000));
      return { at, home, deviceId, name: 'status', fields };
    });
  });
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
