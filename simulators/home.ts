import type { DeviceKind } from '../firmware-contracts/report.ts';
import type { Chance } from '../platform/random.ts';
import type { Fields } from './device.ts';
import { between } from './seeded-chance.ts';

/** A simulated household: one old person in a house, with what hangs on its walls and on their wrist. */
export type Home = {
  /** Also its place's id. */
  id: string;
  /** What neighbours call the place. */
  name: string;
  person: { id: string; name: string };
  position: { lat: number; lon: number };
  devices: readonly HomeDevice[];
  rhythm: Rhythm;
};
export type HomeDevice = {
  id: string;
  kind: DeviceKind;
  room: string;
  secret: string;
  intervalMinutes: number;
  /** Of a presence sensor: what it sees. */
  source?: 'motion' | 'door';
};
/** Hours of the day in the county, with fractions. `liveliness`: movements an hour while awake, in the liveliest room. */
export type Rhythm = { wakesAt: number; sleepsAt: number; liveliness: number };

/** Something that happens in a home at an instant (epoch ms): a deed of a device. `says` is what somebody there would see. */
export type Happening = { at: number; deviceId: string; deed: string; fields?: Fields; says?: string };

/** What a presence sensor sees, epoch ms. */
export type Movement = { deviceId: string; at: number; endsAt: number; source: 'motion' | 'door' };

/** An ordinary day as its presence sensors report it, in order; see `movementsOf`. */
export function dayOf(home: Home, midnightAt: number, chance: Chance): Happening[] {
  return movementsOf(home, midnightAt, chance)
    .flatMap(reportsOf)
    .sort((a, b) => a.at - b.at);
}

/** A sensor says when it begins to see somebody, and when it ceases to. */
export function reportsOf({ deviceId, at, endsAt, source }: Movement): [Happening, Happening] {
  const fields = { source };
  return [
    { at, deviceId, deed: 'on', fields },
    { at: endsAt, deviceId, deed: 'off', fields },
  ];
}

/**
 * An ordinary day, sensor by sensor. `midnightAt` is when the day begins in the county, epoch ms. A movement lasts 5 to
 * 40 s; a door is open for 5 to 20 s, some four times a day, for water, animals and neighbours.
 */
export function movementsOf(home: Home, midnightAt: number, chance: Chance): Movement[] {
  const { wakesAt, sleepsAt, liveliness } = home.rhythm;
  const movements: Movement[] = [];
  for (const { id: deviceId, kind, source = 'motion' } of home.devices) {
    if (kind !== 'presence-sensor') continue;
    const perHour = (hour: number) => {
      const isAwake = hour >= wakesAt && hour < sleepsAt;
      if (source === 'door') return isAwake ? 4 / (sleepsAt - wakesAt) : 0;
      return isAwake ? liveliness : nightlyMovements;
    };
    const longest = source === 'door' ? 20_000 : 40_000;
    // Thinning: moments come at the day's highest rate, and each is kept with the share that its own hour has of it.
    for (let hour = next(chance, 0, liveliness); hour < 24; hour = next(chance, hour, liveliness)) {
      if (chance.fraction() * liveliness >= perHour(hour)) continue;
      const at = midnightAt + Math.round(hour * 3_600_000);
      movements.push({ deviceId, at, endsAt: at + Math.round(between(chance, 5_000, longest)), source });
    }
  }
  return movements;
}

/** The county's days begin at midnight in Shanghai, which has no summer time. */
export function countyMidnight(at: number): number {
  const offsetMs = 8 * 3_600_000;
  return Math.floor((at + offsetMs) / dayMs) * dayMs - offsetMs;
}

const dayMs = 86_400_000;
/** An hour, for the way to the bathroom. */
const nightlyMovements = 0.4;

/** The next moment of a Poisson process, in hours. */
const next = (chance: Chance, hour: number, perHour: number): number =>
  hour - Math.log(1 - chance.fraction()) / perHour;
