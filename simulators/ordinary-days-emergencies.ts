import { destination } from '../rules/wandering/geodesy.ts';
import type { OrdinaryCounty, OrdinaryHome, OrdinaryPerson } from './ordinary-days.ts';
import { fixOf, type Said } from './ordinary-days-life.ts';
import { alarmOf } from './ordinary-days-troubles.ts';
import { between, chanceOf } from './seeded-chance.ts';

/**
 * Somebody is truly in need from `at` (epoch ms) until they are helped. `still`: who lives alone lies there and can do nothing. `who`: does not go about
 * any more; absent in a fire and a call, in which they do.
 */
export type Emergency = {
  kind: EmergencyKind;
  home: OrdinaryHome;
  at: number;
  who?: OrdinaryPerson;
  said: Said[];
};
export type EmergencyKind = 'fire' | 'press' | 'fall' | 'still' | 'wandering';

/**
 * The emergencies of so many days, each in another home. In 2,000 homes a week holds 2 fires, 10 calls, 12 falls with a watch on, 4 who lie still and 3 who
 * walk off: as many falls as half a fall a year and wearer, of the rest more than in life. One fall in five ends without a verdict, because the device broke or lost the network.
 */
export function makeEmergencies(
  county: OrdinaryCounty,
  { days, fromDay }: { days: number; fromDay: number },
): Emergency[] {
  const chance = chanceOf(county.seed, 'emergencies');
  const taken = new Set<OrdinaryHome>();
  const share = (county.homes.length / 2000) * (days / 7);
  return kinds.flatMap(([kind, aWeek]) =>
    Array.from({ length: Math.ceil(aWeek * share) }, () => {
      const able = county.homes.filter((home) => !home.gone && !taken.has(home) && isAble(home, kind));
      const home = able[Math.floor(chance.fraction() * able.length)];
      if (!home) throw new Error(`in ${county.homes.length} homes there is none for one ${kind} more`);
      taken.add(home);
      const hour =
        kind === 'still' ? between(chance, 7, 20) : kind === 'fall' ? between(chance, 6, 22) : between(chance, 0, 24);
      const day = fromDay + Math.floor(chance.fraction() * days);
      return emergencyOf(county, kind, home, county.startAt + day * dayMs + Math.floor(hour * hourMs));
    }),
  );
}

const kinds: [EmergencyKind, number][] = [
  ['wandering', 3],
  ['still', 4],
  ['fall', 12],
  ['fire', 2],
  ['press', 10],
];

function isAble(home: OrdinaryHome, kind: EmergencyKind): boolean {
  switch (kind) {
    case 'fall':
      return wearerOf(home)?.watch?.judges === true;
    case 'wandering':
      return home.people.some(({ hasDementia, watch }) => hasDementia && watch !== undefined);
    case 'still':
      return home.people.length === 1 && home.motionIds.length > 0 && !wearerOf(home) && !home.people[0]?.pasture;
    default:
      return true;
  }
}

const wearerOf = ({ people }: OrdinaryHome) => people.find(({ watch }) => watch !== undefined);

function emergencyOf(county: OrdinaryCounty, kind: EmergencyKind, home: OrdinaryHome, at: number): Emergency {
  const [first] = home.people;
  const chance = chanceOf(county.seed, `emergency ${home.id}`);
  switch (kind) {
    case 'fire':
      return { kind, home, at, said: alarmOf(home, at, 15, home.detector.senses) };
    case 'press':
      return {
        kind,
        home,
        at,
        said: [{ at, home, deviceId: home.buttonId, name: 'press', fields: { call: 'emergency' } }],
      };
    case 'still':
      return { kind, home, at, said: [], ...(first && { who: first }) };
    case 'fall': {
      const who = wearerOf(home);
      const deviceId = who?.watch?.id ?? '';
      const word = (afterMs: number, state: string): Said => {
        return { at: at + afterMs, home, deviceId, name: 'fall', fields: { state } };
      };
      const isJudged = chance.fraction() < 0.8;
      const said = [word(0, 'suspected'), ...(isJudged ? [word(45_000, 'confirmed')] : [])];
      return { kind, home, at, said, ...(who && { who }) };
    }
    case 'wandering':
      return walkOff(county, home, at);
  }
}

/** Straight away from home at walking speed for an hour and a half, and then not back. */
function walkOff({ seed }: OrdinaryCounty, home: OrdinaryHome, at: number): Emergency {
  const chance = chanceOf(seed, `walk ${home.id}`);
  const who = home.people.find(({ hasDementia, watch }) => hasDementia && watch !== undefined);
  const [bearing, speed] = [between(chance, 0, 360), between(chance, 0.6, 1.1)];
  const stepMs = (who?.watch?.fixMinutes ?? 10) * 60_000;
  const said = Array.from({ length: Math.floor((4 * hourMs) / stepMs) }, (_, nth): Said => {
    const afterMs = Math.floor((nth + chance.fraction()) * stepMs);
    const walkedMs = Math.min(afterMs, 1.5 * hourMs);
    const place = destination(home.position, bearing, (speed * walkedMs) / 1000);
    const stand = { ...place, speed: afterMs > walkedMs ? 0 : speed, isIndoors: false };
    return {
      at: at + afterMs,
      home,
      deviceId: who?.watch?.id ?? '',
      name: 'position',
      fields: fixOf(chance, stand),
      by: 'emergency',
    };
  });
  return { kind: 'wandering', home, at, said, ...(who && { who }) };
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
