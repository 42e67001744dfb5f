import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectAsync } from 'mqtt';
import type { Bench } from './run.ts';
import { type System, startFleet, startSystem, temporaryFolder } from './system.ts';
import { benchDevice, deviceId, placeId, registerVillage, secretOf } from './village.ts';

/**
 * With 100,000 devices in state: `restart` is from the start of the processes to the first PUBACK after `kill -9` of everything
 * under load; `restart-to-notice` from the start to the webhook of a press that was sent at the first PUBACK, with 60 s of
 * journal (1,000 reports/s, no checkpoint) to catch up.
 */
export const run: Bench = async (report) => {
  const devices = Number(process.env.BENCH_DEVICES ?? 100_000);
  const temporary = temporaryFolder('restart');
  const receiver = await startReceiver();
  const started: System[] = [];
  const start = async () => {
    const system = await startSystem({ dataFolder: temporary.folder });
    started.push(system);
    return system;
  };
  try {
    const first = await start();
    await registerVillage(first, devices, { url: receiver.url, secret: `whsec_${'A'.repeat(32)}` });
    await first.stop();
    await fillJournal({ dataFolder: temporary.folder, reports: 60_000, devices });

    const behind = await timeStart(start, 3);
    const noticeMs = await receiver.arrival(placeId(3));
    report('restart-to-notice', (noticeMs - behind.startedAt) / 1000, 's');
    report('restart-with-catch-up', (behind.acknowledgedAt - behind.startedAt) / 1000, 's');

    const fleet = startFleet({
      port: behind.system.ports.mqtt,
      devices: Array.from({ length: 1_000 }, (_, number) => benchDevice(number * 4)),
      reportsPerSecond: 1_000,
      seconds: 20,
      mix: { status: 1, presence: 0, position: 0, vitals: 0 },
    });
    await fleet.ready;
    await new Promise((next) => setTimeout(next, 10_000));
    fleet.stop();
    await behind.system.killAll();
    const again = await timeStart(start, 7);
    report('restart', (again.acknowledgedAt - again.startedAt) / 1000, 's');
    await again.system.stop();
  } finally {
    // Whatever went wrong, nothing is left running beside the benches that come after it.
    await Promise.all(started.map((system) => system.killAll()));
    receiver.close();
    temporary.remove();
  }
};

/** Starts the processes, and presses the button of a home as soon as the broker takes it. */
async function timeStart(start: () => Promise<System>, home: number) {
  const startedAt = performance.now();
  const system = await start();
  const id = deviceId(home);
  for (;;) {
    try {
      const client = await connectAsync(
        `mqtt://127.0.0.1:${system.ports.mqtt}`,
        { clientId: id, username: id, password: secretOf(id), reconnectPeriod: 0, connectTimeout: 2_000 },
        false,
      );
      const boot = Math.floor(Date.now() / 1000) % 1_000_000;
      await client.publishAsync(`up/${id}/status`, `{"v":1,"boot":${boot},"seq":1,"age":0,"battery":3.4}`, { qos: 1 });
      const acknowledgedAt = performance.now();
      client.publish(`up/${id}/press`, `{"v":1,"boot":${boot},"seq":2,"age":0,"call":"emergency"}`, { qos: 1 });
      return { system, startedAt, acknowledgedAt };
    } catch (error) {
      if (performance.now() - startedAt > 60_000) throw error;
      await new Promise((next) => setTimeout(next, 10));
    }
  }
}

async function startReceiver() {
  const arrivals = new Map<string, number>();
  const server = createServer((request, response) => {
    const arrivedAt = performance.now();
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { data } = JSON.parse(body) as { data: { placeIds: string[] } };
      for (const placeId of data.placeIds) if (!arrivals.has(placeId)) arrivals.set(placeId, arrivedAt);
      response.end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async arrival(id: string): Promise<number> {
      for (let waited = 0; waited < 60_000; waited += 5) {
        const at = arrivals.get(id);
        if (at !== undefined) return at;
        await new Promise((next) => setTimeout(next, 5));
      }
      throw new Error(`no notice for ${id} within a minute`);
    },
    close: () => server.close(),
  };
}

/** A minute of journal that no checkpoint covers, written by a process that then dies without a word. */
function fillJournal(task: { dataFolder: string; reports: number; devices: number }): Promise<void> {
  return new Promise((done, fail) => {
    const child = fork(new URL('./restart-fill.ts', import.meta.url));
    child.on('message', () => child.kill('SIGKILL'));
    child.on('exit', (code, signal) => (signal === 'SIGKILL' ? done() : fail(new Error(`filling ended with ${code}`))));
    child.send(task);
  });
}
