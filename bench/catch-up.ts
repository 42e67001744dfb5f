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
    await until('the copy of the first reports', async () => (await copy.sequence()) > 2 * reportsPerSecond);
    stopped = withChildren(postmaster(temporary.folder) ?? 0);
    signal(stopped, 'SIGSTOP');
    await pause(seconds * 1_000);
    signal(stopped, 'SIGCONT');
    fleet.mark('measure');
    const head = async () => (await system.control.ask<{ headSequence: number }>('health', {})).headSequence;
    const { records, waitedSeconds, tookSeconds } = await timeCatchUp({ copy, head, nearlyThere: reportsPerSecond });
    fleet.mark('enough');
    const tally = await fleet.done;
    report('catch-up', records / tookSeconds, 'reports/s');
    report('catch-up-records', records, 'records');
    report('catch-up-took', tookSeconds, 's');
    report('catch-up-until-noticed', waitedSeconds, 's');
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
    async sequence(): Promise<number> {
      const { rows } = await client.query<{ sequence: number }>('select sequence::int from projection_position');
      return rows[0]?.sequence ?? 0;
    },
    close: () => client.end(),
  };
}

/** `waitedSeconds`: until the projection tried again. `nearlyThere`: so many records behind it has caught up. */
async function timeCatchUp({ copy, head, nearlyThere }: CatchUp) {
  const backAt = performance.now();
  const from = await copy.sequence();
  const begins = await until('the first new row', async () => reached(await copy.sequence(), from + 1));
  const isThere = async () => reached(await copy.sequence(), (await head()) - nearlyThere);
  const ends = await until('the end of the catching up', isThere, 600_000);
  return {
    records: ends.sequence - begins.sequence,
    waitedSeconds: (begins.at - backAt) / 1_000,
    tookSeconds: (ends.at - begins.at) / 1_000,
  };
}
type CatchUp = { copy: Copy; head: () => Promise<number>; nearlyThere: number };

const reached = (sequence: number, wanted: number) => sequence >= wanted && { sequence, at: performance.now() };
