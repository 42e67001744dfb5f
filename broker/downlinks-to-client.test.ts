import { expect, test } from 'vitest';
import { brokerUnderTest, publishPacket, settled, type Wire } from './broker.test-support.ts';

const payload = Buffer.from('{"v":1,"id":"c-1","expires":60}');

async function subscribed(wire: Wire, filter: string, qos: 0 | 1 | 2 = 1): Promise<void> {
  wire.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: filter, qos }] });
  expect(await wire.next()).toMatchObject({ cmd: 'suback', granted: [qos] });
}

async function detector({ wire }: { wire: () => Promise<Wire> }, filter = 'down/smoke-1/#', qos: 0 | 1 | 2 = 1) {
  const opened = await wire();
  await opened.connect('smoke-1');
  await subscribed(opened, filter, qos);
  return opened;
}

test('a device hears the commands that it subscribes to, at the QoS that it was granted, at most 1', async () => {
  const setting = await brokerUnderTest();
  const { downlink } = setting.broker;
  expect(downlink.hears('smoke-1', 'lamp')).toBe(false);
  const one = await detector(setting, 'down/smoke-1/lamp', 0);
  expect([downlink.hears('smoke-1', 'lamp'), downlink.hears('smoke-1', 'reboot')]).toEqual([true, false]);
  expect(downlink.send('smoke-1', 'lamp', payload)).toBe(true);
  expect(await one.next()).toMatchObject({ cmd: 'publish', topic: 'down/smoke-1/lamp', qos: 0, payload });
  await subscribed(one, 'down/smoke-1/+', 2);
  expect(downlink.send('smoke-1', 'reboot', payload)).toBe(true);
  expect(await one.next()).toMatchObject({ cmd: 'publish', qos: 1, dup: false, retain: false });
  expect(downlink.send('smoke-2', 'reboot', payload)).toBe(false);
});

test('of two connections of one device the newer gets the commands, and what the older says confirms nothing', async () => {
  const setting = await brokerUnderTest();
  const { downlink } = setting.broker;
  const older = await detector(setting);
  expect(downlink.send('smoke-1', 'reboot', payload)).toBe(true);
  const first = await older.next();
  const newer = await setting.wire();
  await newer.connect('smoke-1');
  expect(downlink.hears('smoke-1', 'lamp')).toBe(false);
  older.send({ cmd: 'puback', messageId: first.cmd === 'publish' ? (first.messageId ?? 0) : 0 });
  await older.closed;
  await subscribed(newer, 'down/smoke-1/#');
  expect(downlink.send('smoke-1', 'lamp', payload)).toBe(true);
  expect(await newer.next()).toMatchObject({ cmd: 'publish', topic: 'down/smoke-1/lamp' });
  expect(older.received.filter(({ cmd }) => cmd === 'publish')).toHaveLength(1);
});

test('while a device waits for its PUBACK nothing is sent to it', async () => {
  const setting = await brokerUnderTest();
  const { broker, journal } = setting;
  const one = await detector(setting);
  journal.mode = 'hangs';
  one.send(publishPacket('up/smoke-1/alarm', 'fire', 7));
  await journal.until(() => journal.offered === 1);
  expect(broker.downlink.send('smoke-1', 'reboot', payload)).toBe(false);
  journal.releaseAll();
  expect(await one.next()).toMatchObject({ cmd: 'puback', messageId: 7 });
  expect(broker.downlink.send('smoke-1', 'lamp', payload)).toBe(true);
});

test('a command does not wait behind others that the device has not acknowledged', async () => {
  const setting = await brokerUnderTest({ inFlight: 2 });
  const { downlink } = setting.broker;
  const one = await detector(setting);
  expect([1, 2, 3].map(() => downlink.send('smoke-1', 'locate', payload))).toEqual([true, true, false]);
  const [first] = [await one.next(), await one.next()];
  one.send({ cmd: 'puback', messageId: first.cmd === 'publish' ? (first.messageId ?? 0) : 0 }, { cmd: 'pingreq' });
  expect(await one.next()).toMatchObject({ cmd: 'pingresp' });
  expect(downlink.send('smoke-1', 'locate', payload)).toBe(true);
});

test('who is told that a report was acknowledged hears of it after the PUBACK, and of nothing that was not kept', async () => {
  const setting = await brokerUnderTest();
  const heard = setting.acknowledged;
  const one = await detector(setting);
  one.send(publishPacket('up/smoke-1/status', 'x', 1), publishPacket('up/smoke-2/alarm', 'x', 2));
  expect([await one.next(), await one.next()]).toMatchObject([{ cmd: 'puback' }, { cmd: 'puback' }]);
  expect(heard).toEqual([['status', false]]);
  setting.journal.mode = 'hangs';
  one.send(publishPacket('up/smoke-1/alarm', 'fire', 3), publishPacket('up/smoke-1/status', 'x', 4));
  await setting.journal.until(() => setting.journal.offered === 3);
  setting.journal.release(1);
  await settled();
  expect(heard).toHaveLength(1);
  setting.journal.releaseAll();
  expect([await one.next(), await one.next()]).toMatchObject([{ messageId: 3 }, { messageId: 4 }]);
  expect(heard.slice(1)).toEqual([
    ['alarm', true],
    ['status', false],
  ]);
});
