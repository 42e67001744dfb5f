import type { Entity, EntityType } from './registry.ts';
import type { Standing } from './registry-check.ts';

/** An entity as it was and as it is; either is absent where it came or went. */
export type Changed = { entity: EntityType; values: (Entity<EntityType> | undefined)[] };

/** The households that changes are about, each once, by the registry as it is after all of them. */
export function homesOf(changes: readonly Changed[], standing: Standing): string[] {
  const homes = new Set<string>();
  for (const { entity, values } of changes) {
    for (const value of values) for (const id of value ? householdsOf(entity, value, standing) : none) homes.add(id);
  }
  return [...homes];
}

const none: readonly string[] = [];

function householdsOf(entity: EntityType, value: Entity<EntityType>, standing: Standing): readonly string[] {
  const ofPlace = (id: string | undefined) => (id === undefined ? none : standing.referrers('place', id, 'household'));
  const ofPerson = (id: string | undefined) =>
    id === undefined ? none : [standing.get('person', id)?.householdId ?? []].flat();
  switch (entity) {
    case 'household':
      // Who moves in or out changes for the others whether a sensor on the wall means them.
      return [value.id, ...ofPlace((value as Entity<'household'>).currentPlaceId)];
    case 'person':
      return [(value as Entity<'person'>).householdId];
    case 'place':
      return ofPlace(value.id);
    case 'device': {
      const { placeId, personId } = value as Entity<'device'>;
      return [...ofPlace(placeId), ...ofPerson(personId)];
    }
    case 'zone': {
      const { of } = value as Entity<'zone'>;
      return of.type === 'place' ? ofPlace(of.id) : ofPerson(of.id);
    }
    default:
      return none;
  }
}
