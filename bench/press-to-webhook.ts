import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Bench } from './run.ts';
import { childPids, type System, spinDesk, startFleet, startSystem, temporaryFolder, until } from './system.ts';
import { benchDevice, deviceId, placeId, registerVillage, secretOf } from './village.ts';

/**
 * From the publish of an emergency press to the request at the receiver: 600 presses of distinct households, ten a second,
 * while 1,000 reports/s come in. `press-to-webhook` is the 99th percentile.
 */
export const run: Bench = async (report) => {
  const presses = Number(process.env.BENCH_PRESSES ?? 600);
  const latencies = await measurePresses({ presses });
  report('press-to-webhook', at(latencies, 0.99), 'ms');
  report('press-to-webhook-p50', at(latencies, 0.5), 'ms');
  report('press-to-webhook-worst', at(latencies, 1), 'ms');
  const spinning = await measurePresses({ presses, meanwhile: (system) => spinDesk(system, presses * 100) });
  report('press-to-webhook-desk-spinning', at(spinning, 0.99), 'ms');
  const killed = await measurePresses({ presses, meanwhile: killDesk });
  report('press-to-webhook-desk-killed', at(killed, 0.99), 'ms');
};

const at = (sorted: number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/** Kills desk as often as the supervisor starts it, for five seconds. */
export async function killDesk(system: System): Promise<void> {
  for (let round = 0; round < 10; round++) {
    const [, desk] = childPids(system);
    if (desk !== undefined) process.kill(desk, 'SIGKILL');
    await new Promise((next) => setTimeout(next, 500));
  }
}

/** Ascending latencies in ms. `meanwhile` runs beside the presses: killing desk must not move them. */
export async function measurePresses({
  presses,
  meanwhile = async () => {},
}: {
  presses: number;
  meanwhile?: (system: System) => Promise<void>;
}): Promise<number[]> {
  const temporary = temporaryFolder('press');
  const arrivals = new Map<string, number>();
  const receiver = createServer((request, response) => {
    const arrivedAt = performance.now();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { data: { placeIds: string[] } };
      for (const placeId of data.placeIds) if (!arrivals.has(placeId)) arrivals.set(placeId, arrivedAt);
      response.end();
    });
  });
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const system = await startSystem({ dataFolder: temporary.folder, environment: { NODE_OPTIONS: '--inspect-port=0' } });
  const clients: MqttClient[] = [];
  let fleet: ReturnType<typeof startFleet> | undefined;
  try {
    const homes = presses * 4;
    await registerVillage(system, homes, { url, secret: `whsec_${'A'.repeat(32)}` });
    const loaded = Array.from({ length: homes }, (_, number) => number).filter((number) => number % 4 !== 3);
    fleet = startFleet({
      port: system.ports.mqtt,
      devices: loaded.map(benchDevice),
      reportsPerSecond: 1_000,
      seconds: Math.ceil(presses / 10) + 4,
      mix: { status: 0.7, presence: 0.15, position: 0.1, vitals: 0.05 },
    });
    await fleet.ready;
    await until('desk', async () => childPids(system).length === 2);
    const side = meanwhile(system);
    const pressedAt = new Map<string, number>();
    for (let press = 0; press < presses; press++) {
      const id = deviceId(press * 4 + 3);
      const client = await connectAsync(`mqtt://127.0.0.1:${system.ports.mqtt}`, {
        clientId: id,
        username: id,
        password: secretOf(id),
      });
      clients.push(client);
      await new Promise((next) => setTimeout(next, 100));
      pressedAt.set(placeId(press * 4 + 3), performance.now());
      client.publish(`up/${id}/press`, '{"v":1,"boot":1,"seq":1,"age":0,"call":"emergency"}', { qos: 1 });
      if (clients.length > 50) await clients.shift()?.endAsync();
    }
    await fleet.done;
    await side;
    const missing = [...pressedAt.keys()].filter((id) => !arrivals.has(id));
    if (missing.length > 0) throw new Error(`${missing.length} presses never reached the receiver, e.g. ${missing[0]}`);
    return [...pressedAt].map(([id, at]) => (arrivals.get(id) ?? 0) - at).sort((a, b) => a - b);
  } finally {
    fleet?.stop();
    await Promise.all(clients.map((client) => client.endAsync(true)));
    await system.stop();
    receiver.close();
    temporary.remove();
  }
}
