import { expect, test } from 'vitest';
import { decodeCommand } from '../firmware-contracts/commands.ts';
import { journalFull } from '../platform/errors.ts';
import { createMetrics } from '../platform/metrics.ts';
import type { DeviceAsk, Downlink } from '../records/downlink.ts';
import { settled, stoppedClock } from './broker.test-support.ts';
import { DownlinkSender } from './downlinks.ts';

const json = Buffer.from('{"v":1}');
const cbor = Buffer.from([0xa1, 0x01, 0x01]);

/** One detector, a fold that says what the test says, and a road that can be away. */
function roadUnderTest() {
  const clock = stoppedClock();
  const metrics = createMetrics();
  const rows: Downlink[] = [];
  const [recorded, sent, faults]: [string[], { command: string; payload: Uint8Array }[], unknown[]] = [[], [], []];
  const state = {
    head: 0,
    hears: true,
    takes: true,
    hang: undefined as Promise<void> | undefined,
    refuse: undefined as unknown,
  };
  const sender = new DownlinkSender({
    fold: { has: () => rows.length > 0, due: () => rows },
    port: {
      hears: () => state.hears,
      send(_deviceId, command, payload) {
        if (state.takes) sent.push({ command, payload });
        return state.takes;
      },
    },
    async record({ id }) {
      if (state.refuse) throw state.refuse;
      recorded.push(id);
      await state.hang;
    },
    headSequence: () => state.head,
    now: () => 1_000_000 + clock.monotonic(),
    ...{ clock, metrics, fail: (error) => faults.push(error) },
  });
  const road = {
    ...{ clock, state, rows, recorded, sent, faults, sender },
    wants(ask: DeviceAsk, { id = `c-${rows.length}`, lifeMs = 600_000 } = {}) {
      const by = { type: 'account', id: 'li' } as const;
      const times = { askedAt: road.now(), expiresAt: road.now() + lifeMs };
      rows.push({ id, deviceId: 'smoke-1', ask, by, reason: 'why', ...times, sent: 0, state: { phase: 'waiting' } });
    },
    now: () => 1_000_000 + clock.monotonic(),
    /** The device reports, is acknowledged, and the fold has read it. */
    async hears(lifeSafety = false, payload: Uint8Array = json) {
      if (lifeSafety) sender.calledForHelp('smoke-1');
      state.head += 1;
      sender.acknowledged({ deviceId: 'smoke-1', payload }, lifeSafety);
      sender.reached(state.head);
      await settled();
    },
    commands: () => sent.map(({ command, payload }) => decodeCommand(command, payload)),
    async count(outcome: string) {
      const { values } = await metrics.downlinks.get();
      return values.filter(({ labels }) => labels.outcome === outcome).reduce((sum, { value }) => sum + value, 0);
    },
  };
  return road;
}

test('a command goes out after the uplink, on record first, with the seconds that it has left', async () => {
  const road = roadUnderTest();
  road.wants({ name: 'interval', interval: 60 }, { id: 'c-7Qk2', lifeMs: 90_500 });
  road.clock.advance(30_000);
  await road.hears();
  expect(road.recorded).toEqual(['c-7Qk2']);
  expect(road.commands()).toEqual([{ command: { name: 'interval', v: 1, id: 'c-7Qk2', expires: 60, interval: 60 } }]);
  expect(await road.count('sent')).toBe(1);
});

test('the time is that of the sending, a hush carries its numbers and nothing of ours, a long life is told a day at a time', async () => {
  const road = roadUnderTest();
  road.wants({ name: 'time' });
  road.wants({ name: 'hush', incidentId: 'i', boot: 3, seq: 4 }, { lifeMs: 300_000 });
  road.wants({ name: 'reboot' }, { lifeMs: 5 * 86_400_000 });
  road.clock.advance(5_000);
  await road.hears();
  expect(road.commands()).toEqual([
    { command: { name: 'time', v: 1, id: 'c-0', expires: 595, at: 5_000 } },
    { command: { name: 'hush', v: 1, id: 'c-1', expires: 295, boot: 3, seq: 4 } },
    { command: { name: 'reboot', v: 1, id: 'c-2', expires: 86_400 } },
  ]);
});

test('a device is answered in the encoding that it speaks', async () => {
  const road = roadUnderTest();
  road.wants({ name: 'reboot' });
  await road.hears(false, cbor);
  expect(road.sent[0]?.payload[0]).toBe(0xa3);
  expect(road.commands()).toMatchObject([{ command: { id: 'c-0' } }]);
});

test('nothing goes out before the fold has read what the device said', async () => {
  const road = roadUnderTest();
  road.wants({ name: 'reboot' });
  road.state.head = 5;
  road.sender.acknowledged({ deviceId: 'smoke-1', payload: json }, false);
  road.sender.reached(4);
  await settled();
  expect(road.recorded).toEqual([]);
  road.sender.reached(5);
  await settled();
  expect(road.sent).toHaveLength(1);
});

test('a device listens for three seconds, and for a minute after it called for help', async () => {
  const road = roadUnderTest();
  road.wants({ name: 'lamp', state: 'on' });
  for (const [lifeSafety, listensMs] of [
    [false, 3_000],
    [true, 60_000],
  ] as const) {
    road.rows.length = 0;
    road.wants({ name: 'lamp', state: 'on' }, { id: `soon-${lifeSafety}` });
    road.state.hears = false;
    await road.hears(lifeSafety);
    road.state.hears = true;
    road.clock.advance(listensMs - 1);
    road.sender.decided(road.rows);
    await settled();
    expect(road.recorded.at(-1)).toBe(`soon-${lifeSafety}`);
    road.rows.length = 0;
    road.wants({ name: 'lamp', state: 'off' }, { id: 'late' });
    road.clock.advance(1);
    road.sender.decided(road.rows);
    await settled();
    expect(road.recorded).not.toContain('late');
  }
});

test('after a call for help only the four go out, even where the fold knows nothing of it yet', async () => {
  const road = roadUnderTest();
  for (const ask of [
    { name: 'reboot' },
    { name: 'interval', interval: 5 },
    { name: 'lamp', state: 'on' },
    { name: 'locate' },
    { name: 'time' },
    { name: 'hush', incidentId: 'i', boot: 1, seq: 1 },
  ] as const)
    road.wants(ask);
  await road.hears(true);
  expect(road.sent.map(({ command }) => command)).toEqual(['lamp', 'locate', 'time', 'hush']);
  road.clock.advance(59_000);
  await road.hears();
  expect(road.sent.map(({ command }) => command)).not.toContain('reboot');
});

test('a call for help that a hanging journal kept hours after it came is answered by the four alone', async () => {
  const road = roadUnderTest();
  road.wants({ name: 'reboot' }, { lifeMs: 86_400_000 });
  road.sender.calledForHelp('smoke-1');
  road.clock.advance(7_200_000);
  road.sender.acknowledged({ deviceId: 'smoke-1', payload: json }, true);
  road.sender.reached(0);
  await settled();
  expect(road.recorded).toEqual([]);
});

test('a call for help that comes while a restart is put on record keeps it from going out', async () => {
  const road = roadUnderTest();
  const disk = Promise.withResolvers<void>();
  road.state.hang = disk.promise;
  road.wants({ name: 'reboot' });
  await road.hears();
  road.sender.calledForHelp('smoke-1');
  disk.resolve();
  await settled();
  expect(road.recorded).toEqual(['c-0']);
  expect(road.sent).toEqual([]);
});

test('a command that is cancelled while it is put on record does not go out', async () => {
  const road = roadUnderTest();
  const disk = Promise.withResolvers<void>();
  road.state.hang = disk.promise;
  road.wants({ name: 'reboot' });
  await road.hears();
  road.rows.length = 0;
  disk.resolve();
  await settled();
  expect(road.sent).toEqual([]);
});

test('it is sent again after later uplinks, but not after each of several in a row', async () => {
  const road = roadUnderTest();
  road.wants({ name: 'reboot' });
  for (let reports = 0; reports < 5; reports++) await road.hears();
  expect(road.sent).toHaveLength(1);
  road.clock.advance(10_000);
  await road.hears();
  expect(road.sent).toHaveLength(2);
  expect(road.recorded).toHaveLength(2);
});

test('what was on record and could not go out goes with the next uplink, and is not put on record twice', async () => {
  const road = roadUnderTest();
  road.wants({ name: 'reboot' });
  road.state.takes = false;
  await road.hears();
  expect(road.sent).toEqual([]);
  road.state.takes = true;
  await road.hears();
  expect(road.sent).toHaveLength(1);
  expect(road.recorded).toEqual(['c-0']);
});

test('for a device that does not subscribe nothing is put on record', async () => {
  const road = roadUnderTest();
  road.wants({ name: 'reboot' });
  road.state.hears = false;
  await road.hears();
  expect(road.recorded).toEqual([]);
});

test('a journal without room keeps a command from going out; a fault of our own is not passed over', async () => {
  const road = roadUnderTest();
  road.wants({ name: 'reboot' });
  road.state.refuse = journalFull({}, 0);
  await road.hears();
  expect(road.sent).toEqual([]);
  expect(await road.count('not-recorded')).toBe(1);
  road.state.refuse = undefined;
  await road.hears();
  expect(road.sent).toHaveLength(1);
  road.rows.length = 0;
  road.wants({ name: 'time' }, { id: 'c-9' });
  road.state.refuse = new Error('a fault');
  await road.hears();
  expect(road.faults).toEqual([road.state.refuse]);
});

test('less than a second of life is none', async () => {
  const road = roadUnderTest();
  road.wants({ name: 'reboot' }, { lifeMs: 999 });
  await road.hears();
  expect(road.recorded).toEqual([]);
});
