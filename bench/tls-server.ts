import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { createServer } from 'node:tls';
import { Aedes } from 'aedes';
import { startBroker } from '../broker/broker.ts';
import { createCredentials, makeCredential } from '../broker/credentials.ts';
import { openTls } from '../broker/tls.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { systemChance } from '../platform/random.ts';

// One server of [connect] and [idle-memory], a process of its own: `bare` is aedes as it comes, `whole` is the broker.

export type TlsServer = {
  role: 'bare' | 'whole';
  secure: boolean;
  cert: string;
  key: string;
  logins: { deviceId: string; secret: string }[];
};

process.on('message', async (message: TlsServer | 'memory') => {
  if (message === 'memory') process.send?.(await residentBytes());
  else process.send?.(message.role === 'bare' ? await bare(message) : await whole(message));
});
process.on('disconnect', () => process.exit());

async function bare({ secure, cert, key }: TlsServer): Promise<number> {
  const aedes = await Aedes.createBroker();
  const server: Server = secure ? createServer({ cert, key }, aedes.handle) : createPlainServer(aedes.handle);
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve));
  return (server.address() as { port: number }).port;
}

async function whole({ secure, cert, key, logins }: TlsServer): Promise<number> {
  const [log, clock, chance, metrics] = [silentLog, systemClock, systemChance, createMetrics()];
  const folder = mkdtempSync(join(tmpdir(), 'steppewatch-connect-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const files = { certificate: join(folder, 'broker.pem'), key: join(folder, 'broker.key') };
  writeFileSync(files.certificate, cert);
  writeFileSync(files.key, key);
  const tls = await openTls({ files, keysFolder: folder, clock, chance, log, metrics });
  const pepper = chance.bytes(32);
  const devices = new Map(
    logins.map(({ deviceId, secret }) => [deviceId, { credential: makeCredential({ secret, pepper, chance }) }]),
  );
  const listen = { host: '127.0.0.1', port: 0 };
  const broker = await startBroker({
    ...{ listen, doors: [{ listen, tls }], log, clock, chance, metrics },
    credentials: createCredentials({ device: (id) => devices.get(id), pepper }),
    keep: async () => {},
    // What is measured is the work of a connection, so nobody is held back for its rate. The turns stay as they are.
    limits: {
      connectsPerSecond: 1e6,
      connectsBurst: 1e6,
      connectsPerSecondPerAddress: 1e6,
      connectsBurstPerAddress: 1e6,
      connectsPerMinutePerDevice: 1e6,
      connectsBurstPerDevice: 1e6,
      handshakesPerSecond: 1e6,
    },
  });
  return (secure ? broker.secureAddresses()[0] : broker.address())?.port ?? 0;
}

/** After full collections, and after what was freed had time to be given back. */
async function residentBytes(): Promise<number> {
  for (let round = 0; round < 5; round++) {
    global.gc?.();
    await rest(300);
  }
  return process.memoryUsage().rss;
}
