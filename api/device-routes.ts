import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { labelText } from '../records/claim-code.ts';
import { deviceVersion, isInstalled } from '../records/device-version.ts';
import { imeiProblem } from '../records/imei.ts';
import { type Device, entities } from '../records/registry.ts';
import type { DevicePage } from './answers.ts';
import { deviceShown } from './device-card.ts';
import {
  answerRepeat,
  type Change,
  changeDevice,
  type DeviceParts,
  inOrder,
  notFound,
  placed,
  refuseChange,
  showDevice,
} from './device-change.ts';
import { claimRoute } from './device-claim.ts';
import { refuse } from './problem.ts';

/**
 * Devices: stock that was registered, where each hangs, and its end. A change names the version that its author saw, and carries an id, so
 * that a repeat changes nothing. Secrets and codes are in the one answer that made them.
 */
export const deviceRoutes: FastifyPluginAsyncZod<DeviceParts> = async (api, parts) => {
  const { sessionOf, now, deviceKeys } = parts;

  api.get('/devices', { schema: { querystring: pageQuery } }, async (request) => pageOf(parts, request.query));

  api.get('/devices/:deviceId', { schema: { params } }, async (request, reply) => {
    const { deviceId } = request.params;
    return showDevice(parts, deviceId) ?? notFound(reply, deviceId);
  });

  api.post('/devices', { schema: { body: newDevice } }, async (request, reply) => {
    const { commandId, anyId, ...asked } = request.body;
    const mistyped = anyId ? undefined : imeiProblem(asked.id);
    if (mistyped !== undefined) return refuse(reply, 'invalid', `${mistyped}; "anyId": true takes it as it is`);
    const { secret, credential } = deviceKeys.newSecret();
    const code = isInstalled(asked) ? undefined : deviceKeys.newCode(asked.id);
    const device = inOrder({ ...asked, credential, ...(code && { claim: code.claim }) });
    const made = { secret, ...(code && labelOf(asked.id, code.code)) };
    const change = { commandId, by: sessionOf(request).account.id, deviceId: asked.id, device, made };
    if (parts.view.answerTo(commandId)?.ok) return answerRepeat(parts, reply, change);
    return changeDevice(parts, reply, change);
  });

  api.patch('/devices/:deviceId', { schema: { params, body: move } }, async (request, reply) => {
    const { placeId, personId, room, intervalMinutes } = request.body;
    const by = sessionOf(request).account.id;
    return carryOut(parts, reply, { ...request.body, ...request.params, by }, (device) => {
      const where = { placeId, personId, room };
      const there = isInstalled(where)
        ? placed(device, where, { at: now(), by })
        : { ...device, ...(room && { room }) };
      return { device: inOrder({ ...there, ...(intervalMinutes && { intervalMinutes }) }) };
    });
  });

  api.delete('/devices/:deviceId', { schema: { params, body: versioned } }, async (request, reply) => {
    const by = sessionOf(request).account.id;
    return carryOut(parts, reply, { ...request.body, ...request.params, by }, () => ({}));
  });

  await api.register(renewals, parts);
  await api.register(claimRoute, parts);
};

/** A secret that is nobody else's any more, and a label in place of one that was lost. */
const renewals: FastifyPluginAsyncZod<DeviceParts> = async (api, parts) => {
  const { sessionOf, deviceKeys } = parts;

  api.post('/devices/:deviceId/rotate-secret', { schema: { params, body: versioned } }, async (request, reply) => {
    const by = sessionOf(request).account.id;
    return carryOut(parts, reply, { ...request.body, ...request.params, by, made: {} }, (device) => {
      const { secret, credential } = deviceKeys.newSecret();
      return { device: inOrder({ ...device, credential }), made: { secret } };
    });
  });

  api.post('/devices/:deviceId/rotate-code', { schema: { params, body: newCode } }, async (request, reply) => {
    const { release, newSecret } = request.body;
    const by = sessionOf(request).account.id;
    return carryOut(parts, reply, { ...request.body, ...request.params, by, made: {} }, (device) => {
      const { code, claim } = deviceKeys.newCode(device.id);
      const fresh = newSecret ? deviceKeys.newSecret() : undefined;
      const { placeId: _, personId: __, room: ___, ...stock } = device;
      const next = { ...(release ? stock : device), claim, ...(fresh && { credential: fresh.credential }) };
      const made = { ...labelOf(device.id, code), ...(fresh && { secret: fresh.secret }) };
      return { device: inOrder(next), made };
    });
  });
};

const params = z.object({ deviceId: entities.device.shape.id });
const commandId = z.string().min(8).max(64);
const versioned = z.strictObject({ commandId, expectedVersion: z.int().min(0) });
const newDevice = entities.device
  .pick({ id: true, kind: true, placeId: true, personId: true, room: true, intervalMinutes: true, simulated: true })
  .extend({ commandId, anyId: z.boolean().default(false) });
const { placeId, personId, room, intervalMinutes } = entities.device.shape;
const move = versioned.extend({ placeId, personId, room, intervalMinutes: intervalMinutes.unwrap().optional() });
/** `release`: out of its home, back into stock. Else it stays where it is until the new code is used. */
const newCode = versioned.extend({ release: z.boolean().default(false), newSecret: z.boolean().default(false) });
const pageQuery = z.strictObject({
  state: z.enum(['stock', 'installed', 'all']).default('all'),
  placeId,
  personId,
  limit: z.coerce.number().int().min(1).max(200).default(50),
  /** The id after which the page begins. */
  cursor: params.shape.deviceId.optional(),
});

const labelOf = (deviceId: string, claimCode: string) => ({ claimCode, label: labelText(deviceId, claimCode) });

/** `made` in what is asked says that the answer would show something once: a repeat of it shows nothing. */
type Asked = Omit<Change, 'device' | 'expectedVersion'> & { expectedVersion: number };

/** Makes of the device that its author saw what it is to be; refused when it is another by now. */
async function carryOut(
  parts: DeviceParts,
  reply: FastifyReply,
  { commandId, by, deviceId, expectedVersion, made: shows }: Asked,
  become: (device: Device) => Pick<Change, 'device' | 'made'>,
) {
  if (parts.view.answerTo(commandId)?.ok)
    return answerRepeat(parts, reply, { deviceId, ...(shows && { made: shows }) });
  const device = parts.registry.device(deviceId);
  if (!device) return notFound(reply, deviceId);
  if (deviceVersion(device) !== expectedVersion) {
    const message = `device ${deviceId} is not as you saw it any more: look at it again`;
    return refuseChange(parts, reply, deviceId, { ok: false, problem: 'version-conflict', message });
  }
  return changeDevice(parts, reply, { commandId, by, deviceId, expectedVersion, ...become(device) });
}

function pageOf(
  parts: DeviceParts,
  { state, placeId, personId, limit, cursor }: z.infer<typeof pageQuery>,
): DevicePage {
  const chosen = Iterator.from(parts.registry.list('device')).filter(
    (device) =>
      (cursor === undefined || device.id > cursor) &&
      (state === 'all' || (state === 'installed') === isInstalled(device)) &&
      (placeId === undefined || device.placeId === placeId) &&
      (personId === undefined || device.personId === personId),
  );
  const sorted = chosen.toArray().sort((a, b) => (a.id < b.id ? -1 : 1));
  const page = sorted.slice(0, limit);
  const last = sorted.length > limit ? page.at(-1) : undefined;
  return { devices: page.map((device) => deviceShown(parts, device)), ...(last && { next: last.id }) };
}
