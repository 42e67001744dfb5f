import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Clock } from '../../platform/clock.ts';
import { type Command, type CommandResult, cancelDeviceCommand, deviceCommand } from '../../records/command.ts';
import type { Downlink } from '../../records/downlink.ts';
import type { Registry } from '../../records/registry-fold.ts';
import type { Access } from '../../records/rights.ts';
import { openText } from '../../records/sealed-text.ts';
import type { Sealer } from '../../records/sealing.ts';
import type { NamedActor } from '../answers.ts';
import type { DutyView } from '../incidents/duty-view.ts';
import { accountName } from '../incidents/incident-card.ts';
import { refuse } from '../problem.ts';
import { accessOf, type Rights } from '../rights/rights.ts';
import { untilFolded } from '../until-folded.ts';
import { notFound, reachedDevice } from './device-change.ts';

/**
 * What a device was asked to do, by whom and why, and what became of it. A command is asked under an id that the device answers
 * with, and once, however often it is asked under that id. 201 (200 for a cancellation): done, as it is now; 202: done, and its news
 * is still on the way here; 400, 404 and 409: refused, in words.
 */
export const deviceCommandRoutes: FastifyPluginAsyncZod<DeviceCommandParts> = async (api, parts) => {
  const { view, registry, rights, now } = parts;
  const reading = { config: { permission: 'registry:read' } } as const;
  const commanding = { config: { permission: 'device:command' } } as const;

  api.get('/devices/:deviceId/commands', { ...reading, schema: { params: device } }, async (request, reply) => {
    const { deviceId } = request.params;
    const access = accessOf(request);
    const isSeen = () => rights.sees(access, 'registry:read', { type: 'device', id: deviceId });
    if (!registry.device(deviceId) || !isSeen()) return notFound(reply, deviceId);
    const isOpen = rights.may(access, 'device:command', rights.areaOf('device', deviceId));
    const newestFirst = view.downlinks(deviceId).reverse();
    return { at: now(), commands: newestFirst.map((row) => shown(parts, row, isOpen)) } satisfies DeviceCommandPage;
  });

  api.post(
    '/devices/:deviceId/commands',
    { ...commanding, schema: { params: device, body: asking } },
    async (request, reply) => {
      const { lifeSeconds, ...asked } = request.body;
      const life = lifeSeconds === undefined ? {} : { lifeSeconds };
      const access = accessOf(request);
      if (!mayAsk(parts, access, request.params.deviceId)) return notFound(reply, request.params.deviceId);
      const by = access.actor;
      const result = await parts.commands.apply({ type: 'device-command', by, ...request.params, ...asked, ...life });
      if (!result.ok) return refuse(reply, result.problem, result.message);
      return answer(parts, reply, 201, asked.commandId, () => true);
    },
  );

  api.delete(
    '/devices/:deviceId/commands/:cancels',
    { ...commanding, schema: { params: oneCommand, querystring: cancelling } },
    async (request, reply) => {
      const access = accessOf(request);
      const { params, query } = request;
      if (!mayAsk(parts, access, params.deviceId)) return notFound(reply, params.deviceId);
      const by = access.actor;
      const result = await parts.commands.apply({ type: 'cancel-device-command', by, ...params, ...query });
      if (!result.ok) return refuse(reply, result.problem, result.message);
      return answer(parts, reply, 200, params.cancels, ({ state }) => state.phase !== 'waiting');
    },
  );
};

export type DeviceCommandParts = {
  view: Pick<DutyView, 'downlink' | 'downlinks'>;
  registry: Registry;
  unseal: Sealer['unseal'];
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
  rights: Rights;
  clock: Clock;
  now: () => number;
};

/** Instants are epoch ms of journal time; `sent` counts, and nothing but `done` says that it was obeyed. */
export type DeviceCommandShown = Omit<Downlink, 'by' | 'reason' | 'state'> & {
  by: NamedActor;
  /** Left out for whoever may not command it. */
  reason?: string;
  state: Exclude<Downlink['state'], { phase: 'cancelled' }> | CancelledShown;
};
type CancelledShown = Omit<Extract<Downlink['state'], { phase: 'cancelled' }>, 'reason'> & { reason?: string };
/** The newest first: all that wait, and the latest others. */
export type DeviceCommandPage = { at: number; commands: DeviceCommandShown[] };

/** One that nobody registered is for whoever may do it in the whole installation. */
function mayAsk(parts: DeviceCommandParts, access: Access, deviceId: string): boolean {
  if (!parts.registry.device(deviceId)) return parts.rights.may(access, 'device:command', undefined);
  return reachedDevice(parts, access, 'device:command', deviceId) !== undefined;
}

const device = deviceCommand.pick({ deviceId: true });
const asking = deviceCommand.pick({ commandId: true, ask: true, lifeSeconds: true, reason: true });
const oneCommand = cancelDeviceCommand.pick({ deviceId: true, cancels: true });
const cancelling = cancelDeviceCommand.pick({ commandId: true, reason: true });

async function answer(
  parts: DeviceCommandParts,
  reply: FastifyReply,
  status: 200 | 201,
  id: string,
  isFolded: (row: Downlink) => boolean,
) {
  const row = await untilFolded(parts.clock, () => {
    const now = parts.view.downlink(id);
    return now && isFolded(now) ? now : undefined;
  });
  return row ? reply.code(status).send(shown(parts, row, true)) : reply.code(202).send({ id });
}

function shown(
  parts: DeviceCommandParts,
  { by, reason, state, ...row }: Downlink,
  isOpen: boolean,
): DeviceCommandShown {
  const name = by.type === 'account' ? accountName(parts, by.id) : undefined;
  const why = isOpen ? openText(reason, parts) : undefined;
  return {
    ...row,
    ...(why !== undefined && { reason: why }),
    by: { ...by, ...(name !== undefined && { name }) },
    state: stateShown(parts, state, isOpen),
  };
}

function stateShown(parts: DeviceCommandParts, state: Downlink['state'], isOpen: boolean): DeviceCommandShown['state'] {
  if (state.phase !== 'cancelled') return state;
  const { reason, ...ended } = state;
  const why = isOpen ? openText(reason, parts) : undefined;
  return { ...ended, ...(why !== undefined && { reason: why }) };
}
