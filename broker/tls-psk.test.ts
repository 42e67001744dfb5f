import type { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { expect, onTestFinished, test, vi } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { brokerUnderTest, stoppedClock } from './broker.test-support.ts';
import { startBroker } from './broker.ts';
import { createCredentials } from './credentials.ts';
import { type Handshakes, pskHandshakes } from './handshakes.ts';
import { defaultLimits } from './limits.ts';
import { mqttsClient, secureWire } from './secure-broker.test-support.ts';
import { pskOf } from './tls-psk.ts';
import { deviceRights } from './topic-rights.ts';

const pepper = Buffer.alloc(32, 7);
const salt = Buffer.alloc(16, 1).toString('base64');
const keyOf = (deviceId: string) => pskOf({ deviceId, salt, pepper });

async function pskBroker() {
  const device = (id: string) => (id.startsWith('unknown') ? undefined : { credential: { salt, hmac: '' } });
  const setting = await brokerUnderTest({}, deviceRights, [
    { listen: { host: '127.0.0.1', port: 0 }, keys: { device, pepper } },
  ]);
  return { ...setting, pskPort: setting.broker.secureAddresses()[0]?.port ?? 0 };
}

const asDevice = (identity: string, psk: Buffer, ciphers = 'PSK-AES128-GCM-SHA256', version = 'TLSv1.2') => ({
  ...{ ciphers, minVersion: version as 'TLSv1.2', maxVersion: version as 'TLSv1.2' },
  pskCallback: () => ({ psk, identity }),
  checkServerIdentity: () => undefined,
});

test.each([
  ['PSK-AES128-GCM-SHA256', 'TLSv1.2'],
  ['PSK-AES128-CCM', 'TLSv1.2'],
  ['PSK-AES128-CCM8:@SECLEVEL=0', 'TLSv1.2'],
  ['PSK-AES128-CBC-SHA256', 'TLSv1.2'],
  ['ECDHE-PSK-AES128-CBC-SHA256', 'TLSv1.2'],
  ['ECDHE-PSK-CHACHA20-POLY1305', 'TLSv1.2'],
  ['TLS_AES_128_GCM_SHA256', 'TLSv1.3'],
])('a device connects with its pre-shared key alone: %s', async (ciphers, version) => {
  const { pskPort, journal } = await pskBroker();
  const options = asDevice('smoke-1', keyOf('smoke-1'), ciphers, version);
  const detector = await mqttsClient(pskPort, 'smoke-1', options);
  const stream = detector.stream as TLSSocket;
  expect([stream.getCipher().name, stream.getProtocol()]).toEqual([ciphers.split(':')[0], version]);
  await detector.publishAsync('up/smoke-1/alarm', '{}', { qos: 1 });
  expect(journal.kept).toMatchObject([{ deviceId: 'smoke-1', standing: 'registered', report: 'alarm' }]);
  await detector.endAsync();
});

test('the key of one device is no key of another', async () => {
  const { pskPort, count } = await pskBroker();
  const { wire } = await secureWire(pskPort, asDevice('smoke-1', keyOf('smoke-1')));
  expect(await wire.connect('smoke-2')).toBe(5);
  await wire.closed;
  expect(await count('connectionsRefused', 'another-identity')).toBe(1);
});

test('a wrong key, a device that is not registered and one with the key of nobody fail alike', async () => {
  const { pskPort, count } = await pskBroker();
  const nobody = pskOf({ deviceId: 'unknown-1', salt, pepper });
  for (const [identity, psk] of [
    ['smoke-1', Buffer.alloc(32)],
    ['unknown-1', nobody],
    ['unknown-1', Buffer.alloc(32)],
  ] as const) {
    const failed = secureWire(pskPort, asDevice(identity, psk));
    await expect(failed).rejects.toThrow(/bad record mac|decrypt error/);
  }
  await vi.waitUntil(async () => (await count('connectionsRefused', 'handshake')) === 3);
});

test('ciphers without a key or of another age are refused', async () => {
  const { pskPort } = await pskBroker();
  for (const ciphers of ['PSK-NULL-SHA256:@SECLEVEL=0', 'PSK-AES128-CBC-SHA:@SECLEVEL=0', 'aNULL:@SECLEVEL=0'])
    await expect(secureWire(pskPort, asDevice('smoke-1', keyOf('smoke-1'), ciphers))).rejects.toThrow();
});

test('who has no key at all, or a name that is none of a device, is refused', async () => {
  const { pskPort, count } = await pskBroker();
  await expect(secureWire(pskPort, { rejectUnauthorized: false })).rejects.toThrow(/handshake failure|alert/);
  await expect(secureWire(pskPort, asDevice('no such id', Buffer.alloc(32)))).rejects.toThrow(/identity|alert/);
  await vi.waitUntil(async () => (await count('connectionsRefused', 'handshake')) === 2);
});

test('a connection that shook hands before the secret was renewed does not come in behind it', async () => {
  const { options } = await pskBroker();
  let credential = { salt, hmac: '' };
  const device = () => ({ credential });
  const broker = await startBroker({
    ...options,
    doors: [{ listen: { host: '127.0.0.1', port: 0 }, keys: { device, pepper } }],
    credentials: createCredentials({ device, pepper }),
  });
  onTestFinished(() => broker.close());
  const port = broker.secureAddresses()[0]?.port ?? 0;
  const [device1, spare] = [
    await secureWire(port, asDevice('smoke-1', keyOf('smoke-1'))),
    await secureWire(port, asDevice('smoke-1', keyOf('smoke-1'))),
  ];
  expect(await device1.wire.connect('smoke-1')).toBe(0);
  credential = { salt: 'AAAA', hmac: '' };
  expect(await spare.wire.connect('smoke-1')).toBe(4);
});

test('a handshake without an identity is refused with a reason of its own', async () => {
  const [metrics, socket] = [createMetrics(), new PassThrough()];
  const parts = { limits: defaultLimits, clock: stoppedClock(), metrics, log: silentLog };
  const { server } = pskHandshakes({ device: () => undefined, pepper }, parts) as Handshakes & { server: EventEmitter };
  server.emit('secureConnection', socket);
  expect(socket.destroyed).toBe(true);
  expect((await metrics.connectionsRefused.get()).values).toMatchObject([
    { labels: { reason: 'no-identity' }, value: 1 },
  ]);
});

test('a new salt ends the old key, and no two devices or installations share one', () => {
  const all = [
    keyOf('smoke-1'),
    keyOf('smoke-2'),
    pskOf({ deviceId: 'smoke-1', salt: 'AAAA', pepper }),
    pskOf({ deviceId: 'smoke-1', salt, pepper: Buffer.alloc(32, 8) }),
  ];
  expect(new Set(all.map((key) => key.toString('hex'))).size).toBe(4);
  expect(all.map((key) => key.length)).toEqual([32, 32, 32, 32]);
});
