import { z } from 'zod';
import { hushCommand, intervalCommand, lampCommand } from '../firmware-contracts/commands.ts';
import type { DoneReport } from '../firmware-contracts/every-device.ts';
import type { DeviceKind } from '../firmware-contracts/report.ts';
import type { Actor } from './incident.ts';

/**
 * What somebody wants of a device: the fields of its command that people choose. `hush` also names the incident that they answer.
 * Source: firmware-contracts/commands.ts.
 */
export const deviceAsk = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('locate') }),
  z.strictObject({ name: z.literal('interval'), interval: intervalCommand.shape.interval }),
  z.strictObject({ name: z.literal('time') }),
  z.strictObject({ name: z.literal('lamp'), state: lampCommand.shape.state }),
  z.strictObject({
    name: z.literal('hush'),
    incidentId: z.string().max(200),
    boot: hushCommand.shape.boot,
    seq: hushCommand.shape.seq,
  }),
  z.strictObject({ name: z.literal('reboot') }),
]);
export type DeviceAsk = z.infer<typeof deviceAsk>;
export type DeviceAskName = DeviceAsk['name'];

/**
 * A command to a device, from when it was asked to what became of it. `id` is the id that the device sees and answers with. `sent`
 * counts how often it was put on record to be sent, `sentAt` is the last time. Units: epoch ms of journal time.
 */
export type Downlink = {
  id: string;
  deviceId: string;
  ask: DeviceAsk;
  by: Actor;
  reason: string;
  askedAt: number;
  /** Never sent at or after it. */
  expiresAt: number;
  sent: number;
  sentAt?: number;
  /** The critical incident for which somebody is located who took back their consent to it. */
  withoutConsent?: string;
  state: DownlinkState;
};

/**
 * `overtaken`: a newer command of the same name took its place, the alarm that a hush answers is no longer the newest, or the system
 * stood still for hours. `done` is final. What had ended and was obeyed all the same becomes `done`, and says what it was `after`.
 */
export type DownlinkState =
  | { phase: 'waiting' }
  | { phase: 'done'; at: number; result: DoneReport['result']; after?: 'expired' | 'overtaken' | 'cancelled' }
  | { phase: 'expired' | 'overtaken'; at: number }
  | { phase: 'cancelled'; at: number; by: Actor; reason: string };

export const isWaiting = ({ state }: Downlink): boolean => state.phase === 'waiting';

/** All that is ever sent in answer to a life-safety report. */
export const sentAfterLifeSafety: ReadonlySet<DeviceAskName> = new Set<DeviceAskName>([
  'lamp',
  'locate',
  'time',
  'hush',
]);

/** Commands that only some kinds of device can obey; every other is for all. */
export const kindsThatObey: { readonly [Name in DeviceAskName]?: readonly DeviceKind[] } = {
  locate: ['wearable'],
  hush: ['smoke-detector'],
};

/** How long a command lives when nobody says: a device that reports once a day has a day to be late. Seconds. */
export const usualLifeSeconds: { readonly [Name in DeviceAskName]: number } = {
  locate: 3_600,
  lamp: 3_600,
  hush: 300,
  time: 172_800,
  interval: 172_800,
  reboot: 172_800,
};
/** A hush that came later would silence what nobody answered. */
export const longestHushSeconds = 300;
export const longestLifeSeconds = 7 * 86_400;
