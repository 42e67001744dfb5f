import type { Person, Place, RegistryView, Zone } from '../../records/registry.ts';
import type { AnyRule } from '../rule.ts';
import { type Circumstances, home, watch } from '../watch.test-support.ts';
import { destination } from './geodesy.ts';

/** The door of the house; everything else is told as metres east and north of it. */
export const door = { lat: 43.94721, lon: 116.04483 };

export const at = (east: number, north: number) => destination(destination(door, 90, east), 0, north);

export const summerCamp: Place = {
  ...{ id: 'summer-camp', areaId: 'gacha-1', kind: 'summer-camp', name: 'Summer camp at the lake' },
  position: { ...at(0, 30_000), datum: 'WGS-84' },
};
const house: Place = {
  ...summerCamp,
  id: 'house-1',
  kind: 'house',
  name: 'House 1',
  position: { ...door, datum: 'WGS-84' },
};

export const circle = (east: number, north: number, radiusMeters: number, more: Partial<Zone> = {}): Zone => ({
  ...{ id: `zone-${east}-${north}`, of: { type: 'person', id: 'nara' }, name: 'zone', datum: 'WGS-84' },
  shape: { type: 'circle', ...at(east, north), radiusMeters },
  ...more,
});

/** A person with one wearable in a house on the steppe; the registry may change while they live. */
export function herder(
  rules: AnyRule | readonly AnyRule[],
  { settings = {}, ...known }: Partial<Steppe> & Options = {},
) {
  const steppe: Steppe = {
    categories: [],
    zones: [],
    places: [house],
    livesAt: 'house-1',
    people: ['nara'],
    occupied: [],
    ...known,
  };
  const driver = watch(rules, { settings, registry: registryOf(steppe) });
  let seq = 100;
  return Object.assign(driver, {
    steppe,
    /** Where the receiver says that somebody is. */
    fix(east: number, north: number, { accuracy = 10, speed, source = 'gnss', ...more }: FixWords = {}): void {
      const place = { ...at(east, north), accuracy, ...(speed !== undefined && { speed }) };
      seq += 1;
      driver.read({ name: 'position', source, boot: 1, seq, ...place }, more);
    },
  });
}
type FixWords = Circumstances & { accuracy?: number; speed?: number; source?: 'gnss' | 'wifi' | 'cell' };
type Options = { settings?: Record<string, number> };
type Steppe = {
  categories: Person['categories'];
  absence?: Person['absence'];
  zones: Zone[];
  places: Place[];
  livesAt: string;
  people: string[];
  /** Places where others live. */
  occupied: string[];
};

function registryOf(steppe: Steppe): Partial<RegistryView> {
  const person = (id: string): Person => ({
    ...{ id, householdId: 'h1', name: id, language: 'en', categories: steppe.categories },
    ...(steppe.absence && { absence: steppe.absence }),
  });
  const household = (id: string) => ({ id, areaId: 'gacha-1', currentPlaceId: id === 'h1' ? steppe.livesAt : 'other' });
  const referring = (from: string, to: string, id: string): readonly unknown[] => {
    if (from === 'person') return steppe.people.map(person);
    if (from === 'zone') return steppe.zones.filter(({ of }) => of.type === to && of.id === id);
    if (from === 'place') return steppe.places;
    if (from === 'household' && steppe.occupied.includes(id)) return [household('h2')];
    if (from === 'household') return id === steppe.livesAt ? [household('h1')] : [];
    return [];
  };
  return {
    person,
    household,
    place: (id) => steppe.places.find((place) => place.id === id),
    whereaboutsOf: () => ({ personId: 'nara', householdId: 'h1', placeId: steppe.livesAt, areaId: 'gacha-1' }),
    referring: referring as RegistryView['referring'],
  };
}

export const places = [house, summerCamp];
export const nara = home;
