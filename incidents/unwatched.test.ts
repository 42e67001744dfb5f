import { expect, test } from 'vitest';
import { put } from '../records/registry.test-support.ts';
import { type Desk, HOUR_MS, li, village } from './village.test-support.ts';

const blind = (desk: Desk, deviceId: string, severity: 'critical' | 'urgent') =>
  desk.alert('blind', deviceId, {
    severity,
    reason: { harm: severity === 'critical' ? 'fire' : 'call', why: 'fault' },
  });

test('who is left without a watch is told, also where somebody has another such home of the village in hand', () => {
  const desk = village();
  const village1 = blind(desk, 'smoke-house', 'critical');
  desk.command(village1, { type: 'claim', by: li });
  desk.command(village1, { type: 'act', by: li });
  desk.told();
  desk.advance(5 * 24 * HOUR_MS);
  desk.told();
  expect(blind(desk, 'button-yurt', 'urgent').incidentId).toBe(village1.incidentId);
  expect(desk.told()).toEqual(['worse desk!', 'worse station']);
  expect(desk.notices.at(-1)?.text.placeIds).toEqual(['yurt', 'house']);
});

test('so is the thirtieth home of a village, which its message names first', () => {
  const homes = Array.from({ length: 30 }, (_, index) => `home-${index}`);
  const desk = village();
  desk.registry.apply(
    homes.flatMap((id) => [
      put('place', { id, areaId: 'east', kind: 'house', name: id }),
      put('device', { id: `smoke-${id}`, kind: 'smoke-detector', placeId: id }),
    ]),
  );
  for (const id of homes) {
    desk.told();
    blind(desk, `smoke-${id}`, 'critical');
    expect(desk.told()).toContainEqual(expect.stringMatching(/ station$/));
    expect(desk.notices.at(-1)?.text.placeIds[0]).toBe(id);
  }
  expect(desk.open()).toHaveLength(1);
});

test('what a wearable that is not worn does not notice is work for the village, and tells nobody', () => {
  const desk = village();
  desk.alert('battery-low', 'smoke-house');
  const work = desk.alert('blind', 'watch-him', { severity: 'service', reason: { harm: 'fall', why: 'not-worn' } });
  expect(work.week).toBeDefined();
  expect(desk.notices).toEqual([]);
});
