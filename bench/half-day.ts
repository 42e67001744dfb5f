import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { scaledClock } from '../platform/clock.ts';
import { runFleet } from '../simulators/fleet.ts';
import { plots } from '../simulators/happenings.ts';
import type { Happening } from '../simulators/home.ts';
import { chanceOf } from '../simulators/seeded-chance.ts';
import { makeVillage, registryFile, type Village } from '../simulators/village.ts';
import { type Desk, signIn } from '../test/running-system.test-support.ts';
import { highest, liveBytes, type Sample, sample } from './memory.ts';
import type { Bench } from './run.ts';
import { openDebugger, readMetrics, type System, startSystem, temporaryFolder, until } from './system.ts';

/**
 * Half a day of 2,000 homes at 60 times the speed of life: ordinary days, and every few minutes something that befalls somebody,
 * which people at the desk attend to. `half-day` is what the log said that nobody expected; the other figures are the memory's.
 */
export const run: Bench = async (report) => {
  const seconds = Number(process.env.BENCH_SECONDS ?? 720);
  const homes = Number(process.env.BENCH_HOMES ?? 2_000);
  const day = await liveHalfDay({ homes, seconds });
  for (const line of day.unexplained) process.stderr.write(`${line}\n`);
  report('half-day', day.unexplained.length, 'unexplained lines in the log');
  report('half-day-devices', day.devices, 'devices');
  report('half-day-reports', day.acknowledged, 'reports');
  report('half-day-happenings', day.happenings, 'happenings');
  report('half-day-resolved', day.resolved, 'incidents');
  report('half-day-messages', day.messages, 'messages');
  report('half-day-worst-lag', day.worstLagSeconds, 's');
  for (const name of ['alarm', 'desk'] as const) {
    report(`half-day-rss-growth-${name}`, day.rssGrowth[name], 'x');
    report(`half-day-heap-growth-${name}`, day.heapGrowth[name], 'x');
    report(`half-day-rss-${name}`, Math.round(day.rss[name] / 1e6), 'MB');
  }
};

/** Growth is from the end of the first quarter to the end. `seconds` are ours; the homes live `factor` times as long. */
export async function liveHalfDay({
  homes,
  seconds,
  factor = 60,
}: {
  homes: number;
  seconds: number;
  factor?: number;
}) {
  const temporary = temporaryFolder('half-day');
  let messages = 0;
  const receiver = createServer((request, response) => {
    messages += 1;
    request.resume().once('end', () => response.writeHead(204).end());
  });
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
  const environment = { STEPPEWATCH_CLOCK: `simulated:${factor}`, NODE_OPTIONS: '--inspect-port=0' };
  const system = await startSystem({ dataFolder: temporary.folder, environment });
  const clock = scaledClock(factor);
  let fleet: ReturnType<typeof runFleet> | undefined;
  try {
    const village = makeVillage({ homes, seed: 7 });
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
    await importVillage(system, registryFile(village, { url, secret: `whsec_${'A'.repeat(32)}` }));
    const desk = await until('the page', () => signIn(system));
    fleet = runFleet({ homes: village.homes, url: `mqtt://127.0.0.1:${system.ports.mqtt}`, seed: 7, clock });
    const happenings = happeningsOf(village, clock.now(), seconds * factor * 1_000);
    fleet.plan(happenings);
    await until('all devices', async () => fleet?.counts().connected === fleet?.counts().devices, 120_000);

    const processes = { alarm: await openDebugger(system, 'alarm'), desk: await openDebugger(system, 'desk') };
    const heap = async () => ({ alarm: await liveBytes(processes.alarm), desk: await liveBytes(processes.desk) });
    const [samples, quarter]: [Sample[], number] = [[], seconds / 4];
    const startedAt = performance.now();
    const sampling = setInterval(() => void sample(system, startedAt, samples).catch(() => {}), 1_000);
    const attending = attendTo(desk);
    await pause(quarter * 1_000 + 500);
    const earlyHeap = await heap();
    await pause(startedAt + seconds * 1_000 - performance.now());
    clearInterval(sampling);
    const lateHeap = await heap();
    // A process does not end while somebody debugs it.
    for (const debug of Object.values(processes)) debug.close();
    const { resolved } = await attending.stop();
    const [early, late] = [highest(samples, quarter), highest(samples, seconds)];
    const counts = fleet.counts();
    return {
      ...counts,
      ...{ happenings: happenings.length, messages, resolved, rss: late, unexplained: unexplained(system.output()) },
      rssGrowth: { alarm: late.alarm / early.alarm, desk: late.desk / early.desk },
      heapGrowth: { alarm: lateHeap.alarm / earlyHeap.alarm, desk: lateHeap.desk / earlyHeap.desk },
      worstLagSeconds: Math.max(...samples.map(({ lagSeconds }) => lagSeconds)) / factor,
      metrics: await readMetrics(system),
    };
  } finally {
    await fleet?.stop();
    await system.stop();
    receiver.close();
    receiver.closeAllConnections();
    temporary.remove();
  }
}

/** As an operator does it. */
async function importVillage(system: System, text: string): Promise<void> {
  await until('the alarm process', () => system.control.ask('health', {}));
  const file = join(system.dataFolder, 'village.yaml');
  writeFileSync(file, text, { mode: 0o600 });
  const cli = fileURLToPath(new URL('../app/registry-cli.ts', import.meta.url));
  const env = { PATH: process.env.PATH, STEPPEWATCH_DATA: system.dataFolder };
  const { status, stderr } = spawnSync(process.execPath, [cli, 'import', file], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the village was not imported: ${stderr}`);
}

/** Every three minutes of theirs something happens to somebody, one kind after the other, from two minutes on. */
function happeningsOf({ seed, homes }: Village, now: number, forMs: number): Happening[] {
  const chance = chanceOf(seed, 'half a day');
  const kinds = Object.values(plots);
  const moments = Array.from({ length: Math.floor(forMs / everyMs) }, (_, index) => now + 2 * 60_000 + index * everyMs);
  return moments.flatMap((at, index) => kinds[index % kinds.length]?.(homes, at, chance) ?? []);
}
const everyMs = 3 * 60_000;

/** Whoever is on duty looks twice a second, and brings to an end what is open: half a minute of theirs. */
function attendTo(desk: Desk) {
  let resolved = 0;
  let isOver = false;
  async function attend(): Promise<void> {
    while (!isOver) {
      for (const { incidentId, version, category, state } of await desk.incidents().catch(() => [])) {
        if (state.phase === 'resolved') continue;
        const isEquipment = category === 'supervision' || category === 'system';
        const end = isEquipment
          ? { outcome: 'equipment', contact: 'not-applicable' }
          : { outcome: 'helped', contact: 'reached' };
        const asked = {
          ...end,
          expectedVersion: version,
          commandId: `resolve-${resolved}-${version}-${incidentId}`.slice(0, 64),
        };
        const answer = await desk
          .ask('POST', `/incidents/${encodeURIComponent(incidentId)}/resolve`, asked)
          .catch(() => undefined);
        if (answer?.ok) resolved += 1;
      }
      await pause(500);
    }
  }
  const attending = attend();
  return {
    async stop() {
      isOver = true;
      await attending;
      return { resolved };
    },
  };
}

/** What the log says from `warn` on, and we know why. */
const explained = [
  // The debugger that measures the heap, and the account that the first start prints.
  /^(Debugger |For help, see|The account of the duty desk)/,
  // The bench signs in before the page has read of that account.
  /"msg":"a sign-in was refused"/,
  // A publish is late after a third of a second of ours, which the sync of a busy disk may take.
  /"msg":"journal (stalls: senders are cut|goes on)"/,
];

/** Lines of the log that no known cause explains; standard error and what Node itself says are among them. */
function unexplained(output: string): string[] {
  return output.split('\n').filter((line) => line.trim() !== '' && !explained.some((known) => known.test(line)));
}
