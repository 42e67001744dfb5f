import type { Device } from '../records/registry.ts';
import type { Applied, Registry } from '../records/registry-fold.ts';
import { isInstalled } from '../records/registry-links.ts';
import type { DeviceEvent, RuleEvent } from '../rules/event.ts';

/**
 * What changes of the registry mean to rules. Supervision begins and ends with a device: stock lies in a box and is silent
 * with good reason, so that it is not supervised until it hangs somewhere. Homes come last, when all that changed is true.
 */
export function registryEvents(
  registry: Registry,
  { devicesAdded, devicesRemoved, homes }: Applied,
  at: number,
): RuleEvent[] {
  return [
    ...devicesRemoved.map((device) => deviceEvent(registry, device, 'device-removed', at)),
    ...devicesAdded.map((device) =>
      deviceEvent(registry, device, isInstalled(device) ? 'device-added' : 'device-removed', at),
    ),
    ...homes.map((householdId): RuleEvent => {
      const where = { ...registry.whereaboutsOf({ type: 'household', id: householdId }), householdId };
      return { type: 'home-changed', at, where, householdId };
    }),
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
