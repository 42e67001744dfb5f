import { performance } from 'node:perf_hooks';
import pg from 'pg';
import { dashboards } from '../dashboards/publish.ts';
import { en } from '../dashboards/texts/en.ts';
import { startScratchPostgres } from '../storage/scratch-postgres.test-support.ts';
import { writeMonth } from '../test/dashboards-month.test-support.ts';
import { panelsOf } from '../test/dashboards-query.test-support.ts';
import { openScreen } from '../test/dashboards-screen.test-support.ts';
import type { Bench } from './run.ts';

/**
 * Every query of every panel over a month of 2,000 homes in the embedded PostgreSQL, ten times each, one after the other, with the month as
 * the chosen time and with each dashboard's own. `dashboards` is the 95th percentile of all answers.
 */
export const run: Bench = async (report) => {
  const homes = Number(process.env.BENCH_HOMES ?? 2_000);
  const rounds = Number(process.env.BENCH_ROUNDS ?? 10);
  const postgres = await startScratchPostgres();
  try {
    const url = await postgres.createDatabase();
    const month = await writeMonth({ url, homes, thinning: Number(process.env.BENCH_THINNING ?? 1) });
    report('dashboards-reports', await countReports(url), 'reports');
    const screen = await openScreen({ url, account: 'wall_reader' });
    const times: { name: string; ms: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const chosen of [{}, { from: month.startsAt, to: month.endsAt }]) {
        for (const name of Object.keys(dashboards) as (keyof typeof dashboards)[]) {
          for (const { id = 0, targets } of panelsOf(dashboards[name](en))) {
            if (!targets) continue;
            const ask = await screen.prepare(name, id, chosen);
            const startedAt = performance.now();
            await ask();
            times.push({ name: `${name}-${id}`, ms: performance.now() - startedAt });
          }
        }
      }
    }
    await screen.close();
    const sorted = times.map(({ ms }) => ms).sort((one, other) => one - other);
    const share = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
    report('dashboards', share(0.95), 'ms');
    report('dashboards-p50', share(0.5), 'ms');
    report('dashboards-p99', share(0.99), 'ms');
    for (const { name, ms } of slowest(times)) report(`dashboards-slow-${name}`, ms, 'ms');
  } finally {
    await postgres.stop();
  }
};

async function countReports(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ n: string }>('select count(*) as n from report');
  await client.end();
  return Number(rows[0]?.n);
}

/** The five panels that took longest, by the median of their answers. */
function slowest(times: { name: string; ms: number }[]): { name: string; ms: number }[] {
  return [...Map.groupBy(times, ({ name }) => name)]
    .map(([name, all]) => ({
      name,
      ms: all.map(({ ms }) => ms).sort((one, other) => one - other)[all.length >> 1] ?? 0,
    }))
    .sort((one, other) => other.ms - one.ms)
    .slice(0, 5);
}
