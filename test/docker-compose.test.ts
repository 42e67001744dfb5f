import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfiguration } from '../app/configuration.ts';
import { temporaryFolder } from '../bench/system.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const parsed = (file: string) => parse(read(file), { merge: true });
const compose: Compose = parsed('docker-compose.yml');
const services = Object.entries(compose.services);
const files = readdirSync(root).filter((file) => /^docker-compose.*\.yml$/.test(file));

test('every file is what the Compose specification allows', () => {
  for (const file of files) expect(problemsOf(parsed(file)), file).toEqual([]);
});

test('what the specification does not know is noticed', () => {
  const { grafana } = compose.services;
  expect(problemsOf({ ...compose, service: {} })).toHaveLength(1);
  expect(problemsOf({ ...compose, services: { grafana: { ...grafana, read_ony: true } } })).toHaveLength(1);
  const unwell = { ...grafana, healthcheck: { test: ['CMD', 'true'], intervall: '1s' } };
  expect(problemsOf({ ...compose, services: { grafana: unwell } })).toHaveLength(1);
});

test('each service runs in one exact version', () => {
  const { version, dependencies } = JSON.parse(read('package.json'));
  expect(services.map(([name, { image }]) => [name, image])).toEqual([
    ['steppewatch', `steppewatch:${version}`],
    ['database', 'timescale/timescaledb:2.29.2-pg18'],
    ['grafana', 'grafana/grafana:13.2.3'],
    ['influxdb', 'influxdb:2.7.12'],
  ]);
  expect(read('Dockerfile')).toMatch(new RegExp(`^FROM node:${dependencies.node.replaceAll('.', '\\.')}-slim$`, 'm'));
});

test('nothing is published beyond this machine, and no database at all', () => {
  for (const port of services.flatMap(([, { ports = [] }]) => ports)) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
  for (const name of ['database', 'influxdb']) {
    expect(compose.services[name]?.ports).toBeUndefined();
    expect(compose.services[name]?.networks).toEqual(['back']);
  }
  expect(compose.networks.back).toEqual({ internal: true });
});

test('a proxy on this machine, which comes in through the gateway, is trusted: it has an address for each guesser', () => {
  const front = 'STEPPEWATCH_FRONT:-172.31.84';
  expect(compose.networks.front).toEqual({
    ipam: { config: [{ subnet: `\${${front}}.0/24`, gateway: `\${${front}}.1` }] },
  });
  expect(compose.services.steppewatch?.environment?.STEPPEWATCH_HTTP_TRUSTED_PROXIES).toBe(`\${${front}}.1`);
});

test('what is added for devices from anywhere is the doors with TLS, and files that only they read', () => {
  const { services: added }: Pick<Compose, 'services'> = parsed('docker-compose.tls.yml');
  expect(Object.keys(added)).toEqual(['steppewatch']);
  const { environment = {}, ports, volumes, ...more } = added.steppewatch ?? {};
  expect(more).toEqual({});
  const { STEPPEWATCH_MQTTS_SMOKE_PORT: smokePort } = environment;
  expect(ports).toEqual(['8883:8883', `${smokePort}:${smokePort}`]);
  expect(volumes).toEqual(['./secrets/tls:/tls:ro']);
  for (const name of ['CERTIFICATE', 'KEY']) expect(environment[`STEPPEWATCH_MQTTS_${name}`]).toMatch(/^\/tls\//);
});

test('what is added for providers is their file, which nobody else may read, and the way in for what they push', () => {
  const { services: added }: Pick<Compose, 'services'> = parsed('docker-compose.providers.yml');
  expect(Object.keys(added)).toEqual(['steppewatch']);
  const { environment = {}, ports, volumes, ...more } = added.steppewatch ?? {};
  expect(more).toEqual({});
  expect(ports).toEqual(['127.0.0.1:8091:8091']);
  expect(volumes).toEqual(['./secrets/providers:/providers:ro']);
  expect(environment.STEPPEWATCH_PROVIDERS).toMatch(/^\/providers\//);
});

test('what a service names is there: other services, networks, volumes, secrets, and files of this repository', () => {
  for (const [name, { depends_on = {}, networks = [], secrets = [], volumes = [] }] of services) {
    for (const other of Object.keys(depends_on)) expect(compose.services, name).toHaveProperty([other]);
    for (const network of networks) expect(compose.networks, name).toHaveProperty([network]);
    for (const secret of secrets) expect(compose.secrets, name).toHaveProperty([secret]);
    for (const mount of volumes) {
      const [source = '', , mode] = mount.split(':');
      if (!source.startsWith('./')) expect(compose.volumes, name).toHaveProperty([source]);
      else expect([existsSync(join(root, source)), mode], mount).toEqual([true, 'ro']);
    }
  }
  const mounted = services.flatMap(([, { volumes = [] }]) => volumes).map((mount) => mount.split(':')[0]);
  for (const volume of Object.keys(compose.volumes)) expect(mounted).toContain(volume);
  const used = new Set(services.flatMap(([, { networks = [] }]) => networks));
  expect([...used].sort()).toEqual(Object.keys(compose.networks).sort());
});

test('Grafana finds what it is told to show: home, folders, rules', () => {
  const { environment = {}, volumes = [] } = compose.services.grafana ?? {};
  const mounts = volumes.filter((mount) => mount.startsWith('./')).map((mount) => mount.split(':'));
  const told =
    `${Object.values(environment).join('\n')}\n${provisioning()}`.match(/\/etc\/steppewatch\/[\w/.-]+/g) ?? [];
  expect(told.length).toBeGreaterThan(1);
  for (const path of told) {
    const [source = '', to = ''] = mounts.find(([, to = '/']) => path.startsWith(to)) ?? [];
    expect(existsSync(join(root, path.replace(to, source))), path).toBe(true);
  }
  for (const folder of ['datasources', 'dashboards', 'alerting']) {
    const [source = ''] = mounts.find(([, to]) => to === `/etc/grafana/provisioning/${folder}`) ?? [];
    expect(readdirSync(join(root, source)).length, folder).toBeGreaterThan(0);
  }
});

test('who is not always there is waited for by nobody', () => {
  for (const [, { depends_on = {} }] of services) {
    for (const other of Object.keys(depends_on)) expect(compose.services[other]?.profiles).toBeUndefined();
  }
  expect(services.filter(([, { profiles }]) => profiles).map(([name]) => name)).toEqual(['influxdb']);
});

test('secrets are files, named alike, and no secret stands in the environment', () => {
  const used = services.flatMap(([, { secrets = [] }]) => secrets);
  expect([...new Set(used)].sort()).toEqual(Object.keys(compose.secrets).sort());
  for (const [name, { file }] of Object.entries(compose.secrets)) expect(file).toBe(`./secrets/${name}`);
  for (const [, { environment = {}, secrets = [] }] of services) {
    for (const [name, value] of Object.entries(environment)) {
      const [, secret] = /^\/run\/secrets\/(\w+)$/.exec(value) ?? [];
      if (secret !== undefined) expect(secrets).toContain(secret);
      else expect(name).not.toMatch(/PASSWORD|SECRET|TOKEN|DATABASE_URL/);
    }
  }
  for (const [, name] of provisioning().matchAll(/\/run\/secrets\/(\w+)/g))
    expect(compose.secrets).toHaveProperty([name ?? '']);
  const explained = [...read('docker-compose.yml').matchAll(/^# {3}(\w+) /gm)].map(([, name]) => name);
  for (const name of Object.keys(compose.secrets)) {
    expect(explained).toContain(name);
    expect(read('docs/operation.md').includes(name), name).toBe(true);
  }
});

test('the lines of the manual make every secret, for the one who makes them alone', () => {
  const { folder, remove } = temporaryFolder('secrets');
  const [, lines = ''] = /## Install with containers[\s\S]*?```\n([\s\S]*?)```/.exec(read('docs/operation.md')) ?? [];
  const { status } = spawnSync('sh', ['-ec', lines], { cwd: folder });
  expect(status).toBe(0);
  const made = join(folder, 'secrets');
  expect(readdirSync(made).sort()).toEqual(Object.keys(compose.secrets).sort());
  expect(statSync(made).mode & 0o777).toBe(0o700);
  const secret = (name: string) => readFileSync(join(made, name), 'utf8').trim();
  expect(secret('database_url')).toBe(
    `postgresql://steppewatch:${secret('database_password')}@database:5432/steppewatch`,
  );
  expect(new Set(readdirSync(made).map(secret)).size).toBe(Object.keys(compose.secrets).length);
  expect(Math.min(...readdirSync(made).map((name) => secret(name).length))).toBeGreaterThanOrEqual(64);
  remove();
});

test('every service comes back by itself, says whether it is well, writes where it has to, and may take so much', () => {
  for (const [name, service] of services) {
    const hardened = { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] };
    expect(service, name).toMatchObject({ restart: 'unless-stopped', ...hardened });
    expect(service.healthcheck?.test[0], name).toBe('CMD');
    expect([service.mem_limit, service.pids_limit, service.tmpfs], name).toEqual([
      expect.stringMatching(/^\d+g$/),
      expect.any(Number),
      expect.arrayContaining(['/tmp']),
    ]);
    expect(service.logging?.options?.['max-size'], name).toBeDefined();
  }
});

test('the settings of the system are settings that it has', () => {
  const environments = files.map((file): Compose => parsed(file)).map((one) => one.services.steppewatch?.environment);
  const given = Object.assign({}, ...environments);
  const names = Object.keys(given).concat('STEPPEWATCH_OTHER');
  const message = messageOf(() => readConfiguration(Object.fromEntries(names.map((name) => [name, '']))));
  expect(message.match(/\w+(?= is not a setting)/g)).toEqual(['STEPPEWATCH_OTHER']);
});

type Compose = {
  services: Record<string, Container>;
  networks: Record<string, object>;
  volumes: Record<string, object>;
  secrets: Record<string, { file: string }>;
};
type Container = {
  image: string;
  profiles?: string[];
  depends_on?: Record<string, object>;
  restart?: string;
  ports?: string[];
  networks?: string[];
  secrets?: string[];
  volumes?: string[];
  tmpfs?: string[];
  environment?: Record<string, string>;
  healthcheck?: { test: string[] };
  logging?: { options?: Record<string, string> };
  mem_limit?: string;
  pids_limit?: number;
};

/**
 * The specification's own schema, as it is published (Apache-2.0): https://github.com/compose-spec/compose-spec. It
 * says `id` where JSON Schema says `$id`, and is older than the `name` of a project, which it got later.
 */
function problemsOf(file: unknown): string[] {
  const text = read('test/compose-spec.schema.json').replaceAll(/"(id|\$schema)": "[^"]*",/g, '');
  const schema = JSON.parse(text);
  schema.properties.name = { type: 'string' };
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  validate(file);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

function provisioning(): string {
  const folder = join(root, 'dashboards/provisioning');
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return names.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')).join('\n');
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return String(error);
  }
  return '';
}
