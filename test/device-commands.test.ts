import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DeviceCommandPage } from '../api/devices/device-command-routes.ts';
import { readMetrics, type System, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { deviceId, registerVillage, secretOf } from '../bench/village.ts';
import { type DeviceCommand, decodeCommand } from '../firmware-contracts/commands.ts';
import { type Desk, signIn } from './running-system.test-support.ts';

// Case 27 through the whole system, over MQTT and the API.

const temporary = temporaryFolder('commands');
const id = deviceId(0);
let system: System;
let desk: Desk;

beforeAll(async () => {
  system = await startSystem({ dataFolder: temporary.folder });
  await registerVillage(system, 4, { url: 'http://127.0.0.1:9/', secret: `whsec_${'A'.repeat(32)}` });
  desk = await until('the page', () => signIn(system));
  await until('the registry at the desk', async () => (await desk.ask('GET', `/devices/${id}/commands`)).ok);
}, 60_000);
afterAll(async () => {
  await system?.stop();
  temporary.remove();
});

/** A detector that is awake: what it hears, and what it says, until its PUBACK. */
async function wake() {
  const heard: DeviceCommand[] = [];
  const options = {
    clientId: id,
    username: id,
    password: secretOf(id),
    reconnectPeriod: 0,
    protocolVersion: 4,
  } as const;
  const client = await connectAsync(`mqtt://127.0.0.1:${system.ports.mqtt}`, options, false);
  client.on('message', (topic, payload) => {
    const read = decodeCommand(topic.split('/')[2] ?? '', payload);
    if ('problem' in read) throw new Error(read.problem);
    heard.push(read.command);
  });
  await client.subscribeAsync(`down/${id}/+`, { qos: 1 });
  return {
    heard,
    says: (report: string, fields: object) =>
      client.publishAsync(`up/${id}/${report}`, JSON.stringify({ v: 1, age: 0, ...fields }), { qos: 1 }),
    hears: (name: string) => until(`a ${name}`, async () => heard.find((command) => command.name === name), 10_000),
    sleep: () => client.endAsync(),
  };
}

async function ask(commandId: string, wanted: object): Promise<void> {
  const asked = await desk.ask('POST', `/devices/${id}/commands`, { commandId, ask: wanted, reason: 'case 27' });
  expect([201, 202]).toContain(asked.status);
}

const commands = async () =>
  ((await (await desk.ask('GET', `/devices/${id}/commands`)).json()) as DeviceCommandPage).commands;
const phaseOf = async (commandId: string) => (await commands()).find((one) => one.id === commandId)?.state.phase;

test('a command reaches a detector after its report, and the desk sees what became of it', async () => {
  await ask('interval-1', { name: 'interval', interval: 720 });
  await ask('cancelled-1', { name: 'time' });
  const path = `/devices/${id}/commands/cancelled-1?commandId=cancel-12&reason=no+need`;
  const gone = await desk.ask('DELETE', path, {});
  expect(gone.status).toBe(200);
  const detector = await wake();
  await detector.says('status', { boot: 1, seq: 0 });
  const command = await detector.hears('interval');
  expect(command).toMatchObject({ id: 'interval-1', interval: 720 });
  expect(command.expires).toBeLessThanOrEqual(86_400);
  await detector.says('done', { boot: 1, seq: 1, command: command.id, result: 'ok' });
  await until('the word of it', async () => (await phaseOf('interval-1')) === 'done');
  expect(await commands()).toMatchObject([
    { id: 'cancelled-1', sent: 0, state: { phase: 'cancelled', by: { type: 'account' } } },
    { id: 'interval-1', sent: 1, reason: 'case 27', state: { phase: 'done', result: 'ok' } },
  ]);
  expect(detector.heard).toHaveLength(1);
  await detector.sleep();
}, 60_000);

test('a hush and a restart wait for a sleeping detector; at a new fire neither arrives, and the light does', async () => {
  const first = await wake();
  await first.says('alarm', { boot: 1, seq: 2, source: 'smoke', state: 'on' });
  await first.sleep();
  const incident = await until('the incident', async () => (await desk.incidents())[0]);
  const path = `/incidents/${encodeURIComponent(incident.incidentId)}/claim`;
  const claimed = await desk.ask('POST', path, { commandId: 'claim-123', expectedVersion: incident.version });
  expect([200, 202]).toContain(claimed.status);
  const { incidentId } = incident;
  await ask('hush-old', { name: 'hush', incidentId, boot: 1, seq: 2 });
  await ask('reboot-1', { name: 'reboot' });
  await ask('light-on', { name: 'lamp', state: 'on' });

  const detector = await wake();
  await detector.says('alarm', { boot: 2, seq: 0, source: 'smoke', state: 'on' });
  await detector.hears('lamp');
  await ask('hush-new', { name: 'hush', incidentId, boot: 2, seq: 0 });
  await detector.hears('hush');
  await detector.says('status', { boot: 2, seq: 1 });
  await until('the old hush to end', async () => (await phaseOf('hush-old')) === 'overtaken');
  expect(detector.heard.map((command) => command.id)).toEqual(['light-on', 'hush-new']);
  expect(await commands()).toMatchObject([
    { id: 'hush-new', sent: 1 },
    { id: 'light-on', sent: 1 },
    { id: 'reboot-1', sent: 0, state: { phase: 'waiting' } },
    { id: 'hush-old', sent: 0 },
    {},
    {},
  ]);
  const metrics = await readMetrics(system);
  expect(metrics.get('steppewatch_device_commands_total{command="hush",outcome="overtaken"}')).toBe(1);
  expect(metrics.get('steppewatch_device_commands_total{command="reboot",outcome="sent"}')).toBeUndefined();
  await detector.sleep();
}, 60_000);
