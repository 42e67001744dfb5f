import type { Device } from '../records/registry.ts';
import type { Applied, Registry } from '../records/registry-fold.ts';
import { isInstalled } from '../records/registry-links.ts';
import type { DeviceEvent } from '../rules/event.ts';

/**
 * What changes of the registry mean to supervision: it begins and ends with a device. Stock lies in a box and is silent
 * with good reason, so that it is not supervised until it hangs somewhere.
 */
export function registryEvents(
  registry: Registry,
  { devicesAdded, devicesRemoved }: Applied,
  at: number,
): DeviceEvent[] {
  return [
    ...devicesRemoved.map((device) => deviceEvent(registry, device, 'device-removed', at)),
    ...devicesAdded.map((device) =>
      deviceEvent(registry, device, isInstalled(device) ? 'device-added' : 'device-removed', at),
    ),
  ];
}

export function deviceEvent(
  registry: Registry,
  { id: deviceId, intervalMinutes }: Pick<Device, 'id' | 'intervalMinutes'>,
  type: DeviceEvent['type'],
  at: number,
): DeviceEvent {
  return { type, at, where: registry.whereabouts(deviceId), deviceId, intervalMinutes };
}
