import type { Device, Entity, EntityType, Grant, RuleSetting } from './registry.ts';

/** The name of an entity among all of them, and the owner of its personal data: `person:p1`. */
export const keyOf = (entity: EntityType, id: string): string => `${entity}:${id}`;

/** What an entity refers to, and in which field. Everybody, a category, a rule, the shadows and an area's camps are targets without an entity. */
export type Link = { field: string; to: EntityType | 'all' | 'category' | 'rule' | 'shadow' | 'camps'; id: string };

/** Whether an entity stands behind that target. */
export const isEntityType = (to: Link['to']): to is EntityType => !nameless.has(to);
const nameless: ReadonlySet<string> = new Set(['all', 'category', 'rule', 'shadow', 'camps']);

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
  person: ({ householdId }) => [{ field: 'householdId', to: 'household', id: householdId }],
  contact: ({ of }) => [{ field: 'of', to: of.type, id: of.id }],
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
};

const scopeLink = (scope: RuleSetting['scope']): Link => ({
  ...{ field: 'scope', to: scope.type, id: scope.type === 'all' ? '' : scope.id },
});

function grantLinks(grants: readonly Grant[] = []): Link[] {
  const areas = new Set(grants.flatMap(({ areaId }) => areaId ?? []));
  return [...areas].map((id) => ({ field: 'grants', to: 'area', id }));
}

function optional(field: string, to: EntityType, id: string | undefined): Link[] {
  return id === undefined ? [] : [{ field, to, id }];
}

/** Whether a device belongs to a place or a person; what does not is stock. */
export function isInstalled({ placeId, personId }: Pick<Device, 'placeId' | 'personId'>): boolean {
  return placeId !== undefined || personId !== undefined;
}
