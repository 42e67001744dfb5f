import type { FastifyReply } from 'fastify';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { CommandResult } from '../../records/command.ts';
import { entityVersion } from '../../records/entity-version.ts';
import { type Device, entities } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import type { Access, Permission } from '../../records/rights.ts';
import type { DeviceMade, DeviceShown } from '../answers.ts';
import { answerRepeat, type ChangeParts, changeOnce } from '../change-once.ts';
import { refuse } from '../problem.ts';
import type { Rights } from '../rights/rights.ts';
import { type DeviceNames, deviceShown, type LabelUse } from './device-card.ts';
import type { DeviceKeys } from './device-keys.ts';

export type DeviceParts = DeviceNames &
  ChangeParts & {
    deviceKeys: DeviceKeys;
    metrics: Pick<Metrics, 'claimsRefused'>;
    rights: Rights;
    now: () => number;
    log: Log;
    timeZone: string;
  };

/** What is asked of one device. Without `device` it is retired; without `expectedVersion` it is new. */
export type Change = {
  commandId: string;
  access: Access;
  deviceId: string;
  device?: Device;
  expectedVersion?: number;
  /** What the answer shows, this once. */
  made?: Omit<DeviceMade, 'device'>;
};

/**
 * Asks for a change and answers with the device as it is then: 201 for what was made, 204 for what is retired, 202 when it was
 * done and its news is still on the way here. A repeat is answered with what is true now; what was shown once is not shown again.
 */
export async function changeDevice(parts: DeviceParts, reply: FastifyReply, change: Change) {
  const { commandId, access, deviceId, device, expectedVersion, made } = change;
  const expected = { expectedVersion: expectedVersion ?? 0 };
  const { result, isFolded } = await changeOnce(parts, {
    ...{ commandId, by: access.actor },
    change: device
      ? { type: 'put', entity: 'device', value: device, ...expected }
      : { type: 'remove', entity: 'device', id: deviceId, ...expected },
  });
  if (!result.ok) return refuseChange(parts, reply, change, result);
  if (device === undefined) return reply.code(isFolded ? 204 : 202).send();
  // Another version than ours: this command was carried out before, with a secret or a code of that time.
  if (made && result.version !== entityVersion(device)) return refuseAgain(parts, reply, change);
  const shown = showDevice(parts, deviceId) ?? deviceShown(parts, device);
  const status = isFolded ? (expectedVersion === undefined ? 201 : 200) : 202;
  return reply.code(status).send(made ? { device: shown, ...made } : shown);
}

/** A command that was seen here already: what came of it, in place of doing it again. */
export function answerAgain(
  parts: DeviceParts,
  reply: FastifyReply,
  { access, deviceId, made }: Pick<Change, 'access' | 'deviceId' | 'made'>,
) {
  if (made) return refuseAgain(parts, reply, { access, deviceId });
  const device = showDevice(parts, deviceId);
  return device ? reply.send(device) : reply.code(204).send();
}

export function showDevice(parts: DeviceNames, deviceId: string): DeviceShown | undefined {
  const device = parts.registry.device(deviceId);
  return device && deviceShown(parts, device);
}

/** A device that somebody may ask this of; a refusal goes on record. */
export function reachedDevice(parts: DeviceReach, access: Access, permission: Permission, deviceId: string) {
  const device = parts.registry.device(deviceId);
  return device && parts.rights.reaches(access, permission, { type: 'device', id: deviceId }) ? device : undefined;
}

/** What is wrong with putting it there: nothing is there, or it lies in a foreign area, which is the same in every word. */
export function absentTarget(
  parts: DeviceReach,
  access: Access,
  permission: Permission,
  asked: Where & { id: string },
) {
  const targets = [
    { type: 'place', id: asked.placeId },
    { type: 'person', id: asked.personId },
  ] as const;
  for (const { type, id } of targets) {
    if (id === undefined) continue;
    if (parts.registry.get(type, id) === undefined || !parts.rights.reaches(access, permission, { type, id }))
      return `device "${asked.id}": there is no ${type} "${id}"; add it, or correct the id`;
  }
  return undefined;
}
export type DeviceReach = { registry: Registry; rights: Rights };

/** A device where it is put; the code of its label has done its work then. What it was called elsewhere stays there. */
export function placed(device: Device, where: Where, used: LabelUse): Device {
  const { placeId: _, personId: __, room: ___, claim, ...kept } = device;
  const isMoved = where.placeId !== device.placeId || where.personId !== device.personId;
  const room = where.room ?? (isMoved ? undefined : device.room);
  const usedUp = claim && { ...claim, used: claim.used ?? used };
  return inOrder({ ...kept, ...ownerOf(where), ...(room && { room }), ...(usedUp && { claim: usedUp }) });
}
/** `at`: epoch ms. */
export const usedBy = ({ type, id: by }: Access['actor'], at: number): LabelUse => ({
  ...{ at, by },
  ...(type === 'api-key' && { type }),
});

export type Where = { placeId?: string | undefined; personId?: string | undefined; room?: string | undefined };

const ownerOf = ({ placeId, personId }: Where) => ({
  ...(placeId !== undefined && { placeId }),
  ...(personId !== undefined && { personId }),
});

/** With its fields in the registry's order, by which equal devices are seen to be equal. */
export const inOrder = (device: object): Device => entities.device.parse(device);

/** Also where there is one, and it is nobody's business: the two cannot be told apart. */
export function notFound(reply: FastifyReply, deviceId: string) {
  return refuse(reply, 'not-found', `there is no device ${deviceId}`);
}

/** With the device as it is now, for whoever may see it: it may hang elsewhere by now. */
export function refuseChange(parts: DeviceParts, reply: FastifyReply, { access, deviceId }: Asking, result: Refusal) {
  return refuse(reply, result.problem, result.message, seenNow(parts, { access, deviceId }));
}
type Asking = Pick<Change, 'access' | 'deviceId'>;
type Refusal = Extract<CommandResult, { ok: false }>;

function seenNow(parts: DeviceParts, { access, deviceId }: Asking): { device?: DeviceShown } {
  const isSeen = parts.rights.may(access, 'registry:read', parts.rights.areaOf('device', deviceId));
  const device = isSeen ? showDevice(parts, deviceId) : undefined;
  return device ? { device } : {};
}

function refuseAgain(parts: DeviceParts, reply: FastifyReply, asking: Asking) {
  return answerRepeat(reply, { made: 'what was made was', instead: 'ask for new ones' }, seenNow(parts, asking));
}
