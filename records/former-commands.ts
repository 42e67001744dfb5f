import type { Command } from './command.ts';
import type { Device, RegistryChange } from './registry.ts';

/**
 * A command of the journal as this release knows it. Before there was `registry-change` a device had a command of its own, `device-change`,
 * in which no expected version meant that there must be no such device yet.
 */
export function asKnownNow(command: Command | FormerDeviceChange): Command {
  if (command.type !== 'device-change') return command;
  const { commandId, by, deviceId, device, expectedVersion = 0 } = command;
  const change: RegistryChange = device
    ? // One that named another device than it held was refused, and is here: no version is below 0.
      { type: 'put', entity: 'device', value: device, expectedVersion: device.id === deviceId ? expectedVersion : -1 }
    : { type: 'remove', entity: 'device', id: deviceId, expectedVersion };
  return { type: 'registry-change', commandId, by, change };
}

export type FormerDeviceChange = Pick<Command, 'commandId' | 'by'> & {
  type: 'device-change';
  deviceId: string;
  device?: Device;
  expectedVersion?: number;
};
