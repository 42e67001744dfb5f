import type { Whereabouts } from '../records/alert.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { Contact, Device, Household, Person, Place, RegistryView, Threshold, Zone } from '../records/registry.ts';
import { isInstalled } from '../records/registry-links.ts';
import { type Areas, createAreas } from './areas.ts';
import type { Ledger } from './life/ledger.ts';
import type { DeviceStanding, LifeSigns } from './life/life-signs.ts';
import type { LocalTime } from './local-time.ts';
import { isAbsent } from './wandering/expected-places.ts';

/**
 * What a rule may ask about the home that its event is of, as it is known once the event itself is in the ledger. Nothing is
 * looked up that no rule asks for, and nothing of it may be kept beyond the step.
 */
export type Home = {
  /** Who lives in the household of the event, in the registry's order; empty where none is known. */
  people(): readonly Person[];
  /** Installed devices of its current place and of its people. */
  devices(): readonly Device[];
  household(): Household | undefined;
  place(): Place | undefined;
  /** Whether anybody's household is now where the event is: a camp of another season is nobody's. */
  isLivedIn(): boolean;
  /** Of a person and of the household's current place. */
  zones(personId?: string): readonly Zone[];
  /** Camps of the household's areas where nobody else lives now: it may have gone to one of them. */
  camps(): readonly Place[];
  /** Limits of readings that count for the device of the event. */
  thresholds(): readonly Threshold[];
  /** The household's signs of life, and those of a place that it shares. */
  life(): LifeSigns;
  /** What a device last said of itself; undefined: never heard. */
  standing(deviceId: string): DeviceStanding | undefined;
  /** Whether there is a way at `at` (epoch ms) to ask the person, or without one whoever is in the home: a contact of the role `self` with a channel. */
  canAsk(personId: string | undefined, at: number): boolean;
  /** What the county's clock shows at `at` (epoch ms). */
  local(at: number): LocalTime;
  /** Beyond this home: for rules that look at whole villages. */
  areas: Areas;
};

/** One object for all events: `moveTo` says which home it speaks of from now on. */
export function createHome({ state, registry, ledger, localTime }: HomeParts) {
  let where: Whereabouts = {};
  /** Asked for by several rules, and true for all of a step; undefined: not yet asked. */
  let known: { household: Household | undefined; place: Place | undefined } | undefined;
  let living: readonly Person[] | undefined;
  let shown: { at: number; local: LocalTime } | undefined;
  const lookAround = () => {
    const household = where.householdId === undefined ? undefined : registry.household(where.householdId);
    const at = household?.currentPlaceId ?? where.placeId;
    known = { household, place: at === undefined ? undefined : registry.place(at) };
    return known;
  };
  const placeId = (): string | undefined => home.household()?.currentPlaceId ?? where.placeId;
  const home: Home = {
    people() {
      living ??= where.householdId === undefined ? none : registry.referring('person', 'household', where.householdId);
      return living;
    },
    devices() {
      const ofPeople = home.people().flatMap(({ id }) => registry.referring('device', 'person', id));
      const at = placeId();
      return (at === undefined ? none : registry.referring('device', 'place', at)).concat(ofPeople).filter(isInstalled);
    },
    household: () => (known ?? lookAround()).household,
    isLivedIn: () =>
      where.householdId !== undefined ||
      (where.placeId !== undefined && registry.referring('household', 'place', where.placeId).length > 0),
    place: () => (known ?? lookAround()).place,
    zones(personId) {
      const at = placeId();
      return [
        ...(personId === undefined ? none : registry.referring('zone', 'person', personId)),
        ...(at === undefined ? none : registry.referring('zone', 'place', at)),
      ];
    },
    camps() {
      const areas = new Set([home.household()?.areaId, home.place()?.areaId]);
      const isFree = ({ id }: Place) =>
        registry.referring('household', 'place', id).every((household) => household.id === where.householdId);
      return [...areas]
        .flatMap((areaId) => (areaId === undefined ? none : registry.referring('place', 'camps', areaId)))
        .filter((place) => place.id !== placeId() && isFree(place));
    },
    thresholds: () => registry.thresholds(where),
    life: () => ledger.life(where),
    standing: ledger.standing,
    canAsk: (personId, at) => askable(registry, { personId, householdId: where.householdId, at }).length > 0,
    local(at) {
      if (shown?.at !== at) shown = { at, local: localTime(at) };
      return shown.local;
    },
    areas: createAreas({ state, registry, ledger }),
  };
  return {
    home,
    moveTo(next: Whereabouts): void {
      where = next;
      known = undefined;
      living = undefined;
    },
  };
}

type HomeParts = {
  state: FoldState;
  registry: HomeRegistry;
  ledger: Ledger;
  localTime: (at: number) => LocalTime;
};
type HomeRegistry = Pick<
  RegistryView,
  'referring' | 'household' | 'place' | 'area' | 'site' | 'devices' | 'revision' | 'thresholds'
>;

const none: readonly never[] = [];

/**
 * The ways to ask a person: their own, else those of the household. Without a person everybody there is asked, by the ways of the household and
 * then by those of each who is not registered as away: they would answer for themselves.
 */
export function askable(
  registry: Pick<RegistryView, 'referring'>,
  { personId, householdId, at }: { personId: string | undefined; householdId: string | undefined; at: number },
): Contact[] {
  const isWay = ({ role, channels }: Contact) => role === 'self' && channels.length > 0;
  const waysOf = (id: string) => registry.referring('contact', 'person', id).filter(isWay);
  const own = personId === undefined ? none : waysOf(personId);
  if (own.length > 0 || householdId === undefined) return [...own];
  const ofAll = registry.referring('contact', 'household', householdId).filter(isWay);
  if (personId !== undefined) return ofAll;
  const there = registry.referring('person', 'household', householdId).filter((person) => !isAbsent(person, at));
  return [...ofAll, ...there.flatMap(({ id }) => waysOf(id))];
}
