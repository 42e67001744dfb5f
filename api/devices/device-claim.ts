import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { readClaimCode } from '../../records/claim-code.ts';
import { entityVersion } from '../../records/entity-version.ts';
import { type Device, entities } from '../../records/registry.ts';
import type { Access } from '../../records/rights.ts';
import { refuse } from '../problem.ts';
import { accessOf } from '../rights/rights.ts';
import { createThrottle } from '../throttle.ts';
import { nameOfUser } from './device-card.ts';
import { absentTarget, changeDevice, type DeviceParts, placed, showDevice, usedBy } from './device-change.ts';

/**
 * `POST /devices/{id}/claim`: whoever holds the label says where the device hangs, once. The code is checked here, in the process
 * that may be slow, against the registry as this process knows it; the command that follows holds the version of the device whose code was right
 * and no code, so that of two who claim in the same instant one has it. Guessing is slowed by device and by account. An
 * unknown device and a wrong code get the same answer after the same work.
 */
export const claimRoute: FastifyPluginAsyncZod<DeviceParts> = async (api, parts) => {
  const { registry, deviceKeys, rights, now, log, metrics } = parts;
  const throttle = createThrottle(parts);

  api.post(
    '/devices/:deviceId/claim',
    { config: { permission: 'device:install' }, schema: { params, body } },
    async (request, reply) => {
      const { deviceId } = request.params;
      const { commandId, code: text, ...where } = request.body;
      const access = accessOf(request);
      const by = access.actor.id;
      const refused = (reason: string) => {
        metrics.claimsRefused.inc({ reason });
        log.warn({ account: by, deviceId, reason }, 'a claim of a device was refused');
      };
      if ((where.placeId === undefined) === (where.personId === undefined))
        return refuse(reply, 'invalid', 'say where it belongs: a placeId or a personId');
      const read = readClaimCode(text, deviceId);
      if (!read.ok) {
        refused('mistyped');
        return refuse(reply, 'invalid', read.problem);
      }
      const limits = [
        { key: `device ${deviceId}`, free: freeGuesses },
        { key: `account ${by}`, free: 3 * freeGuesses },
      ];
      const waitMs = throttle.attempt(limits);
      if (waitMs > 0) {
        refused('too-many');
        return tooMany(reply, waitMs);
      }
      const device = registry.device(deviceId);
      if (!deviceKeys.isCode(deviceId, read.code, device?.claim) || !device) {
        refused('wrong-code');
        return refuse(reply, 'wrong-code', 'device or code is wrong: read both from the label, or ask for a new label');
      }
      throttle.succeeded(limits);
      const absent = absentTarget(parts, access, 'device:install', { id: deviceId, ...where });
      if (absent !== undefined) return refuse(reply, 'invalid', absent);
      if (device.claim?.used) {
        if (isRepeat(device, where, access.actor)) return reply.send(showDevice(parts, deviceId));
        refused('claimed');
        const areaId = rights.areaOf('device', deviceId);
        return refuseClaimed(parts, reply, device, rights.may(access, 'device:install', areaId));
      }
      const installed = placed(device, where, usedBy(access.actor, now()));
      return changeDevice(parts, reply, {
        ...{ commandId, access, deviceId, device: installed, expectedVersion: entityVersion(device) },
      });
    },
  );
};

const { id, placeId, personId, room } = entities.device.shape;
const params = z.object({ deviceId: id });
const body = z.strictObject({
  commandId: z.string().min(8).max(64),
  /** As it was typed, or the whole text of the label. */
  code: z.string().min(1).max(200),
  ...{ placeId, personId, room },
});
const freeGuesses = 10;

type Target = Pick<Device, 'placeId' | 'personId'>;

/** The answer was lost, and the same person says the same again. */
function isRepeat(
  device: Device,
  { placeId, personId }: { [F in keyof Target]: Target[F] | undefined },
  actor: Access['actor'],
): boolean {
  const { used } = device.claim ?? {};
  const isTheirs = used?.by === actor.id && (used.type === 'api-key') === (actor.type === 'api-key');
  return isTheirs && device.placeId === placeId && device.personId === personId;
}

/** Where it hangs by now is told to those whose area that is. */
function refuseClaimed(parts: DeviceParts, reply: FastifyReply, device: Device, isTheirs: boolean) {
  if (!isTheirs)
    return refuse(
      reply,
      'claimed',
      'this label was used before: ask the duty desk to move the device, or for a new label',
    );
  const shown = showDevice(parts, device.id);
  const used = device.claim?.used;
  const who = used && (nameOfUser(parts, used) ?? used.by);
  const at = used && countyTime(used.at, parts.timeZone);
  const where = [shown?.place ?? (device.personId ? 'with the person it was given to' : ''), device.room].filter(
    Boolean,
  );
  const now = where.length > 0 ? `the device is registered at: ${where.join(', ')}` : 'the device is in stock';
  const detail = `${who} used this label at ${at}; ${now}. Ask the duty desk to move it, or for a new label`;
  return refuse(reply, 'claimed', detail, { ...(shown && { device: shown }) });
}

/** `2026-11-23 09:12`, as clocks in the county show it. */
function countyTime(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(at);
}

function tooMany(reply: FastifyReply, waitMs: number) {
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  return refuse(reply, 'too-many', `too many codes were tried: wait ${retryAfterSeconds} s`, { retryAfterSeconds });
}
