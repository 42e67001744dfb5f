import type { Device, Entity, EntityType, Grant, Policy, RuleSetting } from './registry.ts';

/** The name of an entity among all of them, and the owner of its personal data: `person:p1`. */
export const keyOf = (entity: EntityType, id: string): string => `${entity}:${id}`;

/** What an entity refers to, and in which field. Everybody, a category, a rule, the shadows, an area's camps and a phone number are targets without an entity. */
export type Link = {
  field: string;
  to: EntityType | 'all' | 'category' | 'rule' | 'shadow' | 'camps' | 'phone';
  id: string;
};

/** Whether an entity stands behind that target. */
export const isEntityType = (to: Link['to']): to is EntityType => !nameless.has(to);
const nameless: ReadonlySet<string> = new Set(['all', 'category', 'rule', 'shadow', 'camps', 'phone']);

/** Every reference that an entity makes: indexes and the check of dangling references both follow from it. */
export function linksOf<T extends EntityType>(entity: T, value: Entity<T>): Link[] {
  return (linkers[entity] as (value: Entity<T>) => Link[])(value);
}

const linkers: { [T in EntityType]: (value: Entity<T>) => Link[] } = {
  area: ({ parentId }) => optional('parentId', 'area', parentId),
  site: ({ areaId }) => [{ field: 'areaId', to: 'area', id: areaId }],
  place: ({ areaId, siteId, kind }) => [
    { field: 'areaId', to: 'area', id: areaId },
    ...optional('siteId', 'site', siteId),
    // Rules ask for them with every fix, and a village has many more houses.
    ...(kind === 'winter-camp' || kind === 'summer-camp' ? [{ field: 'kind', to: 'camps' as const, id: areaId }] : []),
  ],
  household: ({ areaId, currentPlaceId }) => [
    { field: 'areaId', to: 'area', id: areaId },
    { field: 'currentPlaceId', to: 'place', id: currentPlaceId },
  ],
  person: ({ householdId, phoneKey }) => [
    { field: 'householdId', to: 'household', id: householdId },
    ...phoneLink(phoneKey),
  ],
  contact: ({ of, phoneKey }) => [{ field: 'of', to: of.type, id: of.id }, ...phoneLink(phoneKey)],
  device: ({ placeId, personId }) => [
    ...optional('placeId', 'place', placeId),
    ...optional('personId', 'person', personId),
  ],
  zone: ({ of }) => [{ field: 'of', to: of.type, id: of.id }],
  account: ({ grants }) => grantLinks(grants),
  apiKey: ({ grants }) => grantLinks(grants),
  subscription: ({ areaId }) => optional('areaId', 'area', areaId),
  ruleSetting: ({ rule, scope, mode }) => [
    { field: 'rule', to: 'rule', id: rule },
    scopeLink(scope),
    ...(mode === 'shadow' ? [{ field: 'mode', to: 'shadow' as const, id: '' }] : []),
  ],
  threshold: ({ scope }) => [scopeLink(scope)],
  roster: ({ of, shifts, swaps }) => [
    { field: 'of', to: of.type, id: of.id },
    ...each('shifts', 'contact', [
      ...shifts.map(({ contactId }) => contactId),
      ...swaps.flatMap((one) => [one.from, one.to]),
    ]),
  ],
  policy: ({ scope, rungs }) => {
    const seats = rungs.flatMap(({ tell }) => tell);
    return [
      scopeLink(scope),
      ...each(
        'rungs',
        'roster',
        seats.flatMap((seat) => ('rosterId' in seat ? seat.rosterId : [])),
      ),
      ...each(
        'rungs',
        'contact',
        seats.flatMap((seat) => ('contactId' in seat ? seat.contactId : [])),
      ),
    ];
  },
  profile: ({ of }) => [{ field: 'of', to: of.type, id: of.id }],
};

const phoneLink = (phoneKey: string | undefined): Link[] =>
  phoneKey === undefined ? [] : [{ field: 'phoneKey', to: 'phone', id: phoneKey }];

const scopeLink = (scope: RuleSetting['scope'] | Policy['scope']): Link => ({
  ...{ field: 'scope', to: scope.type, id: scope.type === 'all' ? '' : scope.id },
});

function grantLinks(grants: readonly Grant[] = []): Link[] {
  const areas = new Set(grants.flatMap(({ areaId }) => areaId ?? []));
  return [...areas].map((id) => ({ field: 'grants', to: 'area', id }));
}

/** Each of them once. */
function each(field: string, to: EntityType, ids: readonly string[]): Link[] {
  return [...new Set(ids)].map((id) => ({ field, to, id }));
}

function optional(field: string, to: EntityType, id: string | undefined): Link[] {
  return id === undefined ? [] : [{ field, to, id }];
}

/** Whether a device belongs to a place or a person; what does not is stock. */
export function isInstalled({ placeId, personId }: Pick<Device, 'placeId' | 'personId'>): boolean {
  return placeId !== undefined || personId !== undefined;
}
