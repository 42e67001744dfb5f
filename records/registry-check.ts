import { deviceVersion } from './device-version.ts';
import type { Area, Device, Entity, EntityType, Place, RegistryChange } from './registry.ts';
import { entityTypes } from './registry.ts';
import { keyOf, type Link, linksOf } from './registry-links.ts';

/** What is wrong with one entity of an import, in words that say what would be right. */
export type RegistryProblem = {
  entity: EntityType;
  id: string;
  field?: string;
  problem: string;
  /** The key of what is referred to and is not there. */
  missing?: string;
};

/** The registry as it is: values, and who refers to whom. */
export type Standing = {
  get<T extends EntityType>(entity: T, id: string): Entity<T> | undefined;
  size(entity: EntityType): number;
  referrers(to: Link['to'], id: string, from: EntityType): readonly string[];
  areas(): Iterable<Area>;
};

/** Beyond this the alarm process would hold more than its memory allows; it is also far beyond any county. */
export const mostOfEachEntity = 500_000;

/**
 * Judges changes by the registry as it would stand after all of them; their order does not matter.
 * An empty answer means that they can be applied.
 */
export function checkChanges(changes: readonly RegistryChange[], standing: Standing): RegistryProblem[] {
  const { after, problems } = collect(changes);
  const world: World = {
    get: <T extends EntityType>(entity: T, id: string) => {
      const key = keyOf(entity, id);
      const change = after.get(key);
      if (change === undefined) return standing.get(entity, id);
      return change.type === 'put' ? (change.value as Entity<T>) : undefined;
    },
  };
  for (const change of after.values()) {
    if (change.type === 'put') problems.push(...putProblems(change, world), ...overtaken(change, standing));
    else problems.push(...removeProblems(change, standing, (key) => after.has(key)));
  }
  problems.push(...areaProblems(after, standing, world), ...sizeProblems(after, standing));
  return problems;
}

type World = { get<T extends EntityType>(entity: T, id: string): Entity<T> | undefined };
type Put = Extract<RegistryChange, { type: 'put' }>;
type Remove = Extract<RegistryChange, { type: 'remove' }>;

const idOf = (change: RegistryChange): string => (change.type === 'put' ? change.value.id : change.id);

function collect(changes: readonly RegistryChange[]) {
  const after = new Map<string, RegistryChange>();
  const problems: RegistryProblem[] = [];
  for (const change of changes) {
    const id = idOf(change);
    const key = keyOf(change.entity, id);
    if (after.has(key))
      problems.push({ entity: change.entity, id, problem: 'occurs twice in one import; keep one of them' });
    after.set(key, change);
  }
  return { after, problems };
}

function putProblems({ entity, value }: Put, world: World): RegistryProblem[] {
  const problems: RegistryProblem[] = [];
  for (const { field, to, id } of linksOf(entity, value)) {
    if (to === 'all' || to === 'category' || to === 'rule' || world.get(to, id)) continue;
    const problem = `there is no ${to} "${id}"; add it, or correct the id`;
    problems.push({ entity, id: value.id, field, problem, missing: keyOf(to, id) });
  }
  if (entity === 'device') problems.push(...deviceProblems(value));
  if (entity === 'place') problems.push(...placeProblems(value, world));
  return problems;
}

/** Somebody else changed it after whoever asks had looked. */
function overtaken(change: Put, standing: Standing): RegistryProblem[] {
  if (change.entity !== 'device' || change.expectedVersion === undefined) return [];
  const { id } = change.value;
  const before = standing.get('device', id);
  if ((before ? deviceVersion(before) : 0) === change.expectedVersion) return [];
  return [{ entity: 'device', id, problem: 'was changed by somebody else meanwhile; look again, and ask again' }];
}

const ownerOfKind: Record<Device['kind'], { owner: 'placeId' | 'personId' | 'either'; says: string }> = {
  'smoke-detector': { owner: 'placeId', says: 'a smoke detector hangs in a place: give it a placeId and no personId' },
  'presence-sensor': {
    owner: 'placeId',
    says: 'a presence sensor hangs in a place: give it a placeId and no personId',
  },
  wearable: { owner: 'personId', says: 'a wearable belongs to a person: give it a personId and no placeId' },
  'call-button': {
    owner: 'either',
    says: 'a call button belongs to a place or to a person: give it a placeId or a personId',
  },
};

function deviceProblems({ id, kind, placeId, personId, claim }: Device): RegistryProblem[] {
  // Stock is what a label can still bind; whatever else has no place was forgotten.
  if (placeId === undefined && personId === undefined && claim !== undefined && !claim.used) return [];
  const { owner, says } = ownerOfKind[kind];
  const one = (placeId === undefined) !== (personId === undefined);
  const right = one && (owner === 'either' || (owner === 'placeId') === (placeId !== undefined));
  return right ? [] : [{ entity: 'device', id, problem: says }];
}

function placeProblems({ id, areaId, siteId }: Place, world: World): RegistryProblem[] {
  const site = siteId === undefined ? undefined : world.get('site', siteId);
  if (!site || site.areaId === areaId) return [];
  const problem = `its site "${site.id}" is in area "${site.areaId}", so this place is too`;
  return [{ entity: 'place', id, field: 'areaId', problem }];
}

/** Whoever is part of the import is judged by its own put; here are those that the import leaves as they are. */
function removeProblems(
  { entity, id }: Remove,
  standing: Standing,
  isTouched: (key: string) => boolean,
): RegistryProblem[] {
  if (!standing.get(entity, id)) return [{ entity, id, problem: 'is not in the registry, so it cannot be removed' }];
  const referrers = entityTypes.flatMap((from) =>
    standing.referrers(entity, id, from).map((referrer) => ({ from, referrer, key: keyOf(from, referrer) })),
  );
  const left = referrers.filter(({ key }) => !isTouched(key));
  if (left.length === 0) return [];
  const named = left.slice(0, 3).map(({ from, referrer }) => `${from} "${referrer}"`);
  const more = left.length > named.length ? ` and ${left.length - named.length} more` : '';
  const problem = `is still referred to by ${named.join(', ')}${more}; remove or change them in the same import`;
  return [{ entity, id, problem }];
}

const parentLevel = { county: undefined, township: 'county', village: 'township' } as const;

/** One level below the other leaves no room for a circle; an area that changes its level is judged with its children. */
function areaProblems(after: Map<string, RegistryChange>, standing: Standing, world: World): RegistryProblem[] {
  const puts = [...after.values()].flatMap((change) =>
    change.type === 'put' && change.entity === 'area' ? [change.value] : [],
  );
  const others = puts.length === 0 ? [] : [...standing.areas()].filter(({ id }) => !after.has(keyOf('area', id)));
  return [...puts, ...others].flatMap((area) => {
    const problem = levelProblem(area, area.parentId === undefined ? undefined : world.get('area', area.parentId));
    return problem === undefined ? [] : [{ entity: 'area' as const, id: area.id, field: 'parentId', problem }];
  });
}

function levelProblem({ level, parentId }: Area, parent: Area | undefined): string | undefined {
  const expected = parentLevel[level];
  if (expected === undefined) return parentId === undefined ? undefined : 'a county has no parent; leave parentId out';
  if (parentId === undefined) return `a ${level} belongs to a ${expected}: give its parentId`;
  // A parent that does not exist has been reported as a dangling reference.
  if (!parent || parent.level === expected) return undefined;
  return `its parent "${parent.id}" is a ${parent.level}, but a ${level} belongs to a ${expected}`;
}

function sizeProblems(after: Map<string, RegistryChange>, standing: Standing): RegistryProblem[] {
  const gained = new Map<EntityType, number>();
  for (const change of after.values()) {
    const isThere = standing.get(change.entity, idOf(change)) !== undefined;
    const gain = change.type === 'put' ? (isThere ? 0 : 1) : isThere ? -1 : 0;
    gained.set(change.entity, (gained.get(change.entity) ?? 0) + gain);
  }
  return [...gained].flatMap(([entity, gain]) => {
    if (standing.size(entity) + gain <= mostOfEachEntity) return [];
    return [{ entity, id: '', problem: `the registry holds at most ${mostOfEachEntity} of each kind` }];
  });
}
