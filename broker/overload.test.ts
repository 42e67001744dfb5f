import { expect, test, vi } from 'vitest';
import { brokerUnderTest, publishPacket, settled, textOf } from './broker.test-support.ts';

test('overload sheds connections, then telemetry, and of alarms only what is beyond all room', async () => {
  const { broker, journal, wire, count } = await brokerUnderTest({
    waitingPublishes: 40,
    readmissionsPerSecond: 0.001,
    readmissionMs: 60_000,
    waitMs: 50,
  });
  const device = async (deviceId: string) => {
    const one = await wire();
    expect(await one.connect(deviceId)).toBe(0);
    return {
      ...one,
      one,
      says: (report: string, id: number) => one.send(publishPacket(`up/${deviceId}/${report}`, report, id)),
    };
  };
  const watches = await Promise.all(Array.from({ length: 40 }, (_, index) => device(`watch-${index}`)));
  const buttons = await Promise.all(Array.from({ length: 12 }, (_, index) => device(`button-${index}`)));
  journal.mode = 'hangs';
  const waiting = (publishes: number) => vi.waitUntil(() => broker.stats().waitingPublishes === publishes);

  // Half of what may wait: those who are connected are heard, newcomers wait.
  for (const watch of watches.slice(0, 21)) watch.says('position', 1);
  await waiting(21);
  await vi.waitUntil(async () => {
    const newcomer = await wire();
    await Promise.race([newcomer.closed, settled()]);
    return (await count('connectionsRefused', 'waited')) > 0;
  });
  expect(await count('publishesRefused', 'overloaded')).toBe(0);

  // Three quarters: telemetry is refused, and its sender cut.
  for (const watch of watches.slice(21)) watch.says('position', 1);
  await waiting(30);
  await vi.waitUntil(async () => (await count('publishesRefused', 'overloaded')) === 10);
  await Promise.all(watches.slice(30).map(({ one }) => one.closed));

  // The last quarter is for alarms.
  for (const button of buttons.slice(0, 10)) button.says('press', 1);
  await waiting(40);
  expect(await count('publishesRefused', 'overloaded')).toBe(10);
  for (const button of buttons.slice(10)) button.says('press', 1);
  await Promise.all(buttons.slice(10).map(({ one }) => one.closed));

  // Whatever was taken is acknowledged; whatever was not, was not.
  journal.releaseAll();
  for (const { one } of [...watches.slice(0, 30), ...buttons.slice(0, 10)])
    expect(await one.next()).toMatchObject({ cmd: 'puback', messageId: 1 });
  expect(journal.kept).toHaveLength(40);
  for (const { one } of [...watches.slice(30), ...buttons.slice(10)])
    expect(one.received.map(({ cmd }) => cmd)).toEqual(['connack']);
});

test('a device that floods is read more slowly and then cut, and a neighbour notices nothing', async () => {
  const { journal, wire, count } = await brokerUnderTest({
    telemetryPerSecond: 100,
    telemetryBurst: 50,
    aheadMs: 1_000,
    checkMs: 20,
  });
  const [watch, neighbour] = [await wire(), await wire()];
  await watch.connect('watch-1');
  await neighbour.connect('button-1');
  for (let id = 1; id <= 2_000; id++) watch.send(publishPacket('up/watch-1/position', 'x', id));
  neighbour.send(publishPacket('up/button-1/press', 'help', 7));
  expect(await neighbour.next()).toMatchObject({ cmd: 'puback', messageId: 7 });
  await watch.closed;
  expect(await count('publishesRefused', 'rate')).toBe(1);
  expect(await count('connectionsRefused', 'rate')).toBe(1);
  expect(journal.kept.length).toBeLessThan(300);
  const again = await wire();
  await again.connect('watch-1');
  again.send(publishPacket('up/watch-1/fall', 'help', 8));
  expect(await again.next()).toMatchObject({ cmd: 'puback', messageId: 8 });
});

test('a device that is too fast for a while is heard in full, at its rate, and is not cut for its silence meanwhile', async () => {
  const { journal, wire, options } = await brokerUnderTest({ telemetryPerSecond: 250, telemetryBurst: 100 });
  const watch = await wire();
  await watch.connect('watch-1', { keepalive: 1 });
  const start = performance.now();
  const position = Buffer.alloc(100, 'x');
  for (let id = 1; id <= 900; id++) watch.send(publishPacket('up/watch-1/position', position, id));
  for (let id = 1; id <= 900; id++) expect(await watch.next()).toMatchObject({ cmd: 'puback', messageId: id });
  expect(journal.kept).toHaveLength(900);
  expect(performance.now() - start).toBeGreaterThan(1_500);
  const slowed = (await options.metrics.devicesSlowed.get()).values;
  expect(slowed).toMatchObject([{ labels: { class: 'telemetry' } }]);
});

test('of a flood of alarms none is lost, and the device is read more slowly', async () => {
  const { journal, wire, count } = await brokerUnderTest({ lifeSafetyPerSecond: 1_000, lifeSafetyBurst: 10 });
  const button = await wire();
  await button.connect('button-1');
  for (let id = 1; id <= 3_000; id++) button.send(publishPacket('up/button-1/press', 'help', id));
  await journal.until(() => journal.kept.length === 3_000);
  for (let id = 1; id <= 3_000; id++) expect(await button.next()).toMatchObject({ cmd: 'puback', messageId: id });
  expect(await count('publishesRefused', 'rate')).toBe(0);
});

test('of too many QoS 2 publishes that are not released the oldest is forgotten, and an alarm is taken all the same', async () => {
  const { journal, wire, options } = await brokerUnderTest({ receivedPerDevice: 5 });
  const watch = await wire();
  await watch.connect('watch-1');
  for (const id of [1, 2, 3, 4, 5, 6, 1, 6]) {
    watch.send(publishPacket('up/watch-1/fall', String(id), id, 2));
    expect(await watch.next()).toMatchObject({ cmd: 'pubrec', messageId: id });
  }
  expect(journal.kept.map(textOf)).toEqual(['1', '2', '3', '4', '5', '6', '1']);
  expect((await options.metrics.packetIdsForgotten.get()).values).toMatchObject([{ value: 2 }]);
});

test.each([
  ['long', `up/watch-1/${'x'.repeat(300)}`],
  ['deep', `up/watch-1${'/x'.repeat(20)}`],
])('a topic that is too %s ends the connection, with its reason', async (_, topic) => {
  const { wire, count } = await brokerUnderTest();
  const watch = await wire();
  await watch.connect('watch-1');
  watch.send(publishPacket(topic, 'x'));
  await watch.closed;
  expect(await count('connectionsRefused', 'topic')).toBe(1);
});
