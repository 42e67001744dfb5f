import { expect, test } from 'vitest';
import { destination, metersBetween } from '../rules/wandering/geodesy.ts';
import { receive, wayOf } from './tracks.ts';

const home = { lat: 43.94721, lon: 116.04483 };
const hourMs = 3_600_000;

test('a walk takes as long as its way, and after its last leg somebody stays', () => {
  const well = destination(home, 90, 600);
  const way = wayOf(home, 0, [{ restMs: 60_000 }, { to: well, speed: 1 }]);
  expect(metersBetween(home, way(30_000))).toBe(0);
  expect(Math.abs(metersBetween(home, way(60_000 + 300_000)) - 300)).toBeLessThan(1);
  expect(Math.abs(way.endAt - 660_000)).toBeLessThan(1000);
  expect(way(99 * hourMs)).toMatchObject({ ...well, speed: 0 });
  expect(Math.abs(way.when((place) => metersBetween(home, place) > 200) - 260_000)).toBeLessThan(3000);
});

test('what a receiver says of its errors is honest: two thirds lie within its circle, and none far beyond', () => {
  const way = wayOf(home, 0, [{ restMs: 90 * hourMs }]);
  const fixes = receive(way, { from: 0, until: 90 * hourMs, intervalMs: 60_000, seed: 5, name: 'still' });
  expect(fixes.length).toBeGreaterThan(5300);
  const radii = fixes.map((fix) => metersBetween(home, fix) / fix.accuracy);
  const within = radii.filter((radius) => radius <= 1).length / radii.length;
  expect(within).toBeGreaterThan(0.64);
  expect(within).toBeLessThan(0.72);
  expect(Math.max(...radii)).toBeLessThan(3.5);
});

test('a rough receiver errs further and fails now and then; the same seed gives the same fixes', () => {
  const way = wayOf(home, 0, [{ restMs: 90 * hourMs }]);
  const rough = { from: 0, until: 90 * hourMs, intervalMs: 60_000, seed: 5, name: 'still', isRough: true };
  const fixes = receive(way, rough);
  expect(fixes.length).toBeLessThan(5300);
  expect(fixes.some(({ source }) => source === 'cell')).toBe(true);
  expect(receive(way, rough)).toEqual(fixes);
});
