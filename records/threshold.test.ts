import { expect, test } from 'vitest';
import { quantitiesOf } from '../firmware-contracts/readings.ts';
import { FoldState } from './fold-state.ts';
import { put, smallCounty } from './registry.test-support.ts';
import { threshold } from './registry.ts';
import { createRegistry } from './registry-fold.ts';
import { quantities, thresholdProblems } from './threshold.ts';

const entered = (change: object) =>
  threshold.parse({
    ...{ id: 't', name: 'hot', scope: { type: 'all' }, quantity: 'status.temperature', above: 40, ...change },
  });
const fieldsOf = (change: object) => thresholdProblems(entered(change)).map(({ field }) => field);

test('every quantity is a reading of a report, in the unit of the contract', () => {
  for (const [name, { report, field, unit }] of Object.entries(quantities)) {
    expect(name).toBe(`${report}.${field}`);
    expect(quantitiesOf(report)).toContainEqual({ quantity: field, unit });
  }
});

test('a limit lies where its quantity can be', () => {
  expect(fieldsOf({})).toEqual([]);
  expect(fieldsOf({ above: 400 })).toEqual(['above']);
  expect(fieldsOf({ above: undefined })).toEqual(['below']);
  expect(fieldsOf({ above: 30, below: 30 })).toEqual(['below']);
});

test('whatever is told can be over', () => {
  expect(fieldsOf({ hysteresis: 91 })).toEqual(['hysteresis']);
  expect(fieldsOf({ below: 30, hysteresis: 5 })).toEqual([]);
  expect(fieldsOf({ below: 30, hysteresis: 5.5 })).toEqual(['hysteresis']);
});

test('only what can threaten life is critical, and a body only when it lasts', () => {
  expect(fieldsOf({ severity: 'critical' })).toEqual(['severity']);
  expect(fieldsOf({ quantity: 'alarm.co', severity: 'critical' })).toEqual([]);
  const pulse = { quantity: 'vitals.pulse', above: 140, severity: 'critical' };
  expect(fieldsOf(pulse)).toEqual(['severity']);
  expect(fieldsOf({ ...pulse, holdMinutes: 5, repeats: 3 })).toEqual([]);
});

test('hours that are no hours are refused, and so is a clock that is none', () => {
  expect(fieldsOf({ hours: { from: '07:00', to: '07:00' } })).toEqual(['hours']);
  expect(threshold.safeParse({ ...entered({}), hours: { from: '24:00', to: '07:00' } }).success).toBe(false);
});

test('limits count where their scope is, the widest first', () => {
  const registry = createRegistry({ state: new FoldState() });
  const limit = (id: string, scope: object) => put('threshold', { ...entered({}), id, scope });
  const limits = [
    limit('of-her', { type: 'person', id: 'her' }),
    limit('of-village', { type: 'area', id: 'east' }),
    limit('of-all', { type: 'all' }),
    limit('of-demented', { type: 'category', id: 'dementia' }),
    limit('elsewhere', { type: 'area', id: 'west' }),
  ];
  registry.apply([...smallCounty, ...limits]);
  const at = (deviceId: string) => registry.thresholds(registry.whereabouts(deviceId)).map(({ id }) => id);
  expect(at('smoke-1')).toEqual(['of-all', 'of-village', 'of-demented', 'of-her']);
  expect(at('watch-2')).toEqual(['of-all', 'of-village']);
});

test('a scope has at most 32 limits, also in one import', () => {
  const registry = createRegistry({ state: new FoldState() });
  const limits = Array.from({ length: 33 }, (_, index) => put('threshold', { ...entered({}), id: `t${index}` }));
  expect(registry.check(limits)).toMatchObject([{ entity: 'threshold', id: 't32', field: 'scope' }]);
  registry.apply(limits.slice(0, 32));
  expect(registry.check(limits.slice(0, 32))).toEqual([]);
  expect(registry.check(limits.slice(32))).toMatchObject([{ id: 't32' }]);
});
