import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Clock } from '../platform/clock.ts';
import { type Command, type CommandResult, cancelDeviceCommand, deviceCommand } from '../records/command.ts';
import type { Downlink } from '../records/downlink.ts';
import type { Registry } from '../records/registry-fold.ts';
import type { Sealer } from '../records/sealing.ts';
import type { NamedActor } from './answers.ts';
import type { DutyView } from './duty-view.ts';
import { accountName } from './incident-card.ts';
import { refuse } from './problem.ts';
import type { SessionOf } from './session-routes.ts';
import { untilFolded } from './until-folded.ts';

/**
 * What a device was asked to do, by whom and why, and what became of it. A command is asked under an id that the device answers
 * with, and once, however often it is asked under that id. 201 (200 for a cancellation): done, as it is now; 202: done, and its news
 * is still on the way here; 400, 404 and 409: refused, in words.
 */
export const deviceCommandRoutes: FastifyPluginAsyncZod<DeviceCommandParts> = async (api, parts) => {
  const { view, registry, sessionOf, now } = parts;
  const byWhom = (request: Parameters<SessionOf>[0]) => ({
    type: 'account' as const,
    id: sessionOf(request).account.id,
  });

  api.get('/devices/:deviceId/commands', { schema: { params: device } }, async (request, reply) => {
    const { deviceId } = request.params;
    if (!registry.device(deviceId)) return refuse(reply, 'not-found', `there is no device ${deviceId}`);
    const newestFirst = view.downlinks(deviceId).reverse();
    return { at: now(), commands: newestFirst.map((row) => shown(parts, row)) } satisfies DeviceCommandPage;
  });

  api.post('/devices/:deviceId/commands', { schema: { params: device, body: asking } }, async (request, reply) => {
    const { lifeSeconds, ...asked } = request.body;
    const life = lifeSeconds === undefined ? {} : { lifeSeconds };
    const by = byWhom(request);
    const result = await parts.commands.apply({ type: 'device-command', by, ...request.params, ...asked, ...life });
    if (!result.ok) return refuse(reply, result.problem, result.message);
    return answer(parts, reply, 201, asked.commandId, () => true);
  });

  api.delete(
    '/devices/:deviceId/commands/:cancels',
    { schema: { params: oneCommand, querystring: cancelling } },
    async (request, reply) => {
      const by = byWhom(request);
      const { params, query } = request;
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
  sessionOf: SessionOf;
  clock: Clock;
  now: () => number;
};

/** Instants are epoch ms of journal time; `sent` counts, and nothing but `done` says that it was obeyed. */
export type DeviceCommandShown = Omit<Downlink, 'by'> & { by: NamedActor };
/** The newest first: all that wait, and the latest others. */
export type DeviceCommandPage = { at: number; commands: DeviceCommandShown[] };

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
  return row ? reply.code(status).send(shown(parts, row)) : reply.code(202).send({ id });
}

function shown(names: Pick<DeviceCommandParts, 'registry' | 'unseal'>, { by, ...row }: Downlink): DeviceCommandShown {
  const name = by.type === 'account' ? accountName(names, by.id) : undefined;
  return { ...row, by: { ...by, ...(name !== undefined && { name }) } };
}
