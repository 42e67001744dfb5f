import { judgeSeed } from '../simulators/world/verdict.ts';
import type { Bench } from './run.ts';

/**
 * How long 200 simulated worlds of 48 h take, one after the other in one thread, and how much there is in them. Errors: a world
 * in which a promise was not kept, or less in them than what the figure is about.
 */
export const run: Bench = async (report) => {
  const seeds = Number(process.env.BENCH_SEEDS ?? 200);
  const hours = 48;
  let [records, crashes, kinds, fewest] = [0, 0, 0, Number.POSITIVE_INFINITY];
  const startedAt = performance.now();
  for (let seed = 1; seed <= seeds; seed++) {
    const verdict = await judgeSeed({ seed, hours });
    const [wrong] = [...verdict.violations.map(({ invariant }) => invariant), ...verdict.stuck];
    if (wrong !== undefined) throw new Error(`seed ${seed}: ${wrong}`);
    records += verdict.counts.records;
    crashes += verdict.counts.crashes;
    kinds += verdict.kinds.length;
    fewest = Math.min(fewest, verdict.counts.records);
  }
  report('world', (performance.now() - startedAt) / 1_000, 's');
  report('world-seeds', seeds, 'seeds');
  report('world-records-a-second', Math.round(records / ((performance.now() - startedAt) / 1_000)), '1/s');
  const minima = [
    { figure: 'world-fewest-records', value: fewest, least: 3_000, unit: 'records' },
    { figure: 'world-crashes', value: crashes / seeds, least: 3, unit: 'a world' },
    { figure: 'world-kinds-of-fault', value: kinds / seeds, least: 4, unit: 'a world' },
  ];
  for (const { figure, value, unit } of minima) report(figure, value, unit);
  const short = minima.find(({ value, least }) => value < least);
  if (short)
    throw new Error(`${short.figure} is ${short.value}: the worlds have too little in them, at least ${short.least}`);
};
