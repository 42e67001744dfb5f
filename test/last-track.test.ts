import { expect, test } from 'vitest';
import { playScenario } from '../simulators/scenarios-cli.ts';

test('whoever searches has the way that somebody took, also from a system that was started again meanwhile', async () => {
  const { county } = await playScenario('case-12-lost-in-a-winter-night.yaml');
  const track = county.alarm.trackOf('p-dorj');
  expect(track.fixes.map(({ source, accuracyMeters }) => [source, accuracyMeters])).toEqual([
    ['gnss', 35],
    ['gnss', 12],
    ['cell', 2500],
    ['gnss', 600],
    ['gnss', 20],
  ]);
  expect(track.fixes.every(({ deviceId }) => deviceId === 'dorj-watch')).toBe(true);
  expect(county.alarm.trackOf('p-sarna').fixes).toEqual([]);
  await county.stop();
  await county.start();
  expect(county.alarm.trackOf('p-dorj')).toEqual(track);
});
