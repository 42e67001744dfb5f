import { emergencyOf } from './consent.ts';
import { entityVersion } from './entity-version.ts';
import type { Seat } from './escalation.ts';
import type { Incident } from './incident.ts';
import { type Device, type Entity, type EntityType, entities, type Person, type RegistryChange } from './registry.ts';
import type { Registry } from './registry-fold.ts';
import { keyOf } from './registry-links.ts';

type Claim = NonNullable<Device['claim']>;

/**
 * Everything that leaves the registry with a person, to be carried out together: who answers for them, their zones, settings and limits. What they
 * wore becomes stock, with a label that can be used again; `claimFor` makes one for a device that has none. With the last of a
 * household the household goes; its place stays, because detectors hang there, but nobody's address is kept for it any more.
 */
export function erasureOf(registry: Lookup, personId: string, claimFor: (deviceId: string) => Claim): RegistryChange[] {
  const person = registry.get('person', personId);
  if (!person) return [];
  const household = registry.get('household', person.householdId);
  const isLast = all(registry, 'person', (one) => one.householdId === person.householdId).length === 1;
  const gone: Target[] = [{ type: 'person', id: personId }];
  if (household && isLast) gone.push({ type: 'household', id: household.id });
  const isGone = ({ type, id }: { type: string; id: string }) => gone.some((one) => one.type === type && one.id === id);
  const removed = [
    ...all(registry, 'contact', ({ of }) => isGone(of)).map((value) => removal('contact', value)),
    ...all(registry, 'zone', ({ of }) => isGone(of)).map((value) => removal('zone', value)),
    ...all(registry, 'ruleSetting', ({ scope }) => 'id' in scope && isGone(scope)).map((value) =>
      removal('ruleSetting', value),
    ),
    ...all(registry, 'threshold', ({ scope }) => 'id' in scope && isGone(scope)).map((value) =>
      removal('threshold', value),
    ),
    ...all(registry, 'policy', ({ scope }) => 'id' in scope && isGone(scope)).map((value) => removal('policy', value)),
    ...all(registry, 'profile', ({ of }) => isGone(of)).map((value) => removal('profile', value)),
    ...gone.flatMap(({ type, id }) => {
      const value = registry.get(type, id);
      return value ? [removal(type, value)] : [];
    }),
  ];
  const worn = all(registry, 'device', (one) => one.personId === personId);
  const stock = worn.map((one) => putting('device', one, asStock(one, claimFor)));
  return [
    ...removed,
    ...stock,
    ...withoutContacts(registry, removed),
    ...(household && isLast ? bare(registry, household) : []),
  ];
}

/**
 * Who helps in an emergency must know whom, and where: nobody is forgotten before it is over. Undefined: there is none. In English, for
 * whoever asked.
 */
export function whyNotErased(person: Person, openIncidents: Iterable<Incident>): string | undefined {
  const incident = emergencyOf(person, openIncidents);
  return incident && `incident ${incident.code} is critical, theirs, and not over: end it first`;
}

type Lookup = Pick<Registry, 'get' | 'list'>;
type Target = { type: 'person' | 'household'; id: string };

/** The address and the place on the map of a home in which nobody is known to live. */
function bare(registry: Lookup, household: Entity<'household'>): RegistryChange[] {
  const place = registry.get('place', household.currentPlaceId);
  const isOthers = all(registry, 'household', (one) => one.currentPlaceId === household.currentPlaceId).length > 1;
  if (!place || isOthers || place.siteId !== undefined) return [];
  const { address, position, ...rest } = place;
  return address === undefined && position === undefined ? [] : [putting('place', place, rest)];
}

/** Policies and rosters of others, without whoever answers for nobody any more. A roster that had nobody else ends, with the seats for it. */
function withoutContacts(registry: Lookup, removed: readonly RegistryChange[]): RegistryChange[] {
  const isGone = new Set(
    removed.flatMap((change) => (change.type === 'remove' ? keyOf(change.entity, change.id) : [])),
  );
  const lost = (contactId: string) => isGone.has(keyOf('contact', contactId));
  const rosters = all(registry, 'roster', ({ shifts, swaps }) =>
    [...shifts.map(({ contactId }) => contactId), ...swaps.flatMap(({ from, to }) => [from, to])].some(lost),
  ).map((value): RegistryChange => {
    const shifts = value.shifts.filter(({ contactId }) => !lost(contactId));
    if (shifts.length === 0) isGone.add(keyOf('roster', value.id));
    if (shifts.length === 0) return removal('roster', value);
    return putting('roster', value, {
      ...value,
      shifts,
      swaps: value.swaps.filter(({ from, to }) => !lost(from) && !lost(to)),
    });
  });
  const isLost = (seat: Seat) =>
    ('contactId' in seat && lost(seat.contactId)) || ('rosterId' in seat && isGone.has(keyOf('roster', seat.rosterId)));
  const policies = all(
    registry,
    'policy',
    ({ id, rungs }) => !isGone.has(keyOf('policy', id)) && rungs.some(({ tell }) => tell.some(isLost)),
  ).map((value) => {
    const rungs = value.rungs.map((rung) => ({ ...rung, tell: rung.tell.filter((seat) => !isLost(seat)) }));
    return putting('policy', value, { ...value, rungs });
  });
  return [...rosters, ...policies];
}

/** As it was when nobody had put it anywhere, in the registry's order of fields. */
function asStock({ personId: _, room: __, claim, ...kept }: Device, claimFor: (deviceId: string) => Claim): Device {
  const { used: ___, ...unused } = claim ?? claimFor(kept.id);
  return entities.device.parse({ ...kept, claim: unused });
}

const all = <T extends EntityType>(registry: Lookup, entity: T, isMeant: (value: Entity<T>) => boolean): Entity<T>[] =>
  Iterator.from(registry.list(entity)).filter(isMeant).toArray();

const removal = <T extends EntityType>(entity: T, value: Entity<T>): RegistryChange => ({
  ...{ type: 'remove', entity, id: value.id },
  expectedVersion: entityVersion(value),
});
const putting = <T extends 'device' | 'place' | 'roster' | 'policy'>(
  entity: T,
  before: Entity<T>,
  value: Entity<T>,
): RegistryChange => ({ type: 'put', entity, value, expectedVersion: entityVersion(before) }) as RegistryChange;
