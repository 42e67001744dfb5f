import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultKeep } from '../storage/retention.ts';
import { readConfiguration } from './configuration.ts';

test('with nothing set everything binds to loopback and the database is embedded', () => {
  expect(readConfiguration({})).toMatchObject({
    mqtt: { host: '127.0.0.1', port: 1883 },
    http: { host: '127.0.0.1', port: 8080 },
    metrics: { host: '127.0.0.1', port: 8081 },
    databaseUrl: undefined,
    enrolment: undefined,
    allowPrivateWebhooks: false,
  });
});

test('every problem is reported at once, with what would be right', () => {
  const environment = {
    STEPPEWATCH_MQTT_PORT: '70000',
    STEPPEWATCH_CLOCK: 'fast',
    STEPPEWATCH_MQTT_PROT: '1',
    DATABASE_URL: 'mysql://x',
  };
  const message = messageOf(() => readConfiguration(environment));
  for (const part of [
    'STEPPEWATCH_MQTT_PORT: a port is 1-65535',
    'simulated:FACTOR',
    'STEPPEWATCH_MQTT_PROT is not a setting',
    'postgresql://',
  ]) {
    expect(message).toContain(part);
  }
});

test('a secret may stand in a file, and a file that cannot be read is a problem', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'steppewatch-configuration-')), 'password');
  writeFileSync(file, 'a-long-enrolment-password\n');
  expect(readConfiguration({ STEPPEWATCH_ENROLMENT_PASSWORD_FILE: file }).enrolment?.secret).toBe(
    'a-long-enrolment-password',
  );
  expect(messageOf(() => readConfiguration({ STEPPEWATCH_ENROLMENT_PASSWORD_FILE: `${file}.gone` }))).toContain(
    'ENOENT',
  );
});

test('a file that was left empty is no secret that nobody wants', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'steppewatch-configuration-')), 'empty');
  writeFileSync(file, '\n');
  for (const name of ['STEPPEWATCH_MASTER_KEY', 'STEPPEWATCH_ENROLMENT_PASSWORD', 'DATABASE_URL'])
    expect(messageOf(() => readConfiguration({ [`${name}_FILE`]: file }))).toContain(`${name}_FILE: ${file} is empty`);
});

test('the last port leaves none for the metrics beside it', () => {
  expect(messageOf(() => readConfiguration({ STEPPEWATCH_HTTP_PORT: '65535' }))).toContain('STEPPEWATCH_METRICS_PORT');
});

test('proxies that speak for others are addresses and networks', () => {
  const http = (text: string) => readConfiguration({ STEPPEWATCH_HTTP_TRUSTED_PROXIES: text }).http.trustedProxies;
  expect(readConfiguration({}).http.trustedProxies).toEqual([]);
  expect(http('172.31.84.1, 10.0.0.0/24')).toEqual(['172.31.84.1', '10.0.0.0/24']);
  expect(messageOf(() => http('proxy.county.example'))).toContain('STEPPEWATCH_HTTP_TRUSTED_PROXIES: is addresses');
});

test('two listeners cannot share a port', () => {
  expect(messageOf(() => readConfiguration({ STEPPEWATCH_HTTP_PORT: '1883' }))).toContain('must differ');
});

const words = 'i-accept-that-anybody-can-read-and-forge';
test.each(['0.0.0.0', '::', '192.168.1.5', 'county.example'])(
  'without TLS nothing listens on %s unless that is said in so many words',
  (host) => {
    const environment = {
      STEPPEWATCH_MQTT_HOST: host,
      STEPPEWATCH_HTTP_HOST: host,
      STEPPEWATCH_METRICS_HOST: host,
      STEPPEWATCH_PUSHES_HOST: host,
    };
    const message = messageOf(() => readConfiguration({ ...environment, STEPPEWATCH_MQTT_PLAINTEXT: words }));
    expect(message).not.toContain('STEPPEWATCH_MQTT_HOST');
    expect(message).toContain(`STEPPEWATCH_HTTP_HOST: ${host} would listen to the network without TLS`);
    expect(message).toContain(`STEPPEWATCH_METRICS_HOST: ${host}`);
    expect(message).toContain(`or set STEPPEWATCH_HTTP_PLAINTEXT=${words}`);
    expect(message).toContain(`or set STEPPEWATCH_PUSHES_PLAINTEXT=${words}`);
    const plaintext = { STEPPEWATCH_MQTT_PLAINTEXT: words, STEPPEWATCH_HTTP_PLAINTEXT: words };
    const accepted = { ...plaintext, STEPPEWATCH_PUSHES_PLAINTEXT: words };
    expect(readConfiguration({ ...environment, ...accepted }).mqtt.host).toBe(host);
    expect(messageOf(() => readConfiguration({ STEPPEWATCH_MQTT_PLAINTEXT: 'yes' }))).toContain(`is "${words}"`);
  },
);

test.each(['127.0.0.1', '127.0.0.9', 'localhost', '::1'])('%s is this machine, and needs no words', (host) => {
  expect(readConfiguration({ STEPPEWATCH_MQTT_HOST: host, STEPPEWATCH_HTTP_HOST: host }).mqtt.host).toBe(host);
});

test('doors with TLS need no words, but all of their files', () => {
  const files = { STEPPEWATCH_MQTTS_CERTIFICATE: '/tls/broker.pem', STEPPEWATCH_MQTTS_KEY: '/tls/broker.key' };
  const whole = { ...files, STEPPEWATCH_MQTTS_HOST: '0.0.0.0', STEPPEWATCH_MQTTS_SMOKE_PORT: '8884' };
  expect(readConfiguration(whole).mqtts).toMatchObject({
    ...{ host: '0.0.0.0', port: 8883, smokePort: 8884, pskPort: undefined },
    files: { certificate: '/tls/broker.pem', key: '/tls/broker.key' },
  });
  expect(readConfiguration({}).mqtts.files).toBeUndefined();
  for (const [environment, problem] of [
    [{ STEPPEWATCH_MQTTS_KEY: '/tls/broker.key' }, 'belong together'],
    [{ STEPPEWATCH_MQTTS_SMOKE_PORT: '8884' }, 'need STEPPEWATCH_MQTTS_CERTIFICATE'],
    [{ STEPPEWATCH_MQTTS_CLIENT_CA: '/tls/devices.pem' }, 'need STEPPEWATCH_MQTTS_CERTIFICATE'],
    [{ ...files, STEPPEWATCH_MQTTS_REVOKED: '/tls/revoked.pem' }, 'set that too'],
    [{ ...files, STEPPEWATCH_MQTTS_PORT: '1883' }, 'must differ'],
    [{ STEPPEWATCH_MQTTS_PSK_PORT: '8080' }, 'must differ'],
  ] as const)
    expect(messageOf(() => readConfiguration(environment))).toContain(problem);
});

test('limits that are set replace those of the broker, and no others', () => {
  expect(readConfiguration({}).brokerLimits).toEqual({});
  const environment = {
    STEPPEWATCH_CONNECTIONS: '500',
    STEPPEWATCH_HANDSHAKE_SECONDS: '5',
    STEPPEWATCH_CONNECTS_PER_SECOND: '9',
    STEPPEWATCH_REPORTS_PER_SECOND_PER_DEVICE: '10',
    STEPPEWATCH_SESSION_HOURS: '2',
  };
  const { brokerLimits } = readConfiguration(environment);
  expect(brokerLimits).toEqual({
    ...{ connections: 500, handshakeMs: 5_000, connectsPerSecond: 9, connectsBurst: 18 },
    ...{ telemetryPerSecond: 10, telemetryBurst: 50, sessionExpiryMs: 7_200_000 },
  });
  expect(messageOf(() => readConfiguration({ STEPPEWATCH_CONNECTIONS: '2.5' }))).toContain('whole number from 16');
});

test('the page lists every setting', async () => {
  const { readFileSync } = await import('node:fs');
  const page = readFileSync(join(import.meta.dirname, '../docs/configuration.md'), 'utf8');
  const sources = ['configuration.ts', 'listener-settings.ts'].map((file) => join(import.meta.dirname, file));
  const source = sources.map((file) => readFileSync(file, 'utf8')).join('\n');
  const names = [...source.matchAll(/^ {2}([A-Z_]+): /gm)].map(([, name = '']) => name);
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect(page).toContain(name);
});

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
}

test('InfluxDB is off without its address, and then needs no token', () => {
  expect(readConfiguration({ STEPPEWATCH_INFLUX_TOKEN: 'secret' }).influx).toBeUndefined();
  const url = 'http://127.0.0.1:8086';
  expect(messageOf(() => readConfiguration({ STEPPEWATCH_INFLUX_URL: url }))).toContain('STEPPEWATCH_INFLUX_TOKEN and');
  expect(messageOf(() => readConfiguration({ STEPPEWATCH_INFLUX_URL: 'influx:8086' }))).toContain('is an address like');
  const given = { STEPPEWATCH_INFLUX_URL: url, STEPPEWATCH_INFLUX_TOKEN: 'secret', STEPPEWATCH_INFLUX_ORG: 'county' };
  expect(readConfiguration({ ...given, STEPPEWATCH_INFLUX_MEGABYTES: '100' }).influx).toEqual({
    target: { url, token: 'secret', org: 'county', bucket: 'steppewatch' },
    holdsBytes: 100_000_000,
  });
});

test('each class has its days, and positions are not kept for longer than other reports', () => {
  expect(readConfiguration({}).keep).toEqual(defaultKeep);
  const keep = { STEPPEWATCH_KEEP_POSITIONS_DAYS: '7', STEPPEWATCH_KEEP_INCIDENTS_DAYS: '3650' };
  expect(readConfiguration(keep).keep).toEqual({ ...defaultKeep, positions: 7, incidents: 3_650 });
  expect(messageOf(() => readConfiguration({ STEPPEWATCH_KEEP_POSITIONS_DAYS: '91' }))).toContain(
    'positions are reports',
  );
  expect(messageOf(() => readConfiguration({ STEPPEWATCH_KEEP_REPORTS_DAYS: '0' }))).toContain('at least 31');
});
