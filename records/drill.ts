import type { Alert } from './alert.ts';
import type { Incident } from './incident.ts';
import type { RegistryView } from './registry.ts';

/** Whether a simulated device said it. */
export function isSimulated({ where: { deviceId } }: Pick<Alert, 'where'>, registry: Devices): boolean {
  return deviceId !== undefined && registry.device(deviceId)?.simulated === true;
}

/** Nobody is in danger: simulated devices alone had a part in it. What is counted and not kept may have been real. */
export function isDrill({ alerts, moreAlerts }: Pick<Incident, 'alerts' | 'moreAlerts'>, registry: Devices): boolean {
  return alerts.length > 0 && moreAlerts === undefined && alerts.every((alert) => isSimulated(alert, registry));
}

type Devices = Pick<RegistryView, 'device'>;
