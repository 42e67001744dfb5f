import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../watch.test-support.ts';
import { quietHome } from './quiet-home.test-support.ts';

/** A few days of somebody who moves every so often, and three times perhaps not for most of a day. */
const days = fc.array(
  fc.record({
    afterMs: fc.oneof(
      { weight: 12, arbitrary: fc.integer({ min: 6, max: 90 }).map((minutes) => minutes * MINUTE_MS) },
      { weight: 1, arbitrary: fc.constant(30 * HOUR_MS) },
    ),
    sensor: fc.constantFrom('kitchen', 'bedroom'),
    /** How long the road takes to it. */
    roadMs: fc.integer({ min: 0, max: 4 * MINUTE_MS }),
  }),
  { minLength: 5, maxLength: 60 },
);
type Moment = { happenedAt: number; arrivesAt: number; sensor: string };

const momentsOf = (signs: { afterMs: number; sensor: string; roadMs: number }[]): Moment[] => {
  let happenedAt = 0;
  return signs.map(({ afterMs, sensor, roadMs }) => {
    happenedAt += afterMs;
    return { happenedAt, arrivesAt: happenedAt + roadMs, sensor };
  });
};

/** What was raised, by the last sign before it, when each arrives at its time and in that order. */
function lived(moments: readonly Moment[], times = 1) {
  const home = quietHome({ intervalMinutes: 10_080 });
  const startAt = home.now;
  for (const { happenedAt, arrivesAt, sensor } of moments.toSorted((a, b) => a.arrivesAt - b.arrivesAt)) {
    home.advance(startAt + arrivesAt - home.now);
    for (let time = 0; time < times; time++) {
      home.sign(sensor, { lateMs: arrivesAt - happenedAt, causeId: `${sensor}:${happenedAt}` });
    }
  }
  home.advance(30 * HOUR_MS);
  expect(home.failures).toEqual([]);
  return home.silences().map(({ alertId }) => alertId);
}
const settings = { seed: 20_261_123, numRuns: 60 };

test('a home is told of as often when every report comes twice', () => {
  fc.assert(
    fc.property(days, (signs) => {
      const moments = momentsOf(signs);
      expect(lived(moments, 2)).toEqual(lived(moments));
    }),
    settings,
  );
});

test('reports that overtake each other by minutes lead to the same alerts', () => {
  fc.assert(
    fc.property(days, (signs) => {
      const moments = momentsOf(signs);
      const inTime = moments.map((moment) => ({ ...moment, arrivesAt: moment.happenedAt }));
      expect(lived(moments)).toEqual(lived(inTime));
    }),
    settings,
  );
});

test('whatever was raised while reports were stored is cleared once they have come, when somebody moved lately', () => {
  fc.assert(
    fc.property(days, (signs) => {
      const home = quietHome({ intervalMinutes: 10_080 });
      home.live(2);
      const startAt = home.now;
      const moments = momentsOf(signs.filter(({ afterMs }) => afterMs < 2 * HOUR_MS));
      home.advance((moments.at(-1)?.happenedAt ?? 0) + 7 * MINUTE_MS);
      for (const { happenedAt, sensor } of moments) home.sign(sensor, { lateMs: home.now - startAt - happenedAt });
      home.sign('bedroom', { lateMs: MINUTE_MS });
      const standing = new Set(home.silences().map(({ alertId }) => alertId));
      for (const change of home.after()) if (change.type === 'clear') standing.delete(change.alertId);
      expect([...standing]).toEqual([]);
    }),
    settings,
  );
});
