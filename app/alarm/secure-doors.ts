import type { SecureDoor } from '../../broker/broker.ts';
import type { DeviceKeys } from '../../broker/handshakes.ts';
import { openTls, type TlsParts } from '../../broker/tls.ts';
import type { Device } from '../../records/registry.ts';
import type { SecureListeners } from '../listener-settings.ts';

/**
 * The doors with TLS that the configuration asks for. Behind one of them are smoke detectors alone, so that they come in first.
 * Errors: TLS_UNUSABLE when the files do not fit together.
 */
export async function openSecureDoors(parts: SecureDoorParts): Promise<{ doors: SecureDoor[]; close(): void }> {
  const { mqtts, device, pepper } = parts;
  const { host, files, port, smokePort, pskPort } = mqtts;
  const tls = files && (await openTls({ ...parts, files }));
  // Whom nobody registered, and the enrolment lets in, may be one: its alarm is not refused for that.
  const only = (deviceId: string) => (device(deviceId)?.kind ?? 'smoke-detector') === 'smoke-detector';
  const keys: DeviceKeys = { device, pepper };
  const doors: SecureDoor[] = [];
  if (tls) doors.push({ listen: { host, port }, tls });
  if (tls && smokePort !== undefined) doors.push({ listen: { host, port: smokePort }, tls, only });
  if (pskPort !== undefined) doors.push({ listen: { host, port: pskPort }, keys });
  return { doors, close: () => tls?.close() };
}

type SecureDoorParts = Omit<TlsParts, 'files'> & {
  mqtts: SecureListeners;
  device(id: string): Device | undefined;
  pepper: Uint8Array;
};
