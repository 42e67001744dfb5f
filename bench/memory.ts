import { performance } from 'node:perf_hooks';
import { childPids, type openDebugger, readMetrics, residentBytes, type System } from './system.ts';

/** One look at the running system: `second` since the start of the measurement, `rss` in bytes. */
export type Sample = { second: number; lagSeconds: number; rss: { alarm: number; desk: number } };

/** What a process holds, without what just happens to be under way: the least of three full collections. */
export async function liveBytes(process: Awaited<ReturnType<typeof openDebugger>>): Promise<number> {
  const sizes = [await process.heapBytes(), await process.heapBytes(), await process.heapBytes()];
  return Math.min(...sizes);
}

/** The most resident memory in the ten seconds up to there: garbage comes and goes within a few seconds. */
export function highest(samples: Sample[], untilSecond: number): Sample['rss'] {
  const window = samples.filter(({ second }) => second > untilSecond - 10 && second <= untilSecond + 1);
  const most = (name: 'alarm' | 'desk') => Math.max(...window.map(({ rss }) => rss[name]));
  return { alarm: most('alarm'), desk: most('desk') };
}

export async function sample(system: System, startedAt: number, samples: Sample[]): Promise<void> {
  const figures = await readMetrics(system);
  const [alarm = 0, desk = 0] = childPids(system);
  const lags = [...figures].filter(([name]) => name.startsWith('steppewatch_follower_lag_seconds'));
  samples.push({
    second: (performance.now() - startedAt) / 1000,
    lagSeconds: Math.max(0, ...lags.map(([, value]) => value)),
    rss: { alarm: residentBytes(alarm), desk: residentBytes(desk) },
  });
}
