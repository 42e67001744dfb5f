import { PassThrough } from 'node:stream';
import { Aedes } from 'aedes';
import { connectAsync } from 'mqtt';
import { expect, onTestFinished, test, vi } from 'vitest';
import { insideAedes, insideClient } from './aedes-inside.ts';
import { brokerUnderTest, connectPacket, publishPacket, settled, textOf } from './broker.test-support.ts';
import { startBroker } from './broker.ts';

const login = {
  protocolVersion: 4,
  reconnectPeriod: 0,
  username: 'button-1',
  clientId: 'button-1',
  password: 'secret',
} as const;

test('a press is acknowledged only when it is durable', async () => {
  const { journal, wire } = await brokerUnderTest();
  journal.mode = 'hangs';
  const button = await wire();
  await button.connect('button-1');
  button.send(publishPacket('up/button-1/press', '{"call":"emergency"}', 7));
  await journal.until(() => journal.offered === 1);
  button.send({ cmd: 'pingreq' });
  expect(await button.next()).toMatchObject({ cmd: 'pingresp' });
  journal.release();
  expect(await button.next()).toMatchObject({ cmd: 'puback', messageId: 7 });
  expect(journal.kept).toMatchObject([{ deviceId: 'button-1', standing: 'registered', report: 'press' }]);
  expect(journal.lifeSafety).toEqual([true]);
});

test('reports are acknowledged in their order, whatever becomes durable first', async () => {
  const { journal, wire } = await brokerUnderTest();
  journal.mode = 'hangs';
  const button = await wire();
  await button.connect('button-1');
  button.send(...[1, 2, 3].map((id) => publishPacket('up/button-1/status', String(id), id)));
  await journal.until(() => journal.offered === 3);
  journal.release(2);
  journal.release(1);
  await journal.until(() => journal.kept.length === 2);
  expect(button.received.map(({ cmd }) => cmd)).toEqual(['connack']);
  journal.release();
  expect([await button.next(), await button.next(), await button.next()]).toMatchObject(
    [1, 2, 3].map((messageId) => ({ messageId })),
  );
});

test.each([0, 1, 3, 5, 8])(
  'what a device sends right behind its CONNECT keeps its order, with a gap of %i turns',
  async (turns) => {
    const { journal, wire } = await brokerUnderTest();
    const button = await wire();
    button.send(connectPacket('button-1'), publishPacket('up/button-1/status', '1', 1));
    for (let turn = 0; turn < turns; turn++) await settled();
    button.send(...[2, 3, 4].map((id) => publishPacket('up/button-1/status', String(id), id)));
    await journal.until(() => journal.kept.length === 4);
    expect(journal.kept.map(textOf)).toEqual(['1', '2', '3', '4']);
  },
);

test.each([0, 1, 2] as const)('a report at QoS %i is kept', async (qos) => {
  const { journal, url } = await brokerUnderTest();
  const button = await connectAsync(url, login);
  await button.publishAsync('up/button-1/status', 'battery', { qos });
  await journal.until(() => journal.kept.length === 1);
  expect(journal.kept.map(textOf)).toEqual(['battery']);
  await button.endAsync();
});

test('a detector that publishes and is gone at once has still been heard', async () => {
  const { journal, wire } = await brokerUnderTest();
  journal.mode = 'hangs';
  const detector = await wire();
  await detector.connect('smoke-1');
  detector.send(publishPacket('up/smoke-1/alarm', 'fire'), { cmd: 'disconnect' });
  await detector.closed;
  await journal.until(() => journal.offered === 1);
  journal.releaseAll();
  await journal.until(() => journal.kept.length === 1);
  expect(journal.kept.map(textOf)).toEqual(['fire']);
});

test('a retained report is a report, and nobody gets it later', async () => {
  const { journal, url } = await brokerUnderTest();
  const button = await connectAsync(url, login);
  await button.publishAsync('up/button-1/status', 'battery', { qos: 1, retain: true });
  expect(journal.kept).toHaveLength(1);
  await button.endAsync();
});

test('a will is not taken, because being cut off means nothing', async () => {
  const { journal, wire, count, broker } = await brokerUnderTest();
  const button = await wire();
  const will = { topic: 'up/button-1/press', payload: Buffer.from('gone'), qos: 1 as const, retain: false };
  expect(await button.connect('button-1', { will })).toBe(0);
  button.socket.resetAndDestroy();
  await vi.waitUntil(() => broker.stats().connections === 0);
  expect(journal.offered).toBe(0);
  expect(await count('publishesRefused', 'will')).toBe(1);
});

test('a wrong topic is acknowledged, dropped and counted; the device stays', async () => {
  const { journal, wire, count } = await brokerUnderTest();
  const button = await wire();
  await button.connect('button-1');
  const topics = [
    'up/button-2/press',
    'up/button-1',
    'up/button-1/press/now',
    'down/button-1/lamp',
    '$SYS/x',
    'up/button-1/PRESS',
  ];
  for (const [index, topic] of topics.entries()) {
    button.send(publishPacket(topic, 'x', index + 1));
    expect(await button.next()).toMatchObject({ cmd: 'puback', messageId: index + 1 });
  }
  button.send(publishPacket('up/button-1/status', 'still here', 99));
  expect(await button.next()).toMatchObject({ cmd: 'puback', messageId: 99 });
  expect(journal.kept.map(textOf)).toEqual(['still here']);
  expect(await count('publishesRefused', 'another-device')).toBe(1);
  expect(await count('publishesRefused', 'topic')).toBe(5);
  expect(await count('reportsAccepted')).toBe(1);
});

test('a wrong topic does not overtake the acknowledgement of what the device sent before', async () => {
  const { journal, wire } = await brokerUnderTest();
  journal.mode = 'hangs';
  const button = await wire();
  await button.connect('button-1');
  button.send(publishPacket('up/button-1/press', 'x', 1), publishPacket('up/button-2/press', 'x', 2));
  await journal.until(() => journal.offered === 1);
  journal.releaseAll();
  expect([await button.next(), await button.next()]).toMatchObject([{ messageId: 1 }, { messageId: 2 }]);
});

test('a wrong password, an unknown device and another client id are refused with their codes', async () => {
  const { wire, count, broker } = await brokerUnderTest();
  expect(await (await wire()).connect('button-1', { password: Buffer.from('guess') })).toBe(4);
  expect(await (await wire()).connect('unknown-1')).toBe(4);
  expect(await (await wire()).connect('no such id')).toBe(2);
  const nameless = await wire();
  expect(await nameless.connect('', { username: 'button-1' })).toBe(2);
  await nameless.closed;
  expect(await count('connectionsRefused', 'credentials')).toBe(2);
  expect(await count('connectionsRefused', 'identifier')).toBe(2);
  expect(broker.stats().connections).toBe(0);
});

test('MQTT 5 is refused with the code that says so', async () => {
  const { wire } = await brokerUnderTest();
  const button = await wire();
  button.send(connectPacket('button-1', { protocolVersion: 5 }));
  expect(await button.next()).toMatchObject({ cmd: 'connack', returnCode: 1 });
});

test('a device that is not registered is heard when it is about life, and only then', async () => {
  const { journal, wire, count } = await brokerUnderTest();
  const stranger = await wire();
  expect(await stranger.connect('unknown-1', { username: 'enrolment', password: Buffer.from('welcome') })).toBe(0);
  const reports = ['alarm', 'fall', 'press', 'status', 'batch'];
  stranger.send(...reports.map((report, index) => publishPacket(`up/unknown-1/${report}`, report, index + 1)));
  for (const index of reports.keys())
    expect(await stranger.next()).toMatchObject({ cmd: 'puback', messageId: index + 1 });
  expect(journal.kept.map(({ standing, report }) => [standing, report])).toEqual(
    ['alarm', 'fall', 'press'].map((report) => ['enrolment', report]),
  );
  expect(await count('publishesRefused', 'enrolment')).toBe(2);
  stranger.send({ cmd: 'subscribe', messageId: 9, subscriptions: [{ topic: 'down/unknown-1/#', qos: 1 }] });
  expect(await stranger.next()).toMatchObject({ cmd: 'suback', granted: [128] });
});

test('a device hears its own commands, and nothing that reaches further', async () => {
  const { broker, wire } = await brokerUnderTest();
  const detector = await wire();
  await detector.connect('smoke-1');
  const topics = [
    'down/smoke-1/#',
    '#',
    '+/smoke-1/#',
    'down/#',
    'down/+/lamp',
    'up/smoke-1/#',
    'down/smoke-2/lamp',
    '$SYS/#',
    '$share/g/down/smoke-1/#',
  ];
  detector.send({ cmd: 'subscribe', messageId: 1, subscriptions: topics.map((topic) => ({ topic, qos: 1 })) });
  expect(await detector.next()).toMatchObject({ cmd: 'suback', granted: [1, ...topics.slice(1).map(() => 128)] });
  expect(broker.downlink.send('smoke-2', 'lamp', Buffer.from('theirs'))).toBe(false);
  expect(broker.downlink.send('smoke-1', 'lamp', Buffer.from('ours'))).toBe(true);
  const lamp = await detector.next();
  expect(lamp).toMatchObject({ cmd: 'publish', topic: 'down/smoke-1/lamp', payload: Buffer.from('ours'), qos: 1 });
});

test('no device commands another, and none hears what another reports', async () => {
  const { wire, count } = await brokerUnderTest();
  const [detector, rogue] = [await wire(), await wire()];
  await detector.connect('smoke-1');
  await rogue.connect('smoke-2');
  detector.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'down/smoke-1/#', qos: 1 }] });
  await detector.next();
  rogue.send(publishPacket('down/smoke-1/hush', '{}', 1));
  expect(await rogue.next()).toMatchObject({ cmd: 'puback' });
  detector.send({ cmd: 'pingreq' });
  expect(await detector.next()).toMatchObject({ cmd: 'pingresp' });
  expect(await count('publishesRefused', 'topic')).toBe(1);
});

test('a device cannot pile up subscriptions', async () => {
  const { wire } = await brokerUnderTest({ subscriptionsPerDevice: 2 });
  const detector = await wire();
  await detector.connect('smoke-1');
  const subscriptions = ['lamp', 'hush', 'time'].map((command) => ({
    topic: `down/smoke-1/${command}`,
    qos: 1 as const,
  }));
  detector.send({ cmd: 'subscribe', messageId: 1, subscriptions });
  expect(await detector.next()).toMatchObject({ granted: [1, 1, 128] });
});

test('of two connections of one device the newer one stays', async () => {
  const { broker, wire, journal } = await brokerUnderTest();
  const [older, newer] = [await wire(), await wire()];
  await older.connect('button-1');
  await newer.connect('button-1');
  await older.closed;
  newer.send(publishPacket('up/button-1/press', 'x', 3));
  expect(await newer.next()).toMatchObject({ cmd: 'puback', messageId: 3 });
  expect(journal.kept).toHaveLength(1);
  expect(broker.stats().connections).toBe(1);
  expect(broker.disconnect('button-1')).toBe(true);
  await newer.closed;
  expect(broker.disconnect('button-1')).toBe(false);
});

test('a stop waits for what the journal still has, and acknowledges it', async () => {
  const { broker, journal, wire } = await brokerUnderTest({ closeMs: 5000 });
  journal.mode = 'hangs';
  const button = await wire();
  await button.connect('button-1');
  button.send(publishPacket('up/button-1/press', 'x', 3));
  await journal.until(() => journal.offered === 1);
  const stopped = broker.close();
  journal.releaseAll();
  expect(await button.next()).toMatchObject({ cmd: 'puback', messageId: 3 });
  await stopped;
});

test('an address that is taken is named', async () => {
  const { port, options } = await brokerUnderTest();
  const second = startBroker({ ...options, listen: { host: '127.0.0.1', port } });
  await expect(second).rejects.toMatchObject({ code: 'LISTEN_FAILED', message: expect.stringContaining(String(port)) });
});

test('a device whose report waits longer than its keepalive is still there, although its socket is not read', async () => {
  const { journal, wire } = await brokerUnderTest({ waitingPerDevice: 1 });
  journal.mode = 'hangs';
  const button = await wire();
  await button.connect('button-1', { keepalive: 1 });
  button.send(publishPacket('up/button-1/press', 'help', 3));
  // MQTT counts keepalive in seconds, so this one has to wait for more than one and a half of them.
  await new Promise((resolve) => setTimeout(resolve, 1_700));
  journal.releaseAll();
  expect(await button.next()).toMatchObject({ cmd: 'puback', messageId: 3 });
  await button.closed;
});

test('aedes still has what this folder reaches into', async () => {
  const aedes = await Aedes.createBroker();
  onTestFinished(() => aedes.close());
  const client = insideClient(aedes.handle(new PassThrough()));
  const { _parser, _parsingBatch, broker, pause, resume, waitForDrain, _nextBatch } = client;
  expect(_parser).toMatchObject({ packet: { length: -1 }, error: null, _stateCounter: 0, _list: { length: 0 } });
  for (const name of [
    'parse',
    '_parsePayload',
    '_parseString',
    '_parseNum',
    '_parseMessageId',
    '_emitError',
  ] as const) {
    expect(_parser[name], name).toBeTypeOf('function');
  }
  expect([_parsingBatch, broker.queueLimit, client._keepaliveTimer]).toEqual([1, 42, null]);
  expect(_parser.listeners('packet')).toHaveLength(1);
  const methods = [pause, resume, waitForDrain, _nextBatch, insideAedes(aedes).publish];
  expect(methods.map((one) => typeof one)).toEqual(methods.map(() => 'function'));
  client.conn.destroy();
});
