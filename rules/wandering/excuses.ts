import type { Person } from '../../records/registry.ts';
import type { Home } from '../home.ts';
import { hasDementia, isAbsent } from './expected-places.ts';
import { doubtMeters, type Fix, isFine } from './fixes.ts';
import { metersBetween, metersFromWay } from './geodesy.ts';
import { isNight } from './night.ts';
import { type Cell, isUsual, usualPlaces } from './pasture.ts';
import type { WanderingSettings } from './wandering-settings.ts';

/**
 * Why somebody who is outside of where they are expected is not lost. `absent`: the registry says so. `unworn`: nobody wears the device, or it
 * is on its charger. `camp`: at a camp that the household may have moved to, to which nobody walks lost: they came riding, or it is far away.
 * `moving`: on the way there, and not on foot. `usual-pasture`: where they rode on several days. `riding`: they ride, or rode a
 * short while ago, within a rider's reach. `setting-out`: seen once, on the way to their pasture; whether they ride shows the next fix, which has
 * time `until` then (epoch ms). By night only the first three count, with dementia only the first two.
 */
export type Excuse =
  | { type: 'absent' | 'unworn' | 'usual-pasture' | 'riding' | 'moving' }
  | { type: 'setting-out'; until: number }
  | { type: 'camp'; placeId: string };

export function excuseOf(outing: Outing): Excuse | undefined {
  const { seen, pasture, person, home, at, settings } = outing;
  const newest = seen.at(-1);
  if (!newest) return undefined;
  if (isAbsent(person, at)) return { type: 'absent' };
  if (isUnworn(home, outing.deviceId)) return { type: 'unworn' };
  if (hasDementia(person)) return undefined;
  const placeId = campOf(outing, newest);
  if (placeId !== undefined) return { type: 'camp', placeId };
  if (isNight(home.local(at), settings)) return undefined;
  if (isUsual(pasture, newest, settings)) return { type: 'usual-pasture' };
  if (rodeLately(outing, newest)) return { type: 'riding' };
  if (isMoving(outing, newest)) return { type: 'moving' };
  const until = newest.at + setOutMs;
  return at < until && setsOut(outing, newest) ? { type: 'setting-out', until } : undefined;
}
export type Outing = {
  /** In the order in which they were taken; the newest last. */
  seen: readonly Fix[];
  pasture: readonly Cell[];
  /** When they were last faster than a walk since they left home, and how fast. */
  ride: Ride | undefined;
  /** The camp to which they came already. */
  campId: string | undefined;
  person: Person | undefined;
  home: Home;
  deviceId: string | undefined;
  at: number;
  settings: WanderingSettings;
};

/** Then it says where it lies, and not where somebody is. */
export function isUnworn(home: Home, deviceId: string | undefined): boolean {
  const standing = deviceId === undefined ? undefined : home.standing(deviceId);
  return standing?.worn === 'no' || standing?.charging === true;
}

/** At `at` (epoch ms), in m/s: by the receiver's own word, or at least so by the way since a fix of a minute before. */
export type Ride = { readonly at: number; readonly speed: number };

/** The newest ride that fixes show: the one that was known, or at that fix if it was faster than a walk. */
export function rideOf(
  known: Ride | undefined,
  fixes: readonly Fix[],
  fix: Fix,
  settings: WanderingSettings,
): Ride | undefined {
  if (fix.at <= (known?.at ?? 0)) return known;
  const { speed = 0 } = fix;
  const step = stepBefore(fixes, fix, settings);
  const isRide = Math.max(speed, step.walkedAs) >= settings.rideFromMetersPerSecond;
  return isRide ? { at: fix.at, speed: Math.max(speed, step.speed) } : known;
}

export const isRiders = ({ speed }: Ride, { rideUpToMetersPerSecond }: WanderingSettings): boolean =>
  speed <= rideUpToMetersPerSecond;

function rodeLately({ ride, settings }: Outing, newest: Fix): boolean {
  if (!ride || !isRiders(ride, settings) || (newest.outsideMeters ?? 0) > settings.rideReachMeters) return false;
  return newest.at - ride.at <= settings.rideRestMs;
}

/** The camp at which they are, where they did not come lost and on foot. */
function campOf({ ride, campId, home, settings }: Outing, newest: Fix): string | undefined {
  const camp = home.camps().find(({ position }) => position && metersBetween(position, newest) <= settings.campMeters);
  if (!camp) return undefined;
  const isFar = (newest.outsideMeters ?? 0) >= settings.campFarMeters;
  return camp.id === campId || isFar || ride ? camp.id : undefined;
}

function isMoving({ ride, home, settings }: Outing, newest: Fix): boolean {
  const from = home.place()?.position;
  if (!from || !ride || ride.at < newest.at) return false;
  return home.camps().some(({ position }) => position && metersFromWay(newest, from, position) <= settings.wayMeters);
}

function setsOut({ seen, pasture, home, settings }: Outing, newest: Fix): boolean {
  const from = home.place()?.position;
  const before = seen.at(-2);
  if (!from || !before || (before.outsideMeters ?? 0) > 0) return false;
  return usualPlaces(pasture, settings).some(
    (to) =>
      metersBetween(newest, to) < metersBetween(from, to) && metersFromWay(newest, from, to) <= settings.usualMeters,
  );
}

/**
 * How fast (m/s) somebody went at least, by the one before it or by the fix of the last quarter of an hour that shows it best; `walkedAs`: how fast that would be on foot. What two
 * circles leave open is much within seconds, so that it takes most of a minute, and little of a longer way: a receiver that gives no speed
 * shows a slow rider all the same.
 */
function stepBefore(fixes: readonly Fix[], fix: Fix, { fineMeters, coarseMeters }: WanderingSettings): Step {
  let best: Step = { speed: 0, walkedAs: 0 };
  const earlier = fixes.filter((one) => fix.at - one.at >= leastStepMs && isFine(one, coarseMeters));
  for (const before of earlier.filter((one, index) => fix.at - one.at <= mostStepMs || index === earlier.length - 1)) {
    const seconds = (fix.at - before.at) / 1000;
    const meters = metersBetween(before, fix) - doubtMeters(before, fineMeters) - doubtMeters(fix, fineMeters);
    // A short step out of the door may be an error of the receiver; of others the next step shows it.
    if ((before.outsideMeters ?? 0) <= 0 && meters < farStepMeters) continue;
    const walkedAs = ((seconds < longStepSeconds ? shortDetour : detour) * meters) / seconds;
    if (walkedAs > best.walkedAs) best = { speed: meters / seconds, walkedAs };
  }
  return best;
}
type Step = { readonly speed: number; readonly walkedAs: number };

/** Nobody goes straight on for long: the way is longer than the line between two fixes. */
const leastStepMs = 45_000;
const mostStepMs = 15 * 60_000;
const longStepSeconds = 540;
const farStepMeters = 800;
const detour = 1.4;
const shortDetour = 1.2;

/** A wearable that spares its battery gives a fix every half an hour. */
const setOutMs = 35 * 60_000;
