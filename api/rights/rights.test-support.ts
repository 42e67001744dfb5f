import { put } from '../../records/registry.test-support.ts';
import type { Grant, RegistryChange } from '../../records/registry.ts';
import { type Role, roles } from '../../records/rights.ts';
import { deskRegistry, staffHash } from '../desk.test-support.ts';

export const eastern = (role: Role): string => `${role}-east`;
export const ofCounty = (role: Role): string => `${role}-county`;

/** An account with these grants, whose password is that of the tests. */
export const staff = (id: string, ...grants: Grant[]): RegistryChange =>
  put('account', { id, name: `${id} by name`, hash: staffHash, language: 'en', grants });

/** Two villages, and beside everybody of old (`li`, `wang`) one account a role in the east village, one in the whole county, one with nothing. */
export const staffedCounty: RegistryChange[] = [
  ...deskRegistry,
  ...roles.map((role) => staff(eastern(role), { role, areaId: 'east' })),
  ...roles.map((role) => staff(ofCounty(role), { role, areaId: 'county' })),
  staff('nobody'),
];
