import { expect, test } from 'vitest';
import { readConfiguration } from './configuration.ts';

const drill = { STEPPEWATCH_DRILL_DEVICE: 'drill-button', STEPPEWATCH_DRILL_SECRET: 'secret' };

test('nothing is tried at night and nobody outside is told, unless it is set', () => {
  expect(readConfiguration({})).toMatchObject({ drill: undefined, deadManUrl: undefined });
});

test('a drill has a button and its secret, at ten past three unless it is said otherwise', () => {
  expect(readConfiguration(drill).drill).toEqual({ deviceId: 'drill-button', secret: 'secret', at: '03:10' });
  expect(() => readConfiguration({ STEPPEWATCH_DRILL_DEVICE: 'drill-button' })).toThrow(/belong together/);
  expect(() => readConfiguration({ ...drill, STEPPEWATCH_DRILL_AT: '3:10' })).toThrow(
    /a time of the county like 03:10/,
  );
});

test('whoever is told that all is well counts minutes of life, so that no simulated clock may tell it', () => {
  const STEPPEWATCH_DEAD_MAN_URL = 'https://second.example.org/a-secret-path';
  expect(readConfiguration({ STEPPEWATCH_DEAD_MAN_URL }).deadManUrl).toBe(STEPPEWATCH_DEAD_MAN_URL);
  expect(() => readConfiguration({ STEPPEWATCH_DEAD_MAN_URL, STEPPEWATCH_CLOCK: 'simulated:60' })).toThrow(
    /not with a simulated clock/,
  );
  expect(() => readConfiguration({ STEPPEWATCH_DEAD_MAN_URL: 'second.example.org' })).toThrow(/is an address like/);
});
