import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { embeddedPostgresUrl } from '../storage/embedded-postgres.ts';
import { postmaster, signal, withChildren } from '../test/running-system.test-support.ts';
import type { Bench } from './run.ts';
import { startFleet, startSystem, temporaryFolder, until } from './system.ts';
import { benchDevice, registerVillage } from './village.ts';

/**
 * Ten minutes (`BENCH_SECONDS`) in which the database does not answer, at 1,000 reports/s, and then does again while they go on
 * coming. `catch-up` is the rate of the copy from its first new row to within a second of the journal's head;
 * `catch-up-puback-p99` is what devices notice of it.
 */
export const run: Bench = async (report) => {
  const seconds = Number(process.env.BENCH_SECONDS ?? 600);
  const reportsPerSecond = Number(process.env.BENCH_RATE ?? 1_000);
  const temporary = temporaryFolder('catch-up');
  const system = await startSystem({ dataFolder: temporary.folder });
  let stopped: number[] = [];
  try {
    await registerVillage(system, devices, { url: 'http://127.0.0.1:9/', secret: `whsec_${'A'.repeat(32)}` });
    const copy = await openCopy(temporary.folder);
    const fleet = startFleet({
      port: system.ports.mqtt,
      devices: Array.from({ length: devices }, (_, number) => benchDevice(number)),
      reportsPerSecond,
      // It is told to end when the copy has caught up.
      seconds: seconds * 2 + 120,
      mix: { status: 0.7, presence: 0.15, position: 0.1, vitals: 0.05 },
    });
    await fleet.ready;
    await until('the copy of the first reports', async () => (await copy.look()).sequence > 2 * reportsPerSecond);
    stopped = withChildren(postmaster(temporary.folder) ?? 0);
    signal(stopped, 'SIGSTOP');
    await pause(seconds * 1_000);
    signal(stopped, 'SIGCONT');
    fleet.mark('measure');
    const { records, waited, tookSeconds } = await timeCatchUp(copy, reportsPerSecond);
    fleet.mark('enough');
    const tally = await fleet.done;
    report('catch-up', records / tookSeconds, 'reports/s');
    report('catch-up-records', records, 'records');
    report('catch-up-took', tookSeconds, 's');
    report('catch-up-until-noticed', waited, 's');
    report('catch-up-puback-p50', tally.p50Ms, 'ms');
    report('catch-up-puback-p99', tally.p99Ms, 'ms');
    report('catch-up-lost', tally.lost, 'reports');
    await copy.close();
  } finally {
    signal(stopped, 'SIGCONT');
    await system.stop();
    temporary.remove();
  }
};

const devices = 2_000;

type Copy = Awaited<ReturnType<typeof openCopy>>;

/** Asks the database itself how far the copy is, on one connection: the metrics are a second old. */
async function openCopy(dataFolder: string) {
  const client = await until('the database', async () => {
    const url = await embeddedPostgresUrl({ dataFolder, keysFolder: join(dataFolder, 'keys') });
    const opened = new pg.Client({ connectionString: url });
    opened.on('error', () => {});
    await opened.connect();
    return opened;
  });
  return {
    async look(): Promise<{ sequence: number; head: number }> {
      const { rows } = await client.query('select sequence::int, head_sequence::int as head from projection_position');
      return rows[0] ?? { sequence: 0, head: 0 };
    },
    close: () => client.end(),
  };
}

/** `waited`: seconds until the projection tried again. */
async function timeCatchUp(copy: Copy, nearlyThere: number) {
  const backAt = performance.now();
  const { sequence: from } = await copy.look();
  const first = await until('the first new row', async () => seen(await copy.look(), (at) => at.sequence > from));
  const last = await until(
    'the end of the catching up',
    async () => seen(await copy.look(), (at) => at.head - at.sequence < nearlyThere),
    600_000,
  );
  return {
    records: last.sequence - first.sequence,
    waited: (first.at - backAt) / 1_000,
    tookSeconds: (last.at - first.at) / 1_000,
  };
}

function seen(
  look: Awaited<ReturnType<Copy['look']>>,
  isWanted: (look: { sequence: number; head: number }) => boolean,
) {
  return isWanted(look) && { ...look, at: performance.now() };
}
