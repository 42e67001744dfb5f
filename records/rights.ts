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
  | 'registry:read'
  | 'registry:write'
  | 'registry:export'
  | 'rules:write'
  | 'device:command'
  | 'device:test-window'
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
    ...['incident:read', 'incident:act', 'incident:resolve', 'personal:incident', 'personal:glass'],
    ...['registry:read', 'device:command', 'device:test-window', 'visit:record', 'statistics:read'],
  ] as Permission[],
  'quality-monitor': ['incident:read', 'statistics:read', 'registry:read'],
  'data-admin': [
    ...['registry:read', 'registry:write', 'registry:export', 'personal:registry', 'rules:write'],
    ...['device:test-window', 'subscription:manage', 'statistics:read'],
  ] as Permission[],
  'village-helper': [
    'incident:read',
    'incident:act',
    'personal:incident',
    'personal:glass',
    'registry:read',
    'visit:record',
  ],
  auditor: ['audit:read', 'registry:read', 'statistics:read'],
  operator: ['system:operate', 'account:manage', 'statistics:read', 'registry:read'],
};

/** Who asks: an account, or a program with a key. */
export type Access = { actor: { type: 'account' | 'api-key'; id: string }; grants: readonly Grant[] };

/** Before there were rights every account did everything; on the way up from that release nobody is locked out at night. */
export function accessOf({ id, grants }: Pick<Account, 'id' | 'grants'>): Access {
  return { actor: { type: 'account', id }, grants: grants ?? roles.map((role) => ({ role })) };
}

/**
 * Whether somebody may do this in an area. Without an area (a device that nobody registered, the system itself) the whole
 * installation or a county answers: somebody has to.
 */
export function may({ grants }: Access, permission: Permission, areaId: string | undefined, areas: Areas): boolean {
  return grants.some((grant) => permissions[grant.role].includes(permission) && covers(grant, areaId, areas));
}

/** Whether it may be done anywhere at all. */
export function mayAnywhere({ grants }: Access, permission: Permission): boolean {
  return grants.some(({ role }) => permissions[role].includes(permission));
}

type Areas = { area(id: string): Area | undefined };

function covers({ areaId: granted }: Grant, areaId: string | undefined, areas: Areas): boolean {
  if (granted === undefined) return true;
  if (areaId === undefined) return areas.area(granted)?.level === 'county';
  // Three levels; a registry that was folded from a broken journal must not turn this into a circle.
  for (let [at, steps]: [string | undefined, number] = [areaId, 0]; at !== undefined && steps < 8; steps++) {
    if (at === granted) return true;
    at = areas.area(at)?.parentId;
  }
  return false;
}
