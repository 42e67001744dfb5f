import type { Account, Area, Grant } from './registry.ts';

/** Who may do what. A role is held in an area and everything below it, or in the whole installation. */
export const roles = [
  'call-taker',
  'dispatcher',
  'quality-monitor',
  'data-admin',
  'village-helper',
  'auditor',
  'operator',
] as const;
export type Role = (typeof roles)[number];

export type Permission =
  /** Incidents: the queue and their timelines. What is personal in them is masked without a need. */
  | 'incident:read'
  /** Claim, release, act, accept, decline, arrive. */
  | 'incident:act'
  | 'incident:resolve'
  /** The need: names, telephone numbers and addresses of an incident that is open. */
  | 'personal:incident'
  /** Names, telephone numbers and addresses of the registry. */
  | 'personal:registry'
  /** Anywhere, for one thing, with a reason. */
  | 'personal:glass'
  /** Whose glass was broken for what, and why. */
  | 'glass:read'
  | 'registry:read'
  | 'registry:write'
  | 'registry:export'
  | 'rules:write'
  | 'device:command'
  | 'device:test-window'
  /** Say where a device hangs, with the code on its label. */
  | 'device:install'
  | 'visit:record'
  | 'statistics:read'
  | 'subscription:manage'
  | 'account:manage'
  | 'audit:read'
  | 'system:operate';

export const permissions: { readonly [R in Role]: readonly Permission[] } = {
  'call-taker': [
    'incident:read',
    'incident:act',
    'personal:incident',
    'personal:glass',
    'registry:read',
    'visit:record',
  ],
  dispatcher: [
    ...['incident:read', 'incident:act', 'incident:resolve', 'personal:incident', 'personal:glass', 'glass:read'],
    ...['registry:read', 'device:command', 'device:test-window', 'device:install', 'visit:record', 'statistics:read'],
  ] as Permission[],
  'quality-monitor': ['incident:read', 'statistics:read', 'registry:read'],
  'data-admin': [
    ...['registry:read', 'registry:write', 'registry:export', 'personal:registry', 'rules:write'],
    ...['device:test-window', 'device:install', 'subscription:manage', 'statistics:read'],
  ] as Permission[],
  'village-helper': [
    'incident:read',
    'incident:act',
    'personal:incident',
    'personal:glass',
    'registry:read',
    'device:install',
    'visit:record',
  ],
  auditor: ['audit:read', 'glass:read', 'registry:read', 'statistics:read'],
  operator: ['system:operate', 'account:manage', 'statistics:read', 'registry:read'],
};

/** Who asks: an account, a program with a key, or, on the page of its own, somebody who was told of an incident. */
export type Access = { actor: { type: 'account' | 'api-key' | 'contact'; id: string }; grants: readonly Grant[] };

/** Before there were rights every account did everything; on the way up from that release nobody is locked out at night. */
export function accessOf({ id, grants }: Pick<Account, 'id' | 'grants'>): Access {
  return { actor: { type: 'account', id }, grants: grants ?? roles.map((role) => ({ role })) };
}

/** A program has nobody who answers for a reason it gives, and must not be able to make itself others. */
const neverOfKeys: readonly Permission[] = ['personal:glass', 'account:manage'];

/**
 * Whether somebody may do this in an area. Without one (a device that nobody registered, the system itself), and where it is no area of
 * the registry any more, the whole installation or a county answers: somebody has to.
 */
export function may(access: Access, permission: Permission, areaId: string | undefined, areas: Areas): boolean {
  return grantsFor(access, permission).some((grant) => covers(grant, areaId, areas));
}

/** Whether it may be done anywhere at all. */
export function mayAnywhere(access: Access, permission: Permission): boolean {
  return grantsFor(access, permission).length > 0;
}

/** The grants that give somebody a permission. */
export function grantsFor({ actor, grants }: Access, permission: Permission): readonly Grant[] {
  if (actor.type === 'api-key' && neverOfKeys.includes(permission)) return [];
  return grants.filter(({ role }) => permissions[role].includes(permission));
}

/** Everything that somebody may do somewhere. */
export const permissionsOf = (access: Access): Permission[] =>
  [...new Set(access.grants.flatMap(({ role }) => permissions[role]))].filter((one) => mayAnywhere(access, one));

/**
 * Whether somebody may give these grants to somebody else: they manage accounts there, and hold themselves everything that the roles
 * allow. Whoever could give more than they have could take it for themselves by way of a second account.
 */
export function mayGrant(access: Access, grants: readonly Grant[], areas: Areas): boolean {
  return grants.every(({ role, areaId }) =>
    ['account:manage' as const, ...permissions[role]].every((permission) => holds(access, permission, areaId, areas)),
  );
}

/** Whether somebody may take these grants away. */
export const mayRevoke = (access: Access, grants: readonly Grant[], areas: Areas): boolean =>
  grants.every(({ areaId }) => holds(access, 'account:manage', areaId, areas));

/** As a grant would give it: without an area, only whoever holds it in the whole installation. */
const holds = (access: Access, permission: Permission, areaId: string | undefined, areas: Areas): boolean =>
  grantsFor(access, permission).some(
    (own) => own.areaId === undefined || (areaId !== undefined && isWithin(areaId, own.areaId, areas)),
  );

/** Whether an area is another, or lies in it. */
export function isWithin(areaId: string, within: string, areas: Areas): boolean {
  // Three levels; a registry that was folded from a broken journal must not turn this into a circle.
  for (let [at, steps]: [string | undefined, number] = [areaId, 0]; at !== undefined && steps < 8; steps++) {
    if (at === within) return true;
    at = areas.area(at)?.parentId;
  }
  return false;
}

type Areas = { area(id: string): Area | undefined };

function covers({ areaId: granted }: Grant, areaId: string | undefined, areas: Areas): boolean {
  if (granted === undefined) return true;
  if (areaId === undefined || !areas.area(areaId)) return areas.area(granted)?.level === 'county';
  return isWithin(areaId, granted, areas);
}
