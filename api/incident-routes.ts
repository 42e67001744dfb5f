import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { type Command, type CommandResult, command as commandSchema } from '../records/command.ts';
import type { Store } from '../storage/store.ts';
import type { IncidentPage } from './answers.ts';
import type { DutyIncident, DutyView } from './duty-view.ts';
import type { Cards } from './incident-card.ts';
import { refuse } from './problem.ts';
import type { SessionOf } from './session-routes.ts';
import { untilFolded } from './until-folded.ts';

/**
 * Incidents to look at and to act on. A command is answered with what is true after it: 200 when this process has seen it
 * applied, 202 when it was applied and its news is still on the way here, 409 with the incident as it is when it was refused.
 */
export const incidentRoutes: FastifyPluginAsyncZod<IncidentRouteParts> = async (api, parts) => {
  const { view, cards, commands, store, sessionOf, log, now } = parts;

  api.get('/incidents', { schema: { querystring: pageQuery } }, async (request): Promise<IncidentPage> => {
    const { state, limit, cursor } = request.query;
    const chosen = [
      ...(state === 'resolved' ? [] : view.openIncidents()),
      ...(state === 'open' ? [] : view.resolvedIncidents()),
    ];
    const page = pageOf(chosen, { limit, cursor });
    return { at: now(), incidents: page.items.map(cards.card), ...(page.next && { next: page.next }) };
  });

  api.get('/incidents/:incidentId', { schema: { params: incidentParams } }, async (request, reply) => {
    const { incidentId } = request.params;
    const duty = view.incident(incidentId);
    if (!duty) return notFound(reply, incidentId);
    // Telephone numbers and addresses are in the answer: who looked is on record.
    log.info({ account: sessionOf(request).account.id, incidentId }, 'an incident was opened on a page');
    return cards.detail(duty, view.timeline(incidentId));
  });

  for (const { type, body } of incidentCommands) {
    const schema = { params: incidentParams, body };
    api.post(`/incidents/:incidentId/${type}`, { schema }, async (request, reply) => {
      const { incidentId } = request.params;
      const by = { type: 'account' as const, id: sessionOf(request).account.id };
      const result = await commands.apply({ ...request.body, type, incidentId, by } as Command);
      return answer(parts, reply, incidentId, result);
    });
  }

  if (!store) return;
  api.get('/history', { schema: { querystring: historyQuery } }, async (request): Promise<IncidentPage> => {
    const { limit, cursor } = request.query;
    const incidents = await store.incidentHistory({ limit: limit + 1, ...(cursor && { before: cursor }) });
    const asked = incidents.map((incident) => ({ incident, attempts: {}, revision: 0 }));
    const page = pageOf(asked, { limit });
    return { at: now(), incidents: page.items.map(cards.card), ...(page.next && { next: page.next }) };
  });

  api.get('/history/:incidentId', { schema: { params: incidentParams } }, async (request, reply) => {
    const timeline = await store.incidentTimeline(request.params.incidentId);
    return timeline ? { timeline } : notFound(reply, request.params.incidentId);
  });
};

export type IncidentRouteParts = {
  view: DutyView;
  cards: Cards;
  commands: { apply(command: Command): Promise<CommandResult> };
  store?: Pick<Store, 'incidentHistory' | 'incidentTimeline'>;
  sessionOf: SessionOf;
  clock: Clock;
  now: () => number;
  log: Log;
};

/** Every command about one incident: its body is the command without what the path and the session say. */
const incidentCommands = commandSchema.options.flatMap((option) =>
  'incidentId' in option.shape
    ? [{ type: option.shape.type.value, body: z.strictObject(withoutKnown(option.shape)) }]
    : [],
);

function withoutKnown({ type: _, by: __, incidentId: ___, ...asked }: z.core.$ZodShape): z.core.$ZodShape {
  return asked;
}

const incidentParams = z.object({ incidentId: z.string().min(1).max(200) });
const limit = z.coerce.number().int().min(1).max(200).default(50);
const cursor = z
  .string()
  .max(400)
  .transform((text, context) => {
    const [, openedAt, incidentId] = /^(\d{1,16})~(.+)$/s.exec(Buffer.from(text, 'base64url').toString()) ?? [];
    if (incidentId !== undefined) return { openedAt: Number(openedAt), incidentId };
    context.addIssue('is not a cursor that an earlier page gave');
    return z.NEVER;
  })
  .optional();
const pageQuery = z.strictObject({ state: z.enum(['open', 'resolved', 'all']).default('all'), limit, cursor });
const historyQuery = z.strictObject({ limit, cursor });

async function answer(parts: IncidentRouteParts, reply: FastifyReply, incidentId: string, result: CommandResult) {
  const { view, cards, clock } = parts;
  const isHere = (at: number) => (view.incident(incidentId)?.incident.version ?? 0) >= at;
  const version = result.ok ? result.version : result.currentVersion;
  const isTrueNow = version === undefined || (await untilFolded(clock, () => isHere(version) || undefined)) === true;
  const duty = view.incident(incidentId);
  const incident = duty && cards.card(duty);
  if (!result.ok) return refuse(reply, result.problem, result.message, { ...(incident && { incident }) });
  return incident ? reply.code(isTrueNow ? 200 : 202).send(incident) : notFound(reply, incidentId);
}

function notFound(reply: FastifyReply, incidentId: string) {
  return refuse(reply, 'not-found', `there is no incident ${incidentId}, or it was resolved long ago`);
}

type Cursor = { openedAt: number; incidentId: string };
const isBefore = (a: Cursor, b: Cursor) =>
  a.openedAt < b.openedAt || (a.openedAt === b.openedAt && a.incidentId < b.incidentId);

/** The newest first, from after the cursor. */
function pageOf(all: DutyIncident[], { limit, cursor }: { limit: number; cursor?: Cursor | undefined }) {
  const rest = all.filter(({ incident }) => !cursor || isBefore(incident, cursor));
  const items = rest.sort((a, b) => (isBefore(a.incident, b.incident) ? 1 : -1)).slice(0, limit);
  const last = items.at(-1)?.incident;
  if (!last || rest.length <= limit) return { items };
  return { items, next: Buffer.from(`${last.openedAt}~${last.incidentId}`).toString('base64url') };
}
