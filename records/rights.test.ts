import { expect, test } from 'vitest';
import { FoldState } from './fold-state.ts';
import { put, smallCounty } from './registry.test-support.ts';
import type { Grant } from './registry.ts';
import { createRegistry } from './registry-fold.ts';
import {
  type Access,
  accessOf,
  may,
  mayAnywhere,
  mayGrant,
  mayRevoke,
  permissions,
  permissionsOf,
  roles,
} from './rights.ts';

const registry = createRegistry({ state: new FoldState() });
registry.apply([...smallCounty, put('area', { id: 'other', level: 'county', name: 'Other' })]);

const holding = (...grants: Grant[]): Access => ({ actor: { type: 'account', id: 'li' }, grants });
const program = (...grants: Grant[]): Access => ({ actor: { type: 'api-key', id: 'k' }, grants });
const reads = (access: Access, areaId?: string) => may(access, 'incident:read', areaId, registry);

test('a role holds in its area and everything below it, and nowhere else', () => {
  const township = holding({ role: 'dispatcher', areaId: 'township' });
  expect(['township', 'east', 'west'].map((areaId) => reads(township, areaId))).toEqual([true, true, true]);
  expect(['county', 'other'].map((areaId) => reads(township, areaId))).toEqual([false, false]);
  expect(reads(holding({ role: 'dispatcher' }), 'other')).toBe(true);
});

test('what has no area, or one that nobody knows any more, is the county’s: somebody has to', () => {
  for (const areaId of [undefined, 'taken-away']) {
    expect(reads(holding({ role: 'dispatcher', areaId: 'township' }), areaId)).toBe(false);
    expect(reads(holding({ role: 'dispatcher', areaId: 'county' }), areaId)).toBe(true);
    expect(reads(holding({ role: 'dispatcher' }), areaId)).toBe(true);
  }
});

test('grants add up, each in its own area', () => {
  const both = holding({ role: 'quality-monitor', areaId: 'west' }, { role: 'call-taker', areaId: 'east' });
  expect(may(both, 'incident:act', 'east', registry)).toBe(true);
  expect(may(both, 'incident:act', 'west', registry)).toBe(false);
  expect(may(both, 'statistics:read', 'east', registry)).toBe(false);
});

test('an account of before rights may do everything; one with none of them, nothing', () => {
  const old = accessOf({ id: 'old' });
  expect(permissionsOf(old)).toHaveLength(new Set(Object.values(permissions).flat()).size);
  expect(permissionsOf(accessOf({ id: 'new', grants: [] }))).toEqual([]);
});

test('a program holds no glass and manages no accounts, whatever it was granted', () => {
  const everything = program(...roles.map((role) => ({ role })));
  for (const permission of ['personal:glass', 'account:manage'] as const) {
    expect(mayAnywhere(everything, permission)).toBe(false);
    expect(permissionsOf(everything)).not.toContain(permission);
  }
  expect(mayGrant(everything, [{ role: 'village-helper', areaId: 'east' }], registry)).toBe(false);
});

test('nobody gives what they do not hold themselves, there', () => {
  const helper: Grant = { role: 'village-helper', areaId: 'east' };
  const operator: Grant = { role: 'operator', areaId: 'township' };
  expect(mayGrant(holding(operator), [helper], registry)).toBe(false);
  expect(mayGrant(holding({ role: 'dispatcher', areaId: 'township' }), [helper], registry)).toBe(false);
  // A dispatcher holds all that a helper does.
  const both = holding(operator, { role: 'dispatcher', areaId: 'township' });
  expect(mayGrant(both, [helper], registry)).toBe(true);
  expect(mayGrant(both, [helper, { role: 'village-helper', areaId: 'county' }], registry)).toBe(false);
  expect(mayGrant(both, [{ role: 'village-helper' }], registry)).toBe(false);
});

test('of several permissions each may come from another grant, but all of them from where the role would hold', () => {
  const split = holding(
    { role: 'operator', areaId: 'township' },
    { role: 'call-taker', areaId: 'east' },
    { role: 'village-helper', areaId: 'west' },
  );
  expect(mayGrant(split, [{ role: 'village-helper', areaId: 'west' }], registry)).toBe(true);
  expect(mayGrant(split, [{ role: 'village-helper', areaId: 'east' }], registry)).toBe(false);
});

test('only the whole installation gives or takes what holds in the whole installation', () => {
  const county = holding(...roles.map((role) => ({ role, areaId: 'county' })));
  const whole = accessOf({ id: 'duty' });
  for (const check of [mayGrant, mayRevoke]) {
    expect(check(county, [{ role: 'auditor' }], registry)).toBe(false);
    expect(check(whole, [{ role: 'auditor' }], registry)).toBe(true);
  }
  expect(
    mayRevoke(holding({ role: 'operator', areaId: 'township' }), [{ role: 'data-admin', areaId: 'east' }], registry),
  ).toBe(true);
});
