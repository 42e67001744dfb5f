import { expect, test, vi } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { answerWith, type ClientInside } from './aedes-inside.ts';
import {
  brokerUnderTest,
  JournalUnderTest,
  publishPacket,
  settled,
  stoppedClock,
  textOf,
} from './broker.test-support.ts';
import { Intake, openSession } from './intake.ts';
import { type BrokerLimits, defaultLimits } from './limits.ts';
import { pubackBytes } from './packets-out.ts';

function intakeUnderTest(limits: Partial<BrokerLimits> = {}) {
  const [journal, clock, metrics, onStall] = [new JournalUnderTest(), stoppedClock(), createMetrics(), vi.fn()];
  const chance = { bytes: (count: number) => new Uint8Array(count), fraction: () => 0 };
  const keep = journal.keep.bind(journal);
  const all = { ...defaultLimits, ...limits };
  const intake = new Intake({ keep, limits: all, clock, chance, log: silentLog, metrics, onStall });
  /** A connected device; `acknowledged` are its publishes' payloads in that order. */
  const device = (deviceId: string) => {
    const acknowledged: string[] = [];
    const refused: string[] = [];
    const client = {
      closed: false,
      conn: { destroy: vi.fn() },
      pause: vi.fn(),
      resume: vi.fn(),
      _keepaliveTimer: { refresh: vi.fn() },
      _parsingBatch: 5,
    };
    const session = openSession(client as unknown as ClientInside, { deviceId, standing: 'registered' });
    const publish = (report: string, text: string) =>
      intake.receive(session, { topic: `up/${deviceId}/${report}`, qos: 0, payload: Buffer.from(text) }, (error) => {
        (error ? refused : acknowledged).push(text);
      });
    return { client, publish, acknowledged, refused };
  };
  return { intake, journal, clock, onStall, device };
}

test('with the disk full for telemetry a fire is acknowledged, past a status that waits', async () => {
  const { intake, journal, device, clock } = intakeUnderTest();
  journal.mode = 'full-for-telemetry';
  const detector = device('smoke-1');
  detector.publish('status', 'battery');
  detector.publish('alarm', 'fire');
  await settled();
  expect(detector.acknowledged).toEqual(['fire']);
  expect(intake.stats().waitingPublishes).toBe(1);
  journal.mode = 'keeps';
  clock.advance(defaultLimits.retryMs);
  await settled();
  expect(detector.acknowledged).toEqual(['fire', 'battery']);
  expect(journal.kept.map(textOf)).toEqual(['fire', 'battery']);
});

test('when room is scarce, life safety is offered first', async () => {
  const { journal, device, clock } = intakeUnderTest({ retriesAtOnce: 1 });
  journal.mode = 'full';
  const [sensor, button] = [device('door-1'), device('button-1')];
  sensor.publish('presence', 'door');
  button.publish('press', 'help');
  await settled();
  journal.mode = 'keeps';
  clock.advance(defaultLimits.retryMs);
  await settled();
  expect([button.acknowledged, sensor.acknowledged]).toEqual([['help'], []]);
  clock.advance(defaultLimits.retryMs);
  await settled();
  expect(sensor.acknowledged).toEqual(['door']);
});

test('while a disk stays full, what waits is offered again and again, and then its sender is cut without PUBACK', async () => {
  const { intake, journal, device, clock, onStall } = intakeUnderTest();
  journal.mode = 'full';
  const sensor = device('door-1');
  sensor.publish('presence', 'door');
  await settled();
  for (let waited = 0; waited <= defaultLimits.stallMs; waited += 1000) {
    intake.check();
    expect(sensor.client.conn.destroy).not.toHaveBeenCalled();
    clock.advance(1000);
    await settled();
  }
  expect(journal.offered).toBeGreaterThan(10);
  intake.check();
  expect(sensor.client.conn.destroy).toHaveBeenCalledWith(expect.objectContaining({ reason: 'stalled' }));
  expect(onStall).toHaveBeenCalledTimes(1);
  sensor.client.closed = true;
  intake.check();
  expect([sensor.acknowledged, sensor.refused]).toEqual([[], []]);
  expect(intake.stats()).toMatchObject({ waitingPublishes: 0, waitingBytes: 0, stalled: true });
  intake.check();
  expect(intake.stats().stalled).toBe(false);
});

test('a device that waits for a hanging journal is not cut for its silence, and is cut when it has waited too long', async () => {
  const { intake, journal, device, clock } = intakeUnderTest();
  journal.mode = 'hangs';
  const [waiting, idle] = [device('button-1'), device('button-2')];
  waiting.publish('press', 'help');
  intake.check();
  expect(waiting.client._keepaliveTimer.refresh).toHaveBeenCalled();
  expect(idle.client._keepaliveTimer.refresh).not.toHaveBeenCalled();
  clock.advance(defaultLimits.stallMs + 1);
  intake.check();
  expect(waiting.client.conn.destroy).toHaveBeenCalled();
  expect(idle.client.conn.destroy).not.toHaveBeenCalled();
  waiting.client.closed = true;
  journal.releaseAll();
  await settled();
  expect(waiting.acknowledged).toEqual([]);
  intake.check();
  expect(intake.stats()).toMatchObject({ waitingPublishes: 0, stalled: false });
});

test('a journal that failed for good cuts the sender and acknowledges nothing', async () => {
  const { intake, journal, device } = intakeUnderTest();
  journal.mode = 'failed';
  const button = device('button-1');
  button.publish('press', 'help');
  await settled();
  expect([button.acknowledged, button.refused]).toEqual([[], ['help']]);
  expect(intake.stats().waitingPublishes).toBe(0);
});

test('a device is not read while too much of it waits, and is read again at the half', async () => {
  const { journal, device } = intakeUnderTest({ waitingPerDevice: 4 });
  journal.mode = 'hangs';
  const wearable = device('watch-1');
  for (const text of ['a', 'b', 'c']) wearable.publish('position', text);
  expect(wearable.client.pause).not.toHaveBeenCalled();
  wearable.publish('position', 'd');
  expect(wearable.client.pause).toHaveBeenCalled();
  journal.release();
  await settled();
  expect(wearable.client.resume).not.toHaveBeenCalled();
  journal.release();
  await settled();
  expect(wearable.client.resume).toHaveBeenCalledTimes(1);
  expect(wearable.client._parsingBatch).toBe(0);
});

test('what waits in all is bounded: nobody is read on, then telemetry is refused, and a press still finds room', async () => {
  const { intake, journal, device } = intakeUnderTest({ waitingPublishes: 4 });
  journal.mode = 'hangs';
  const devices = ['a', 'b', 'c', 'd'].map(device);
  for (const one of devices) one.publish('status', 'x');
  expect(devices.map(({ client }) => client.pause.mock.calls.length)).toEqual([0, 0, 1, 0]);
  expect(devices.map(({ refused }) => refused.length)).toEqual([0, 0, 0, 1]);
  const [button, another] = [device('button-1'), device('button-2')];
  button.publish('press', 'help');
  another.publish('press', 'help');
  expect([button.refused, another.refused]).toEqual([[], ['help']]);
  expect(intake.stats().waitingPublishes).toBe(4);
  journal.releaseAll();
  await settled();
  expect(devices.map(({ client }) => client.resume.mock.calls.length)).toEqual([0, 0, 1, 0]);
  expect(button.acknowledged).toEqual(['help']);
});

test('bytes that wait are bounded too', () => {
  const { journal, device, intake } = intakeUnderTest({ waitingBytes: 12 });
  journal.mode = 'hangs';
  const wearable = device('watch-1');
  wearable.publish('motion', '12345678');
  wearable.publish('motion', '123');
  wearable.publish('fall', '456');
  wearable.publish('fall', '78');
  expect(wearable.refused).toEqual(['123', '78']);
  expect(intake.stats().waitingBytes).toBe(11);
});

test('a device that does not take its PUBACK is not read on until it does', () => {
  const client = { conn: { write: vi.fn(() => false) }, _nextBatch: vi.fn(), waitForDrain: vi.fn() };
  answerWith(client as unknown as ClientInside, pubackBytes(0x1234));
  expect(client.conn.write).toHaveBeenCalledWith(Buffer.from([0x40, 2, 0x12, 0x34]));
  expect(client._nextBatch).not.toHaveBeenCalled();
  expect(client.waitForDrain).toHaveBeenCalledWith(client._nextBatch);
});

test('a hundred trickled publishes do not get past the bound of a device, and all are acknowledged in the end', async () => {
  const { journal, wire } = await brokerUnderTest({ waitingPerDevice: 8 });
  journal.mode = 'hangs';
  const wearable = await wire();
  await wearable.connect('watch-1');
  for (let id = 1; id <= 100; id++) {
    wearable.send(publishPacket('up/watch-1/position', 'x', id));
    await settled();
    await settled();
  }
  expect(journal.offered).toBeGreaterThanOrEqual(8);
  expect(journal.offered).toBeLessThan(50);
  journal.releaseAll();
  for (let id = 1; id <= 100; id++) expect(await wearable.next()).toMatchObject({ cmd: 'puback', messageId: id });
});

test('over the wire: a stalled journal holds, then cuts; back again, the device is heard', async () => {
  const { journal, wire, count, broker } = await brokerUnderTest({
    stallMs: 100,
    readmissionsPerSecond: 1000,
    readmissionMs: 50,
  });
  journal.mode = 'hangs';
  const button = await wire();
  await button.connect('button-1');
  button.send(publishPacket('up/button-1/press', 'help'));
  await button.closed;
  expect(button.received.map(({ cmd }) => cmd)).toEqual(['connack']);
  expect(await count('connectionsRefused', 'stalled')).toBe(1);
  expect(broker.stats().stalled).toBe(true);
  journal.releaseAll();
  await vi.waitUntil(() => !broker.stats().stalled);
  const again = await wire();
  await again.connect('button-1');
  again.send(publishPacket('up/button-1/press', 'help'));
  expect(await again.next()).toMatchObject({ cmd: 'puback' });
});
