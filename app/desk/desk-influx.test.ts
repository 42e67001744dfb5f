import { expect, test } from 'vitest';
import type { Area } from '../../records/registry.ts';
import { areaPath } from './desk-influx.ts';

const areas = new Map<string, Area>([
  ['county', { id: 'county', level: 'county', name: '白音' }],
  ['township', { id: 'township', level: 'township', parentId: 'county', name: '北' }],
  ['village', { id: 'village', level: 'village', parentId: 'township', name: '一' }],
]);
const registryWhere = (areaId?: string) => ({
  whereabouts: (deviceId: string) => ({ deviceId, ...(areaId !== undefined && { areaId }) }),
  area: (id: string) => areas.get(id),
});

test('a device is where its village is: from the county down', () => {
  expect(areaPath(registryWhere('village'), 'd1')).toBe('county/township/village');
  expect(areaPath(registryWhere('township'), 'd1')).toBe('county/township');
});

test('a device of which nobody knows where it hangs has no path', () => {
  expect(areaPath(registryWhere(), 'd1')).toBeUndefined();
});
