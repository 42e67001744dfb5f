import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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

test('two listeners cannot share a port', () => {
  expect(messageOf(() => readConfiguration({ STEPPEWATCH_HTTP_PORT: '1883' }))).toContain('must differ');
});

test('the page lists every setting', async () => {
  const { readFileSync } = await import('node:fs');
  const page = readFileSync(join(import.meta.dirname, '../docs/configuration.md'), 'utf8');
  const source = readFileSync(join(import.meta.dirname, 'configuration.ts'), 'utf8');
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
