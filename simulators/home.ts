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

/**
 * An ordinary day as its presence sensors see it, in order. `midnightAt` is when the day begins in the county, epoch ms.
 * A movement lasts 5 to 40 s; a door is open for 5 to 20 s, some four times a day, for water, animals and neighbours.
 */
export function dayOf(home: Home, midnightAt: number, chance: Chance): Happening[] {
  const { wakesAt, sleepsAt, liveliness } = home.rhythm;
  const happenings: Happening[] = [];
  for (const { id: deviceId, kind, source } of home.devices) {
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
      const fields = { source: source ?? 'motion' };
      happenings.push({ at, deviceId, deed: 'on', fields });
      happenings.push({ at: at + Math.round(between(chance, 5_000, longest)), deviceId, deed: 'off', fields });
    }
  }
  return happenings.sort((a, b) => a.at - b.at);
}

/** An hour, for the way to the bathroom. */
const nightlyMovements = 0.4;

/** The next moment of a Poisson process, in hours. */
const next = (chance: Chance, hour: number, perHour: number): number =>
  hour - Math.log(1 - chance.fraction()) / perHour;
