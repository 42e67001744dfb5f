import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate, type Packet, parser } from 'mqtt-packet';
import { expect, onTestFinished, test, vi } from 'vitest';
import { deviceId, secretOf } from '../bench/village.ts';
import { openFuzzedSystem } from './fuzz-system.ts';

const [detector, stranger, button] = [0, 4, 7] as const;
const flags = { qos: 1, dup: false, retain: false } as const;
const fire = {
  report: 'alarm',
  payload: Buffer.from('{"v":1,"boot":1,"seq":1,"age":0,"source":"smoke","state":"on"}'),
};

test('hostile input is refused with a reason, and nobody else notices', { timeout: 120_000 }, async () => {
  const system = await village({ connectMs: 1_500 });
  const { port, counted } = system;

  const slow = await open(port);
  slow.write(Buffer.from([0x10, 40, 0, 4]));
  const guessing = await open(port);
  guessing.write(generate(loginOf(stranger, 'a wrong secret')));
  const huge = await open(port);
  huge.write(Buffer.from([0x10, 0x80, 0x80, 0x80, 0x30]));
  const honest = await signedIn(port, stranger);
  const answers = listen(honest);
  const topic = `up/${deviceId(stranger)}/status`;
  honest.write(publish(`up/${deviceId(detector)}/alarm`, fire.payload, 1));
  honest.write(publish(topic, Buffer.from(`${'['.repeat(2_000)}`), 2));
  honest.write(publish(topic, Buffer.from('{"v":1,"boot":1,"seq":"one","age":0}'), 3));
  honest.write(publish(topic, Buffer.from('{"v":1,"boot":1,"seq":NaN,"age":0}'), 4));
  const subscriptions = [
    { topic: '#', qos: 1 as const },
    { topic: `down/${deviceId(detector)}/#`, qos: 1 as const },
  ];
  honest.write(generate({ cmd: 'subscribe', messageId: 5, subscriptions }));
  await vi.waitUntil(() => answers.length === 5, { timeout: 10_000 });
  const acknowledged = answers.flatMap(({ cmd, messageId }) => (cmd === 'puback' ? messageId : []));
  expect(acknowledged).toEqual([1, 2, 3, 4]);
  expect(answers).toContainEqual(expect.objectContaining({ cmd: 'suback', granted: [128, 128] }));
  const cutOff = await signedIn(port, button);
  cutOff.end(publish(`up/${deviceId(button)}/press`, Buffer.from('{"v":1}'), 1).subarray(0, 20));
  await Promise.all([slow, guessing, huge, cutOff].map(closed));

  await system.publish(detector, fire);
  expect([...(await system.incidentsByDevice()).keys()]).toEqual([deviceId(detector)]);
  for (const reason of ['connect-timeout', 'credentials', 'oversized'])
    expect([reason, await counted('connectionsRefused', reason)]).toEqual([reason, 1]);
  expect(await counted('publishesRefused', 'another-device')).toBe(1);
  expect(await counted('reportsRejected', 'malformed')).toBe(2);
  expect(await counted('reportsRejected', 'wrong-type')).toBe(1);
  expect(system.complaints).toEqual([]);
});

test('ten thousand connections of nobody do not keep out a detector, and each is counted with its end', {
  timeout: 120_000,
}, async () => {
  const few = { connecting: 500, connectingPerAddress: 500, waitingConnects: 2_000 };
  const system = await village({ ...few, connectGraceMs: 500, connectMs: 5_000 });
  let [delivered, failedTries] = [0, 0];
  const sockets = Array.from({ length: 10_000 }, () => connect({ port: system.port, host: '127.0.0.1' }));
  onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
  for (const socket of sockets) {
    socket.on('error', () => {}); // refused by the broker, or by the machine
    socket.once('connect', () => {
      delivered += 1;
    });
  }
  await Promise.all(sockets.map((socket) => Promise.race([once(socket, 'connect').catch(() => {}), closed(socket)])));

  const isHeard = async () => {
    const heard = await system.publish(detector, fire).then(
      () => true,
      () => false,
    );
    if (!heard) failedTries += 1;
    return heard;
  };
  await vi.waitUntil(isHeard, { timeout: 30_000, interval: 500 });
  expect([...(await system.incidentsByDevice()).keys()]).toEqual([deviceId(detector)]);
  // On a busy machine they come more slowly, so that fewer are sent away for want of room, and more for saying nothing.
  await Promise.all(sockets.map(closed));
  expect(delivered).toBeGreaterThan(5_000);
  expect(await system.counted('connectionsRefused')).toBe(delivered + failedTries);
});

async function village(limits: Parameters<typeof openFuzzedSystem>[0]['limits']) {
  const folder = mkdtempSync(join(tmpdir(), 'steppewatch-hostile-'));
  const system = await openFuzzedSystem({ folder, homes: 2, ...(limits && { limits }) });
  onTestFinished(async () => {
    await system.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return system;
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {}); // a reset is one of the ways in which a broker closes
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function signedIn(port: number, number: number): Promise<Socket> {
  const socket = await open(port);
  socket.write(generate(loginOf(number, secretOf(deviceId(number)))));
  await once(socket, 'data');
  return socket;
}

function listen(socket: Socket): Packet[] {
  const answers: Packet[] = [];
  const incoming = parser();
  incoming.on('packet', (packet) => void answers.push(packet));
  socket.on('data', (bytes) => incoming.parse(bytes));
  return answers;
}

function loginOf(number: number, secret: string): Packet {
  const id = deviceId(number);
  return { cmd: 'connect', clientId: id, username: id, password: Buffer.from(secret), keepalive: 60, clean: true };
}

const publish = (topic: string, payload: Buffer, messageId: number) =>
  generate({ cmd: 'publish', topic, payload, messageId, ...flags });
const closed = (socket: Socket) =>
  new Promise<void>((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve()).resume()));
