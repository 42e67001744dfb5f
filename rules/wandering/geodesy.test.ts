import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bearingDegrees, destination, metersBetween, metersFromWay, metersOutside } from './geodesy.ts';

// Vincenty's formulae on WGS-84, as published calculators give them.
test.each([
  ['a degree of latitude at the equator', { lat: 0, lon: 0 }, { lat: 1, lon: 0 }, 110_574.39],
  ['a degree of longitude at the equator', { lat: 0, lon: 0 }, { lat: 0, lon: 1 }, 111_319.49],
  ['a degree of latitude at 45 N', { lat: 44.5, lon: 116 }, { lat: 45.5, lon: 116 }, 111_131.78],
  ['half a degree of longitude at 60 N', { lat: 60, lon: 116 }, { lat: 60, lon: 116.5 }, 27_899.9],
  ['across the pole', { lat: 89.8, lon: 10 }, { lat: 89.8, lon: -170 }, 44_677.6],
  ['across the date line', { lat: 44, lon: 179.7 }, { lat: 44, lon: -179.7 }, 48_127.6],
])('%s is as long as surveyors say, within a thousandth', (_, a, b, meters) => {
  expect(Math.abs(metersBetween(a, b) - meters)).toBeLessThan(meters / 1000);
});

const home = { lat: 43.94721, lon: 116.04483 };

test('whoever goes so far in a direction is so far away, and in that direction', () => {
  const anywhere = fc.record({
    lat: fc.double({ min: -85, max: 85, noNaN: true }),
    lon: fc.double({ min: -180, max: 180, noNaN: true }),
  });
  fc.assert(
    fc.property(
      anywhere,
      fc.integer({ min: 0, max: 359 }),
      fc.integer({ min: 10, max: 60_000 }),
      (from, bearing, meters) => {
        const to = destination(from, bearing, meters);
        expect(Math.abs(metersBetween(from, to) - meters)).toBeLessThan(meters * 0.001);
        const off = Math.abs(bearingDegrees(from, to) - bearing) % 360;
        expect(Math.min(off, 360 - off)).toBeLessThan(0.5);
      },
    ),
    { seed: 11, numRuns: 300 },
  );
});

test('inside a circle is negative, and so is inside a polygon, as far as its edge is', () => {
  const circle = { type: 'circle' as const, ...home, radiusMeters: 500 };
  expect(metersOutside(circle, home)).toBeCloseTo(-500, 6);
  expect(metersOutside(circle, destination(home, 30, 580))).toBeCloseTo(80, -1);

  const corners = [315, 45, 135, 225].map((bearing) => destination(home, bearing, 1000 * Math.SQRT2));
  const square = { type: 'polygon' as const, points: corners };
  expect(Math.abs(metersOutside(square, home) + 1000)).toBeLessThan(5);
  expect(Math.abs(metersOutside(square, destination(home, 90, 800)) + 200)).toBeLessThan(5);
  expect(Math.abs(metersOutside(square, destination(home, 180, 1300)) - 300)).toBeLessThan(5);
  // Beyond a corner it is the corner that counts.
  expect(Math.abs(metersOutside(square, destination(home, 45, 2000)) - (2000 - 1000 * Math.SQRT2))).toBeLessThan(10);
});

test('a pasture with a bay in it holds nobody who stands in the bay', () => {
  const at = (east: number, north: number) => destination(destination(home, 90, east), 0, north);
  const points = [
    at(0, 0),
    at(900, 0),
    at(900, 900),
    at(600, 900),
    at(600, 300),
    at(300, 300),
    at(300, 900),
    at(0, 900),
  ];
  const bay = { type: 'polygon' as const, points };
  expect(Math.abs(metersOutside(bay, at(450, 600)) - 150)).toBeLessThan(5);
  expect(metersOutside(bay, at(150, 600))).toBeLessThan(0);
  expect(metersOutside(bay, at(450, 150))).toBeLessThan(0);
});

test('a zone across the date line and one around the pole hold who stands in them', () => {
  const points = [
    { lat: 44.2, lon: 179.8 },
    { lat: 44.2, lon: -179.8 },
    { lat: 43.8, lon: -179.8 },
    { lat: 43.8, lon: 179.8 },
  ];
  expect(metersOutside({ type: 'polygon', points }, { lat: 44, lon: 180 })).toBeLessThan(-10_000);
  expect(metersOutside({ type: 'polygon', points }, { lat: 44, lon: 179.5 })).toBeGreaterThan(20_000);
  const aroundPole = [0, 90, 180, -90].map((lon) => ({ lat: 89, lon }));
  expect(metersOutside({ type: 'polygon', points: aroundPole }, { lat: 89.9, lon: 30 })).toBeLessThan(-50_000);
});

test('a polygon at the other end of the earth is far away', () => {
  const points = [home, destination(home, 90, 500), destination(home, 0, 500)];
  expect(metersOutside({ type: 'polygon', points }, { lat: -43, lon: -64 })).toBeGreaterThan(15_000_000);
});

test('the distance from a way is to its nearest point, also beyond its ends', () => {
  const camp = destination(home, 90, 30_000);
  expect(Math.abs(metersFromWay(destination(destination(home, 90, 12_000), 0, 4000), home, camp) - 4000)).toBeLessThan(
    60,
  );
  expect(Math.abs(metersFromWay(destination(home, 270, 3000), home, camp) - 3000)).toBeLessThan(10);
});
