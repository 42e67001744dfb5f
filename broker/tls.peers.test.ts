import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { Authority } from './authority.test-support.ts';
import { brokerUnderTest } from './broker.test-support.ts';
import { secureBroker } from './secure-broker.test-support.ts';
import { pskOf } from './tls-psk.ts';
import { deviceRights } from './topic-rights.ts';

const run = promisify(execFile);
const alarm = '{"v":1,"boot":1,"seq":1,"age":0,"source":"smoke","state":"on"}';
const publish = (port: number, options: string[]) =>
  run('mosquitto_pub', [
    ...['-h', 'localhost', '-p', String(port), '-i', 'smoke-1', '-q', '1', '-t', 'up/smoke-1/alarm', '-m', alarm],
    ...options,
  ]);

test.each(['tlsv1.2', 'tlsv1.3'])('mosquitto_pub delivers an alarm over %s', async (version) => {
  const { ports, folder, ca, journal } = await secureBroker();
  folder.write('ca.pem', ca);
  const login = ['-u', 'smoke-1', '-P', 'secret'];
  await publish(ports.smokeDetectors, [...login, '--cafile', folder.path('ca.pem'), '--tls-version', version]);
  expect(journal.kept).toMatchObject([{ deviceId: 'smoke-1', report: 'alarm' }]);
});

test('mosquitto_pub with a certificate needs no password, and without the right one is refused', async () => {
  const devices = await Authority.make();
  const { ports, folder, ca, journal } = await secureBroker({ devices });
  folder.write('ca.pem', ca);
  for (const [name, id] of [
    ['own', 'smoke-1'],
    ['other', 'smoke-2'],
  ] as const) {
    const { cert, key } = await devices.issue({ dns: [id] });
    folder.write(`${name}.pem`, cert);
    folder.write(`${name}.key`, key);
  }
  const files = (name: string) => ['--cert', folder.path(`${name}.pem`), '--key', folder.path(`${name}.key`)];
  await publish(ports.everybody, ['--cafile', folder.path('ca.pem'), ...files('own')]);
  const other = publish(ports.everybody, ['--cafile', folder.path('ca.pem'), ...files('other')]);
  await expect(other).rejects.toThrow(/not authori[sz]ed/i);
  expect(journal.kept).toHaveLength(1);
});

const pepper = Buffer.alloc(32, 7);
const salt = Buffer.alloc(16, 1).toString('base64');
const key = pskOf({ deviceId: 'smoke-1', salt, pepper }).toString('hex');

async function pskBroker() {
  const device = () => ({ credential: { salt, hmac: '' } });
  const listen = { host: '127.0.0.1', port: 0 };
  const setting = await brokerUnderTest({}, deviceRights, [{ listen, keys: { device, pepper } }]);
  return { ...setting, pskPort: setting.broker.secureAddresses()[0]?.port ?? 0 };
}

test('mosquitto_pub delivers an alarm with a pre-shared key', async () => {
  const { pskPort, journal } = await pskBroker();
  await publish(pskPort, ['--psk', key, '--psk-identity', 'smoke-1', '--tls-version', 'tlsv1.2']);
  expect(journal.kept).toMatchObject([{ deviceId: 'smoke-1', standing: 'registered' }]);
});

test.each([
  ['-tls1_2', 'PSK'],
  ['-tls1_3', 'TLS_AES_128_GCM_SHA256'],
])('openssl s_client shakes hands with a pre-shared key: %s', async (version, cipher) => {
  const { pskPort } = await pskBroker();
  const client = run('openssl', [
    ...['s_client', '-connect', `127.0.0.1:${pskPort}`, '-psk_identity', 'smoke-1', '-psk', key, version],
  ]);
  client.child.stdin?.end();
  expect((await client).stdout).toMatch(new RegExp(`Cipher is \\S*${cipher}`));
});
