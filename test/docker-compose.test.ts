import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const text = read('docker-compose.yml');
const compose: Compose = parse(text);
const services = Object.entries(compose.services);

test('the system, its database and the wall, each in one exact version', () => {
  const { version } = JSON.parse(read('package.json'));
  expect(services.map(([name, { image }]) => [name, image])).toEqual([
    ['steppewatch', `steppewatch:${version}`],
    ['database', 'timescale/timescaledb:2.29.2-pg18'],
    ['grafana', 'grafana/grafana:13.2.3'],
  ]);
});

test('nothing is published beyond this machine, and the database not at all', () => {
  for (const port of services.flatMap(([, { ports = [] }]) => ports)) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  expect(compose.services.database?.ports).toBeUndefined();
  expect(compose.services.database?.networks).toEqual(['back']);
  expect(compose.networks.back).toEqual({ internal: true });
});

test('what is added for devices from anywhere is the doors with TLS, and files that only they read', () => {
  const { services: added }: Pick<Compose, 'services'> = parse(read('docker-compose.tls.yml'));
  expect(Object.keys(added)).toEqual(['steppewatch']);
  const { environment = {}, ports, volumes, ...more } = added.steppewatch ?? {};
  expect(more).toEqual({});
  const { STEPPEWATCH_MQTTS_SMOKE_PORT: smokePort } = environment;
  expect(ports).toEqual(['8883:8883', `${smokePort}:${smokePort}`]);
  expect(volumes).toEqual(['./secrets/tls:/tls:ro']);
  for (const name of ['CERTIFICATE', 'KEY']) expect(environment[`STEPPEWATCH_MQTTS_${name}`]).toMatch(/^\/tls\//);
});

test('secrets are files that exist under the same names in one place', () => {
  const used = services.flatMap(([, { secrets = [] }]) => secrets);
  expect([...new Set(used)].sort()).toEqual(Object.keys(compose.secrets).sort());
  for (const [name, { file }] of Object.entries(compose.secrets)) expect(file).toBe(`./secrets/${name}`);
  for (const [, { environment = {} }] of services) {
    for (const [name, value] of Object.entries(environment)) {
      if (/PASSWORD|SECRET|DATABASE_URL/.test(name)) expect(value).toMatch(/^\/run\/secrets\/\w+$/);
    }
  }
  for (const file of [
    'dashboards/provisioning/grafana-role.sh',
    'dashboards/provisioning/datasources/steppewatch.yaml',
  ]) {
    for (const [, name] of read(file).matchAll(/\/run\/secrets\/(\w+)/g))
      expect(compose.secrets).toHaveProperty([name ?? '']);
  }
});

test('every service says whether it is well and comes back by itself; what can be is read-only', () => {
  for (const [, { healthcheck, restart }] of services) {
    expect(healthcheck?.test[0]).toBe('CMD');
    expect(restart).toBe('unless-stopped');
  }
  for (const name of ['steppewatch', 'grafana']) {
    const hardened = { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] };
    expect(compose.services[name]).toMatchObject(hardened);
  }
});

test('what is mounted is there: files of this repository, and volumes that are declared', () => {
  for (const mount of services.flatMap(([, { volumes = [] }]) => volumes)) {
    const [source = '', , mode] = mount.split(':');
    if (!source.startsWith('./')) expect(compose.volumes).toHaveProperty([source]);
    else {
      expect(existsSync(join(root, source))).toBe(true);
      expect(mode).toBe('ro');
    }
  }
});

test('the image runs Node 24 as an ordinary user, without what only developers need', () => {
  const dockerfile = read('Dockerfile');
  expect(dockerfile).toMatch(/^FROM node:24-slim$/m);
  expect(dockerfile).toMatch(/npm ci --omit=dev/);
  expect(dockerfile.indexOf('USER node')).toBeGreaterThan(dockerfile.lastIndexOf('RUN '));
  expect(read('.dockerignore').split('\n')).toEqual(
    expect.arrayContaining(['secrets', 'data', 'node_modules', '.git']),
  );
});

type Compose = {
  services: Record<string, Container>;
  networks: Record<string, object>;
  volumes: Record<string, object>;
  secrets: Record<string, { file: string }>;
};
type Container = {
  image: string;
  restart?: string;
  ports?: string[];
  networks?: string[];
  secrets?: string[];
  volumes?: string[];
  environment?: Record<string, string>;
  healthcheck?: { test: string[] };
};
