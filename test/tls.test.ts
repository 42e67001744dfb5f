import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connectAsync } from 'mqtt';
import { expect, test } from 'vitest';
import { freePorts, readMetrics, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { benchDevice, deviceId, registerVillage, secretOf } from '../bench/village.ts';
import { Authority } from '../broker/authority.test-support.ts';
import { tlsFolder } from '../broker/tls-folder.test-support.ts';

test('devices reach the running system over TLS, also with a renewed certificate, and after a restart over a broken one', async () => {
  const [brokers, devices] = [await Authority.make('Brokers'), await Authority.make('Devices')];
  const tls = tlsFolder();
  tls.install(await brokers.issue({ dns: ['localhost'], days: 1 }));
  tls.write('devices.pem', devices.pem());
  const [port = 0, smokePort = 0, pskPort = 0] = await freePorts(3);
  const temporary = temporaryFolder('tls');
  const environment = {
    STEPPEWATCH_MQTTS_PORT: String(port),
    STEPPEWATCH_MQTTS_SMOKE_PORT: String(smokePort),
    STEPPEWATCH_MQTTS_PSK_PORT: String(pskPort),
    STEPPEWATCH_MQTTS_CERTIFICATE: tls.path('broker.pem'),
    STEPPEWATCH_MQTTS_KEY: tls.path('broker.key'),
    STEPPEWATCH_MQTTS_CLIENT_CA: tls.path('devices.pem'),
  };
  const start = () => startSystem({ dataFolder: temporary.folder, environment });
  const run = async (command: string, ...args: string[]) => {
    const env = { PATH: process.env.PATH, STEPPEWATCH_DATA: temporary.folder };
    const file = fileURLToPath(new URL(`../${command}`, import.meta.url));
    return (await promisify(execFile)(process.execPath, [file, ...args], { env })).stdout;
  };
  const connect = (to: number, id: string, options: object) =>
    connectAsync(
      `mqtts://localhost:${to}`,
      { clientId: id, ca: brokers.pem(), protocolVersion: 4, reconnectPeriod: 0, ...options },
      false,
    );
  let system = await start();
  try {
    await registerVillage(system, 8, { url: 'http://127.0.0.1:9/', secret: `whsec_${'A'.repeat(32)}` });
    const ids = Array.from({ length: 8 }, (_, index) => deviceId(index));
    const password = (id: string) => ({ username: id, password: secretOf(id) });
    const [first = '', second = ''] = ids;
    const { cert, key } = await devices.issue({ dns: [first] });
    for (const proof of [password(first), { cert, key }]) {
      const client = await connect(port, first, proof);
      await client.publishAsync(`up/${first}/status`, '{"v":1,"boot":1,"seq":1,"age":0}', { qos: 1 });
      await client.endAsync();
    }
    await expect(connect(port, second, { cert, key })).rejects.toThrow(/not authorized/i);

    const psk = /^\S+ (\w{64})$/m.exec(await run('app/registry/psk-cli.ts', first))?.[1] ?? '';
    const device = (...options: string[]) =>
      run('simulators/device-cli.ts', '--kind', 'smoke-detector', '--id', first, '--do', 'test', ...options);
    expect(await device('--psk', psk, '--url', `mqtts://localhost:${pskPort}`)).toContain('PUBACK for test');
    tls.write('ca.pem', brokers.pem());
    const secret = ['--secret', secretOf(first), '--ca', tls.path('ca.pem')];
    expect(await device(...secret, '--url', `mqtts://localhost:${smokePort}`)).toContain('PUBACK for test');

    const answers = await Promise.allSettled(ids.map((id) => connect(smokePort, id, password(id))));
    const detectors = answers.filter(({ status }) => status === 'fulfilled').length;
    expect(detectors).toBe(ids.filter((_, index) => benchDevice(index).kind === 'smoke-detector').length);
    for (const answer of answers) if (answer.status === 'fulfilled') await answer.value.endAsync();

    const metric = async (name: string) => (await readMetrics(system)).get(`steppewatch_tls_${name}`);
    expect(Math.round((await metric('certificate_days_left')) ?? 0)).toBe(1);
    const stays = await connect(port, first, password(first));
    tls.install(await brokers.issue({ dns: ['localhost'], days: 50 }));
    const isSeen = async () => ((await metric('certificate_days_left')) ?? 0) > 40;
    await until('the new certificate to be seen', isSeen, 20_000);
    expect(stays.connected).toBe(true);
    await stays.endAsync();

    tls.write('broker.key', 'spoiled');
    await system.stop();
    system = await start();
    await until('the system to run again', () => system.control.ask('health', {}));
    await (await connect(port, first, password(first))).endAsync();
    expect(await metric('files_refused')).toBe(1);
  } finally {
    await system.stop();
    temporary.remove();
  }
}, 120_000);
