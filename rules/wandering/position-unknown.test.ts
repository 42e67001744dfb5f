import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../watch.test-support.ts';
import { positionUnknown } from './position-unknown.ts';
import { herder, places } from './steppe.test-support.ts';

// The journal begins on 2 November at 11:00 in the county.

test('who was seen outside and for four hours not again is missed, until they are seen', () => {
  const nara = herder(positionUnknown);
  nara.fix(0, 0);
  nara.advance(10 * MINUTE_MS);
  nara.fix(6000, 0, { speed: 4 });
  nara.advance(4 * HOUR_MS - 1);
  expect(nara.alerts).toEqual([]);
  nara.advance(1);
  expect(nara.alerts).toMatchObject([
    {
      ...{ condition: 'position-unknown', severity: 'urgent', subject: { type: 'person', id: 'nara' } },
      reason: { homeMeters: 6000, outsideMeters: 5000, limitMs: 4 * HOUR_MS, bearingDegrees: 90 },
    },
  ]);
  nara.fix(5000, 0);
  expect(nara.later).toMatchObject([{ type: 'clear', reason: { transition: 'unknown to known' } }]);
  nara.advance(4 * HOUR_MS);
  expect(nara.alerts).toHaveLength(2);
});

test('by night and with dementia an hour is long', () => {
  const cared = herder(positionUnknown, { categories: ['dementia'] });
  cared.fix(500, 0);
  cared.advance(HOUR_MS);
  expect(cared.alerts).toHaveLength(1);

  const dusk = herder(positionUnknown);
  dusk.advance(9 * HOUR_MS);
  dusk.fix(5000, 0);
  dusk.advance(HOUR_MS - 1);
  expect(dusk.alerts).toEqual([]);
  dusk.advance(1);
  expect(dusk.alerts).toHaveLength(1);
});

test('whoever was last seen at home is not missed, however long the device is silent', () => {
  const nara = herder(positionUnknown);
  nara.fix(5000, 0);
  nara.advance(HOUR_MS);
  nara.fix(40, 0);
  nara.advance(90 * HOUR_MS);
  expect(nara.changes).toEqual([]);
});

test('who was going outward at the edge when the last fix came is missed as well', () => {
  const nara = herder(positionUnknown);
  nara.fix(700, 0);
  nara.advance(10 * MINUTE_MS);
  nara.fix(960, 0);
  nara.advance(4 * HOUR_MS);
  expect(nara.alerts).toHaveLength(1);
  const homeward = herder(positionUnknown);
  homeward.fix(990, 0);
  homeward.advance(10 * MINUTE_MS);
  homeward.fix(950, 0);
  homeward.advance(90 * HOUR_MS);
  expect(homeward.alerts).toEqual([]);
});

test('a coarse fix, and what a device says that nobody wears, is no word of where they are', () => {
  const nara = herder(positionUnknown);
  nara.fix(5000, 0);
  nara.advance(2 * HOUR_MS);
  nara.fix(0, 0, { source: 'cell', accuracy: 3000 });
  nara.read({ name: 'status', boot: 1, seq: 1, worn: 'no' });
  nara.fix(5000, 0);
  nara.advance(2 * HOUR_MS);
  expect(nara.alerts).toMatchObject([{ reason: { device: 'not-worn', heardAt: nara.now - 2 * HOUR_MS } }]);
});

test('a stored fix of long ago is no word of where they are now; one of just now is', () => {
  const nara = herder(positionUnknown);
  nara.fix(5000, 0);
  nara.advance(9 * HOUR_MS);
  expect(nara.alerts).toHaveLength(1);
  nara.fix(5500, 0, { lateMs: 8 * HOUR_MS });
  expect(nara.later).toEqual([]);
  nara.fix(4500, 0, { lateMs: 5 * MINUTE_MS });
  expect(nara.later).toHaveLength(1);
});

test('a rider who comes back from where no network is, is missed by nothing of what was stored', () => {
  const minutes = fc.array(
    fc.record({ north: fc.constantFrom(40, 1500, 9000, 15_000), gapMs: fc.nat(9 * SECOND_MS) }),
    {
      minLength: 1,
      maxLength: 30,
    },
  );
  fc.assert(
    fc.property(minutes, fc.boolean(), (stored, isReversed) => {
      const nara = herder(positionUnknown);
      nara.fix(0, 0);
      nara.advance(10 * HOUR_MS);
      const taken = stored.map((one, index) => ({ ...one, at: nara.now - (stored.length - index) * 15 * MINUTE_MS }));
      for (const { north, gapMs, at } of isReversed ? taken.toReversed() : taken) {
        nara.fix(0, north, { lateMs: nara.now - at, speed: 4 });
        nara.advance(gapMs);
      }
      nara.fix(0, 100);
      nara.advance(10 * HOUR_MS);
      expect(nara.changes).toEqual([]);
    }),
    { seed: 20_261_123, numRuns: 200 },
  );
});

test('whoever was far outside in the last of what was stored long ago is missed after it', () => {
  const nara = herder(positionUnknown);
  nara.fix(0, 0);
  nara.advance(9 * HOUR_MS);
  nara.fix(0, 9000, { lateMs: 8 * HOUR_MS });
  nara.advance(10 * SECOND_MS - 1);
  expect(nara.alerts).toEqual([]);
  nara.advance(1);
  expect(nara.alerts).toHaveLength(1);
});

test('nobody is missed where the registry has them elsewhere, or at the other camp', () => {
  const away = herder(positionUnknown, { absence: { reason: 'travelling', since: 0 } });
  away.fix(90_000, 0);
  const camp = herder(positionUnknown, { places });
  camp.fix(0, 29_000);
  for (const nara of [away, camp]) {
    nara.advance(90 * HOUR_MS);
    expect(nara.changes).toEqual([]);
  }
});

test('a stop of the system, in which nobody could be heard, misses nobody', () => {
  const nara = herder(positionUnknown);
  nara.fix(5000, 0);
  nara.engine.rebase(24 * HOUR_MS);
  nara.advance(24 * HOUR_MS);
  expect(nara.alerts).toEqual([]);
  nara.advance(4 * HOUR_MS);
  expect(nara.alerts).toHaveLength(1);
});

test('a device that goes takes its question with it', () => {
  const nara = herder(positionUnknown);
  nara.fix(5000, 0);
  nara.advance(4 * HOUR_MS);
  nara.tell({
    type: 'device-removed',
    at: nara.now,
    where: { deviceId: 'dev-1' },
    deviceId: 'dev-1',
    intervalMinutes: 60,
  });
  expect(nara.later).toMatchObject([{ type: 'clear', reason: { transition: 'unknown to unwatched' } }]);
  expect(nara.state('position-unknown', 'dev-1')).toBeUndefined();
});
