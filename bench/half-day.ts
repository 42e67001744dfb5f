import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { scaledClock } from '../platform/clock.ts';
import { type Fleet, runFleet } from '../simulators/fleet.ts';
import { plots } from '../simulators/happenings.ts';
import type { Happening } from '../simulators/home.ts';
import { chanceOf } from '../simulators/seeded-chance.ts';
import { makeVillage, registryFile, type Village } from '../simulators/village.ts';
import { type Desk, signIn } from '../test/running-system.test-support.ts';
import { highest, liveBytes, type Sample, sample } from './memory.ts';
import type { Bench } from './run.ts';
import { openDebugger, type System, startSystem, temporaryFolder, until } from './system.ts';

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
export async function liveHalfDay({ homes, seconds, factor = 60 }: HalfDay) {
  const temporary = temporaryFolder('half-day');
  const neighbours = await startNeighbours();
  const environment = { STEPPEWATCH_CLOCK: `simulated:${factor}`, NODE_OPTIONS: '--inspect-port=0' };
  const system = await startSystem({ dataFolder: temporary.folder, environment });
  const clock = scaledClock(factor);
  let fleet: Fleet | undefined;
  try {
    const village = makeVillage({ homes, seed: 7 });
    await importVillage(system, registryFile(village, neighbours));
    const desk = await until('the page', () => signIn(system));
    fleet = runFleet({ homes: village.homes, url: `mqtt://127.0.0.1:${system.ports.mqtt}`, seed: 7, clock });
    const happenings = happeningsOf(village, clock.now(), seconds * factor * 1_000);
    fleet.plan(happenings);
    await until('all devices', async () => fleet?.counts().connected === fleet?.counts().devices, 120_000);
    const attending = attendTo(desk);
    const memory = await watchMemory(system, seconds);
    return {
      ...{ ...fleet.counts(), ...memory, happenings: happenings.length, resolved: await attending.stop() },
      ...{ messages: neighbours.messages(), unexplained: unexplained(system.output()) },
      worstLagSeconds: memory.worstLagSeconds / factor,
    };
  } finally {
    await fleet?.stop();
    await system.stop();
    neighbours.close();
    temporary.remove();
  }
}
type HalfDay = { homes: number; seconds: number; factor?: number };

/** Everybody who is told anything, at one address; they answer at once. */
async function startNeighbours() {
  let messages = 0;
  const receiver = createServer((request, response) => {
    messages += 1;
    request.resume().once('end', () => response.writeHead(204).end());
  });
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
    secret: `whsec_${'A'.repeat(32)}`,
    messages: () => messages,
    close(): void {
      receiver.close();
      receiver.closeAllConnections();
    },
  };
}

/** For so many seconds: how much more both processes hold at the end than after the first quarter. */
async function watchMemory(system: System, seconds: number) {
  const processes = { alarm: await openDebugger(system, 'alarm'), desk: await openDebugger(system, 'desk') };
  const heap = async () => ({ alarm: await liveBytes(processes.alarm), desk: await liveBytes(processes.desk) });
  const [samples, quarter]: [Sample[], number] = [[], seconds / 4];
  const startedAt = performance.now();
  const sampling = setInterval(() => void sample(system, startedAt, samples).catch(() => {}), 1_000);
  // The full collections come right after the early samples of the resident memory, which they would otherwise shrink.
  await pause(quarter * 1_000 + 500);
  const earlyHeap = await heap();
  await pause(startedAt + seconds * 1_000 - performance.now());
  clearInterval(sampling);
  const lateHeap = await heap();
  // A process does not end while somebody debugs it.
  for (const debug of Object.values(processes)) debug.close();
  const [early, late] = [highest(samples, quarter), highest(samples, seconds)];
  return {
    rss: late,
    rssGrowth: { alarm: late.alarm / early.alarm, desk: late.desk / early.desk },
    heapGrowth: { alarm: lateHeap.alarm / earlyHeap.alarm, desk: lateHeap.desk / earlyHeap.desk },
    worstLagSeconds: Math.max(...samples.map(({ lagSeconds }) => lagSeconds)),
  };
}

/** As an operator does it. */
async function importVillage(system: System, text: string): Promise<void> {
  await until('the alarm process', () => system.control.ask('health', {}));
  const file = join(system.dataFolder, 'village.yaml');
  writeFileSync(file, text, { mode: 0o600 });
  const cli = fileURLToPath(new URL('../app/registry/registry-cli.ts', import.meta.url));
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

/** Whoever is on duty looks twice a second, which is every half a minute of theirs, and brings to an end what is open. */
function attendTo(desk: Desk) {
  let resolved = 0;
  let isOver = false;
  async function attend(): Promise<void> {
    while (!isOver) {
      const open = (await desk.incidents().catch(() => [])).filter(({ state }) => state.phase !== 'resolved');
      for (const { incidentId, version, category } of open) {
        const isEquipment = category === 'supervision' || category === 'system';
        const end = isEquipment
          ? { outcome: 'equipment', contact: 'not-applicable' }
          : { outcome: 'helped', contact: 'reached' };
        // What changed since is seen, and attended to, at the next look.
        const asked = { ...end, expectedVersion: version, commandId: `resolve-${randomUUID()}` };
        const path = `/incidents/${encodeURIComponent(incidentId)}/resolve`;
        if ((await desk.ask('POST', path, asked).catch(() => undefined))?.ok) resolved += 1;
      }
      await pause(500);
    }
  }
  const attending = attend();
  return {
    /** Answers how many incidents were resolved. */
    async stop(): Promise<number> {
      isOver = true;
      await attending;
      return resolved;
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
