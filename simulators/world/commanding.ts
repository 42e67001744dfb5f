import type { DownlinkPort } from '../../broker/downlinks.ts';
import { type DeviceCommand, decodeCommand } from '../../firmware-contracts/commands.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/random.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import type { DeviceAsk } from '../../records/downlink.ts';
import type { Incident } from '../../records/incident.ts';
import type { Home, HomeDevice } from '../home.ts';
import { msBetween, oneOf } from '../seeded-chance.ts';
import type { Asked, Sent } from './evidence.ts';
import { putQuestion } from './put-question.ts';

export type CommandingParts = {
  clock: Clock;
  chance: Chance;
  homes: readonly Home[];
  /** What is open, as desk shows it at this moment; nothing while it is down. */
  see: () => readonly Incident[] | undefined;
  send: (command: Command) => Promise<CommandResult>;
  /** A device that is awake obeys; one that is not hears nothing. */
  obey: (deviceId: string, command: DeviceCommand) => boolean;
  /** Gain every question, and every command that left the alarm process. */
  asked: Asked[];
  sent: Sent[];
};

/**
 * Somebody at the desk who asks something of any device every few minutes, silences alarms that somebody has claimed, changes their
 * mind; and the road down, on which commands are late or lost.
 */
export function startCommanding(parts: CommandingParts): { downlink: DownlinkPort; heal(): void } {
  const { clock, chance, homes, sent } = parts;
  const devices = homes.flatMap((home) => home.devices);
  const waiting: { id: string; deviceId: string }[] = [];
  let isOver = false;
  let count = 0;

  function ask(words: Words): void {
    count += 1;
    const command = { commandId: `device-${String(count).padStart(6, '0')}`, ...words } as Command;
    putQuestion(parts, command);
    if (command.type === 'device-command') waiting.push({ id: command.commandId, deviceId: command.deviceId });
    if (waiting.length > 20) waiting.shift();
  }

  function wish(): void {
    const device = oneOf(chance, devices);
    const lifeSeconds = Math.round(msBetween(chance, 60_000, 36 * hourMs) / 1_000);
    ask({
      type: 'device-command',
      by: li,
      deviceId: device.id,
      ask: wishFor(device, chance),
      lifeSeconds,
      reason: 'why not',
    });
    const regretted = chance.fraction() < 0.1 ? waiting.shift() : undefined;
    if (regretted)
      ask({
        type: 'cancel-device-command',
        by: li,
        deviceId: regretted.deviceId,
        cancels: regretted.id,
        reason: 'regret',
      });
    if (!isOver) clock.after(msBetween(chance, minuteMs, 10 * minuteMs), wish);
  }

  /** Whoever has a fire in hand silences it, sometimes by a number that is not its alarm's. */
  function silence(): void {
    for (const { incidentId, state, alerts } of parts.see() ?? []) {
      if (state.phase !== 'claimed') continue;
      for (const { alertId } of alerts) {
        const [, deviceId, boot, seq] = /^hazard:([^:]+):(\d+):(\d+):/.exec(alertId) ?? [];
        if (deviceId === undefined) continue;
        const mistaken = chance.fraction() < 0.3 ? 1 : 0;
        const numbers = { boot: Number(boot), seq: Math.max(0, Number(seq) - mistaken) };
        ask({
          type: 'device-command',
          by: state.by,
          deviceId,
          ask: { name: 'hush', incidentId, ...numbers },
          reason: 'smoke',
        });
      }
    }
    if (!isOver) clock.after(msBetween(chance, 20_000, minuteMs), silence);
  }

  clock.after(minuteMs, wish);
  clock.after(minuteMs, silence);
  return {
    downlink: {
      hears: () => chance.fraction() < 0.9,
      send(deviceId, name, payload) {
        if (chance.fraction() < 0.1) return false;
        const read = decodeCommand(name, payload);
        if ('problem' in read) throw new Error(read.problem);
        const { command } = read;
        const one: Sent = { sentAtMs: clock.monotonic(), deviceId, command };
        sent.push(one);
        if (chance.fraction() < 0.15) return true;
        clock.after(msBetween(chance, 50, 2_000), () => {
          if (parts.obey(deviceId, command)) one.arrivedAtMs = clock.monotonic();
        });
        return true;
      },
    },
    heal(): void {
      isOver = true;
    },
  };
}

type Wanted<C> = C extends unknown ? Omit<C, 'commandId'> : never;
type Words = Wanted<Extract<Command, { type: 'device-command' | 'cancel-device-command' }>>;

const li = { type: 'account', id: 'li' } as const;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Its interval stays as the registry has it: nobody is to be missed for a wish. */
function wishFor({ intervalMinutes }: HomeDevice, chance: Chance): DeviceAsk {
  return oneOf<DeviceAsk>(chance, [
    { name: 'reboot' },
    { name: 'reboot' },
    { name: 'lamp', state: 'on' },
    { name: 'lamp', state: 'off' },
    { name: 'locate' },
    { name: 'interval', interval: intervalMinutes },
  ]);
}
