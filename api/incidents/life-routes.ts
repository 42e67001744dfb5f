import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { harms } from '../../records/alert.ts';
import { type Command, type CommandResult, promptAnswer } from '../../records/command.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { refuse } from '../problem.ts';
import { accessOf, isInSight, type Rights } from '../rights/rights.ts';
import type { DutyView } from './duty-view.ts';

/**
 * Who is watched for what, and who was asked whether all is well. People by ids: their names are the registry's. Whoever has the person on the telephone gives the
 * answer for them: 200 taken, also when it was given before; 404 where nobody is asked by that name any more.
 */
export const lifeRoutes: FastifyPluginAsyncZod<LifeParts> = async (api, { registry, rights, view, commands }) => {
  const looking = {
    ...{ summary: 'Who of a household is watched for what', tags: ['life'], params: oneHousehold },
    response: { 200: homeCoverage },
  };
  const reading = { permission: 'registry:read' } as const;
  api.get('/households/:householdId/coverage', { config: reading, schema: looking }, async (request, reply) => {
    const { householdId } = request.params;
    const access = accessOf(request);
    const isKnown = registry.household(householdId) !== undefined;
    if (!isKnown || !rights.sees(access, 'registry:read', { type: 'household', id: householdId }))
      return refuse(reply, 'not-found', `there is no household ${householdId}`);
    const known = view.coverageOf(householdId);
    const people = registry.referring('person', 'household', householdId).map(({ id: personId }) => ({
      personId,
      harms: harms.map((harm) => ({ harm, ...(known[personId]?.[harm] ?? neverEquipped) })),
    }));
    return { householdId, people };
  });

  const listing = { summary: 'Who was asked whether all is well', tags: ['life'], response: { 200: asked } };
  api.get('/prompts', { config: { permission: 'incident:read' }, schema: listing }, async (request) => {
    const seen = rights.seen(accessOf(request), 'incident:read');
    const inSight = view.prompts.all().filter(({ prompt }) => isInSight(seen, prompt.where.areaId));
    return {
      prompts: inSight.slice(-mostShown).map(({ prompt, answered }) => {
        const { promptId, rule, at, until, about, personId, where } = prompt;
        const { householdId, placeId, areaId } = where;
        const named = { promptId, rule, at, until, about, personId, householdId, placeId };
        const place = placeId === undefined ? undefined : registry.place(placeId)?.name;
        const area = areaId === undefined ? undefined : registry.area(areaId)?.name;
        return { ...named, place, area, answer: answered?.answer, answeredAt: answered?.at };
      }),
    };
  });

  const answering = {
    ...{ summary: 'Answer for a person who was asked', tags: ['life'], params: onePrompt, body: answer },
    response: { 200: answerTaken },
  };
  const acting = { permission: 'incident:act' } as const;
  api.post('/prompts/:promptId/answer', { config: acting, schema: answering }, async (request, reply) => {
    const { promptId } = request.params;
    const access = accessOf(request);
    const row = view.prompts.get(promptId);
    if (!row || !rights.reaches(access, 'incident:act', { type: 'incident', id: promptId }, row.prompt.where.areaId))
      return refuse(reply, 'not-found', `nobody is asked by the name ${promptId}`);
    const result = await commands.apply({ type: 'prompt-answer', ...request.body, promptId, by: access.actor });
    if (!result.ok) return refuse(reply, result.problem, result.message);
    return { promptId, answer: request.body.answer };
  });
};

export type LifeParts = {
  registry: Registry;
  rights: Rights;
  view: Pick<DutyView, 'coverageOf' | 'prompts'>;
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
};

/** The latest; a page has no use for more. */
const mostShown = 500;
const neverEquipped = { state: 'never-equipped' } as const;

const oneHousehold = z.object({ householdId: z.string().min(1).max(32) });
const onePrompt = promptAnswer.pick({ promptId: true });
const answer = promptAnswer
  .pick({ commandId: true, answer: true })
  .meta({ examples: [{ commandId: '4f0c6e2a-answer', answer: 'fine' }] });

const sight = z.object({
  harm: z.enum(harms),
  state: z.enum(['watched', 'blind', 'never-equipped']),
  since: z.int().optional(),
  why: z.string().optional(),
});
const homeCoverage = z
  .object({
    householdId: z.string(),
    people: z.array(z.object({ personId: z.string(), harms: z.array(sight) })),
  })
  .meta({
    examples: [
      {
        householdId: 'h-01',
        people: [
          { personId: 'p-01', harms: [{ harm: 'fire', state: 'blind', since: 1_795_413_600_000, why: 'silent' }] },
        ],
      },
    ],
  });
const examplePrompt = { promptId: 'inactivity:h-01:1795413600000', at: 1_795_413_600_000, until: 1_795_413_660_000 };
const asked = z
  .object({
    prompts: z.array(
      z.object({
        ...{ promptId: z.string(), rule: z.string(), about: z.string(), at: z.int(), until: z.int() },
        personId: z.string().optional(),
        householdId: z.string().optional(),
        placeId: z.string().optional(),
        place: z.string().optional(),
        area: z.string().optional(),
        answer: z.enum(['fine', 'help']).optional(),
        answeredAt: z.int().optional(),
      }),
    ),
  })
  .meta({
    examples: [{ prompts: [{ ...examplePrompt, rule: 'inactivity', about: 'inactivity', householdId: 'h-01' }] }],
  });
const answerTaken = z
  .object({ promptId: z.string(), answer: z.enum(['fine', 'help']) })
  .meta({ examples: [{ promptId: examplePrompt.promptId, answer: 'fine' }] });
