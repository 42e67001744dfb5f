import { expect, test } from 'vitest';
import type { DeskPresence } from '../records/command.ts';
import { deskIsEmpty, watchedNow } from '../records/desk-watch.ts';
import { FoldState } from '../records/fold-state.ts';
import { put, smallCounty } from '../records/registry.test-support.ts';
import { createRegistry } from '../records/registry-fold.ts';
import { deskChanges } from './desk-watch.ts';

function county() {
  const state = new FoldState();
  const registry = createRegistry({ state });
  registry.apply([
    ...smallCounty,
    put('area', { id: 'second', level: 'township', parentId: 'county', name: 'Second' }),
  ]);
  let count = 0;
  const say = (watched: string[], why: DeskPresence['why'] = 'no-page') => {
    count += 1;
    const by = { type: 'system', id: 'desk-attendance' } as const;
    const said = { type: 'desk-presence', commandId: `presence-${count}`, by, watched, why } as const;
    return deskChanges({ state, registry }, said, count * 1_000);
  };
  const isEmpty = (areaId?: string) => deskIsEmpty(state, areaId, registry);
  return { state, registry, say, isEmpty };
}

test('before anybody watched nobody is missed', () => {
  const { say, isEmpty } = county();
  expect(isEmpty('east')).toBe(false);
  expect(say([])).toEqual([]);
  expect(isEmpty('east')).toBe(false);
  expect(isEmpty()).toBe(false);
});

test('when the only desk leaves, every township hears of it, once, until somebody is back', () => {
  const { state, say, isEmpty } = county();
  expect(say(['county'])).toEqual([]);
  const [left, ...more] = say([], 'no-sound');
  expect(more).toEqual([]);
  expect(left).toMatchObject({
    type: 'raise',
    alert: {
      ...{ condition: 'desk-empty', severity: 'critical', where: { areaId: 'county' }, at: 2_000 },
      reason: { why: 'no-sound', villageIds: ['township', 'second'] },
    },
  });
  expect([isEmpty('east'), isEmpty('county'), isEmpty()]).toEqual([true, true, true]);
  expect(say([], 'desk-silent')).toEqual([]);
  const alertId = left?.type === 'raise' ? left.alert.alertId : '';
  expect(say(['county'])).toEqual([{ type: 'clear', alertId, at: 4_000, reason: {} }]);
  expect(isEmpty('east')).toBe(false);
  expect(watchedNow(state)).toEqual(['county']);
});

test('a township desk that goes home is not missed while the county watches, and both are when it goes too', () => {
  const { say, isEmpty } = county();
  say(['county', 'township']);
  expect(say(['county'])).toEqual([]);
  expect(isEmpty('east')).toBe(false);
  say(['county', 'township']);
  const [left, ...more] = say(['township']);
  expect(more).toEqual([]);
  expect(left).toMatchObject({ alert: { where: { areaId: 'county' } } });
  // The township's own desk answers for what is in it.
  expect([isEmpty('east'), isEmpty('second')]).toEqual([false, true]);
});

test('whoever watches over everything watches over every area; when they leave, the alert is of no area', () => {
  const { say, isEmpty } = county();
  say(['']);
  expect(isEmpty('nowhere')).toBe(false);
  const [left] = say([]);
  expect(left).toMatchObject({ alert: { where: {}, reason: { villageIds: ['township', 'second'] } } });
  expect([isEmpty('east'), isEmpty('nowhere'), isEmpty()]).toEqual([true, true, true]);
});

test('the desk of an area that left the registry is missed by nobody', () => {
  const { registry, say, isEmpty } = county();
  say(['second']);
  const [left] = say([]);
  const alertId = left?.type === 'raise' ? left.alert.alertId : '';
  registry.apply([{ type: 'remove', entity: 'area', id: 'second' }]);
  expect(say(['county'])).toEqual([{ type: 'clear', alertId, at: 3_000, reason: {} }]);
  expect(isEmpty('second')).toBe(false);
});
