import { expect, test } from 'vitest';
import { FoldState } from '../../records/fold-state.ts';
import { put, smallCounty } from '../../records/registry.test-support.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import type { Fix } from './fixes.ts';
import { lastTrackOf } from './last-track.ts';
import type { Wandering } from './wandering.ts';

const fix = (at: number, more: Partial<Fix> = {}): Fix => ({ at, lat: 43.96, lon: 116.04483, source: 'gnss', ...more });

function county(consent?: { given: boolean; at: number }) {
  const state = new FoldState();
  const registry = createRegistry({ state });
  registry.apply([
    ...smallCounty,
    put('place', {
      ...{ id: 'house-2', areaId: 'east', kind: 'house', name: 'house at the end' },
      position: { lat: 43.94721, lon: 116.04483, datum: 'WGS-84' },
    }),
    put('device', { id: 'pendant-2', kind: 'wearable', personId: 'widow' }),
    put('person', {
      ...{ id: 'widow', householdId: 'alone', name: 'Narantuya' },
      ...(consent && { consents: { location: { ...consent, by: 'li' } } }),
    }),
  ]);
  const rows = state.table<{ state: Wandering }>('rule:wandering');
  const wears = (deviceId: string, fixes: Fix[], personId = 'widow') =>
    rows.set(deviceId, { state: { fixes, personId } });
  return { wears, track: () => lastTrackOf({ state, registry }, 'widow') };
}

test('the track is of all wearables of a person, in the order of time, as seen from home', () => {
  const { wears, track } = county();
  wears('watch-2', [fix(1000, { accuracy: 8, speed: 1.2 }), fix(3000, { isUnworn: true })]);
  wears('pendant-2', [fix(2000, { source: 'cell', accuracy: 900 })]);
  expect(track()).toEqual({
    ...{ personId: 'widow', home: { lat: 43.94721, lon: 116.04483 } },
    fixes: [
      expect.objectContaining({ deviceId: 'watch-2', at: 1000, accuracyMeters: 8, speedMetersPerSecond: 1.2 }),
      expect.objectContaining({ deviceId: 'pendant-2', at: 2000, source: 'cell', homeMeters: 1421, bearingDegrees: 0 }),
      expect.objectContaining({ deviceId: 'watch-2', at: 3000, isUnworn: true }),
    ],
  });
});

test('what a device said while somebody else wore it is not theirs', () => {
  const { wears, track } = county();
  wears('watch-2', [fix(1000)], 'him');
  expect(track().fixes).toEqual([]);
});

test('who took back the consent is seen from then on alone, and whoever gave it is seen', () => {
  const withdrawn = county({ given: false, at: 2000 });
  withdrawn.wears('watch-2', [fix(1000), fix(3000)]);
  expect(withdrawn.track().fixes.map(({ at }) => at)).toEqual([3000]);
  const given = county({ given: true, at: 2000 });
  given.wears('watch-2', [fix(1000), fix(3000)]);
  expect(given.track().fixes).toHaveLength(2);
});
