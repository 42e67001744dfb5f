import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type Command, type CommandResult, suppress } from '../../records/command.ts';
import { openText } from '../../records/sealed-text.ts';
import type { Sealer } from '../../records/sealing.ts';
import type { Suppression } from '../../records/suppression.ts';
import { refuse } from '../problem.ts';
import { accessOf, isInSight, type Rights } from '../rights/rights.ts';
import type { DutyView } from './duty-view.ts';

/**
 * What is kept from people for a while, with who answers for it, why and until when. Without an end it is refused; fire, gas, CO and calls
 * for help cannot be. It is for whoever may end incidents there.
 */
export const suppressionRoutes: FastifyPluginAsyncZod<SuppressionParts> = async (api, parts) => {
  const { view, rights, commands, now } = parts;

  const listing = { summary: 'What is kept from people now', tags: ['incidents'], response: { 200: page } };
  api.get('/suppressions', { config: { permission: 'incident:read' }, schema: listing }, async (request) => {
    const access = accessOf(request);
    const seen = rights.seen(access, 'incident:read');
    const standing = view.suppressions.all().filter(({ until }) => until > now());
    const inSight = standing.filter(({ scope }) => isInSight(seen, rights.areaOf(scope.type, scope.id)));
    return {
      suppressions: inSight.map((one) =>
        shown(parts, one, rights.may(access, 'incident:resolve', rights.areaOf(one.scope.type, one.scope.id))),
      ),
    };
  });

  const resolving = { permission: 'incident:resolve' } as const;
  const beginning = {
    summary: 'Keep alerts from people for a while',
    tags: ['incidents'],
    body: asked,
    response: { 201: begun },
  };
  api.post('/suppressions', { config: resolving, schema: beginning }, async (request, reply) => {
    const access = accessOf(request);
    const { scope, commandId } = request.body;
    if (rights.areaOf(scope.type, scope.id) === undefined || !rights.reaches(access, 'incident:resolve', scope))
      return refuse(reply, 'not-found', `there is no ${scope.type} ${scope.id}`);
    const owner = request.body.owner ?? access.actor.id;
    const result = await commands.apply({ type: 'suppress', ...request.body, owner, by: access.actor });
    if (!result.ok) return refuse(reply, result.problem, result.message);
    return reply.code(201).send({ id: commandId });
  });

  const ending = {
    summary: 'Let alerts reach people again',
    tags: ['incidents'],
    params: oneSuppression,
    querystring: ended,
  };
  api.delete('/suppressions/:suppressionId', { config: resolving, schema: ending }, async (request, reply) => {
    const { suppressionId: ends } = request.params;
    const access = accessOf(request);
    const scope = view.suppressions.get(ends)?.scope;
    if (!scope || !rights.reaches(access, 'incident:resolve', scope))
      return refuse(reply, 'not-found', `nothing is suppressed by the name ${ends}`);
    const result = await commands.apply({ type: 'unsuppress', ...request.query, ends, by: access.actor });
    if (!result.ok) return refuse(reply, result.problem, result.message);
    return reply.code(204).send();
  });
};

export type SuppressionParts = {
  view: Pick<DutyView, 'suppressions'>;
  rights: Rights;
  unseal: Sealer['unseal'];
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
  now: () => number;
};

const words = suppress.omit({ type: true, by: true });
const example = {
  ...{ scope: { type: 'household' as const, id: 'h-01' }, conditions: ['inactivity' as const], owner: 'li' },
  ...{ until: 1_795_500_000_000, reason: '家中装修，亲属已知情' },
};
const asked = words
  .extend({ owner: words.shape.owner.optional() })
  .meta({ examples: [{ commandId: '4f0c6e2a-quiet', ...example }] });
const begun = z.object({ id: z.string() }).meta({ examples: [{ id: '4f0c6e2a-quiet' }] });
const oneSuppression = z.object({ suppressionId: z.string().min(8).max(64) });
const ended = z.strictObject({ commandId: z.string().min(8).max(64), reason: z.string().min(1).max(200) });
const page = z
  .object({
    suppressions: z.array(
      words
        .omit({ commandId: true, reason: true })
        .extend({ id: z.string(), by: z.string(), at: z.int(), reason: z.string().optional() }),
    ),
  })
  .meta({
    examples: [{ suppressions: [{ id: '4f0c6e2a-quiet', by: 'account:li', at: 1_795_410_000_000, ...example }] }],
  });

/** What somebody wrote is for those who answer for it. */
function shown(parts: SuppressionParts, { reason, ...suppression }: Suppression, isOpen: boolean) {
  const said = isOpen ? openText(reason, parts) : undefined;
  return { ...suppression, ...(said !== undefined && { reason: said }) };
}
