import { once } from 'node:events';
import { type ConnectionOptions, connect as openTlsSocket } from 'node:tls';
import { connectAsync, type IClientOptions } from 'mqtt';
import { onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { systemChance } from '../platform/random.ts';
import { Authority, type Issued } from './authority.test-support.ts';
import { brokerUnderTest, Wire } from './broker.test-support.ts';
import type { BrokerLimits } from './limits.ts';
import { openTls } from './tls.ts';
import { tlsFolder } from './tls-folder.test-support.ts';
import { deviceRights } from './topic-rights.ts';

/** TLS whose files are in a folder of the test. With `devices` their certificates are asked for, and `revoked` is the list. */
export async function tlsUnderTest(
  parts: { folder?: ReturnType<typeof tlsFolder>; clock?: Clock; devices?: Authority } = {},
) {
  const { folder = tlsFolder(), clock = systemClock, devices } = parts;
  const authority = await Authority.make('Brokers');
  folder.install(await authority.issue({ name: 'broker', dns: ['localhost'] }));
  if (devices) {
    folder.write('devices.pem', devices.pem());
    folder.write('revoked.pem', await devices.revoke([]));
  }
  const files = {
    ...folder.files,
    ...(devices && { clientAuthorities: folder.path('devices.pem'), revoked: folder.path('revoked.pem') }),
  };
  const metrics = createMetrics();
  const log = silentLog;
  const open = () => openTls({ files, keysFolder: folder.folder, clock, chance: systemChance, log, metrics });
  const tls = await open();
  onTestFinished(() => tls.close());
  return { tls, open, folder, authority, metrics };
}

/** A broker with TLS: a door for everybody, and one for those whose id begins with `smoke`. */
export async function secureBroker({
  devices,
  limits = {},
}: {
  devices?: Authority;
  limits?: Partial<BrokerLimits>;
} = {}) {
  const parts = await tlsUnderTest(devices && { devices });
  const listen = { host: '127.0.0.1', port: 0 };
  const only = (deviceId: string) => deviceId.startsWith('smoke');
  const setting = await brokerUnderTest(limits, deviceRights, [
    { listen, tls: parts.tls },
    { listen, tls: parts.tls, only },
  ]);
  const [everybody = listen, smokeDetectors = listen] = setting.broker.secureAddresses();
  return {
    ...setting,
    ...parts,
    ports: { everybody: everybody.port, smokeDetectors: smokeDetectors.port },
    ca: parts.authority.pem(),
  };
}

/** A device that speaks TLS with bare packets, and the first ticket that it gets. Rejects when the handshake fails. */
export async function secureWire(port: number, options: ConnectionOptions & { localAddress?: string } = {}) {
  const socket = openTlsSocket({ port, host: '127.0.0.1', servername: 'localhost', ...options });
  const session = new Promise<Buffer>((resolve) => socket.once('session', resolve));
  await once(socket, 'secureConnect');
  return { wire: new Wire(socket), socket, session };
}

export function mqttsClient(port: number, clientId: string, options: IClientOptions & ConnectionOptions) {
  return connectAsync(
    `mqtts://127.0.0.1:${port}`,
    { clientId, protocolVersion: 4, reconnectPeriod: 0, servername: 'localhost', ...options },
    false,
  );
}

export const asClient = ({ cert, key }: Issued) => ({ cert, key });
