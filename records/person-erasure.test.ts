import { expect, test } from 'vitest';
import { FoldState } from './fold-state.ts';
import { erasureOf } from './person-erasure.ts';
import { put, smallCounty } from './registry.test-support.ts';
import { createRegistry } from './registry-fold.ts';

const claim = { salt: 'new', hmac: 'new' };

test('who lived alone takes along the household and the address; the place stays for its detectors, the watch becomes stock', () => {
  const registry = county();
  const changes = erasureOf(registry, 'widow', () => claim);
  const applied = registry.applyChecked(changes);
  expect(applied).toMatchObject({ ok: true, released: [{ deviceId: 'watch-2', personId: 'widow' }] });
  if (!applied.ok) return;
  expect(applied.removed.sort()).toEqual([
    'contact:niece',
    'household:alone',
    'person:widow',
    'ruleSetting:hers',
    'threshold:pulse',
    'zone:garden',
  ]);
  expect(registry.get('place', 'house-2')).toEqual({
    id: 'house-2',
    areaId: 'east',
    kind: 'house',
    name: 'house at the end',
  });
  expect(registry.device('watch-2')).toMatchObject({ claim });
  expect(registry.device('watch-2')?.personId).toBeUndefined();
  expect(registry.device('button-2')).toMatchObject({ placeId: 'house-2' });
});

test('whoever answered for them alone leaves the rosters and ladders of others, and what was agreed about them ends', () => {
  const registry = county();
  const of = { type: 'area', id: 'east' };
  const rungs = [
    { afterSeconds: 0, desk: true, tell: [{ contactId: 'niece' }, { rosterId: 'hers' }, { role: 'station' }] },
  ];
  registry.apply([
    put('roster', { id: 'hers', name: 'hers', of, shifts: [{ contactId: 'niece', from: '08:00', to: '20:00' }] }),
    put('roster', {
      ...{ id: 'shared', name: 'shared', of },
      shifts: ['niece', 'near'].map((contactId) => ({ contactId, from: '08:00', to: '20:00' })),
      swaps: [{ date: '2026-11-23', from: 'near', to: 'niece' }],
    }),
    put('policy', { id: 'area', name: 'area', scope: of, severity: 'critical', rungs }),
    put('policy', { id: 'own', name: 'own', scope: { type: 'person', id: 'widow' }, severity: 'critical', rungs }),
    put('profile', { id: 'often', of: { type: 'household', id: 'alone' }, owner: 'li', reason: 'r', until: 1 }),
  ]);
  const applied = registry.applyChecked(erasureOf(registry, 'widow', () => claim));
  expect(applied).toMatchObject({ ok: true });
  if (!applied.ok) return;
  expect(applied.removed).toEqual(expect.arrayContaining(['policy:own', 'profile:often', 'roster:hers']));
  expect(registry.roster('shared')).toMatchObject({ shifts: [{ contactId: 'near' }], swaps: [] });
  expect(registry.get('policy', 'area')?.rungs).toMatchObject([{ tell: [{ role: 'station' }] }]);
});

test('one of a couple leaves the other everything', () => {
  const registry = county();
  const applied = registry.applyChecked(erasureOf(registry, 'her', () => claim));
  expect(applied).toMatchObject({ ok: true, removed: ['contact:daughter', 'person:her'], changed: [], released: [] });
  expect(registry.household('couple')).toBeDefined();
});

test('a label that was used up can be used again for the next bearer', () => {
  const registry = county();
  const watch = { ...registry.device('watch-2'), claim: { salt: 's', hmac: 'h', used: { at: 1, by: 'li' } } };
  registry.apply([put('device', watch)]);
  registry.applyChecked(erasureOf(registry, 'widow', () => claim));
  expect(registry.device('watch-2')?.claim).toEqual({ salt: 's', hmac: 'h' });
});

test('a bed of a house of many keeps its place, and nobody is nobody', () => {
  const registry = county();
  const before = registry.get('place', 'room-1');
  registry.applyChecked(erasureOf(registry, 'bed-1', () => claim));
  expect(registry.get('place', 'room-1')).toEqual(before);
  expect(registry.household('resident-1')).toBeUndefined();
  expect(erasureOf(registry, 'bed-1', () => claim)).toEqual([]);
});

test('what was changed meanwhile is looked at again first', () => {
  const registry = county();
  const changes = erasureOf(registry, 'widow', () => claim);
  registry.apply([put('household', { id: 'alone', areaId: 'east', currentPlaceId: 'house-1' })]);
  expect(registry.applyChecked(changes)).toMatchObject({ ok: false });
  expect(registry.person('widow')).toBeDefined();
});

function county() {
  const registry = createRegistry({ state: new FoldState() });
  const circle = { type: 'circle', lat: 43.9, lon: 116, radiusMeters: 500 };
  const niece = { of: { type: 'household', id: 'alone' }, role: 'family', name: 'Niece', channels: [{ type: 'log' }] };
  registry.apply([
    ...smallCounty,
    put('contact', { id: 'niece', ...niece }),
    put('zone', { id: 'garden', of: { type: 'person', id: 'widow' }, name: 'garden', datum: 'WGS-84', shape: circle }),
    put('ruleSetting', { id: 'hers', rule: 'fall', scope: { type: 'person', id: 'widow' }, settings: {} }),
    put('threshold', {
      ...{ id: 'pulse', name: 'pulse', scope: { type: 'person', id: 'widow' }, quantity: 'vitals.pulse', above: 140 },
    }),
  ]);
  return registry;
}
