import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { expect, test } from 'vitest';
import type { DeviceMade, DeviceShown } from '../api/answers.ts';
import { readSheet } from '../api/registry/sheets/csv.ts';
import { readMetrics, until } from '../bench/system.ts';
import { countyForAllTests } from './own-machine.test-support.ts';
import { publish, query } from './running-system.test-support.ts';

// One system from an empty folder on: a list from the factory, an installer at the door, a thief, and what is left of the secrets.

const county = countyForAllTests('provisioning', { STEPPEWATCH_LOG_LEVEL: 'debug' });
const { dataFolder, paper, registry } = county;
const [boxed, given, handmade] = ['860000000000967', '860000000000975', 'made-by-hand'];
const smoke = '{"v":1,"boot":1,"seq":1,"age":0,"source":"smoke","state":"on"}';

/** Every secret and code that was shown to anybody. */
const shown: string[] = [];
const kept = new Map<string, { secret: string; code: string }>();

const ask = async <Answer = DeviceShown>(method: string, path: string, body: object = {}) => {
  const response = await county.desk.ask(method, `/devices${path}`, { commandId: crypto.randomUUID(), ...body });
  return { status: response.status, body: (response.status === 204 ? {} : await response.json()) as Answer };
};
const show = async (id: string) => (await (await county.desk.ask('GET', `/devices/${id}`)).json()) as DeviceShown;

function connect(id: string, secret: string): Promise<MqttClient> {
  const options = { clientId: id, username: id, password: secret, reconnectPeriod: 0, connectTimeout: 5_000 };
  return connectAsync(`mqtt://127.0.0.1:${county.system.ports.mqtt}`, options, false);
}

test('a list from the factory goes into the running system, and its secrets into one file for one reader', async () => {
  writeFileSync(paper('list.csv'), `IMEI,kind,place,room\n${boxed},smoke-detector,,\n${given},call-button,dj-02,bed\n`);
  const done = await registry('provision', paper('list.csv'));
  expect(done).toMatchObject({ code: 0, complaints: '', output: expect.stringContaining('devices: 2 added') });
  const secrets = paper('list.secrets.csv');
  expect(statSync(secrets).mode & 0o777).toBe(0o600);
  for (const { cells } of readSheet(readFileSync(secrets)).rows.slice(1)) {
    const [id = '', , , , , , secret = '', code = '', , psk = ''] = cells;
    kept.set(id, { secret, code });
    shown.push(secret, psk, ...(code === '' ? [] : [code, code.replaceAll('-', '')]));
  }
  expect([...kept.keys()]).toEqual([boxed, given]);
  const again = await registry('provision', paper('list.csv'), '--out', paper('again.csv'));
  expect(again).toMatchObject({ code: 1, complaints: expect.stringContaining('is registered already, in stock') });
  expect(await registry('provision', secrets)).toMatchObject({
    code: 0,
    output: expect.stringContaining('nothing to change'),
  });
});

test('a detector that still lies in its box reports fire: the desk hears of it', async () => {
  await publish(county.system, { id: boxed, topic: 'alarm', payload: smoke, password: kept.get(boxed)?.secret ?? '' });
  const incident = await until('the incident', async () =>
    (await county.desk.incidents()).find(({ where }) => where.deviceId === boxed),
  );
  expect(incident).toMatchObject({ severity: 'critical' });
  expect(incident.where).not.toHaveProperty('unregistered');
});

test('an installer at the door claims it, without cutting its connection; the next alarm names the home', async () => {
  const { secret = '', code = '' } = kept.get(boxed) ?? {};
  const device = await connect(boxed, secret);
  const wrong = await ask(`POST`, `/${boxed}/claim`, {
    code: `${code.slice(0, -1)}${code.endsWith('0') ? '1' : '0'}`,
    placeId: 'dj-01',
  });
  expect(wrong.status).toBe(400);
  const claimed = await ask('POST', `/${boxed}/claim`, { code: code.toLowerCase(), placeId: 'dj-01', room: 'hall' });
  expect(claimed).toMatchObject({ status: 200, body: { placeId: 'dj-01', room: 'hall', label: { phase: 'used' } } });
  await device.publishAsync(`up/${boxed}/alarm`, smoke.replace('"seq":1', '"seq":2').replace('smoke', 'co'), {
    qos: 1,
  });
  await until('the home', async () =>
    (await county.desk.incidents()).find(({ where }) => where.place === '东井1号，井台西侧'),
  );
  expect(device.connected).toBe(true);
  await device.endAsync(true);
  const figures = await until('the figures of desk', async () => {
    const found = await readMetrics(county.system);
    return found.has('steppewatch_claims_refused_total{reason="mistyped"}') && found;
  });
  expect(figures.get('steppewatch_claims_refused_total{reason="mistyped"}')).toBe(1);
});

test('a device that is made at the desk connects with the secret of that answer', async () => {
  const { status, body } = await ask<DeviceMade>('POST', '', { id: handmade, kind: 'call-button' });
  expect(status).toBe(201);
  const { secret = '', claimCode = '' } = body;
  shown.push(secret, claimCode);
  kept.set(handmade, { secret, code: claimCode });
  await (await connect(handmade, secret)).endAsync(true);
});

test('a new secret cuts whoever is connected with the old one, which opens nothing any more', async () => {
  const old = kept.get(handmade)?.secret ?? '';
  const device = await connect(handmade, old);
  const { version: expectedVersion } = await show(handmade);
  const { body } = await ask<DeviceMade>('POST', `/${handmade}/rotate-secret`, { expectedVersion });
  shown.push(body.secret ?? '');
  await until('its connection to end', async () => !device.connected, 5_000);
  await expect(connect(handmade, old)).rejects.toThrow(/bad username or password|not authorized/i);
  const renewed = await connect(handmade, body.secret ?? '');

  const { version } = await show(handmade);
  const retired = await ask('DELETE', `/${handmade}`, { expectedVersion: version });
  expect(retired.status).toBe(204);
  await until('the connection of what was retired to end', async () => !renewed.connected, 5_000);
  await expect(connect(handmade, body.secret ?? '')).rejects.toThrow(/bad username or password|not authorized/i);
});

test('a stolen device is back in stock with a new label and a new secret: whoever has the old ones has nothing', async () => {
  const stolen = kept.get(given)?.secret ?? '';
  const device = await connect(given, stolen);
  const { version: expectedVersion } = await show(given);
  const release = { expectedVersion, release: true, newSecret: true };
  const { body } = await ask<DeviceMade>('POST', `/${given}/rotate-code`, release);
  shown.push(body.secret ?? '', body.claimCode ?? '');
  expect(body.device).toMatchObject({ state: 'stock', label: { phase: 'open' } });
  await until('its connection to end', async () => !device.connected, 5_000);
  await (await connect(given, body.secret ?? '')).endAsync(true);
});

test('secrets and codes stand nowhere in the data folder, the database or the log', async () => {
  await until('the copy', async () => {
    const rows = await query<{ body: object }>(
      dataFolder,
      `select body from device where device_id = '${given}' and body is not null`,
    );
    return rows.length === 1 && !('placeId' in (rows[0]?.body ?? {}));
  });
  const bodies = await query<{ body: object }>(dataFolder, 'select body from device where body is not null');
  for (const { body } of bodies) for (const field of ['credential', 'claim']) expect(body).not.toHaveProperty(field);
  await query(dataFolder, 'checkpoint');
  expect(shown.length).toBeGreaterThan(7);
  const files = readdirSync(dataFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const found = files.flatMap((file) => {
    const bytes = readFileSync(file);
    return shown.filter((text) => bytes.includes(text)).map((text) => `${text} in ${file}`);
  });
  // The address that the first sign-in printed is for its reader; the log is what has a line of its own.
  const log = county.system.output();
  expect([...found, ...shown.filter((text) => log.includes(text))]).toEqual([]);
  expect(log).toContain(boxed);
  expect(files.some((file) => readFileSync(file).includes(boxed))).toBe(true);
});
