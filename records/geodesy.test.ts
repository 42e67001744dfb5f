import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gcj02ToWgs84, wgs84ToGcj02 } from './geodesy.ts';

// Published with googollee/eviltransform.
test.each([
  ['Shanghai', { lat: 31.1774276, lon: 121.5272106 }, { lat: 31.17530398364597, lon: 121.531541859215 }],
  ['Shenzhen', { lat: 22.543847, lon: 113.912316 }, { lat: 22.540796131694766, lon: 113.9171764808363 }],
  ['Beijing', { lat: 39.911954, lon: 116.377817 }, { lat: 39.91334545536069, lon: 116.38404722455657 }],
])('a house in %s that was read off a Chinese map is where it stands', (_, wgs, gcj) => {
  const shifted = wgs84ToGcj02(wgs);
  expect(shifted.lat).toBeCloseTo(gcj.lat, 10);
  expect(shifted.lon).toBeCloseTo(gcj.lon, 10);
  const back = gcj02ToWgs84(gcj);
  expect(back.lat).toBeCloseTo(wgs.lat, 8);
  expect(back.lon).toBeCloseTo(wgs.lon, 8);
});

test('a house outside of China is not moved', () => {
  expect(gcj02ToWgs84({ lat: 60.17, lon: 24.94 })).toEqual({ lat: 60.17, lon: 24.94 });
});

test('anywhere in Inner Mongolia there and back is the same place, within a centimetre', () => {
  const degrees = (min: number, max: number) => fc.double({ min, max, noNaN: true });
  fc.assert(
    fc.property(degrees(38, 53), degrees(97, 126), (lat, lon) => {
      const back = gcj02ToWgs84(wgs84ToGcj02({ lat, lon }));
      const metres = Math.hypot((back.lat - lat) * 111_000, (back.lon - lon) * 111_000);
      expect(metres).toBeLessThan(0.01);
    }),
    { seed: 7, numRuns: 300 },
  );
});
