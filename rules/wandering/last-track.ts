import { isWithdrawn } from '../../records/consent.ts';
import type { FoldState } from '../../records/fold-state.ts';
import type { Position } from '../../records/geodesy.ts';
import type { RegistryView } from '../../records/registry.ts';
import type { Fix } from './fixes.ts';
import { bearingDegrees, metersBetween } from './geodesy.ts';
import { type Wandering, wandering } from './wandering.ts';

/**
 * Where somebody was last seen, for whoever searches: at most 48 fixes of each wearable of theirs, of the last day, by the time at which they were
 * taken; the newest as they came, older ones thinned. Of somebody who took back the consent to be located nothing from before that, and
 * of after it what came while an emergency of theirs was open. It needs no database. Units: epoch ms, degrees, m, m/s.
 */
export function lastTrackOf({ state, registry }: TrackParts, personId: string): LastTrack {
  const person = registry.person(personId);
  const household = person && registry.household(person.householdId);
  const home = household && registry.place(household.currentPlaceId)?.position;
  const fromAt = isWithdrawn(person, 'location') ? (person?.consents?.location?.at ?? Number.POSITIVE_INFINITY) : 0;
  const rows = state.table<{ state: Wandering }>(`rule:${wandering.name}`);
  const fixes = registry.referring('device', 'person', personId).flatMap(({ id: deviceId }) => {
    const known = rows.get(deviceId)?.state;
    // Another person wore it before.
    if (!known || known.personId !== personId) return [];
    return known.fixes.filter(({ at }) => at >= fromAt).map((fix) => shown(deviceId, fix, home));
  });
  return {
    personId,
    ...(home && { home: { lat: home.lat, lon: home.lon } }),
    fixes: fixes.sort((a, b) => a.at - b.at),
  };
}
type TrackParts = {
  state: FoldState;
  registry: Pick<RegistryView, 'person' | 'household' | 'place' | 'referring'>;
};

export type LastTrack = { personId: string; home?: Position; fixes: TrackFix[] };
/** `isUnworn`: then it is where the device was. `homeMeters`, `bearingDegrees`: as seen from home, clockwise from north. */
export type TrackFix = Position & {
  deviceId: string;
  at: number;
  source: Fix['source'];
  accuracyMeters?: number;
  speedMetersPerSecond?: number;
  homeMeters?: number;
  bearingDegrees?: number;
  isUnworn?: true;
};

function shown(deviceId: string, fix: Fix, home: Position | undefined): TrackFix {
  const { at, lat, lon, source, accuracy, speed, isUnworn } = fix;
  return {
    ...{ deviceId, at, lat, lon, source },
    ...(accuracy !== undefined && { accuracyMeters: accuracy }),
    ...(speed !== undefined && { speedMetersPerSecond: speed }),
    ...(home && {
      homeMeters: Math.round(metersBetween(home, fix)),
      bearingDegrees: Math.round(bearingDegrees(home, fix)) % 360,
    }),
    ...(isUnworn && { isUnworn }),
  };
}
