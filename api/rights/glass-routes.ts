import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { openText } from '../../records/sealed-text.ts';
import type { Sealer } from '../../records/sealing.ts';
import type { GlassPage, NamedActor } from '../answers.ts';
import type { DutyView } from '../incidents/duty-view.ts';
import type { IncidentHistory } from '../incidents/history-routes.ts';
import { accountName } from '../incidents/incident-card.ts';
import { refuse } from '../problem.ts';
import { untilFolded } from '../until-folded.ts';
import { type BrokenGlass, glassMs } from './glass.ts';
import type { Looked, Looks } from './looks.ts';
import { accessOf, type Rights } from './rights.ts';

/**
 * Breaking the glass: whoever works on incidents may see one thing anywhere for an hour, for a reason. It is on record before anything is
 * shown, and whoever dispatches or audits there sees it.
 */
export const glassRoutes: FastifyPluginAsyncZod<GlassRouteParts> = async (api, parts) => {
  const { view, rights, looks, log, clock, now } = parts;

  api.post('/glass', { config: { permission: 'personal:glass' }, schema: { body } }, async (request, reply) => {
    const { of, reason } = request.body;
    const access = accessOf(request);
    if (!(await exists(parts, of))) return refuse(reply, 'not-found', `there is no ${of.type} ${of.id}`);
    const waitMs = view.glass.waitMs(access.actor, of, now());
    if (waitMs > 0) {
      const retryAfterSeconds = Math.ceil(waitMs / 1000);
      return refuse(reply, 'too-many', 'you have broken 50 glasses in this hour: wait', { retryAfterSeconds });
    }
    const { commandId, result } = await looks.glass(access, of, reason);
    if (!result.ok) return refuse(reply, result.problem, result.message);
    log.warn({ by: access.actor.id, of }, 'the glass was broken: somebody sees what is personal by their own word');
    const isHere = () => view.glass.list().some(({ id }) => id === commandId) || undefined;
    const isOpen = (await untilFolded(clock, isHere)) === true;
    return reply.code(isOpen ? 201 : 202).send({ of, until: now() + glassMs });
  });

  api.get('/glass', { config: { permission: 'glass:read' } }, async (request): Promise<GlassPage> => {
    const access = accessOf(request);
    const seen = view.glass.list().filter(({ of }) => rights.may(access, 'glass:read', areaOf(parts, of)));
    return { at: now(), glass: seen.map((one) => shown(parts, one)) };
  });
};

export type GlassRouteParts = {
  view: Pick<DutyView, 'glass' | 'incident'>;
  registry: Registry;
  unseal: Sealer['unseal'];
  store?: Pick<IncidentHistory, 'incident'>;
  rights: Rights;
  looks: Looks;
  log: Log;
  clock: Clock;
  now: () => number;
};

const things = ['household', 'person', 'place', 'contact'] as const;
const body = z.strictObject({
  of: z.strictObject({ type: z.enum([...things, 'incident']), id: z.string().min(1).max(200) }),
  reason: z.string().trim().min(10, 'say in at least 10 characters why').max(200),
});

async function exists({ view, registry, store }: GlassRouteParts, { type, id }: z.infer<typeof body>['of']) {
  if (type !== 'incident') return registry.get(type, id) !== undefined;
  return view.incident(id) !== undefined || (await store?.incident(id)) !== undefined;
}

function areaOf({ view, rights }: GlassRouteParts, { type, id }: Looked): string | undefined {
  if (type === 'incident') return view.incident(id)?.incident.where.areaId;
  return type === 'registry' || type === 'audit' ? undefined : rights.areaOf(type, id);
}

function shown(parts: GlassRouteParts, { id, by, of, at, reason }: BrokenGlass): GlassPage['glass'][number] {
  const name = by.type === 'account' ? accountName(parts, by.id) : undefined;
  const who: NamedActor = { ...by, ...(name !== undefined && { name }) };
  const why = reason === undefined ? undefined : openText(reason, parts);
  return { ...{ id, by: who, of, at, until: at + glassMs }, ...(why !== undefined && { reason: why }) };
}
