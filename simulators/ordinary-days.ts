import type { Chance } from '../platform/random.ts';
import { type RegistryChange, registryChange } from '../records/registry.ts';
import { destination } from '../rules/wandering/geodesy.ts';
import { between, chanceOf } from './seeded-chance.ts';

/** Who lives there, what hangs there, and how they live. Hours are of the county's clock, `motionMinutes` the mean time between movements. */
export type OrdinaryHome = {
  index: number;
  id: string;
  villageId: string;
  position: { lat: number; lon: number };
  people: OrdinaryPerson[];
  detector: { id: string; senses: 'smoke' | 'heat' };
  buttonId: string;
  motionIds: string[];
  doorId?: string;
  /** There is a telephone that the household answers. */
  canBeAsked: boolean;
  motionMinutes: number;
  /** The week in which nobody is at home: in hospital, as the registry knows, or gone to the children without a word. */
  gone?: 'hospital' | 'unannounced';
};
export type OrdinaryPerson = {
  id: string;
  wakesAt: number;
  sleepsAt: number;
  /** Who herds is out there nearly every day; most pastures are zones of the registry. */
  pasture?: { lat: number; lon: number; isZone: boolean };
  hasDementia: boolean;
  /** `judges`: it finds falls itself and asks its wearer; one that does not sends the movement alone. */
  watch?: { id: string; judges: boolean; isOffAtNight: boolean; fixMinutes: number };
};
export type OrdinaryCounty = { seed: number; startAt: number; homes: OrdinaryHome[]; villages: string[] };

/**
 * A county of homes as they are on the steppe, fifty in a village, ten villages in a township. The same seed makes the same county, and a
 * home is the same whatever is around it. `startAt` is a midnight of the county (epoch ms).
 */
export function makeOrdinaryCounty({ seed, startAt, homes }: { seed: number; startAt: number; homes: number }) {
  const made = Array.from({ length: homes }, (_, index) => makeHome(seed, index));
  const villages = [...new Set(made.map(({ villageId }) => villageId))];
  return { seed, startAt, homes: made, villages } satisfies OrdinaryCounty;
}

const homesInVillage = 50;
const villagesInTownship = 10;

/**
 * Shares are our choice. A third of the stoves stand in the room in which people sleep: there a detector of heat hangs, as codes of practice
 * ask for in kitchens; elsewhere a photoelectric one, a room away from the stove.
 */
function makeHome(seed: number, index: number): OrdinaryHome {
  const chance = chanceOf(seed, `ordinary home ${index}`);
  const village = Math.floor(index / homesInVillage);
  const center = { lat: 43.5 + (village % 20) * 0.12, lon: 115 + Math.floor(village / 20) * 0.6 };
  const id = `h${index}`;
  const draw = chance.fraction();
  const motions = draw < 0.15 ? 0 : draw < 0.3 ? 1 : 2;
  const away = chance.fraction();
  const hasOneRoom = chance.fraction() < 0.33;
  const canBeAsked = chance.fraction() < 0.9;
  const position = destination(center, between(chance, 0, 360), between(chance, 200, 4000));
  return {
    ...{ index, id, villageId: `v${village}`, position },
    people: makePeople(chance, { homeId: id, home: position, canBeAsked }),
    canBeAsked,
    detector: { id: `s${index}`, senses: hasOneRoom ? 'heat' : 'smoke' },
    buttonId: `b${index}`,
    motionIds: Array.from({ length: motions }, (_, at) => `m${index}-${at}`),
    ...(motions > 0 && chance.fraction() < 0.8 && { doorId: `d${index}` }),
    motionMinutes: between(chance, 8, 25),
    ...(away < 0.01 && { gone: 'hospital' as const }),
    ...(away >= 0.01 && away < 0.02 && { gone: 'unannounced' as const }),
  };
}

/**
 * Three in five live alone. Half of the first, and a fifth of the second persons wear something: of those who can be asked, one in a hundred a watch that
 * does not judge falls itself.
 */
function makePeople(chance: Chance, { homeId, home, canBeAsked }: PeopleWish): OrdinaryPerson[] {
  const count = chance.fraction() < 0.6 ? 1 : 2;
  return Array.from({ length: count }, (_, at) => {
    const hasDementia = chance.fraction() < 0.05;
    const wears = chance.fraction() < (hasDementia ? 0.9 : at === 0 ? 0.5 : 0.2);
    const id = `${homeId}-${at}`;
    const watch = {
      id: `w-${id}`,
      judges: chance.fraction() < 0.99 || !canBeAsked,
      isOffAtNight: chance.fraction() < 0.4 && !hasDementia,
      fixMinutes: hasDementia ? 10 : 30,
    };
    const [wakesAt, sleepsAt] = [between(chance, 5.3, 7.3), between(chance, 20.5, 22.5)];
    const place = destination(home, between(chance, 0, 360), between(chance, 2_000, 9_000));
    const herds = chance.fraction() < 0.12 && !hasDementia;
    const pasture = { ...place, isZone: chance.fraction() < 0.7 };
    return { id, wakesAt, sleepsAt, hasDementia, ...(herds && { pasture }), ...(wears && { watch }) };
  });
}

type PeopleWish = { homeId: string; home: OrdinaryHome['position']; canBeAsked: boolean };

/** The county as an import would enter it. Of each home the household next door is the first neighbour, that on the other side the second. */
export function registryOfOrdinary({ homes, villages, startAt }: OrdinaryCounty): RegistryChange[] {
  const townships = [...new Set(villages.map(townshipOf))];
  return [
    put('area', { id: 'county', level: 'county', name: 'county' }),
    ...townships.map((id) => put('area', { id, level: 'township', parentId: 'county', name: id })),
    ...villages.map((id) => put('area', { id, level: 'village', parentId: townshipOf(id), name: id })),
    ...homes.flatMap((home) => entriesOf(home, startAt)),
    ...homes.flatMap((home) => contactsOf(home, homes)),
    ...villages.map((id) => contact(`${id}-station`, { type: 'area', id }, 'station')),
    ...townships.map((id) => contact(`${id}-team`, { type: 'area', id }, 'township')),
    contact('county-desk', { type: 'area', id: 'county' }, 'desk'),
    contact('county-lead', { type: 'area', id: 'county' }, 'county'),
  ];
}

const townshipOf = (villageId: string): string => `t${Math.floor(Number(villageId.slice(1)) / villagesInTownship)}`;

function entriesOf(home: OrdinaryHome, startAt: number): RegistryChange[] {
  const { id, villageId: areaId, position, people, detector, buttonId, motionIds, doorId } = home;
  const placeId = `p-${id}`;
  const absence = home.gone === 'hospital' ? { absence: { reason: 'hospital', since: startAt } } : {};
  const device = (deviceId: string, kind: string, intervalMinutes: number, at: object = { placeId }) =>
    put('device', { id: deviceId, kind, intervalMinutes, ...at });
  return [
    put('place', { id: placeId, areaId, kind: 'house', name: 'house', position: { ...position, datum: 'WGS-84' } }),
    put('household', { id, areaId, currentPlaceId: placeId }),
    ...people.map(({ id: personId, hasDementia }) => {
      const categories = [...(people.length === 1 ? ['living-alone'] : []), ...(hasDementia ? ['dementia'] : [])];
      return put('person', { id: personId, householdId: id, name: personId, categories, ...absence });
    }),
    ...people.flatMap(({ id: personId, pasture }) => (pasture?.isZone ? [zoneOf(personId, pasture)] : [])),
    device(detector.id, 'smoke-detector', 1440),
    device(buttonId, 'call-button', 720),
    ...[...motionIds, ...(doorId ? [doorId] : [])].map((one) => device(one, 'presence-sensor', 240)),
    ...people.flatMap(({ id: personId, watch }) => (watch ? [device(watch.id, 'wearable', 60, { personId })] : [])),
  ];
}

function zoneOf(personId: string, { lat, lon }: { lat: number; lon: number }): RegistryChange {
  const shape = { type: 'circle', lat, lon, radiusMeters: 4_000 };
  return put('zone', {
    id: `z-${personId}`,
    of: { type: 'person', id: personId },
    name: 'pasture',
    datum: 'WGS-84',
    shape,
  });
}

function contactsOf({ id, index, villageId, canBeAsked }: OrdinaryHome, homes: readonly OrdinaryHome[]) {
  const place = { type: 'place', id: `p-${id}` } as const;
  const nextDoor = [homes[index + 1], homes[index - 1]].filter((other) => other?.villageId === villageId);
  return [
    ...nextDoor.map((other, at) => contact(neighbourId(id, other?.id ?? ''), place, 'neighbour', at + 1)),
    ...(canBeAsked ? [contact(selfId(id), { type: 'household', id }, 'self')] : []),
  ];
}

/** Who of which household is called for which. */
const neighbourId = (of: string, who: string): string => `n-${of}-${who}`;
export const selfId = (householdId: string): string => `self-${householdId}`;

function contact(id: string, of: { type: string; id: string }, role: string, order = 1): RegistryChange {
  return put('contact', { id, of, role, order, name: id, channels: [{ type: 'log' }] });
}

const put = (entity: string, value: object): RegistryChange => registryChange.parse({ type: 'put', entity, value });
