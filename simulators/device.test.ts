import { expect, test } from 'vitest';
import type { DeviceCommand } from '../firmware-contracts/commands.ts';
import { encodeReport } from '../firmware-contracts/contracts.ts';
import { decodeReport } from '../firmware-contracts/decode.ts';
import { type DeviceKind, deviceKinds, type Report } from '../firmware-contracts/report.ts';
import { deeds } from './deeds.ts';
import { type Device, newDevice } from './device.ts';
import { deadline, step } from './device-step.ts';

const HOUR_MS = 3_600_000;

test('a detector that nobody answers sends its alarm again after 5, 10, 20, 40 and then every 60 s, and says how old it is', () => {
  const home = watch('smoke-detector');
  home.does('alarm');
  home.pass(200_000);
  expect(home.sent.map(({ at }) => at / 1000)).toEqual([0, 5, 15, 35, 75, 135, 195]);
  expect(home.sent.map(({ report }) => report.age)).toEqual([0, 5, 15, 35, 75, 135, 195]);
  expect(new Set(home.sent.map(({ report }) => `${report.boot}/${report.seq}`)).size).toBe(1);
});

test('telemetry that nobody answers is soon sent again only every ten minutes', () => {
  const home = watch('presence-sensor');
  home.does('on');
  home.pass(2 * HOUR_MS);
  const minutes = home.sent.map(({ at }) => at / 60_000);
  expect(minutes.slice(0, 9).map((minute) => Math.round(minute * 10) / 10)).toEqual([
    0, 0.1, 0.3, 0.6, 1.3, 2.3, 4.3, 9.3, 19.3,
  ]);
  expect(minutes.slice(9).every((minute, index) => minute - (minutes[index + 8] ?? 0) === 10)).toBe(true);
});

test('an alarm that was acknowledged is reported anew every minute while it lasts, and its end once', () => {
  const home = watch('smoke-detector', { acknowledges: true });
  home.does('alarm', { source: 'co' });
  home.pass(130_000);
  home.does('hush');
  home.pass(60_000);
  home.does('off');
  home.pass(HOUR_MS);
  const said = home.sent.map(({ at, report }) => `${at / 1000} ${report.seq} ${'state' in report && report.state}`);
  expect(said).toEqual(['0 0 on', '60 1 on', '120 2 on', '130 3 hushed', '180 4 hushed', '190 5 off']);
});

test('a fall is confirmed by the watch itself, or cancelled by who wears it', () => {
  const lies = watch('wearable', { acknowledges: true });
  lies.does('fall');
  lies.pass(60_000);
  expect(lies.sent.map(({ report }) => report)).toMatchObject([{ state: 'suspected' }, { state: 'confirmed', of: 0 }]);
  const stands = watch('wearable', { acknowledges: true });
  stands.does('fall');
  stands.pass(10_000);
  stands.does('cancel');
  stands.pass(60_000);
  expect(stands.sent.map(({ report }) => report)).toMatchObject([
    { state: 'suspected' },
    { state: 'cancelled', of: 0 },
  ]);
});

test('a watch out of coverage keeps what happens, and sends it with its age when it is back', () => {
  const home = watch('wearable', { acknowledges: true });
  home.does('sleep');
  home.does('press');
  home.pass(30 * 60_000);
  expect(home.sent).toEqual([]);
  home.does('wake');
  expect(home.sent.map(({ report }) => report)).toMatchObject([{ name: 'press', age: 1800 }]);
});

test('a battery that is out takes with it what was not sent; a new one begins the next boot', () => {
  const home = watch('call-button');
  home.does('emergency');
  home.does('die');
  home.pass(HOUR_MS);
  expect(home.sent).toHaveLength(1);
  home.does('wake');
  expect(home.sent.at(-1)?.report).toMatchObject({ name: 'status', boot: 1, seq: 0 });
  home.does('factory-reset');
  home.does('emergency');
  expect(home.sent.at(-1)?.report).toMatchObject({ name: 'press', boot: 0, seq: 0 });
});

test('a device that restarts keeps what was not acknowledged, and an alarm that lasts, under the numbers that it had', () => {
  const home = watch('smoke-detector', { boot: 4 });
  home.does('alarm');
  home.does('reboot');
  home.pass(5_000);
  expect(home.sent.map(({ report }) => [report.boot, report.seq])).toEqual([
    [4, 0],
    [4, 0],
  ]);
  home.tell({ type: 'acknowledged', boot: 4, seq: 0 });
  home.pass(60_000);
  expect(home.sent.at(-1)?.report).toMatchObject({ name: 'alarm', state: 'on', boot: 5, seq: 0 });
});

test('a watch that restarts before its verdict gives none', () => {
  const home = watch('wearable', { acknowledges: true });
  home.does('fall');
  home.does('reboot');
  home.pass(HOUR_MS);
  expect(home.sent.map(({ report }) => report)).toMatchObject([{ name: 'fall', state: 'suspected' }]);
});

test('a clock that was set wrong and a battery that is nearly empty stand in the next heartbeat', () => {
  const home = watch('wearable', { acknowledges: true });
  home.does('clock', { aheadMs: -8 * HOUR_MS });
  home.does('run-low');
  home.pass(10 * HOUR_MS);
  home.does('status');
  const { report } = home.sent.at(-1) ?? {};
  expect(report).toMatchObject({ name: 'status', at: 2 * HOUR_MS, battery: 3.4 });
});

test('a full store lets telemetry go and keeps the call for help', () => {
  const home = watch('wearable');
  home.does('sleep');
  home.does('press');
  for (let count = 0; count < 200; count++) home.does('vitals');
  expect(home.device().waiting).toHaveLength(64);
  expect(home.device().waiting[0]?.report.name).toBe('press');
});

test('the radio empties the battery in the end', () => {
  const home = watch('presence-sensor', { acknowledges: true, batteryVolts: 2.0001 });
  for (let count = 0; count < 20; count++) home.does('on');
  expect(home.device().power).toBe('dead');
  expect(home.sent.length).toBeLessThan(10);
});

const said = (home: ReturnType<typeof watch>) =>
  home.sent.flatMap(({ report }) => (report.name === 'done' ? [`${report.command} ${report.result}`] : []));
const ask = (home: ReturnType<typeof watch>, command: object) =>
  home.tell({
    type: 'commanded',
    at: home.now(),
    command: { v: 1, id: 'c-1', expires: 300, ...command } as DeviceCommand,
  });

test('a hush and an interval are obeyed and confirmed', () => {
  const home = watch('smoke-detector', { acknowledges: true });
  home.does('alarm');
  ask(home, { name: 'hush', boot: 0, seq: 0 });
  ask(home, { name: 'interval', id: 'c-2', interval: 5 });
  expect(home.sent.slice(1).map(({ report }) => report)).toMatchObject([
    { name: 'alarm', state: 'hushed' },
    { name: 'done', command: 'c-1', result: 'ok' },
    { name: 'done', command: 'c-2', result: 'ok' },
  ]);
  expect(home.device().intervalMinutes).toBe(5);
});

test('a hush that names another alarm silences nothing', () => {
  const home = watch('smoke-detector', { acknowledges: true });
  home.does('status');
  home.does('alarm');
  for (const [id, numbers] of Object.entries({
    late: { boot: 0, seq: 2 },
    early: { boot: 0, seq: 0 },
    other: { boot: 1, seq: 1 },
  }))
    ask(home, { name: 'hush', id, ...numbers });
  home.pass(60_000);
  expect(home.sent.at(-1)?.report).toMatchObject({ name: 'alarm', state: 'on' });
  ask(home, { name: 'hush', id: 'repeated', boot: 0, seq: home.sent.at(-1)?.report.seq });
  expect(said(home)).toEqual(['late failed', 'early failed', 'other failed', 'repeated ok']);
});

test('a command that comes again is answered again, and obeyed once', () => {
  const home = watch('smoke-detector', { acknowledges: true });
  for (let times = 0; times < 3; times++) ask(home, { name: 'reboot' });
  expect(home.device().boot).toBe(1);
  expect(said(home)).toEqual(['c-1 ok', 'c-1 ok', 'c-1 ok']);
  const deaf = watch('smoke-detector');
  for (let times = 0; times < 3; times++) ask(deaf, { name: 'reboot' });
  expect(said(deaf)).toEqual(['c-1 ok']);
  expect(deaf.device().boot).toBe(0);
});

test('a device restarts when all that it said was acknowledged, unless there is an alarm by then', () => {
  for (const alarm of [false, true]) {
    const home = watch('smoke-detector');
    home.does('status');
    ask(home, { name: 'reboot' });
    if (alarm) home.does('alarm');
    home.tell({ type: 'acknowledged', boot: 0, seq: 1 });
    expect(home.device().boot).toBe(0);
    for (const seq of [0, 2]) home.tell({ type: 'acknowledged', boot: 0, seq });
    expect(home.device().boot).toBe(alarm ? 0 : 1);
  }
});

test('a detector that sounds the alarm does not stop to restart', () => {
  const home = watch('smoke-detector', { acknowledges: true });
  home.does('alarm');
  ask(home, { name: 'reboot' });
  expect(home.device().boot).toBe(0);
  expect(said(home)).toEqual(['c-1 failed']);
});

test('a device does what its kind can, and says of the rest that it does not know it', () => {
  const home = watch('wearable', { acknowledges: true });
  ask(home, { name: 'locate', id: 'c-1' });
  ask(home, { name: 'hush', id: 'c-2', boot: 0, seq: 0 });
  ask(home, { name: 'time', id: 'c-3', at: home.now() + 5_000 });
  ask(home, { name: 'lamp', id: 'c-4', state: 'on' });
  expect(said(home)).toEqual(['c-1 ok', 'c-2 unknown', 'c-3 ok', 'c-4 ok']);
  expect(home.sent.some(({ report }) => report.name === 'position')).toBe(true);
  expect(home.device()).toMatchObject({ clockAheadMs: 5_000, lamp: 'on' });
});

test.each(deviceKinds)('whatever a %s does, its reports can be read, in JSON and CBOR', (kind) => {
  const home = watch(kind, { acknowledges: true });
  for (const deed of Object.keys(deeds[kind])) {
    home.does('wake');
    home.does(deed);
    home.pass(31_000);
  }
  home.pass(26 * HOUR_MS);
  expect(home.sent.some(({ report }) => report.name === 'status')).toBe(true);
  for (const { report } of home.sent) {
    for (const format of ['json', 'cbor'] as const) {
      const decoded = decodeReport({ report: report.name, kind, payload: encodeReport(report, format) });
      expect(decoded).toMatchObject({ type: 'report', unread: [] });
    }
  }
});

test('a deed that a device does not know is refused in words', () => {
  expect(() => watch('call-button').does('alarm')).toThrow('a call-button does no "alarm", but: status, sleep');
});

/** A device and what it sends, on a clock that moves only when the test says so; nobody answers unless `acknowledges`. */
function watch(
  kind: DeviceKind,
  { acknowledges = false, ...parts }: Partial<Device> & { acknowledges?: boolean } = {},
) {
  let now = 0;
  let device = newDevice({ id: 'd', kind, intervalMinutes: 1440, statusAt: 24 * HOUR_MS, ...parts });
  const sent: { at: number; report: Report }[] = [];
  function tell(event: Parameters<typeof step>[1]): void {
    const [next, reports] = step(device, event);
    device = next;
    for (const report of reports) {
      sent.push({ at: now, report });
      const { boot = 0, seq = 0 } = report;
      if (acknowledges) tell({ type: 'acknowledged', boot, seq });
    }
  }
  return {
    sent,
    tell,
    now: () => now,
    device: () => device,
    does: (deed: string, fields = {}) => tell({ type: 'does', at: now, deed, fields }),
    pass(ms: number) {
      const end = now + ms;
      for (let due = deadline(device); due !== undefined && due <= end; due = deadline(device)) {
        now = Math.max(now, due);
        tell({ type: 'tick', at: now });
      }
      now = end;
    },
  };
}
