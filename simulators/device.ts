import type { DoneReport } from '../firmware-contracts/every-device.ts';
import { type DeviceKind, isLifeSafety, type Report, type ReportName } from '../firmware-contracts/report.ts';

/**
 * A device as a value: what it counts, what it still has to send, what it is in the middle of.
 * Units: instants are the world's epoch ms, `batteryVolts` V. `clockAheadMs`: how far its own clock is ahead; without it it
 * has none. `waiting` holds what was not acknowledged, oldest first.
 */
export type Device = {
  readonly id: string;
  readonly kind: DeviceKind;
  readonly power: 'on' | 'asleep' | 'dead';
  readonly boot: number;
  readonly seq: number;
  readonly batteryVolts: number;
  readonly clockAheadMs?: number;
  readonly intervalMinutes: number;
  /** When the next heartbeat is due. */
  readonly statusAt: number;
  readonly waiting: readonly Waiting[];
  /** An alarm that lasts, the numbers of its first report, and when it is repeated. */
  readonly alarm?: { fields: Fields; boot: number; first: number; repeatAt: number };
  /** A suspected fall, by its `seq`, and when it will be confirmed. */
  readonly suspicion?: { seq: number; verdictAt: number };
  /** Whether it shows that help is coming. */
  readonly lamp?: 'on' | 'off';
  /** It was told to restart, and does when everything that it said was acknowledged. */
  readonly restarts?: true;
  /** What it made of the last commands, so that it obeys none of them twice. */
  readonly obeyed?: readonly { id: string; result: DoneReport['result'] }[];
};
export type Fields = { readonly [name: string]: unknown };
export type Waiting = {
  readonly report: Report;
  readonly happenedAt: number;
  readonly sent: number;
  readonly dueAt: number;
};

/** `statusAt` is its first heartbeat; `boot` counts its restarts so far. */
export function newDevice(
  parts: Pick<Device, 'id' | 'kind' | 'intervalMinutes' | 'statusAt'> & Partial<Device>,
): Device {
  return { power: 'on', boot: 0, seq: 0, batteryVolts: fullVolts(parts.kind), waiting: [], ...parts };
}

/** What was going on in it is forgotten, and its numbers begin again. */
export function restarted(before: Device, boot: number): Device {
  const { alarm: _, suspicion: __, restarts: ___, ...device } = before;
  return { ...device, power: 'on', boot, seq: 0, waiting: [], batteryVolts: fullVolts(device.kind) };
}

/** It counts its restarts, and keeps what was not acknowledged and an alarm that lasts; a fall it had not judged is forgotten. */
export function rebooted({ suspicion: _, restarts: __, ...device }: Device): Device {
  return { ...device, boot: device.boot + 1, seq: 0 };
}

/** A report under the device's next number. A full store lets go of its oldest telemetry first. */
export function withReport(device: Device, at: number, name: ReportName, fields: Fields): Device {
  const { boot, seq, clockAheadMs, waiting } = device;
  const ownTime = clockAheadMs === undefined ? {} : { at: at + clockAheadMs };
  const report = { name, v: 1, boot, seq, ...ownTime, ...fields } as Report;
  const all = [...waiting, { report, happenedAt: at, sent: 0, dueAt: at }];
  const spare = all.findIndex((one) => !isLifeSafety(one.report.name));
  const kept = all.length > mostWaiting ? all.toSpliced(Math.max(0, spare), 1) : all;
  return { ...device, seq: seq + 1, waiting: kept };
}

/** A report of an alarm that lasts: the first of a new one, or one more of the one that is going on since this start. */
export function withAlarm(
  device: Device,
  at: number,
  fields: Fields,
): Device & { alarm: NonNullable<Device['alarm']> } {
  const { boot, seq, alarm } = device;
  const goesOn = alarm?.boot === boot && alarm.fields.source === fields.source;
  const first = goesOn ? alarm.first : seq;
  return { ...withReport(device, at, 'alarm', fields), alarm: { fields, boot, first, repeatAt: at + repeatAlarmMs } };
}

export function withStatus(device: Device, at: number, more: Fields = {}): Device {
  const { intervalMinutes, batteryVolts } = device;
  const battery = Math.round(batteryVolts * 1000) / 1000;
  const reported = withReport(device, at, 'status', {
    battery,
    rsrp: -101,
    snr: 7,
    firmware: 'simulated',
    interval: intervalMinutes,
    ...more,
  });
  return { ...reported, statusAt: at + intervalMinutes * 60_000 };
}

/** An alarm that lasts is repeated by a new report this long after the last one. */
export const repeatAlarmMs = 60_000;
const mostWaiting = 64;
/** V: a lithium-ion cell in wearables, two lithium manganese cells in everything else. */
const fullVolts = (kind: DeviceKind) => (kind === 'wearable' ? 4.1 : 3.05);
/** V: it works still, and should be looked after. */
export const lowVolts = (kind: DeviceKind) => (kind === 'wearable' ? 3.4 : 2.4);
