import { once } from 'node:events';
import { generate } from 'mqtt-packet';
import { expect, test, vi } from 'vitest';
import { openRights } from '../test/conformance-broker.ts';
import { brokerUnderTest, connectPacket, publishPacket, settled, textOf, type Wire } from './broker.test-support.ts';

const packet = (header: number, ...body: (number | string)[]) => {
  const bytes = Buffer.concat(body.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))));
  return Buffer.concat([Buffer.from([header, bytes.length]), bytes]);
};

test('a packet that claims 100 MB is refused before CONNECT and after it, with no more than its topic', async () => {
  const { wire, count } = await brokerUnderTest();
  const stranger = await wire();
  stranger.send(Buffer.from([0x10, 0x80, 0x80, 0x80, 0x30]));
  await stranger.closed;
  const button = await wire();
  await button.connect('button-1');
  button.send(Buffer.from([0x32, 0x80, 0x80, 0x80, 0x30, 0, 1, 0x61]));
  await button.closed;
  expect(await count('connectionsRefused', 'oversized')).toBe(2);
});

test('a cry for help that is too large to be read is one all the same, and nothing else that large is', async () => {
  const { wire, journal, count } = await brokerUnderTest({ maxPacketBytes: 1000 });
  for (const topic of ['up/button-1/status', 'up/button-2/press', 'up/button-1/press']) {
    const button = await wire();
    await button.connect('button-1');
    button.send(publishPacket(topic, Buffer.alloc(1200, 'x')));
    await button.closed;
    expect(button.received.map(({ cmd }) => cmd)).toEqual(['connack']);
  }
  expect(journal.kept).toMatchObject([{ deviceId: 'button-1', report: 'press' }]);
  expect(journal.kept.map(textOf)).toEqual([expect.stringMatching(/^x+$/)]);
  expect(journal.lifeSafety).toEqual([true]);
  expect(await count('connectionsRefused', 'oversized')).toBe(3);
});

test('the largest packet passes, one byte more does not', async () => {
  const { wire, journal } = await brokerUnderTest({ maxPacketBytes: 1000 });
  const topic = 'up/button-1/status';
  const room = 1000 - 2 - topic.length - 2;
  const button = await wire();
  await button.connect('button-1');
  button.send(publishPacket(topic, Buffer.alloc(room)));
  expect(await button.next()).toMatchObject({ cmd: 'puback' });
  button.send(publishPacket(topic, Buffer.alloc(room + 1), 2));
  await button.closed;
  expect(journal.offered).toBe(1);
});

const malformed: Record<string, Buffer> = {
  'a length that never ends': Buffer.from([0x32, 0xff, 0xff, 0xff, 0xff, 0xff]),
  'QoS 3': packet(0x36, 0, 1, 'a', 0, 1),
  'DUP at QoS 0': packet(0x38, 0, 18, 'up/button-1/status'),
  'packet id 0': packet(0x32, 0, 18, 'up/button-1/status', 0, 0, 'x'),
  'a packet id beyond the end': packet(0x32, 0, 18, 'up/button-1/status', 0),
  'a packet id out of the next packet': Buffer.concat([packet(0x32, 0, 18, 'up/button-1/status', 0), packet(0xc0)]),
  'a topic beyond the end': packet(0x32, 0, 200, 'up/button-1/status'),
  'a topic that is not UTF-8': packet(0x30, 0, 2, 0xc3, 0x28),
  'a topic with a surrogate': packet(0x30, 0, 3, 0xed, 0xa0, 0x80),
  'a topic with U+0000': packet(0x30, 0, 3, 'u', 0, 'p'),
  'an empty topic': packet(0x30, 0, 0),
  'a topic with a wildcard': packet(0x30, 0, 13, 'up/button-1/+'),
  'SUBSCRIBE with wrong flags': packet(0x80, 0, 1, 0, 1, 'a', 0),
  'SUBSCRIBE without a filter': packet(0x82, 0, 1),
  'SUBSCRIBE with QoS 3': packet(0x82, 0, 1, 0, 1, 'a', 3),
  'SUBSCRIBE to a misplaced wildcard': packet(0x82, 0, 1, 0, 3, 'a#b', 0),
  'UNSUBSCRIBE without a filter': packet(0xa2, 0, 1),
  'a PUBACK with a tail': packet(0x40, 0, 1, 0),
  'a CONNACK': packet(0x20, 0, 0),
  'a second CONNECT': packet(0x10, 0, 4, 'MQTT', 4, 2, 0, 60, 0, 8, 'button-1'),
  'the reserved packet 0': packet(0x00),
  AUTH: packet(0xf0),
  'a PINGREQ with a body': packet(0xc0, 0),
};
test.each(Object.entries(malformed))('%s ends the connection and nothing else', async (_, bytes) => {
  const { wire, journal, count } = await brokerUnderTest();
  const neighbour = await wire();
  await neighbour.connect('smoke-1');
  const button = await wire();
  await button.connect('button-1');
  button.send(bytes);
  await button.closed;
  neighbour.send(publishPacket('up/smoke-1/alarm', 'fire', 5));
  expect(await neighbour.next()).toMatchObject({ cmd: 'puback', messageId: 5 });
  expect(journal.offered).toBe(1);
  expect(await count('connectionsRefused', 'malformed')).toBe(1);
});

const strangers: Record<string, Buffer> = {
  'a PUBLISH before CONNECT': packet(0x30, 0, 1, 'a', 'x'),
  HTTP: Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  'an unknown protocol': packet(0x10, 0, 4, 'MQTX', 4, 2, 0, 60, 0, 1, 'a'),
  'an old name with a new level': packet(0x10, 0, 6, 'MQIsdp', 4, 2, 0, 60, 0, 1, 'a'),
  'a reserved flag': packet(0x10, 0, 4, 'MQTT', 4, 3, 0, 60, 0, 1, 'a'),
  'a password without a user': packet(0x10, 0, 4, 'MQTT', 4, 0x42, 0, 60, 0, 1, 'a', 0, 1, 'p'),
  'a CONNECT that is cut short': packet(0x10, 0, 4, 'MQTT', 4, 2, 0),
  'a CONNECT with a tail': packet(0x10, 0, 4, 'MQTT', 4, 2, 0, 60, 0, 1, 'a', 0),
  'a will with QoS 3': packet(0x10, 0, 4, 'MQTT', 4, 0x1e, 0, 60, 0, 1, 'a', 0, 1, 't', 0, 1, 'x'),
};
test.each(Object.entries(strangers))('a stranger with %s is sent away', async (_, bytes) => {
  const { wire, count } = await brokerUnderTest();
  const stranger = await wire();
  stranger.send(bytes);
  await stranger.closed;
  expect(stranger.received).toEqual([]);
  expect(await count('connectionsRefused', 'malformed')).toBe(1);
});

test('who connects and says nothing, or says it byte by byte, is sent away in time', async () => {
  const { wire, count } = await brokerUnderTest({ connectMs: 60 });
  const [silent, slow] = [await wire(), await wire()];
  slow.send(Buffer.from([0x10, 40, 0]));
  await Promise.all([silent.closed, slow.closed]);
  expect(await count('connectionsRefused', 'connect-timeout')).toBe(2);
});

test('a publish that is hidden in the body of another packet is not taken for one', async () => {
  const { wire, journal, count } = await brokerUnderTest();
  const press = publishPacket('up/button-1/press', Buffer.alloc(12_900));
  const hidden = generate(press);
  const button = await wire();
  await button.connect('button-1');
  button.send(Buffer.from([0x32, 0x80 | (hidden.length & 127), hidden.length >> 7]));
  await settled();
  button.send(hidden);
  await button.closed;
  expect(journal.offered).toBe(0);
  expect(await count('connectionsRefused', 'malformed')).toBe(1);
});

test('bytes that arrive one at a time are still a report', async () => {
  const { wire, journal } = await brokerUnderTest();
  const button = await wire();
  await button.connect('button-1');
  for (const byte of packet(0x32, 0, 17, 'up/button-1/press', 0, 1, 'x')) {
    button.send(Buffer.from([byte]));
    await settled();
  }
  expect(await button.next()).toMatchObject({ cmd: 'puback' });
  expect(journal.offered).toBe(1);
});

test('a thousand connections full of garbage leave nothing behind, and a fire is heard meanwhile', async () => {
  const { wire, broker, journal } = await brokerUnderTest();
  const detector = await wire();
  await detector.connect('smoke-1');
  let random = 7;
  const nextByte = () => {
    random = Math.imul(random, 1103515245) + 12345;
    return random >>> 24;
  };
  const garbage = (length: number) => Buffer.from(Array.from({ length }, nextByte));
  for (let round = 0; round < 10; round++) {
    const noise = await Promise.all(Array.from({ length: 100 }, wire));
    for (const one of noise) one.send(garbage(200));
    detector.send(publishPacket('up/smoke-1/alarm', 'fire', round + 1));
    expect(await detector.next()).toMatchObject({ cmd: 'puback', messageId: round + 1 });
    for (const one of noise) one.socket.destroy();
  }
  expect(journal.offered).toBe(10);
  await vi.waitUntil(() => broker.stats().connections === 1);
});

test('more connections than allowed are refused, by place and in all, and places are free again afterwards', async () => {
  const { wire, count, broker } = await brokerUnderTest({ connections: 3, connectionsPerAddress: 2 });
  const [first, second] = [await wire(), await wire()];
  await first.connect('button-1');
  await second.connect('button-2');
  const third = await wire();
  await third.closed;
  expect(await count('connectionsRefused', 'address')).toBe(1);
  first.socket.destroy();
  await vi.waitUntil(() => broker.stats().connections === 1);
  expect(await (await wire()).connect('button-1')).toBe(0);
});

test('three thousand messages that nobody hears, and as many for a client that reads none, harm nobody', async () => {
  const { wire, count } = await brokerUnderTest({ outgoingBytes: 10_000 }, openRights);
  const [frozen, sender] = [await wire(), await wire()];
  await frozen.connect('frozen');
  frozen.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'heard', qos: 1 }] });
  await frozen.next();
  frozen.socket.pause();
  await sender.connect('sender');
  for (const topic of ['unheard', 'heard']) {
    sender.send(...Array.from({ length: 3000 }, (_, index) => publishPacket(topic, 'x'.repeat(100), index + 1)));
    for (let id = 1; id <= 3000; id++) expect(await sender.next()).toMatchObject({ cmd: 'puback', messageId: id });
  }
  expect(await count('connectionsRefused', 'slow-reader')).toBe(1);
});

test('three thousand publishes in one go are all acknowledged in order', async () => {
  const { wire, journal } = await brokerUnderTest();
  const detector = await wire();
  await detector.connect('smoke-1');
  detector.send(...Array.from({ length: 3000 }, (_, index) => publishPacket('up/smoke-1/status', 'x', index + 1)));
  for (let id = 1; id <= 3000; id++) expect(await detector.next()).toMatchObject({ cmd: 'puback', messageId: id });
  expect(journal.kept).toHaveLength(3000);
});

/** A frozen device that does not read, and one that does; both listen to their commands. */
async function frozenAndReader(limits: { outgoingBytes: number; drainMs: number }) {
  const setting = await brokerUnderTest(limits);
  const subscribed = async (deviceId: string): Promise<Wire> => {
    const device = await setting.wire();
    await device.connect(deviceId);
    device.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: `down/${deviceId}/#`, qos: 1 }] });
    await device.next();
    return device;
  };
  const [frozen, reader] = [await subscribed('smoke-1'), await subscribed('smoke-2')];
  frozen.socket.pause();
  const flood = () => setting.broker.downlink.send('smoke-1', 'locate', Buffer.alloc(60_000));
  return { ...setting, frozen, reader, flood };
}

test('three hundred commands for a device that does not read do not delay those of its neighbour', async () => {
  const { broker, reader, flood } = await frozenAndReader({ outgoingBytes: 1e9, drainMs: 60_000 });
  for (let round = 0; round < 300; round++) flood();
  expect(broker.downlink.send('smoke-2', 'lamp', Buffer.from('on'))).toBe(true);
  expect(await reader.next()).toMatchObject({ cmd: 'publish', topic: 'down/smoke-2/lamp' });
});

test.each([
  ['too far behind', { outgoingBytes: 100_000, drainMs: 60_000 }],
  ['behind for too long', { outgoingBytes: 1e9, drainMs: 50 }],
])('a device that is %s in reading is cut', async (_, limits) => {
  const { count, flood } = await frozenAndReader(limits);
  for (let round = 0; round < 300; round++) {
    flood();
    await settled();
  }
  await vi.waitUntil(async () => (await count('connectionsRefused', 'slow-reader')) === 1);
});

test('a device that leaves in the middle of a packet is only gone', async () => {
  const { wire, broker, journal } = await brokerUnderTest();
  const button = await wire();
  await button.connect('button-1');
  button.socket.end(packet(0x32, 0, 17, 'up/button-1/press', 0, 1, 'x').subarray(0, 12));
  await once(button.socket, 'close');
  await vi.waitUntil(() => broker.stats().connections === 0);
  expect(journal.offered).toBe(0);
});

test('a CONNECT and a flood behind it are bounded', async () => {
  const { wire, journal } = await brokerUnderTest();
  journal.mode = 'hangs';
  const button = await wire();
  button.send(
    connectPacket('button-1'),
    ...Array.from({ length: 2000 }, (_, id) => publishPacket('up/button-1/status', 'x', id + 1)),
  );
  await button.closed;
  expect(journal.offered).toBe(0);
});
