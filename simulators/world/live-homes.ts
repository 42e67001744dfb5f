import type { DeviceCommand } from '../../firmware-contracts/commands.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/random.ts';
import { newDevice } from '../device.ts';
import type { Happening, Home, HomeDevice } from '../home.ts';
import { type Carry, type LiveDevice, liveDevice } from '../live-device.ts';
import { between } from '../seeded-chance.ts';

/**
 * Every device of the homes, living on the world's clock: its heartbeats, and what is planned for it. One timer waits for
 * the next happening, and one in each device for its next deadline. Errors: a happening that its device does not know.
 */
export function liveHomes({ homes, happenings, clock, chance, carry }: LiveHomesParts) {
  const devices = new Map<string, LiveDevice>();
  for (const device of homes.flatMap((home) => home.devices)) {
    devices.set(device.id, liveDevice({ device: asFound(device, clock.now(), chance), clock, carry }));
  }
  let next = 0;
  let cancel = () => {};

  function play(): void {
    for (let due = happenings[next]; due && due.at <= clock.now(); due = happenings[++next]) {
      devices.get(due.deviceId)?.does(due.deed, due.fields);
    }
    const following = happenings[next];
    if (following) cancel = clock.after(following.at - clock.now(), play);
  }

  play();
  return {
    /** How many reports wait for their PUBACK. */
    waiting: (): number => devices.values().reduce((sum, device) => sum + device.now().waiting.length, 0),
    /** False: it sleeps or is dead, and hears nothing. */
    obeys(deviceId: string, command: DeviceCommand): boolean {
      const device = devices.get(deviceId);
      if (device?.now().power !== 'on') return false;
      device.obeys(command);
      return true;
    },
    stop(): void {
      cancel();
      for (const device of devices.values()) device.stop();
    },
  };
}

export type LiveHomesParts = {
  homes: readonly Home[];
  /** In the order of their time. */
  happenings: readonly Happening[];
  clock: Clock;
  chance: Chance;
  carry: Carry;
};

/**
 * Its next heartbeat is due at any time within its interval. Every other one was never started before, so that a reset gives its
 * numbers once more.
 */
function asFound({ id, kind, intervalMinutes }: HomeDevice, now: number, chance: Chance) {
  const statusAt = now + Math.round(between(chance, 0.01, 1) * intervalMinutes * 60_000);
  return newDevice({ id, kind, intervalMinutes, statusAt, boot: Math.max(0, Math.floor(between(chance, -30, 30))) });
}
