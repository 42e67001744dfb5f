import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AlertChange } from '../../records/alert.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../watch.test-support.ts';
import { campMoved } from './camp-moved.ts';
import { positionUnknown } from './position-unknown.ts';
import { herder, places } from './steppe.test-support.ts';
import { wandering } from './wandering.ts';

const rules = [wandering, positionUnknown, campMoved];

/** A fix every five minutes: near home, at its edge, out, far out, at the other camp; some are coarse, some of a rider. */
const moment = fc.record({
  north: fc.constantFrom(0, 40, 700, 1010, 1500, 1600, 4000, 9000, 29_500),
  accuracy: fc.constantFrom(5, 20, 80, 500),
  speed: fc.constantFrom(undefined, undefined, 0.4, 4),
});
const journey = fc.array(moment, { minLength: 1, maxLength: 30 });
type Moment = { north: number; accuracy: number; speed: number | undefined };
type Arrival = { afterMs: number; lateMs: number; moment: Moment };

function live(arrivals: readonly Arrival[], startHour = 0): AlertChange[] {
  const nara = herder(rules, { places });
  nara.advance(startHour * HOUR_MS);
  const from = nara.now;
  for (const { afterMs, lateMs, moment } of arrivals) {
    nara.advance(from + afterMs - nara.now);
    const { north, accuracy, speed } = moment;
    // The name of a fix is its own, whenever it comes.
    const causeId = `dev-1:1:${afterMs - lateMs}:${north}`;
    nara.fix(0, north, { accuracy, lateMs, causeId, ...(speed !== undefined && { speed }) });
  }
  nara.advance(30 * HOUR_MS);
  expect(nara.failures).toEqual([]);
  return nara.changes;
}

const asTheyCome = (moments: readonly Moment[]): Arrival[] =>
  moments.map((moment, index) => ({ afterMs: index * 5 * MINUTE_MS, lateMs: 0, moment }));

/** What people are told, without the times at which the journal heard of it. */
const told = (changes: readonly AlertChange[]) =>
  changes.map((change) => {
    if (change.type === 'raise')
      return `${change.alert.condition} ${change.alert.alertId} ${change.alert.reason.sinceAt}`;
    return 'alertId' in change ? `${change.type} ${change.alertId}` : change.type;
  });
const settings = { seed: 20_261_103, numRuns: 300 };

test('every fix delivered twice is told once', () => {
  fc.assert(
    fc.property(journey, fc.nat(23), (moments, hour) => {
      const twice = asTheyCome(moments).flatMap((arrival) => [arrival, arrival]);
      expect(live(twice, hour)).toEqual(live(asTheyCome(moments), hour));
    }),
    settings,
  );
});

test('fixes that the network holds up for less than a minute tell the same', () => {
  fc.assert(
    fc.property(journey, fc.array(fc.nat(59), { minLength: 30, maxLength: 30 }), fc.nat(8), (moments, delays, hour) => {
      const delayed = asTheyCome(moments).map((arrival, index) => {
        const lateMs = (delays[index] ?? 0) * SECOND_MS;
        return { ...arrival, afterMs: arrival.afterMs + lateMs, lateMs };
      });
      expect(told(live(delayed, hour))).toEqual(told(live(asTheyCome(moments), hour)));
    }),
    settings,
  );
});

test('a day that was stored tells the same in whichever order it comes', () => {
  const shuffled = journey.chain((moments) =>
    fc.tuple(fc.constant(moments), fc.shuffledSubarray([...moments.keys()], { minLength: moments.length })),
  );
  fc.assert(
    fc.property(shuffled, fc.nat(23), ([moments, order], hour) => {
      const arrivalMs = 3 * HOUR_MS;
      const stored = asTheyCome(moments).map(({ afterMs, moment }) => ({
        ...{ afterMs: arrivalMs, lateMs: arrivalMs - afterMs, moment },
      }));
      const inOrder = told(live(stored, hour));
      const anyhow = told(
        live(
          order.flatMap((index) => stored[index] ?? []),
          hour,
        ),
      );
      const isWandering = (line: string) => line.includes('wandering');
      expect(anyhow.filter(isWandering)).toEqual(inOrder.filter(isWandering));
    }),
    settings,
  );
});

test('stored fixes of before, wherever they were taken, bring nobody home and send nobody away', () => {
  fc.assert(
    fc.property(journey, journey, (moments, before) => {
      const last: Moment = { north: 1500, accuracy: 5, speed: undefined };
      const now = asTheyCome([...moments, last, last]).map((arrival) => ({
        ...arrival,
        afterMs: arrival.afterMs + 6 * HOUR_MS,
      }));
      const newestMs = now.at(-1)?.afterMs ?? 0;
      const stored = asTheyCome(before).map(({ afterMs, moment }) => ({
        ...{ afterMs: newestMs + MINUTE_MS, lateMs: newestMs + MINUTE_MS - afterMs, moment },
      }));
      // Since when they are out may become clearer by what was stored; that they are does not.
      const ids = (changes: readonly AlertChange[]) =>
        told(changes).flatMap((line) => /(^clear )?wandering:[^ ]*/.exec(line)?.[0] ?? []);
      expect(ids(live([...now, ...stored]))).toEqual(ids(live(now)));
    }),
    settings,
  );
});
