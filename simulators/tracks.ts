import type { Chance } from '../platform/random.ts';
import { destination, metersBetween } from '../rules/wandering/geodesy.ts';
import { between, chanceOf } from './seeded-chance.ts';

/** Where somebody truly is at an instant (epoch ms), and how fast (m/s); indoors receivers hear less. */
export type Stand = { lat: number; lon: number; speed: number; isIndoors: boolean };
export type Way = (at: number) => Stand;
type Position = { lat: number; lon: number };

/** What a receiver says. `accuracy` holds the true place with 68 %: it is honest. */
export type ReceivedFix = Position & { t: number; accuracy: number; speed?: number; source: 'gnss' | 'wifi' | 'cell' };

/** One stretch of a way: to a point, so many m/s; or resting there for `restMs`. */
export type Leg = { to: Position; speed: number } | { restMs: number; isIndoors?: boolean };

/** Legs one after the other from a place and an instant on; after the last one somebody stays where they are. */
export function wayOf(from: Position, startAt: number, legs: readonly Leg[]): KnownWay {
  let [position, at] = [from, startAt];
  const pieces = legs.map((leg) => {
    const start = { at, position };
    if ('restMs' in leg) at += leg.restMs;
    else {
      at += (metersBetween(position, leg.to) / leg.speed) * 1000;
      position = leg.to;
    }
    return { leg, start, endAt: at, end: position };
  });
  let last = 0;
  const way = (now: number): Stand => {
    // Asked in the order of time, and now and then again from the beginning.
    if (now < (pieces[last]?.start.at ?? 0)) last = 0;
    while (last < pieces.length - 1 && now >= (pieces[last]?.endAt ?? 0)) last += 1;
    const piece = pieces[last];
    if (!piece || now >= piece.endAt) return { ...(piece?.end ?? from), speed: 0, isIndoors: true };
    const { leg, start, endAt, end } = piece;
    if ('restMs' in leg) return { ...start.position, speed: 0, isIndoors: leg.isIndoors ?? false };
    const share = Math.min(1, Math.max(0, (now - start.at) / (endAt - start.at)));
    const [lat, lon] = [start.position.lat, start.position.lon];
    return {
      ...{ lat: lat + (end.lat - lat) * share, lon: lon + (end.lon - lon) * share },
      ...{ speed: leg.speed, isIndoors: false },
    };
  };
  const when = (isThere: (place: Position) => boolean): number => {
    for (let now = startAt; now < at; now += 1000) if (isThere(way(now))) return now;
    throw new Error('nobody comes there on this way');
  };
  return Object.assign(way, { endAt: at, when });
}
/** `when`: at which second somebody first is at such a place. Errors: never. */
export type KnownWay = Way & { endAt: number; when(isThere: (place: Position) => boolean): number };

/**
 * What a receiver says of a way every `intervalMs`. Its errors are normally distributed, have the size that it reports (68 % lie within), and
 * last for minutes, as reflections do. Indoors circles are wide, and some fixes come from wireless networks.
 * `isRough`: one error in fifty reaches two to three times further than reported, and one fix in twenty, indoors one in four, is none or a cell.
 */
export function receive(way: Way, { from, until, intervalMs, seed, name, isRough = false }: Reception): ReceivedFix[] {
  const chance = chanceOf(seed, `receiver ${name}`);
  const fixes: ReceivedFix[] = [];
  let error = { east: normal(chance), north: normal(chance) };
  let lastAt = from;
  for (let at = from + intervalMs * chance.fraction(); at < until; at += intervalMs) {
    const t = Math.round(at + between(chance, 0, 5000));
    const kept = Math.exp(-(t - lastAt) / errorLastsMs);
    error = { east: drift(error.east, kept, chance), north: drift(error.north, kept, chance) };
    lastAt = t;
    const truth = way(t);
    const sky = receptionOf(truth, chance, isRough);
    if (sky) fixes.push({ t, ...fixFrom(truth, sky, error, chance, isRough) });
  }
  return fixes;
}
type Reception = { from: number; until: number; intervalMs: number; seed: number; name: string; isRough?: boolean };

/** How long an error lasts until a third of it is left. */
const errorLastsMs = 4 * 60_000;

const drift = (error: number, kept: number, chance: Chance): number =>
  error * kept + normal(chance) * Math.sqrt(1 - kept * kept);

type Sky = { source: ReceivedFix['source']; accuracy: number };

function receptionOf({ isIndoors }: Stand, chance: Chance, isRough: boolean): Sky | undefined {
  const draw = chance.fraction();
  if (!isIndoors) {
    if (isRough && draw < 0.02) return { source: 'cell', accuracy: between(chance, 400, 5000) };
    return isRough && draw < 0.05 ? undefined : { source: 'gnss', accuracy: spread(chance, 9, 0.6, 3, 80) };
  }
  if (isRough && draw < 0.1) return { source: 'cell', accuracy: between(chance, 400, 5000) };
  if (isRough && draw < 0.25) return undefined;
  if (draw < 0.4) return { source: 'wifi', accuracy: between(chance, 25, 120) };
  return { source: 'gnss', accuracy: spread(chance, 28, 0.7, 5, 400) };
}

function fixFrom(
  truth: Stand,
  { source, accuracy }: Sky,
  error: { east: number; north: number },
  chance: Chance,
  isRough: boolean,
) {
  // A reported circle of 68 % is 1.51 deviations wide.
  const size = (accuracy / 1.51) * (chance.fraction() < 0.02 && isRough ? between(chance, 2, 3) : 1);
  const meters = Math.hypot(error.east, error.north) * size;
  const place = destination(truth, (Math.atan2(error.east, error.north) * 180) / Math.PI, meters);
  const speed = Math.abs(truth.speed + normal(chance) * 0.25);
  return { ...place, accuracy, source, ...(source === 'gnss' && { speed: Math.round(speed * 10) / 10 }) };
}

/** Around a middle, by factors; within bounds. */
function spread(chance: Chance, middle: number, deviation: number, low: number, high: number): number {
  return Math.round(Math.min(high, Math.max(low, middle * Math.exp(deviation * normal(chance)))));
}

/** Of the normal distribution (Box and Muller). */
export function normal(chance: Chance): number {
  return Math.sqrt(-2 * Math.log(1 - chance.fraction())) * Math.cos(2 * Math.PI * chance.fraction());
}

/** A point somewhere around another, up to so far. */
export function around(chance: Chance, centre: Position, meters: number): Position {
  return destination(centre, between(chance, 0, 360), meters * Math.sqrt(chance.fraction()));
}
