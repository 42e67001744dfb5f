import { expect, test } from 'vitest';
import { HOUR_MS, MINUTE_MS, type ShortReport } from '../watch.test-support.ts';
import { homeOf } from './covered-home.test-support.ts';

const DAY_MS = 24 * HOUR_MS;

test('a failed test counts beside a fault that says nothing of its senses, and stored ones do not undo it', () => {
  const home = homeOf();
  home.hear('smoke-1', { name: 'status', faults: ['clip-loose'] } as ShortReport);
  home.hear('smoke-1', { name: 'test', result: 'failed' } as ShortReport);
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'blind', 'fault']);
  const where = { deviceId: 'smoke-1', placeId: 'house-1', householdId: 'h1', areaId: 'county' };
  home.read({ name: 'test', result: 'passed' } as ShortReport, { where, lateMs: HOUR_MS });
  home.advance(5 * MINUTE_MS);
  expect(home.blindAlerts()).toMatchObject([{ severity: 'critical', reason: { harm: 'fire', why: 'fault' } }]);
  home.hear('smoke-1', { name: 'status', faults: ['clip-loose'] } as ShortReport);
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'blind', 'fault']);
  home.hear('smoke-1', { name: 'test', result: 'passed' } as ShortReport);
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'watched', undefined]);
});

test('a detector that was taken off its mount watches nobody until it is back, and a new battery takes no longer than that', () => {
  const home = homeOf();
  home.hear('smoke-1', { name: 'tamper', state: 'on' });
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'blind', 'tamper']);
  home.advance(4 * MINUTE_MS);
  home.hear('smoke-1', { name: 'tamper', state: 'off' });
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'watched', undefined]);
  home.advance(DAY_MS);
  expect(home.blindAlerts()).toEqual([]);
  home.hear('smoke-1', { name: 'tamper', state: 'on' });
  home.advance(5 * MINUTE_MS);
  expect(home.blindAlerts()).toMatchObject([{ severity: 'critical', reason: { harm: 'fire', why: 'tamper' } }]);
});

test('a detector whose battery is empty watches nobody before it falls silent, until it has another', () => {
  const home = homeOf();
  home.hear('smoke-1', { name: 'status', battery: 2.5 });
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'watched', undefined]);
  home.hear('smoke-1', { name: 'status', battery: 2.15 });
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'blind', 'battery-empty']);
  home.hear('smoke-1', { name: 'status', battery: 2.5 });
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'blind', 'battery-empty']);
  home.advance(5 * MINUTE_MS);
  expect(home.blindAlerts()).toMatchObject([{ severity: 'critical', reason: { why: 'battery-empty' } }]);
  home.hear('smoke-1', { name: 'status', battery: 3 });
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'watched', undefined]);
});

test('a wearable that ran empty watches again when it lies on its charger', () => {
  const home = homeOf();
  home.hear('watch-1', { name: 'status', charge: 1 });
  expect(home.blinded().map(({ harm, why }) => [harm, why])).toEqual([
    ['fall', 'battery-empty'],
    ['call', 'battery-empty'],
    ['wandering', 'battery-empty'],
  ]);
  home.hear('watch-1', { name: 'status', charge: 3, charging: true });
  expect(home.coverages().slice(-3)).toEqual([
    ['her', 'fall', 'watched', undefined],
    ['her', 'call', 'watched', undefined],
    ['her', 'wandering', 'watched', undefined],
  ]);
});

test('while a detector is tested nobody watches for a fire, which is on the list and calls nobody', () => {
  const home = homeOf();
  home.hear('smoke-1');
  home.declareTest('smoke-1', HOUR_MS);
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'blind', 'test-window']);
  home.advance(30 * MINUTE_MS);
  expect(home.blindAlerts()).toMatchObject([{ severity: 'service', reason: { harm: 'fire', why: 'test-window' } }]);
  home.hear('smoke-1');
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'blind', 'test-window']);
  home.advance(30 * MINUTE_MS);
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'watched', undefined]);
  expect(home.later).toMatchObject([{ type: 'clear', at: home.now, reason: { transition: 'blind to watched' } }]);
});

test('a detector that is left off its mount when its test is over is critical then', () => {
  const home = homeOf();
  home.hear('smoke-1');
  home.declareTest('smoke-1', HOUR_MS);
  home.advance(30 * MINUTE_MS);
  home.hear('smoke-1', { name: 'tamper', state: 'on' });
  home.advance(29 * MINUTE_MS);
  expect(home.later).toEqual([]);
  home.advance(MINUTE_MS);
  expect(home.later).toMatchObject([{ type: 'strengthen', severity: 'critical', at: home.now }]);
});

test('beside a detector that is faulty, one that is tested leaves the home blind for as long as the test', () => {
  const home = homeOf({ detectors: ['smoke-1', 'smoke-2'] });
  home.hear('smoke-1', { name: 'test', result: 'failed' } as ShortReport);
  home.hear('smoke-2');
  home.declareTest('smoke-2', HOUR_MS);
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'blind', 'test-window']);
  home.advance(HOUR_MS);
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'watched', undefined]);
});
