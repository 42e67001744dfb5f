import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AlertChange } from '../../records/alert.ts';
import { threshold as thresholdSchema } from '../../records/registry.ts';
import { HOUR_MS, MINUTE_MS, watch } from '../watch.test-support.ts';
import { threshold } from './threshold.ts';

// A limit of 40 °C: seen three times, for 30 minutes, in readings at most 15 minutes apart.
const [holdMs, maxGapMs, repeats, limit, back] = [30 * MINUTE_MS, 15 * MINUTE_MS, 3, 40, 38];
const entered = thresholdSchema.parse({
  ...{
    id: 't',
    name: 'hot',
    scope: { type: 'all' },
    quantity: 'status.temperature',
    above: limit,
    hysteresis: limit - back,
  },
  ...{ holdMinutes: holdMs / MINUTE_MS, maxGapMinutes: maxGapMs / MINUTE_MS, repeats, severity: 'urgent' },
});

/** When it was taken, counted from the beginning, and what it read. */
type Reading = { takenMs: number; celsius: number };
/** One reading as it comes: so much later than it was taken. */
type Arrival = Reading & { causeId: string; lateMs: number };

/** Readings of some hours, at any distance, on both sides of the limit and between. */
const streams = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 25 }), fc.constantFrom(30, 39, 41, 44, 44, 44)), {
    minLength: 1,
    maxLength: 30,
  })
  .map((steps) => {
    let takenMs = 0;
    return steps.map(([minutes, celsius]): Reading => {
      takenMs += minutes * MINUTE_MS;
      return { takenMs, celsius };
    });
  });
const inTime = (stream: Reading[]): Arrival[] =>
  stream.map((reading, index) => ({ ...reading, causeId: `dev-1:1:${index}:x`, lateMs: 0 }));

/** What came of it, in the order of arrival, until `untilMs`. */
function play(arrivals: readonly Arrival[], clock?: 'untrusted') {
  const home = watch(threshold, { registry: { thresholds: () => [entered] } });
  let nowMs = 0;
  for (const { takenMs, celsius, causeId, lateMs } of arrivals) {
    home.advance(Math.max(0, takenMs + lateMs - nowMs));
    nowMs = Math.max(nowMs, takenMs + lateMs);
    const lateness = nowMs - takenMs;
    home.read({ name: 'status', temperature: celsius }, { causeId, lateMs: lateness, ...(clock && { clock }) });
  }
  return home;
}
const raised = (changes: readonly AlertChange[], condition: string) =>
  changes.flatMap((change) => (change.type === 'raise' && change.alert.condition === condition ? [change.alert] : []));

/** Whether readings in their order prove, with the last of them, what the limit asks for. */
function proves(readings: readonly Reading[]): boolean {
  let run: Reading[] = [];
  for (const reading of readings) {
    const last = run.at(-1);
    const isConnected = last !== undefined && reading.takenMs - last.takenMs <= maxGapMs;
    if (!isConnected) run = [];
    if (reading.celsius > limit || (run.length > 0 && reading.celsius > back)) run.push(reading);
    else run = [];
  }
  const last = run.at(-1);
  const beyond = run.filter(({ celsius }) => celsius > limit);
  const isBeyond = last !== undefined && last.celsius > limit;
  return isBeyond && beyond.length >= repeats && last.takenMs - (run[0]?.takenMs ?? 0) >= holdMs;
}

test('people are told with the very reading that proves it, and with no other', () => {
  fc.assert(
    fc.property(streams, (stream) => {
      const first = stream.findIndex((_, index) => proves(stream.slice(0, index + 1)));
      const [alert] = raised(play(inTime(stream)).changes, 'threshold');
      expect(alert?.alertId).toBe(first < 0 ? undefined : `threshold:t:dev-1:1:${first}:x`);
    }),
    { seed: 23, numRuns: 500 },
  );
});

test('whatever the order and the delay, nothing is told that what had come by then does not prove', () => {
  const delayed = streams.chain((stream) =>
    fc.array(fc.integer({ min: 0, max: 60 }), { minLength: stream.length, maxLength: stream.length }).map((delays) =>
      inTime(stream)
        .map((one, index) => ({ ...one, lateMs: (delays[index] ?? 0) * MINUTE_MS }))
        .sort((a, b) => a.takenMs + a.lateMs - (b.takenMs + b.lateMs)),
    ),
  );
  fc.assert(
    fc.property(delayed, (arrivals) => {
      for (const alert of raised(play(arrivals).changes, 'threshold')) {
        const until = arrivals.findIndex(({ causeId }) => alert.alertId.endsWith(causeId));
        const known = arrivals.slice(0, until + 1).sort((a, b) => a.takenMs - b.takenMs);
        expect(proves(known)).toBe(true);
      }
    }),
    { seed: 23, numRuns: 1500 },
  );
});

test('the same readings a day late, one after the other, tell the same', () => {
  fc.assert(
    fc.property(streams, (stream) => {
      const said = (arrivals: Arrival[]) =>
        play(arrivals).changes.flatMap((change) =>
          change.type === 'raise' ? [[change.alert.alertId, change.alert.reason.sinceAt]] : [[change.type]],
        );
      const late = inTime(stream).map((one) => ({ ...one, lateMs: 24 * HOUR_MS }));
      const shifted = said(late).map(([id, sinceAt]) => [id, sinceAt]);
      expect(shifted.map(([id]) => String(id).replace(/:\d{13}$/, ''))).toEqual(
        said(inTime(stream)).map(([id]) => String(id).replace(/:\d{13}$/, '')),
      );
    }),
    { seed: 23, numRuns: 300 },
  );
});

test('what comes twice is one reading, and a wrong clock of the device changes nothing', () => {
  fc.assert(
    fc.property(streams, (stream) => {
      const once = play(inTime(stream)).changes;
      expect(play(inTime(stream).flatMap((one) => [one, one])).changes).toEqual(once);
      const ids = (changes: readonly AlertChange[]) =>
        changes.map((one) => ('alertId' in one ? one.alertId : one.type));
      expect(ids(play(inTime(stream), 'untrusted').changes)).toEqual(ids(once));
    }),
    { seed: 23, numRuns: 300 },
  );
});

test('in whatever order stored readings come, the readings after them tell the same incident', () => {
  const stored = streams.chain((stream) =>
    fc.tuple(fc.constant(stream), fc.shuffledSubarray(stream, { minLength: stream.length })),
  );
  fc.assert(
    fc.property(stored, ([stream, shuffled]) => {
      const endMs = stream.at(-1)?.takenMs ?? 0;
      const after = [10, 20, 30, 40].map((minutes) => ({ takenMs: endMs + minutes * MINUTE_MS, celsius: 45 }));
      const all = inTime([...stream, ...after]);
      const atOnce = shuffled.map((reading) => {
        const one = all[stream.indexOf(reading)];
        return { ...reading, causeId: one?.causeId ?? '', lateMs: endMs - reading.takenMs };
      });
      const standing = play([...atOnce, ...all.slice(stream.length)]).state('threshold', 'dev-1');
      expect(standing).toMatchObject({ watches: { t: { phase: 'beyond' } } });
    }),
    { seed: 23, numRuns: 300 },
  );
});
