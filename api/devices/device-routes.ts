import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { labelText } from '../../records/claim-code.ts';
import { entityVersion } from '../../records/entity-version.ts';
import { imeiProblem } from '../../records/imei.ts';
import { type Device, entities } from '../../records/registry.ts';
import { isInstalled } from '../../records/registry-links.ts';
import type { Access } from '../../records/rights.ts';
import type { DevicePage } from '../answers.ts';
import { wasDone } from '../change-once.ts';
import { refuse } from '../problem.ts';
import { pageOfEntities } from '../registry/registry-listing.ts';
import { codeOfTaken, taken } from '../registry/registry-rights.ts';
import { listQuery } from '../registry/registry-schemas.ts';
import { accessOf } from '../rights/rights.ts';
import { deviceShown } from './device-card.ts';
import {
  absentTarget,
  answerAgain,
  type Change,
  changeDevice,
  type DeviceParts,
  inOrder,
  notFound,
  placed,
  reachedDevice,
  refuseChange,
  showDevice,
  usedBy,
} from './device-change.ts';
import { claimRoute } from './device-claim.ts';

/**
 * Devices: stock that was registered, where each hangs, and its end. A change names the version that its author saw, and carries an id, so
 * that a repeat changes nothing. Secrets and codes are in the one answer that made them.
 */
export const deviceRoutes: FastifyPluginAsyncZod<DeviceParts> = async (api, parts) => {
  const { rights, now, deviceKeys } = parts;

  api.get('/devices', { ...reading, schema: { querystring: pageQuery } }, async (request) =>
    pageOf(parts, accessOf(request), request.query),
  );

  api.get('/devices/:deviceId', { ...reading, schema: { params } }, async (request, reply) => {
    const { deviceId } = request.params;
    const shown = showDevice(parts, deviceId);
    const isSeen = () => rights.sees(accessOf(request), 'registry:read', { type: 'device', id: deviceId });
    return shown && isSeen() ? shown : notFound(reply, deviceId);
  });

  api.post('/devices', { ...writing, schema: { body: newDevice } }, async (request, reply) => {
    const { commandId, anyId, ...asked } = request.body;
    const access = accessOf(request);
    const isThere = parts.registry.device(asked.id) !== undefined;
    if (isThere && !reachedDevice(parts, access, 'registry:write', asked.id))
      return refuse(reply, codeOfTaken, taken.problem);
    const absent = absentTarget(parts, access, 'registry:write', asked);
    if (absent !== undefined) return refuse(reply, 'invalid', absent);
    if (!isInstalled(asked) && !rights.may(access, 'registry:write', undefined)) return refuseStock(reply);
    const mistyped = anyId ? undefined : imeiProblem(asked.id);
    if (mistyped !== undefined) return refuse(reply, 'invalid', `${mistyped}; "anyId": true takes it as it is`);
    const { secret, credential } = deviceKeys.newSecret();
    const code = isInstalled(asked) ? undefined : deviceKeys.newCode(asked.id);
    const device = inOrder({ ...asked, credential, ...(code && { claim: code.claim }) });
    const made = { secret, ...(code && labelOf(asked.id, code.code)) };
    const change = { commandId, access, deviceId: asked.id, device, made };
    if (wasDone(parts, commandId)) return answerAgain(parts, reply, change);
    return changeDevice(parts, reply, change);
  });

  api.patch('/devices/:deviceId', { ...writing, schema: { params, body: move } }, async (request, reply) => {
    const { placeId, personId, room, intervalMinutes } = request.body;
    const access = accessOf(request);
    const where = { placeId, personId, room };
    return carryOut(parts, reply, { ...request.body, ...request.params, access }, (device) => {
      const wrong = absentTarget(parts, access, 'registry:write', { id: device.id, ...where });
      if (wrong !== undefined) return { wrong };
      const there = isInstalled(where)
        ? placed(device, where, usedBy(access.actor, now()))
        : { ...device, ...(room && { room }) };
      return { device: inOrder({ ...there, ...(intervalMinutes && { intervalMinutes }) }) };
    });
  });

  api.delete('/devices/:deviceId', { ...writing, schema: { params, body: versioned } }, async (request, reply) =>
    carryOut(parts, reply, { ...request.body, ...request.params, access: accessOf(request) }, () => ({})),
  );

  await api.register(renewals, parts);
  await api.register(claimRoute, parts);
};

/** A secret that is nobody else's any more, and a label in place of one that was lost. */
const renewals: FastifyPluginAsyncZod<DeviceParts> = async (api, parts) => {
  const { deviceKeys, rights } = parts;

  api.post(
    '/devices/:deviceId/rotate-secret',
    { ...writing, schema: { params, body: versioned } },
    async (request, reply) => {
      const access = accessOf(request);
      return carryOut(parts, reply, { ...request.body, ...request.params, access, made: {} }, (device) => {
        const { secret, credential } = deviceKeys.newSecret();
        return { device: inOrder({ ...device, credential }), made: { secret } };
      });
    },
  );

  api.post(
    '/devices/:deviceId/rotate-code',
    { ...writing, schema: { params, body: newCode } },
    async (request, reply) => {
      const { release, newSecret } = request.body;
      const access = accessOf(request);
      if (release && !rights.may(access, 'registry:write', undefined)) return refuseStock(reply);
      return carryOut(parts, reply, { ...request.body, ...request.params, access, made: {} }, (device) => {
        const { code, claim } = deviceKeys.newCode(device.id);
        const fresh = newSecret ? deviceKeys.newSecret() : undefined;
        const { placeId: _, personId: __, room: ___, ...stock } = device;
        const next = { ...(release ? stock : device), claim, ...(fresh && { credential: fresh.credential }) };
        const made = { ...labelOf(device.id, code), ...(fresh && { secret: fresh.secret }) };
        return { device: inOrder(next), made };
      });
    },
  );
};

const reading = { config: { permission: 'registry:read' } } as const;
const writing = { config: { permission: 'registry:write' } } as const;

/** What hangs nowhere belongs to no area: whoever has one alone cannot keep it. */
function refuseStock(reply: FastifyReply) {
  return refuse(reply, 'forbidden', 'a device in stock belongs to the county: say where it hangs, or ask there');
}

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
const pageQuery = listQuery.extend({
  state: z.enum(['stock', 'installed', 'all']).default('all'),
  ...{ placeId, personId },
});

const labelOf = (deviceId: string, claimCode: string) => ({ claimCode, label: labelText(deviceId, claimCode) });

/** `made` in what is asked says that the answer would show something once: a repeat of it shows nothing. */
type Asked = Omit<Change, 'device' | 'expectedVersion'> & { expectedVersion: number };

/** Makes of the device that its author saw what it is to be; refused when it is another by now. */
async function carryOut(
  parts: DeviceParts,
  reply: FastifyReply,
  { commandId, access, deviceId, expectedVersion, made: shows }: Asked,
  become: (device: Device) => Pick<Change, 'device' | 'made'> | { wrong: string },
) {
  const device = reachedDevice(parts, access, 'registry:write', deviceId);
  if (wasDone(parts, commandId) && (device || !parts.registry.device(deviceId)))
    return answerAgain(parts, reply, { access, deviceId, ...(shows && { made: shows }) });
  if (!device) return notFound(reply, deviceId);
  const next = become(device);
  if ('wrong' in next) return refuse(reply, 'invalid', next.wrong);
  if (entityVersion(device) !== expectedVersion) {
    const message = `device ${deviceId} is not as you saw it any more: look at it again`;
    return refuseChange(parts, reply, { access, deviceId }, { ok: false, problem: 'version-conflict', message });
  }
  return changeDevice(parts, reply, { commandId, access, deviceId, expectedVersion, ...next });
}

async function pageOf(
  parts: DeviceParts,
  access: Access,
  { state, placeId, personId, ...listing }: z.infer<typeof pageQuery>,
): Promise<DevicePage> {
  const matches = (device: Device) =>
    (state === 'all' || (state === 'installed') === isInstalled(device)) &&
    (placeId === undefined || device.placeId === placeId) &&
    (personId === undefined || device.personId === personId);
  const { values, ...next } = await pageOfEntities(parts, access, { entity: 'device', matches }, listing);
  return { devices: values.map((device) => deviceShown(parts, device)), ...next };
}
