import type { DeviceCommand } from '../firmware-contracts/commands.ts';
import { isLifeSafety, type Report } from '../firmware-contracts/report.ts';
import { deeds, repeatAlarmMs } from './deeds.ts';
import { type Device, type Fields, rebooted, type Waiting, withReport, withStatus } from './device.ts';

/** `does`: somebody or something acts on it, in the words of `deeds`; `fields` go over what it would report by itself. */
export type DeviceEvent =
  | { type: 'does'; at: number; deed: string; fields?: Fields }
  | { type: 'tick'; at: number }
  | { type: 'acknowledged'; boot: number; seq: number }
  | { type: 'commanded'; at: number; command: DeviceCommand };

/**
 * What it becomes, and what it sends now. What is not acknowledged is sent again after 5, 10, 20, 40 s and then every 60 s;
 * telemetry soon only every 10 min, because a radio that calls in vain empties the battery. An alarm that lasts is reported
 * anew every 60 s. Errors: a deed that its kind does not know. Source: firmware-contracts.
 */
export function step(device: Device, event: DeviceEvent): [Device, Report[]] {
  switch (event.type) {
    case 'acknowledged': {
      const isIt = ({ report }: Waiting) => report.boot === event.boot && report.seq === event.seq;
      return [{ ...device, waiting: device.waiting.filter((one) => !isIt(one)) }, []];
    }
    case 'does': {
      const deed = deeds[device.kind][event.deed];
      if (!deed) {
        throw new Error(`a ${device.kind} does no "${event.deed}", but: ${Object.keys(deeds[device.kind]).join(', ')}`);
      }
      return send(deed(device, event.at, event.fields ?? {}), event.at);
    }
    case 'commanded':
      return send(obey(device, event.command, event.at), event.at);
    case 'tick':
      return send(passTime(device, event.at), event.at);
  }
}

/** When time alone makes it do something. */
export function deadline({ power, statusAt, waiting, alarm, suspicion }: Device): number | undefined {
  if (power === 'dead') return undefined;
  const dueAt = power === 'on' ? waiting.map(({ dueAt }) => dueAt) : [];
  return Math.min(statusAt, alarm?.repeatAt ?? Infinity, suspicion?.verdictAt ?? Infinity, ...dueAt);
}

const urgentRestsMs = [5_000, 10_000, 20_000, 40_000, 60_000];
const patientRestsMs = [...urgentRestsMs, 120_000, 300_000, 600_000];
/** What the radio takes for one report out of two lithium cells, seen as voltage; and where it stops to work. */
const voltsPerReport = 0.000_02;
const emptyVolts = 2;

function passTime(device: Device, at: number): Device {
  const { statusAt, alarm, suspicion } = device;
  let next = device;
  if (suspicion && suspicion.verdictAt <= at) {
    const { suspicion: _, ...upright } = withReport(next, at, 'fall', { state: 'confirmed', of: suspicion.seq });
    next = upright;
  }
  if (alarm && alarm.repeatAt <= at) {
    // One that still waits for its acknowledgement is repeated as it is.
    const isWaiting = next.waiting.some(({ report }) => report.name === 'alarm');
    const repeated = isWaiting ? next : withReport(next, at, 'alarm', alarm.fields);
    next = { ...repeated, alarm: { ...alarm, repeatAt: at + repeatAlarmMs } };
  }
  return statusAt <= at ? withStatus(next, at) : next;
}

function send(device: Device, at: number): [Device, Report[]] {
  if (device.power !== 'on') return [device, []];
  const sent: Report[] = [];
  const waiting = device.waiting.map((one) => {
    if (one.dueAt > at) return one;
    const ageSeconds = Math.round((at - one.happenedAt) / 100) / 10;
    sent.push({ age: ageSeconds, ...one.report });
    const restsMs = isLifeSafety(one.report.name) ? urgentRestsMs : patientRestsMs;
    const restMs = restsMs[Math.min(one.sent, restsMs.length - 1)] ?? 0;
    return { ...one, sent: one.sent + 1, dueAt: at + restMs };
  });
  const batteryVolts = device.batteryVolts - sent.length * voltsPerReport;
  return [{ ...device, waiting, batteryVolts, power: batteryVolts < emptyVolts ? 'dead' : 'on' }, sent];
}

function obey(device: Device, command: DeviceCommand, at: number): Device {
  const done = (next: Device, result: 'ok' | 'failed') => withReport(next, at, 'done', { command: command.id, result });
  switch (command.name) {
    case 'hush':
      return device.alarm
        ? done(deeds['smoke-detector'].hush?.(device, at, {}) ?? device, 'ok')
        : done(device, 'failed');
    case 'interval':
      return done({ ...device, intervalMinutes: command.interval }, 'ok');
    case 'reboot':
      return done(rebooted(device), 'ok');
    default:
      return done(device, 'ok');
  }
}
