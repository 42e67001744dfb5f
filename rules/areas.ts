import type { FoldState } from '../records/fold-state.ts';
import type { Area, Device, Household, Person, RegistryView, Site } from '../records/registry.ts';
import { isInstalled } from '../records/registry-links.ts';
import type { Ledger } from './life/ledger.ts';
import type { DeviceStanding, LifeSigns } from './life/life-signs.ts';

/** What rules that look at whole villages may ask. Each answer is made when it is asked for, by walking the registry; devices of an area are remembered until that changes. */
export type Areas = {
  area(id: string): Area | undefined;
  site(id: string): Site | undefined;
  /** Directly below it. */
  below(id: string): readonly Area[];
  /** Installed in an area itself, not in those below it: at its places, and worn by those who live there now. */
  devicesIn(id: string): readonly Device[];
  /** Households whose current place is in the area itself. */
  householdsIn(id: string): readonly Household[];
  /** Households whose current place it is. */
  householdsAt(placeId: string): readonly Household[];
  /** Of the whole installation. */
  devices(): Iterable<Device>;
  people(householdId: string): readonly Person[];
  /** Smoke detectors at the current place of a household. */
  detectorsOf(householdId: string): readonly Device[];
  standing(deviceId: string): DeviceStanding | undefined;
  life(householdId: string): LifeSigns;
};

export function createAreas({ state, registry, ledger }: AreaParts): Areas {
  const { referring } = registry;
  const known = state.table<{ revision: number; devices: readonly Device[] }>('area-devices', { derived: true });

  function lookUp(id: string): readonly Device[] {
    const fixed = referring('place', 'area', id).flatMap((place) => referring('device', 'place', place.id));
    const people = areas.householdsIn(id).flatMap((household) => areas.people(household.id));
    return [...fixed, ...people.flatMap((person) => referring('device', 'person', person.id))];
  }

  const areas: Areas = {
    area: registry.area,
    site: registry.site,
    below: (id) => referring('area', 'area', id),
    householdsIn: (id) => referring('place', 'area', id).flatMap((place) => areas.householdsAt(place.id)),
    householdsAt: (placeId) => referring('household', 'place', placeId),
    devicesIn(id) {
      const revision = registry.revision();
      const before = known.get(id);
      if (before?.revision === revision) return before.devices;
      const devices = lookUp(id);
      known.set(id, { revision, devices });
      return devices;
    },
    devices: () => Iterator.from(registry.devices()).filter(isInstalled),
    people: (householdId) => referring('person', 'household', householdId),
    detectorsOf(householdId) {
      const placeId = registry.household(householdId)?.currentPlaceId;
      const fixed = placeId === undefined ? [] : referring('device', 'place', placeId);
      return fixed.filter(({ kind }) => kind === 'smoke-detector');
    },
    standing: ledger.standing,
    life: (householdId) => ledger.life({ householdId }),
  };
  return areas;
}

/** Devices of an area itself that were ever heard, and how many of them are silent now. */
export function silentIn(areas: Areas, areaId: string): { devices: number; silent: number } {
  let devices = 0;
  let silent = 0;
  for (const { id } of areas.devicesIn(areaId)) {
    const standing = areas.standing(id);
    if (standing) devices += 1;
    if (standing?.silent) silent += 1;
  }
  return { devices, silent };
}

type AreaParts = { state: FoldState; registry: AreaRegistry; ledger: Ledger };
type AreaRegistry = Pick<RegistryView, 'area' | 'site' | 'referring' | 'devices' | 'household' | 'revision'>;
