import { performance } from 'node:perf_hooks';
import { highest, type Sample, sample } from './memory.ts';
import type { Bench } from './run.ts';
import { openDebugger, startFleet, startSystem, temporaryFolder } from './system.ts';
import { benchDevice, registerVillage } from './village.ts';

/**
 * Everything on (broker, journal, rules, desk, embedded PostgreSQL, projection) under 10,000 devices for two minutes.
 * `pipeline` is the rate of reports that were acknowledged, while the load stood; the other figures are its conditions.
 */
export const run: Bench = async (report) => {
  const seconds = Number(process.env.BENCH_SECONDS ?? 120);
  const reportsPerSecond = Number(process.env.BENCH_RATE ?? 12_600);
  const devices = Number(process.env.BENCH_DEVICES ?? 10_000);
  const earlySecond = Math.min(30, seconds / 4);
  const temporary = temporaryFolder('pipeline');
  const environment = { NODE_OPTIONS: '--inspect-port=0' };
  const system = await startSystem({ dataFolder: temporary.folder, environment });
  try {
    await registerVillage(system, devices, { url: 'http://127.0.0.1:9/', secret: `whsec_${'A'.repeat(32)}` });
    const fleet = startFleet({
      port: system.ports.mqtt,
      devices: Array.from({ length: devices }, (_, number) => benchDevice(number)),
      reportsPerSecond,
      seconds,
      mix: { status: 0.7, presence: 0.15, position: 0.1, vitals: 0.05 },
    });
    await fleet.ready;
    const [alarm, desk] = [await openDebugger(system, 'alarm'), await openDebugger(system, 'desk')];
    const samples: Sample[] = [];
    const startedAt = performance.now();
    const sampling = setInterval(() => void sample(system, startedAt, samples), 1_000);
    // The full collections come right after the early samples of the resident memory, which they would otherwise shrink.
    await new Promise((next) => setTimeout(next, earlySecond * 1_000 + 500));
    const earlyHeap = { alarm: await alarm.heapBytes(), desk: await desk.heapBytes() };
    // Under the same load as the early ones, at its end.
    await new Promise((next) => setTimeout(next, seconds * 1_000 - 8_000 - (performance.now() - startedAt)));
    const lateHeap = { alarm: await alarm.heapBytes(), desk: await desk.heapBytes() };
    const tally = await fleet.done;
    clearInterval(sampling);
    const early = highest(samples, earlySecond);
    const late = highest(samples, seconds);
    report('pipeline', tally.acknowledged / (tally.elapsedMs / 1000), 'reports/s');
    report('pipeline-lost', tally.lost, 'reports');
    report('pipeline-puback-p50', tally.p50Ms, 'ms');
    report('pipeline-puback-p99', tally.p99Ms, 'ms');
    report('pipeline-worst-lag', Math.max(...samples.map(({ lagSeconds }) => lagSeconds)), 's');
    for (const name of ['alarm', 'desk'] as const) {
      report(`pipeline-rss-growth-${name}`, late[name] / early[name], 'x');
      report(`pipeline-rss-${name}`, Math.round(late[name] / 1e6), 'MB');
      report(`pipeline-heap-growth-${name}`, lateHeap[name] / earlyHeap[name], 'x');
      report(`pipeline-heap-${name}`, Math.round(lateHeap[name] / 1e6), 'MB');
    }
  } finally {
    await system.stop();
    temporary.remove();
  }
};
