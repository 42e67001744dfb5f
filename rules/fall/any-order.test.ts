import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HOUR_MS, home, MINUTE_MS, otherRoom, SECOND_MS, type ShortReport, watch } from '../watch.test-support.ts';
import { fall } from './fall.ts';
import { motionReports, tumble } from './motion.test-support.ts';

/** What devices said of one fall, and how long after it. The wearable's own word and its movement have the same trigger. */
type Said = { report: ShortReport; afterMs: number; where: typeof home };
const parts = motionReports(tumble, { parts: 3, of: 10 });
const suspected: Said = { report: { name: 'fall', state: 'suspected', seq: 10 }, afterMs: 0, where: home };
const moved: Said[] = parts.map((part, index) => ({ report: { ...part, seq: 11 + index }, afterMs: 0, where: home }));
const verdict = (state: 'confirmed' | 'cancelled', afterMs: number): Said => ({
  ...{ report: { name: 'fall', state, of: 10, seq: 20 + afterMs / 1000 }, afterMs, where: home },
});
const press: Said = { report: { name: 'press', call: 'emergency', seq: 5 }, afterMs: 25 * SECOND_MS, where: otherRoom };

const stories: { [story: string]: { said: Said[]; stands: string[] } } = {
  'suspected alone': { said: [suspected], stands: ['fall critical'] },
  'suspected, with movement': { said: [suspected, ...moved], stands: ['fall critical'] },
  'movement alone': { said: moved, stands: ['fall-suspected urgent'] },
  confirmed: { said: [suspected, ...moved, verdict('confirmed', 20_000)], stands: ['fall critical'] },
  cancelled: { said: [suspected, ...moved, verdict('cancelled', 20_000)], stands: [] },
  'confirmed, then cancelled': {
    said: [suspected, verdict('confirmed', 20_000), verdict('cancelled', 40_000)],
    stands: [],
  },
  'cancelled, then confirmed': {
    said: [suspected, verdict('cancelled', 20_000), verdict('confirmed', 40_000)],
    stands: ['fall critical'],
  },
  'movement, then a press': { said: [...moved, press], stands: ['fall critical'] },
  'suspected, then a press': { said: [suspected, ...moved, press], stands: ['fall critical'] },
};

/** Everything reaches us `delayMs` after it happened at least, within some seconds of each other, in the order of `order`, with repeats. */
const arrivals = fc.record({
  order: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 }),
  repeats: fc.array(fc.nat(20), { maxLength: 6 }),
  delayMs: fc.constantFrom(0, 45 * SECOND_MS, 4 * MINUTE_MS, 3 * HOUR_MS),
});

test('what was said of a fall stands in the end, in whatever order it came, repeated and late', () => {
  for (const [story, { said, stands }] of Object.entries(stories)) {
    fc.assert(
      fc.property(arrivals, ({ order, repeats, delayMs }) => {
        expect(standing(said, { order, repeats, delayMs }), story).toEqual(stands);
      }),
      { seed: 20_261_123, numRuns: 60 },
    );
  }
});

/** The conditions of alerts that were raised and not taken back, an hour later. */
function standing(
  said: Said[],
  { order, repeats, delayMs }: { order: number[]; repeats: number[]; delayMs: number },
): string[] {
  const person = watch(fall, { devices: [home, otherRoom] });
  const fellAt = person.now;
  const lastMs = Math.max(...said.map(({ afterMs }) => afterMs));
  person.advance(lastMs + delayMs);
  const shuffled = said.map((one, index) => ({ one, place: order[index] ?? 0 })).sort((a, b) => a.place - b.place);
  const all = shuffled.flatMap(({ one }, index) => (repeats.includes(index) ? [one, one] : [one]));
  for (const [index, { report, afterMs, where }] of all.entries()) {
    person.read(report, { where, lateMs: person.now - fellAt - afterMs });
    if (index < 8) person.advance(SECOND_MS);
  }
  person.advance(HOUR_MS);
  const told = new Map<string, string>();
  const cleared = new Set<string>();
  for (const change of person.changes) {
    if (change.type === 'raise') told.set(change.alert.alertId, `${change.alert.condition} ${change.alert.severity}`);
    if (change.type === 'clear') cleared.add(change.alertId);
  }
  return [...told].filter(([alertId]) => !cleared.has(alertId)).map(([, words]) => words);
}
