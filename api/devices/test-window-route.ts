import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type Command, type CommandResult, testWindow } from '../../records/command.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { refuse } from '../problem.ts';
import { accessOf, type Rights } from '../rights/rights.ts';
import { notFound, reachedDevice } from './device-change.ts';

/** Alarms of a detector are tests until then, for at most two hours: somebody stands under it with a can of smoke. It is on record. */
export const testWindowRoute: FastifyPluginAsyncZod<TestWindowParts> = async (api, parts) => {
  const schema = {
    ...{ summary: 'Take the alarms of a detector for tests, until then', tags: ['devices'], params, body },
    response: { 200: z.object({ deviceId: z.string(), until: z.int() }).meta({ examples: [exampleWindow] }) },
  };
  api.post(
    '/devices/:deviceId/test-window',
    { config: { permission: 'device:test-window' }, schema },
    async (request, reply) => {
      const { deviceId } = request.params;
      const access = accessOf(request);
      if (!reachedDevice(parts, access, 'device:test-window', deviceId)) return notFound(reply, deviceId);
      const asked = { type: 'test-window', ...request.body, deviceId, by: access.actor } as const;
      const result = await parts.commands.apply(asked);
      if (!result.ok) return refuse(reply, result.problem, result.message);
      return { deviceId, until: request.body.until };
    },
  );
};

export type TestWindowParts = {
  registry: Registry;
  rights: Rights;
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
};

const params = testWindow.pick({ deviceId: true });
const exampleWindow = { deviceId: '860000000000001', until: 1_795_413_600_000 };
const body = testWindow
  .pick({ commandId: true, until: true, reason: true })
  .meta({ examples: [{ commandId: '4f0c6e2a-window', until: exampleWindow.until, reason: '每月试验' }] });
