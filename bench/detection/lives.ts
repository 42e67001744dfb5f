import type { Chance } from '../../platform/random.ts';
import { destination, metersBetween } from '../../rules/wandering/geodesy.ts';
import { between, chanceOf, msBetween } from '../../simulators/seeded-chance.ts';
import { around, type Leg, receive, type Way, wayOf } from '../../simulators/tracks.ts';
import type { Track } from './judged-tracks.ts';

/** Simulated people of whom it is known where they truly were; `index` numbers them. Each has a home of their own on the steppe. */
type Life = { intervalMs: number; seed: number; index: number; isRough?: boolean };
type Position = { lat: number; lon: number };

/**
 * A week at home, in one of three ways of being expected there: the circle of everybody, the smaller one of who has dementia, and a yard
 * drawn as a zone. By day they go to the yard, the well, the pens and the neighbour, as far as seven eighths of the way to the edge.
 */
export function homeDays(life: Life): Track {
  const { chance, home } = born(life, 'home');
  const kind = life.index % 3;
  const reachMeters = [875, 262, 96][kind] ?? 96;
  const yard = [45, 135, 225, 315].map((bearing) => destination(home, bearing, 110 * Math.SQRT2));
  const legs = times(7, () => dayAtHome(chance, home, reachMeters));
  const fixes = received(life, 'home', wayOf(home, startAt, legs), 7 * dayMs);
  return {
    ...{ person: `home-${life.index}`, home, fixes, exits: [] },
    ...(kind === 1 && { categories: ['dementia'] }),
    ...(kind === 2 && { zones: [{ type: 'polygon', points: yard }] }),
  };
}

/** A day at home, and then the way out at any hour, at 0.5 to 1.4 m/s, swerving, for one to four kilometres; they stay where they came to. */
export function walkAway(life: Life): Track {
  const { chance, home } = born(life, 'walk');
  const hasDementia = life.index % 2 === 0;
  const radiusMeters = hasDementia ? 300 : 1000;
  const leavesMs = dayMs + msBetween(chance, 0, dayMs);
  const before = wayOf(
    home,
    startAt,
    times(2, () => dayAtHome(chance, home, radiusMeters / 2)),
  );
  const door = before(startAt + leavesMs);
  const after = wayOf(
    door,
    startAt + leavesMs,
    swerving(chance, door, radiusMeters * 1.5 + between(chance, 1000, 4000)),
  );
  const way: Way = (at) => (at < startAt + leavesMs ? before(at) : { ...after(at), isIndoors: false });
  const from = after.when((place) => metersBetween(home, place) > radiusMeters);
  return {
    ...{
      person: `walk-${life.index}`,
      home,
      fixes: received(life, 'walk', way, leavesMs + 4 * hourMs),
      exits: [{ from }],
    },
    ...(hasDementia && { categories: ['dementia'] }),
  };
}

/**
 * Five days on the pasture, 5 to 15 km from home: there and back and about at 10 to 40 km/h, with rests of up to three quarters of an hour.
 * `isSpeedless`: the receiver gives places alone.
 */
export function riderDays({ isSpeedless = false, ...life }: Life & { isSpeedless?: boolean }): Track {
  const { chance, home } = born(life, 'rider');
  const pasture = destination(home, between(chance, 0, 360), between(chance, 5000, 15_000));
  const legs = times(5, () => {
    const day = new Day(home);
    day.go({ restMs: between(chance, 6, 8) * hourMs, isIndoors: true });
    while (day.spentMs < 17.5 * hourMs) {
      day.go({ to: around(chance, pasture, 2500), speed: ridingSpeed(chance) });
      day.go({ restMs: between(chance, 2, 45) * 60_000 });
    }
    day.go({ to: home, speed: ridingSpeed(chance) });
    return day.untilMidnight();
  });
  const fixes = received(life, 'rider', wayOf(home, startAt, legs), 5 * dayMs);
  const given = isSpeedless ? fixes.map(({ speed: _, ...fix }) => fix) : fixes;
  return { person: `rider-${life.index}`, home, fixes: given, exits: [] };
}

/** Two days at home, then by cart or lorry to the other camp 15 to 60 km away, and two days there. */
export function campMove(life: Life): Track {
  const { chance, home } = born(life, 'move');
  const camp = destination(home, between(chance, 0, 360), between(chance, 15_000, 60_000));
  const moving = new Day(home);
  moving.go({ restMs: between(chance, 8, 12) * hourMs, isIndoors: true });
  moving.go({ to: camp, speed: between(chance, 15, 50) * kmh });
  moving.go({ restMs: hourMs });
  const legs = [
    ...times(2, () => dayAtHome(chance, home, 500)),
    ...moving.untilMidnight(),
    ...times(2, () => dayAtHome(chance, camp, 500)),
  ];
  const fixes = received(life, 'move', wayOf(home, startAt, legs), 5 * dayMs);
  return { person: `move-${life.index}`, home, camps: [camp], fixes, exits: [] };
}

/** Up at six or seven, in and out of the house until nine in the evening. */
function dayAtHome(chance: Chance, home: Position, reachMeters: number): Leg[] {
  const day = new Day(home);
  const house = () => around(chance, home, 8);
  day.go({ restMs: between(chance, 6, 7.5) * hourMs, isIndoors: true });
  while (day.spentMs < 19 * hourMs) {
    const isFar = chance.fraction() < 0.25;
    day.go({ to: around(chance, home, isFar ? reachMeters : reachMeters / 4), speed: between(chance, 0.5, 1.3) });
    day.go({ restMs: between(chance, 2, isFar ? 90 : 40) * 60_000, isIndoors: isFar && chance.fraction() < 0.4 });
    day.go({ to: house(), speed: between(chance, 0.5, 1.3) });
    day.go({ restMs: between(chance, 5, 120) * 60_000, isIndoors: true });
  }
  return day.untilMidnight();
}

/** Away from a place, a few hundred metres at a time, each within 50 degrees of the way that was taken first. */
function swerving(chance: Chance, from: Position, meters: number): Leg[] {
  const [bearing, speed] = [between(chance, 0, 360), between(chance, 0.5, 1.4)];
  const legs: Leg[] = [];
  for (let [at, gone] = [from, 0]; gone < meters; ) {
    const step = between(chance, 100, 400);
    at = destination(at, bearing + between(chance, -50, 50), step);
    gone += step;
    legs.push({ to: at, speed });
  }
  return legs;
}

/** Legs of one day, which ends at midnight where it ends. */
class Day {
  readonly #from: Position;
  readonly #legs: Leg[] = [];
  spentMs = 0;

  constructor(from: Position) {
    this.#from = from;
  }

  go(leg: Leg): void {
    this.#legs.push(leg);
    this.spentMs = wayOf(this.#from, 0, this.#legs).endAt;
  }

  untilMidnight(): Leg[] {
    return [...this.#legs, { restMs: Math.max(0, dayMs - this.spentMs), isIndoors: true }];
  }
}

function born({ seed, index }: Life, kind: string): { chance: Chance; home: Position } {
  const chance = chanceOf(seed, `${kind} ${index}`);
  return { chance, home: { lat: between(chance, 41, 50), lon: between(chance, 111, 121) } };
}

const received = ({ index, ...life }: Life, kind: string, way: Way, forMs: number) =>
  receive(way, { from: startAt, until: startAt + forMs, ...life, name: `${kind} ${index}` });

const times = (count: number, make: () => Leg[]): Leg[] => Array.from({ length: count }, make).flat();
const ridingSpeed = (chance: Chance): number => between(chance, 10, 40) * kmh;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const kmh = 1 / 3.6;
/** 1 June 2026, 00:00 in the county: the season in which people are outside. */
const startAt = Date.UTC(2026, 4, 31, 16);
