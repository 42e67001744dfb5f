import type { FastifyContextConfig, FastifyReply, FastifyRequest } from 'fastify';
import type { EntityType, Policy, RuleSetting } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { type Access, grantsFor, isWithin, may, mayAnywhere, type Permission } from '../../records/rights.ts';
import type { Caller } from '../callers.ts';
import { refuse } from '../problem.ts';
import type { Glass } from './glass.ts';
import type { Looked, Looks } from './looks.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a route asks of whoever calls it; `signed-in`: that somebody does. The server does not start with a route that says nothing. */
    permission?: Permission | 'signed-in' | 'public';
  }
  interface FastifyRequest {
    access: Access | undefined;
  }
}

/**
 * Who may do what where, by the registry as it is now. What lies in a foreign area is answered exactly like what does not exist, and that
 * somebody asked goes on record. A glass that was broken opens one thing to look at, and nothing to change.
 */
export function createRights({ registry, glass, looks }: RightsParts) {
  const areaOf = (entity: EntityType, id: string): string | undefined => areas[entity]?.(registry, id);
  const where = (of: Looked, areaId?: string) => areaId ?? (isEntity(of.type) ? areaOf(of.type, of.id) : undefined);
  const mayThere = (access: Access, permission: Permission, areaId: string | undefined) =>
    may(access, permission, areaId, registry);

  function reaches(access: Access, permission: Permission, of: Looked, areaId?: string): boolean {
    if (mayThere(access, permission, where(of, areaId))) return true;
    looks.refused(access, of);
    return false;
  }

  return {
    /** Without an area: the whole installation, or a county. */
    may: mayThere,
    /** Undefined where there is none: stock, settings for everybody, what does not exist. */
    areaOf,
    /** The areas in which somebody holds a permission: those at and below `within`, or all. */
    seen: (access: Access, permission: Permission, within?: string): Sight =>
      sightOf(registry, access, permission, within),
    /** Whether it may be changed so; a refusal goes on record. Ask only about what exists. `areaId`: where `of` is no entity. */
    reaches,
    /** Whether it may be looked at: held there, or the glass was broken for it. A refusal goes on record, as with `reaches`. */
    sees: (access: Access, permission: Permission, of: Looked, areaId?: string): boolean =>
      glass.isBroken(access, of) || reaches(access, permission, of, areaId),
    /** Whether the personal fields of an entity are shown as they are; where they are in an answer, `looks.shown` puts it on record. */
    isOpen: (access: Access, of: Looked, areaId?: string): boolean =>
      mayThere(access, 'personal:registry', where(of, areaId)) || glass.isBroken(access, of),
  };
}

export type Rights = ReturnType<typeof createRights>;
type RightsParts = { registry: Registry; glass: Pick<Glass, 'isBroken'>; looks: Pick<Looks, 'refused'> };

/** `unplaced`: also what has no area. */
export type Sight = { all: true } | { all: false; areas: ReadonlySet<string>; unplaced: boolean };

export const isInSight = (sight: Sight, areaId: string | undefined): boolean =>
  sight.all || (areaId === undefined ? sight.unplaced : sight.areas.has(areaId));

/** Who asks; the hook has seen to it that somebody does. */
export function accessOf(request: FastifyRequest): Access {
  if (request.access) return request.access;
  throw new Error(`${request.url} was reached without access`);
}

/** Before a route's handler: somebody has to ask, and has to be allowed this somewhere. Where, the handler sees to. */
export function askPermission(callerOf: (request: FastifyRequest) => Caller | undefined) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const { permission } = request.routeOptions.config;
    if (permission === undefined || permission === 'public') return;
    request.caller = callerOf(request);
    request.access = request.caller?.access();
    if (!request.access) return refuse(reply, 'signed-out', 'sign in first: POST /api/v1/session');
    if (permission === 'signed-in' || mayAnywhere(request.access, permission)) return;
    return refuse(reply, 'forbidden', `this needs the permission ${permission}, which you hold nowhere`);
  };
}
/** A route that does not say who may call it is a mistake that must not wait for somebody to find it. */
export function demandPermission({ url, method, config }: RouteAdded): RouteStated {
  const permission = config?.permission;
  if (permission === undefined) throw new Error(`route ${method} ${url} states no permission`);
  return { method: String(method), url, permission };
}
type RouteAdded = { url: string; method: string | string[]; config?: FastifyContextConfig };
export type RouteStated = { method: string; url: string; permission: RoutePermission };
type RoutePermission = NonNullable<FastifyContextConfig['permission']>;

const isEntity = (type: Looked['type']): type is EntityType => type in areas;

/** Accounts, keys and what counts for everybody have no area of their own. */
const areas: Record<EntityType, (registry: Registry, id: string) => string | undefined> = {
  area: (registry, id) => registry.area(id)?.id,
  site: (registry, id) => registry.site(id)?.areaId,
  place: (registry, id) => registry.place(id)?.areaId,
  household: (registry, id) => registry.household(id)?.areaId,
  person: (registry, id) => areas.household(registry, registry.person(id)?.householdId ?? ''),
  contact: (registry, id) => areaOfOwner(registry, registry.contact(id)?.of),
  zone: (registry, id) => areaOfOwner(registry, registry.get('zone', id)?.of),
  device(registry, id) {
    const device = registry.device(id);
    if (device?.personId !== undefined) return areas.person(registry, device.personId);
    return device?.placeId === undefined ? undefined : areas.place(registry, device.placeId);
  },
  account: () => undefined,
  apiKey: () => undefined,
  ruleSetting: (registry, id) => areaOfScope(registry, registry.get('ruleSetting', id)?.scope),
  threshold: (registry, id) => areaOfScope(registry, registry.get('threshold', id)?.scope),
  subscription: (registry, id) => registry.get('subscription', id)?.areaId,
  roster: (registry, id) => areaOfOwner(registry, registry.get('roster', id)?.of),
  policy: (registry, id) => areaOfScope(registry, registry.get('policy', id)?.scope),
  profile: (registry, id) => areaOfOwner(registry, registry.get('profile', id)?.of),
};

/** Where an entity is; undefined where it has no area, or there is no such entity. */
export const areaOfEntity = (registry: Registry, entity: EntityType, id: string): string | undefined =>
  areas[entity](registry, id);

function areaOfOwner(registry: Registry, of: { type: EntityType; id: string } | undefined): string | undefined {
  return of && areas[of.type](registry, of.id);
}

function areaOfScope(
  registry: Registry,
  scope: RuleSetting['scope'] | Policy['scope'] | undefined,
): string | undefined {
  const isWide = scope === undefined || scope.type === 'all' || scope.type === 'category';
  return isWide ? undefined : areaOfOwner(registry, scope);
}

function sightOf(registry: Registry, access: Access, permission: Permission, within: string | undefined): Sight {
  const grants = grantsFor(access, permission);
  // Whoever holds it in the whole installation holds it in areas that nobody has made yet.
  if (within === undefined && grants.some(({ areaId }) => areaId === undefined)) return { all: true };
  const holds = (areaId: string | undefined) => may(access, permission, areaId, registry);
  const chosen = Iterator.from(registry.list('area')).filter(
    ({ id }) => (within === undefined || isWithin(id, within, registry)) && holds(id),
  );
  return { all: false, areas: new Set(chosen.map(({ id }) => id)), unplaced: within === undefined && holds(undefined) };
}
