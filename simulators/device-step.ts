import type { DeviceCommand } from '../firmware-contracts/commands.ts';
import type { DoneReport } from '../firmware-contracts/every-device.ts';
import { isLifeSafety, type Report } from '../firmware-contracts/report.ts';
import { deeds } from './deeds.ts';
import {
  type Device,
  type Fields,
  rebooted,
  repeatAlarmMs,
  type Waiting,
  withAlarm,
  withReport,
  withStatus,
} from './device.ts';

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
      const heard = { ...device, waiting: device.waiting.filter((one) => !isIt(one)) };
      // Whoever sounds the alarm by then does not stop to restart.
      const restartsNow = heard.restarts && heard.waiting.length === 0 && !heard.alarm;
      return [restartsNow ? rebooted(heard) : heard, []];
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
    next = isWaiting
      ? { ...next, alarm: { ...alarm, repeatAt: at + repeatAlarmMs } }
      : withAlarm(next, at, alarm.fields);
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

/** Answers `done`; a command that comes again is answered again and not obeyed twice. */
function obey(device: Device, command: DeviceCommand, at: number): Device {
  const { id } = command;
  const { obeyed = [] } = device;
  const isSaying = ({ report }: Waiting) => report.name === 'done' && report.command === id;
  if (device.waiting.some(isSaying)) return device;
  const before = obeyed.find((one) => one.id === id);
  const [next, result] = before ? [device, before.result] : carryOut(device, command, at);
  const kept = before ? obeyed : [...obeyed, { id, result }].slice(-mostObeyed);
  const done = withReport({ ...next, obeyed: kept }, at, 'done', { command: id, result });
  return command.name === 'reboot' && result === 'ok' && !before ? { ...done, restarts: true } : done;
}

function carryOut(device: Device, command: DeviceCommand, at: number): [Device, DoneReport['result']] {
  const { kind, alarm } = device;
  switch (command.name) {
    case 'hush': {
      const isIt = alarm?.boot === command.boot && alarm.first <= command.seq && command.seq < device.seq;
      const hush = deeds[kind].hush;
      return isIt && hush ? [hush(device, at, {}), 'ok'] : [device, kind === 'smoke-detector' ? 'failed' : 'unknown'];
    }
    case 'locate': {
      const position = deeds[kind].position;
      return position ? [position(device, at, {}), 'ok'] : [device, 'unknown'];
    }
    case 'interval': {
      const statusAt = Math.min(device.statusAt, at + command.interval * 60_000);
      return [{ ...device, intervalMinutes: command.interval, statusAt }, 'ok'];
    }
    case 'time':
      return [{ ...device, clockAheadMs: command.at - at }, 'ok'];
    case 'lamp':
      return [{ ...device, lamp: command.state }, 'ok'];
    case 'reboot':
      return [device, alarm ? 'failed' : 'ok'];
  }
}

const mostObeyed = 8;
