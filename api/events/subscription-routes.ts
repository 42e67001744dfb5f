import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Subscription } from '../../records/registry.ts';
import type { Access } from '../../records/rights.ts';
import type { SubscriptionPage } from '../answers.ts';
import { wasDone } from '../change-once.ts';
import { refuse } from '../problem.ts';
import { expectedOf } from '../registry/registry-change.ts';
import { accessOf } from '../rights/rights.ts';
import {
  answerMade,
  changeSubscription,
  newSecret,
  notFound,
  rotated,
  type SubscriptionParts,
  showSubscription,
} from './subscription-change.ts';
import * as schemas from './subscription-schemas.ts';

/**
 * Programs elsewhere that hear what happens, each in an area and everything below it. Whoever manages one needs `subscription:manage` in
 * its area; for one without an area, in the whole installation.
 */
export const subscriptionRoutes: FastifyPluginAsyncZod<SubscriptionParts> = async (api, parts) => {
  const { onPath } = schemas;
  const listing = {
    ...{ tags: onPath.tags, summary: 'List subscriptions, by id', querystring: schemas.pageQuery },
    response: { 200: schemas.page },
  };
  api.get('/subscriptions', { ...managing, schema: listing }, async (request) =>
    pageOf(parts, accessOf(request), request.query),
  );

  const looking = { ...onPath, summary: 'Look at a subscription, and how it fares', response: { 200: schemas.shown } };
  api.get('/subscriptions/:id', { ...managing, schema: looking }, async (request, reply) => {
    const { id } = request.params;
    const isMine = managed(parts, accessOf(request), id) !== undefined;
    return (isMine && showSubscription(parts, id)) || notFound(reply, id);
  });

  await api.register(changeRoutes, parts);
  await api.register(deliveryRoutes, parts);
};

const changeRoutes: FastifyPluginAsyncZod<SubscriptionParts> = async (api, parts) => {
  const { registry, events, clock } = parts;
  const { changing, shown, made, entered } = schemas;
  const gone = {
    204: z.null().describe('It is gone'),
    202: z.null().describe('It is gone, and its news is on the way'),
  };

  const putting = {
    ...{ ...changing, summary: 'Make or replace a subscription', body: entered },
    response: { 200: shown, 201: made, 202: shown },
  };
  api.put('/subscriptions/:id', { ...managing, schema: putting }, async (request, reply) => {
    const { id } = request.params;
    const { commandId: _, expectedVersion: __, ...asked } = request.body;
    const access = accessOf(request);
    const current = registry.get('subscription', id);
    if (current && !managed(parts, access, id)) return notFound(reply, id);
    const expected = expectedOf(request, reply, request.body);
    if (!expected) return reply;
    const problem = problemOf(parts, access, asked);
    if (problem !== undefined) return refuse(reply, 'invalid', problem);
    const change = { ...expected, by: access.actor, id };
    if (current && !isRepeat(parts, expected)) {
      const { secret, previous } = current;
      const isSigning = previous && previous.until > clock.now();
      const value = { id, ...asked, secret, ...(isSigning && { previous }) };
      return changeSubscription(parts, reply, { ...change, value });
    }
    if (!current && [...registry.list('subscription')].length >= events.mostSubscriptions)
      return refuse(reply, 'not-allowed', `there are ${events.mostSubscriptions} subscriptions already: remove one`);
    return answerMade(parts, reply, { ...change, value: { id, ...asked, secret: newSecret(parts) } });
  });

  const ending = { ...changing, summary: 'End a subscription', response: gone };
  api.delete('/subscriptions/:id', { ...managing, schema: ending }, async (request, reply) => {
    const { id } = request.params;
    const access = accessOf(request);
    if (!managed(parts, access, id)) return notFound(reply, id);
    const expected = expectedOf(request, reply, request.body ?? undefined);
    return expected ? changeSubscription(parts, reply, { ...expected, by: access.actor, id }) : reply;
  });

  const rotating = {
    ...{ ...changing, summary: 'Make a new secret; the one before signs beside it for 24 h' },
    response: { 200: made },
  };
  api.post('/subscriptions/:id/rotate-secret', { ...managing, schema: rotating }, async (request, reply) => {
    const { id } = request.params;
    const access = accessOf(request);
    const current = managed(parts, access, id);
    if (!current) return notFound(reply, id);
    const expected = expectedOf(request, reply, request.body ?? undefined);
    if (!expected) return reply;
    return answerMade(parts, reply, { ...expected, by: access.actor, id, value: rotated(parts, current) });
  });
};

/** Whether it arrives: a test at once, what came of every attempt, and what was missed, once more. */
const deliveryRoutes: FastifyPluginAsyncZod<SubscriptionParts> = async (api, parts) => {
  const { events } = parts;
  const { onPath } = schemas;

  const testing = {
    ...onPath,
    summary: 'Send a test at once, and say what came of it',
    response: { 200: schemas.tested },
  };
  api.post('/subscriptions/:id/test', { ...managing, schema: testing }, async (request, reply) => {
    const { id } = request.params;
    if (!managed(parts, accessOf(request), id)) return notFound(reply, id);
    const delivery = await events.test(id);
    return delivery ?? refuse(reply, 'too-many', 'a test is under way', { retryAfterSeconds: 15 });
  });

  const reading = {
    ...{ ...onPath, summary: 'What came of each attempt, the newest first', querystring: schemas.deliveriesQuery },
    response: { 200: schemas.deliveries },
  };
  api.get('/subscriptions/:id/deliveries', { ...managing, schema: reading }, async (request, reply) => {
    const { id } = request.params;
    const { limit, cursor } = request.query;
    if (!managed(parts, accessOf(request), id)) return notFound(reply, id);
    return events.deliveries(id, { limit, before: cursor });
  });

  const again = {
    ...{ ...onPath, summary: 'Send again what happened between there', body: schemas.range },
    response: { 202: schemas.replaying },
  };
  api.post('/subscriptions/:id/replay', { ...managing, schema: again }, async (request, reply) => {
    const { id } = request.params;
    if (!managed(parts, accessOf(request), id)) return notFound(reply, id);
    const { from, to } = request.body;
    const until = to === undefined ? {} : { to: schemas.momentOf(to) };
    const replaying = await events.replay(id, { from: schemas.momentOf(from), ...until });
    if (replaying) return reply.code(202).send(replaying);
    return refuse(reply, 'not-allowed', 'the journal holds nothing from there to there');
  });
};

const managing = { config: { permission: 'subscription:manage' } } as const;

/** What made it is sent again: it is answered as such, and not as a change of what was made. */
const isRepeat = (
  parts: SubscriptionParts,
  { commandId, expectedVersion }: { commandId: string; expectedVersion: number },
) => expectedVersion === 0 && wasDone(parts, commandId);

function mayManage({ rights }: SubscriptionParts, access: Access, areaId: string | undefined): boolean {
  if (areaId !== undefined) return rights.may(access, 'subscription:manage', areaId);
  return rights.seen(access, 'subscription:manage').all;
}

/** The subscription, for somebody who may manage it; a foreign one is not there, and that somebody asked is on record. */
function managed(parts: SubscriptionParts, access: Access, id: string): Subscription | undefined {
  const found = parts.registry.get('subscription', id);
  if (!found || mayManage(parts, access, found.areaId)) return found;
  parts.looks.refused(access, { type: 'subscription', id });
  return undefined;
}

type Asked = { areaId?: string | undefined; url: string };
function problemOf(parts: SubscriptionParts, access: Access, { areaId, url }: Asked): string | undefined {
  if (areaId === undefined && !mayManage(parts, access, undefined))
    return 'without an area it is for the whole installation, which you do not manage: name an area';
  // A foreign area and one that does not exist are answered alike.
  if (areaId !== undefined && !(parts.registry.area(areaId) && mayManage(parts, access, areaId)))
    return `areaId: there is no area ${areaId}`;
  return parts.events.addressProblem(url);
}

function pageOf(
  parts: SubscriptionParts,
  access: Access,
  { limit, cursor = '' }: z.infer<typeof schemas.pageQuery>,
): SubscriptionPage {
  const mine = Iterator.from(parts.registry.list('subscription')).filter(
    ({ id, areaId }) => id > cursor && mayManage(parts, access, areaId),
  );
  const sorted = mine.toArray().sort((a, b) => (a.id < b.id ? -1 : 1));
  const page = sorted.slice(0, limit);
  const last = sorted.length > limit ? page.at(-1) : undefined;
  return {
    subscriptions: page.flatMap(({ id }) => showSubscription(parts, id) ?? []),
    ...(last && { next: last.id }),
  };
}
