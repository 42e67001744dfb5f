import { expect, test } from 'vitest';
import { chanceOf, oneOf } from '../simulators/seeded-chance.ts';
import { type Counters, count, mostPlaces } from './counters.ts';

test('an hour of stored reports in any order, each of them twice: every repeat is known', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const chance = chanceOf(seed, 'order');
    const waiting = Array.from({ length: 56 }, (_, index) => index + 340);
    const left = waiting.flatMap((seq) => [seq, seq]);
    const met = new Set<number>();
    let counters: Counters | undefined;
    for (let seq = 200; seq < 338; seq++)
      counters = count(counters, { boot: 13, seq, hash: `h${seq}ab`, atOnce: true }).counters;
    while (left.length > 0) {
      const seq = oneOf(chance, left);
      left.splice(left.indexOf(seq), 1);
      const standing = count(counters, { boot: 13, seq, hash: `h${seq}ab`, atOnce: false });
      expect([seed, seq, standing.type]).toEqual([seed, seq, met.has(seq) ? 'repeat' : 'new']);
      met.add(seq);
      counters = standing.counters;
    }
  }
});

test('however numbers come, no more is remembered than the bound', () => {
  const chance = chanceOf(1, 'numbers');
  let counters: Counters | undefined;
  for (let report = 0; report < 5_000; report++) {
    const seq = Math.floor(chance.fraction() * 400);
    const boot = 1 + Math.floor(report / 1_000);
    const hash = `${Math.floor(chance.fraction() * 3)}`.padStart(6, 'x');
    counters = count(counters, { boot, seq, hash, atOnce: chance.fraction() < 0.1 }).counters;
    for (const kind of ['live', 'stored'] as const) {
      const { text, places } = counters[kind];
      expect(places).toBeLessThanOrEqual(mostPlaces[kind]);
      expect(text.split(' ').length - 1).toBe(places);
    }
  }
});
