import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FoldState } from './fold-state.ts';
import { put, remove, smallCounty } from './registry.test-support.ts';
import type { RegistryChange } from './registry.ts';
import { createRegistry } from './registry-fold.ts';

function county(changes: RegistryChange[] = []) {
  const state = new FoldState();
  const registry = createRegistry({ state });
  registry.apply(smallCounty);
  registry.apply(changes);
  return { state, registry };
}

describe('where a report comes from', () => {
  const { registry } = county();
  test('a detector in the house of a couple names the household and nobody in particular', () => {
    const where = { deviceId: 'smoke-1', householdId: 'couple', placeId: 'house-1', areaId: 'east' };
    expect(registry.whereabouts('smoke-1')).toEqual(where);
  });
  test('the button on the wall and the watch of someone who lives alone name the same person', () => {
    const where = { personId: 'widow', householdId: 'alone', placeId: 'house-2', areaId: 'east' };
    expect(registry.whereabouts('button-2')).toEqual({ deviceId: 'button-2', ...where });
    expect(registry.whereabouts('watch-2')).toEqual({ deviceId: 'watch-2', ...where });
  });
  test('a room that two residents share names the site and neither of them', () => {
    const where = { deviceId: 'smoke-r1', placeId: 'room-1', siteId: 'care', areaId: 'west' };
    expect(registry.whereabouts('smoke-r1')).toEqual(where);
  });
  test('a device that nobody registered has its id alone', () => {
    expect(registry.whereabouts('866000000000001')).toEqual({ deviceId: '866000000000001', unregistered: true });
  });
  test('a household that moves to its summer camp takes its wearables along and leaves its detectors', () => {
    const move = put('household', { id: 'alone', areaId: 'east', currentPlaceId: 'camp-1' });
    const { registry } = county([move]);
    expect(registry.whereabouts('watch-2')).toMatchObject({ personId: 'widow', placeId: 'camp-1', areaId: 'west' });
    expect(registry.whereabouts('button-2')).toEqual({ deviceId: 'button-2', placeId: 'house-2', areaId: 'east' });
  });
});

describe('who is called', () => {
  const { registry } = county();
  const called = (where: Parameters<typeof registry.contactsFor>[0]) => registry.contactsFor(where).map(({ id }) => id);
  test('smoke at a couple: the family of both, their neighbours, then station, township and county', () => {
    const nearest = ['daughter', 'son', 'nearer', 'near'];
    expect(called(registry.whereabouts('smoke-1'))).toEqual([...nearest, 'station-east', 'team', 'lead', 'desk']);
  });
  test('a fall of one of the two: her own family alone', () => {
    expect(called({ personId: 'her', householdId: 'couple', placeId: 'house-1', areaId: 'east' })).not.toContain('son');
  });
  test('in a care home the night carer comes before the township', () => {
    expect(called(registry.whereabouts('smoke-r1'))).toEqual(['night', 'team', 'lead', 'desk']);
  });
  test('for an unregistered device, whose area nobody knows, the county answers', () => {
    const names = called(registry.whereabouts('nobody'));
    expect(names.length).toBeGreaterThan(0);
    expect(names).toEqual(called({ areaId: 'county' }));
  });
});

describe("a rule's settings", () => {
  const setting = (id: string, scope: object, rule = 'silent') =>
    put('ruleSetting', { id, rule, scope, settings: { id } });
  const { registry } = county([
    setting('by-device', { type: 'device', id: 'smoke-1' }),
    setting('by-household', { type: 'household', id: 'couple' }),
    setting('by-village', { type: 'area', id: 'east' }),
    setting('elsewhere', { type: 'area', id: 'west' }),
    setting('by-county', { type: 'area', id: 'county' }),
    setting('by-category', { type: 'category', id: 'dementia' }),
    setting('by-person', { type: 'person', id: 'her' }),
    setting('everywhere', { type: 'all' }),
    setting('other-rule', { type: 'all' }, 'battery'),
  ]);
  test('the narrower scope has the later, which is the stronger, word', () => {
    const settings = registry.ruleSettings('silent', registry.whereabouts('smoke-1')).map(({ id }) => id);
    const areas = ['everywhere', 'by-county', 'by-village'];
    expect(settings).toEqual([...areas, 'by-category', 'by-household', 'by-person', 'by-device']);
  });
  test('a rule without settings of its own has none', () => {
    expect(registry.ruleSettings('fall', registry.whereabouts('smoke-1'))).toEqual([]);
  });
});

describe('an import', () => {
  test('is true at its commit and not before, however its parts arrive', () => {
    const registry = createRegistry({ state: new FoldState() });
    registry.stage('i1', 1, smallCounty.slice(10));
    registry.stage('i1', 0, smallCounty.slice(0, 10));
    expect(registry.device('smoke-1')).toBeUndefined();
    const answer = registry.commit('i1', 2);
    expect(answer.ok && answer.devicesAdded.map(({ id }) => id)).toEqual([
      'smoke-1',
      'button-2',
      'watch-2',
      'smoke-r1',
    ]);
    expect(registry.device('smoke-1')).toMatchObject({ placeId: 'house-1', intervalMinutes: 1440 });
    expect([...registry.stagedKeys()]).toEqual([]);
  });
  test('with a part that never came changes nothing, and must be sent again', () => {
    const registry = createRegistry({ state: new FoldState() });
    registry.stage('i1', 0, smallCounty);
    expect(registry.commit('i1', 2)).toMatchObject({
      ok: false,
      problems: [expect.stringContaining('part 1 is missing')],
    });
    expect(registry.commit('i1', 1)).toMatchObject({ ok: false });
    expect([...registry.list('area')]).toEqual([]);
  });
  test('with one problem changes nothing at all', () => {
    const { registry } = county();
    registry.stage('i1', 0, [put('area', { id: 'south', level: 'village', parentId: 'township', name: 'South' })]);
    registry.stage('i1', 1, [put('device', { id: 'd9', kind: 'smoke-detector', placeId: 'nowhere' })]);
    const problems = ['device "d9": there is no place "nowhere"; add it, or correct the id'];
    expect(registry.commit('i1', 2)).toEqual({ ok: false, problems });
    expect(registry.area('south')).toBeUndefined();
  });
  test('that repeats what is true is no news', () => {
    const { registry } = county();
    const revision = registry.revision();
    expect(registry.apply(smallCounty)).toEqual({
      added: [],
      changed: [],
      removed: [],
      devicesAdded: [],
      devicesRemoved: [],
      reauthenticate: [],
      ...{ bared: [], released: [], left: [], homes: [] },
    });
    expect(registry.revision()).toBe(revision);
  });
  test('that is never committed makes room when four newer ones wait', () => {
    const { registry } = county();
    for (const importId of ['i1', 'i2', 'i3', 'i4', 'i5']) registry.stage(importId, 0, [remove('device', 'smoke-1')]);
    expect(registry.commit('i1', 1).ok).toBe(false);
    expect(registry.commit('i5', 1).ok).toBe(true);
  });
  test('says which devices it took away, so that their supervision ends', () => {
    const { registry } = county();
    expect(registry.apply([remove('device', 'smoke-1')]).devicesRemoved).toMatchObject([{ id: 'smoke-1' }]);
    expect(registry.whereabouts('smoke-1')).toEqual({ deviceId: 'smoke-1', unregistered: true });
  });
});

describe('what an import may not do', () => {
  const { registry } = county();
  const problems = (...changes: RegistryChange[]) => registry.check(changes).map(({ problem }) => problem);
  const village = (id: string, parentId?: string) => put('area', { id, level: 'village', parentId, name: id });

  test('hang a detector on a person, a watch on a wall, or a button on both', () => {
    const detector = put('device', { id: 'd', kind: 'smoke-detector', personId: 'her' });
    const watch = put('device', { id: 'w', kind: 'wearable', placeId: 'house-1' });
    const both = put('device', { id: 'b', kind: 'call-button', placeId: 'house-1', personId: 'her' });
    const neither = put('device', { id: 'n', kind: 'call-button' });
    expect(problems(detector, watch, both, neither)).toMatchObject([
      expect.stringContaining('hangs in a place'),
      expect.stringContaining('belongs to a person'),
      expect.stringContaining('a placeId or a personId'),
      expect.stringContaining('a placeId or a personId'),
    ]);
  });
  test('skip a level of the areas, or put them into a circle', () => {
    expect(problems(village('v', 'county'))).toEqual([
      'its parent "county" is a county, but a village belongs to a township',
    ]);
    expect(problems(village('v'))).toEqual(['a village belongs to a township: give its parentId']);
    expect(problems(village('v', 'w'), village('w', 'v'))).toHaveLength(2);
    expect(problems(put('area', { id: 'township', level: 'county', name: 'Baiyin' }))).toHaveLength(2);
  });
  test('name the same thing twice, or something that is not there', () => {
    const twice = put('device', { id: 'd', kind: 'call-button', placeId: 'house-1' });
    expect(problems(twice, twice)).toEqual(['occurs twice in one import; keep one of them']);
    expect(problems(remove('person', 'nobody'))).toEqual(['is not in the registry, so it cannot be removed']);
    expect(problems(put('person', { id: 'p', householdId: 'none', name: 'P' }))).toHaveLength(1);
  });
  test('take away a house that others still refer to, unless they go with it', () => {
    expect(problems(remove('place', 'house-1'))[0]).toContain('household "couple", contact "near", device "smoke-1"');
    const moved = put('household', { id: 'couple', areaId: 'east', currentPlaceId: 'camp-1' });
    expect(problems(remove('place', 'house-1'), moved, remove('contact', 'near'), remove('device', 'smoke-1'))).toEqual(
      [],
    );
  });
  test('put a room into another area than its house', () => {
    const room = put('place', { id: 'room-3', areaId: 'east', siteId: 'care', kind: 'room', name: 'room 3' });
    expect(problems(room)).toEqual(['its site "care" is in area "west", so this place is too']);
  });
});

test('a step that fails leaves who is called as it was, and so does a preview', () => {
  const { state, registry } = county();
  const before = registry.contactsFor(registry.whereabouts('smoke-1'));
  const change = () => registry.apply([remove('contact', 'near'), remove('device', 'smoke-1')]);
  expect(state.preview(() => change().devicesRemoved)).toHaveLength(1);
  expect(() => state.attempt(() => [change(), JSON.parse('{')])).toThrow();
  expect(registry.contactsFor(registry.whereabouts('smoke-1'))).toEqual(before);
});

test('whatever changes came, a registry loaded from its saved tables answers as the one that saved them', () => {
  const change = fc.oneof(
    fc.constantFrom(...smallCounty),
    fc.constantFrom(...smallCounty.map((each) => remove(each.entity, each.type === 'put' ? each.value.id : each.id))),
    fc
      .record({
        id: fc.constantFrom('couple', 'alone'),
        currentPlaceId: fc.constantFrom('house-1', 'camp-1', 'room-1'),
      })
      .map((household) => put('household', { areaId: 'east', ...household })),
  );
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 8 }), { maxLength: 8 }), (imports) => {
      const { state, registry } = county();
      for (const changes of imports) registry.apply(changes);
      const again = new FoldState();
      const restored = createRegistry({ state: again });
      for (const entry of state.entries()) again.load(entry);
      restored.rebuild();
      for (const id of ['smoke-1', 'button-2', 'watch-2', 'smoke-r1']) {
        const where = registry.whereabouts(id);
        expect(restored.whereabouts(id)).toEqual(where);
        expect(restored.contactsFor(where)).toEqual(registry.contactsFor(where));
      }
    }),
    { seed: 20261122, numRuns: 100 },
  );
});

test('whoever moves, leaves or is edited: a process that was started again knows them in the same order', () => {
  const state = new FoldState();
  const registry = createRegistry({ state });
  registry.apply(smallCounty);
  const person = (id: string, householdId: string, name = id) => put('person', { id, householdId, name });
  registry.apply([person('zoe', 'alone'), person('ann', 'couple'), person('bob', 'couple')]);
  registry.apply([person('ann', 'alone'), person('zoe', 'alone', 'Zoe')]);
  registry.apply([remove('person', 'bob')]);
  registry.apply([person('bob', 'alone')]);
  const asLive = registry.referring('person', 'household', 'alone').map(({ id }) => id);
  const fresh = new FoldState();
  const again = createRegistry({ state: fresh });
  for (const change of state.entries()) fresh.load(change);
  again.rebuild();
  expect(again.referring('person', 'household', 'alone').map(({ id }) => id)).toEqual(asLive);
  expect(asLive).toEqual(expect.arrayContaining(['ann', 'bob', 'zoe']));
});
