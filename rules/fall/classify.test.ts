import fc from 'fast-check';
import { expect, test } from 'vitest';
import { classifyMotion, type Verdict } from './classify.ts';
import { clapping, recorded, sitting, tumble, turned, walking } from './motion.test-support.ts';
import type { MotionWindow, Wearing } from './motion-grid.ts';

const waist: Wearing = { placement: 'waist', rangeG: 16 };
const confidenceOf = (verdict: Verdict): number => (verdict.type === 'judged' ? verdict.confidence : Number.NaN);
const whyOf = (verdict: Verdict): string => (verdict.type === 'unusable' ? verdict.why : 'judged');

test('a fall is one at any rate from 10 to 200 Hz, at any range from 2 to 16 g, on the wrist and on the waist', () => {
  for (const placement of ['wrist', 'waist'] as const)
    for (const hz of [10, 20, 25, 50, 100, 200])
      for (const rangeG of [2, 4, 8, 16]) {
        const verdict = classifyMotion(recorded(tumble, { hz, rangeG }), { placement, rangeG });
        expect(verdict, `${placement} ${hz} Hz ${rangeG} g`).toMatchObject({ type: 'judged', isFall: true });
      }
});

test('walking, clapping and sitting down are no falls', () => {
  for (const placement of ['wrist', 'waist'] as const)
    for (const motion of [walking, clapping, sitting]) {
      const verdict = classifyMotion(recorded(motion), { placement, rangeG: 16 });
      expect(verdict, `${motion.name} on the ${placement}`).toMatchObject({ type: 'judged', isFall: false });
    }
});

test('a person who lies still all the time does not fall', () => {
  expect(
    classifyMotion(
      recorded(() => [0.7, 0, 0.7]),
      waist,
    ),
  ).toEqual({ type: 'judged', confidence: 0, isFall: false });
});

test('the verdict says when the impact was, and what spoke for it', () => {
  const verdict = classifyMotion(recorded(tumble), waist);
  if (verdict.type !== 'judged' || !verdict.features) throw new Error('not judged');
  expect(Math.abs(verdict.impactMs ?? 1e9)).toBeLessThanOrEqual(100);
  expect(verdict.features.tiltDegrees).toBeGreaterThan(70);
  expect(verdict.features.dipGs).toBeGreaterThan(0.2);
  expect(verdict.features.rivals).toBe(0);
});

test('it does not matter which way the sensor is turned', () => {
  const still = confidenceOf(classifyMotion(recorded(tumble), waist));
  fc.assert(
    fc.property(fc.double({ min: -3, max: 3, noNaN: true }), fc.double({ min: -3, max: 3, noNaN: true }), (a, b) => {
      expect(confidenceOf(classifyMotion(turned(recorded(tumble), [a, b]), { ...waist, rangeG: 6 }))).toBeCloseTo(
        still,
        1,
      );
    }),
    { seed: 1, numRuns: 40 },
  );
});

test('samples that come twice, in bursts, out of order or with a step back of the clock change little', () => {
  const whole = recorded(tumble);
  const still = confidenceOf(classifyMotion(whole, waist));
  const pick = (order: number[], atMs = whole.atMs): MotionWindow => {
    const some = (values: number[]) => order.map((index) => values[index] ?? 0);
    return { atMs: some(atMs), x: some(whole.x), y: some(whole.y), z: some(whole.z) };
  };
  const all = whole.atMs.map((_, index) => index);
  const stories = {
    twice: pick(all.flatMap((index) => [index, index])),
    'in bursts': pick(
      all,
      whole.atMs.map((_, index) => Math.floor(index / 5) * 100 - 2000 + (index % 5) * 2),
    ),
    'out of order': pick([...all.slice(0, 150), ...all.slice(180, 220), ...all.slice(150, 180), ...all.slice(220)]),
    'by the calendar': pick(
      all,
      whole.atMs.map((ms) => ms + 1_800_000_000_000),
    ),
    'clock set back': pick(
      all,
      whole.atMs.map((ms, index) => (index < 250 ? ms : ms - 3_600_000)),
    ),
  };
  for (const [story, window] of Object.entries(stories))
    expect(Math.abs(confidenceOf(classifyMotion(window, waist)) - still), story).toBeLessThan(0.1);
});

test('what a sensor cannot have measured is left out, and too much of it is said', () => {
  const { atMs, x, y, z } = recorded(tumble);
  const broken = (every: number): MotionWindow => {
    const wrong = [Number.NaN, 1e9, -32.768, 0];
    const spoil = (values: number[]) =>
      values.map((value, index) => (index % every === 0 ? (wrong[(index / every) % 4] ?? 0) : value));
    return { atMs, x: spoil(x), y: spoil(y), z: spoil(z) };
  };
  expect(classifyMotion(broken(10), waist)).toMatchObject({ type: 'judged', isFall: true });
  expect(whyOf(classifyMotion(broken(2), waist))).toBe('impossible-samples');
});

test('a window that tells nothing says why', () => {
  const { atMs, x, y, z } = recorded(tumble);
  const shortened = (values: number[], to: number) => values.slice(0, to);
  const some = (to: number): MotionWindow => ({
    ...{ atMs: shortened(atMs, to), x: shortened(x, to), y: shortened(y, to), z: shortened(z, to) },
  });
  const without = (from: number, to: number): MotionWindow => {
    const kept = (values: number[]) => values.filter((_, index) => index < from || index >= to);
    return { atMs: kept(atMs), x: kept(x), y: kept(y), z: kept(z) };
  };
  const held = x.map(() => 0.7);
  expect(whyOf(classifyMotion(some(0), waist))).toBe('too-short');
  expect(whyOf(classifyMotion(some(60), waist))).toBe('too-short');
  expect(whyOf(classifyMotion(recorded(tumble, { hz: 4 }), waist))).toBe('too-few-samples');
  expect(whyOf(classifyMotion(without(60, 260), waist))).toBe('gaps');
  expect(whyOf(classifyMotion({ atMs, x: held, y: held, z: held }, waist))).toBe('stuck-sensor');
  expect(
    whyOf(
      classifyMotion(
        recorded((second) => [0.05 * Math.sin(second), 0.01, 0.02]),
        waist,
      ),
    ),
  ).toBe('no-gravity');
});

test('a trial of minutes is a fall when one moment of it is', () => {
  const long = (second: number) => (second < 58 ? walking(second) : tumble(second - 58));
  expect(classifyMotion(recorded(long, { seconds: 66 }), waist)).toMatchObject({ isFall: true });
  expect(classifyMotion(recorded(walking, { seconds: 66 }), waist)).toMatchObject({ isFall: false });
});

test('no window whatever breaks it', () => {
  const number = fc.oneof(fc.double(), fc.integer({ min: -5, max: 5 }), fc.constantFrom(0, 1, 1e18, -1e18));
  const moments = fc.array(fc.tuple(number, number, number, number), { maxLength: 300 });
  fc.assert(
    fc.property(moments, fc.constantFrom(2, 4, 16), (rows, rangeG) => {
      const axis = (which: 0 | 1 | 2 | 3) => rows.map((row) => row[which]);
      const verdict = classifyMotion(
        { atMs: axis(0), x: axis(1), y: axis(2), z: axis(3) },
        { placement: 'wrist', rangeG },
      );
      if (verdict.type === 'judged') expect(verdict.confidence >= 0 && verdict.confidence <= 1).toBe(true);
    }),
    { seed: 20_261_123, numRuns: 500 },
  );
});
