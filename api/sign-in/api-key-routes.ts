import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Chance } from '../../platform/random.ts';
import { type ApiKey, entities } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { type Access, mayGrant, mayRevoke } from '../../records/rights.ts';
import type { ApiKeyMade, ApiKeyPage, ApiKeyShown } from '../answers.ts';
import { answerRepeat, type ChangeParts, changeOnce, wasDone } from '../change-once.ts';
import { refuse } from '../problem.ts';
import { codeOfTaken, taken } from '../registry/registry-rights.ts';
import type { Looks } from '../rights/looks.ts';
import { accessOf } from '../rights/rights.ts';
import { type ApiKeys, newToken } from './api-keys.ts';

/**
 * Keys of programs, by those who manage accounts in their areas. A key holds what it was granted and no more: never more than who made it,
 * never accounts, and no glass. Its token is in the one answer that made it. A key that is taken out ends at once, also where it watches.
 */
export const apiKeyRoutes: FastifyPluginAsyncZod<ApiKeyParts> = async (api, parts) => {
  const { registry, chance, now } = parts;
  const config = { permission: 'account:manage' } as const;

  api.get('/api-keys', { config, schema: { querystring: pageQuery } }, async (request): Promise<ApiKeyPage> => {
    const { limit, cursor = '' } = request.query;
    const access = accessOf(request);
    const all = Array.from(registry.list('apiKey')).sort((a, b) => (a.id < b.id ? -1 : 1));
    const chosen = all.filter((one) => one.id > cursor && isManaged(parts, access, one));
    const page = chosen.slice(0, limit);
    const last = chosen.length > limit ? page.at(-1) : undefined;
    return { keys: page.map((one) => shown(parts, one)), ...(last && { next: last.id }) };
  });

  api.post('/api-keys', { config, schema: { body: newKey } }, async (request, reply) => {
    const { commandId, ...asked } = request.body;
    const access = accessOf(request);
    if (!mayGrant(access, asked.grants, registry))
      return refuse(reply, 'forbidden', 'nobody gives a program rights that they do not hold themselves');
    if ((asked.expiresAt ?? Number.POSITIVE_INFINITY) <= now())
      return refuse(reply, 'invalid', 'expiresAt: is in the past');
    if (wasDone(parts, commandId)) return answerRepeat(reply, token);
    // What both do is signed with the id alone in some places.
    if (registry.account(asked.id)) return refuse(reply, codeOfTaken, taken.problem);
    const { token: shownOnce, hash } = newToken(chance);
    const value = entities.apiKey.parse({ ...asked, hash });
    const change = { type: 'put', entity: 'apiKey', value, expectedVersion: 0 } as const;
    const { result, isFolded } = await changeOnce(parts, { commandId, by: access.actor, change });
    if (!result.ok) return refuse(reply, result.problem, result.message);
    if (!isFolded) return reply.code(202).send({ key: shown(parts, value) });
    // The same request twice at once has one answer, and two tokens: only the one that opens something is shown.
    if (registry.get('apiKey', asked.id)?.hash !== hash) return answerRepeat(reply, token);
    return reply.code(201).send({ key: shown(parts, value), token: shownOnce } satisfies ApiKeyMade);
  });

  api.delete('/api-keys/:keyId', { config, schema: { params, body: removal } }, async (request, reply) => {
    const { keyId: id } = request.params;
    const { commandId } = request.body;
    const access = accessOf(request);
    const key = registry.get('apiKey', id);
    if (!key) return noKey(reply, id);
    if (!isManaged(parts, access, key)) {
      parts.looks.refused(access, { type: 'apiKey', id });
      return noKey(reply, id);
    }
    const change = { type: 'remove', entity: 'apiKey', id } as const;
    const { result, isFolded } = await changeOnce(parts, { commandId, by: access.actor, change });
    if (!result.ok) return refuse(reply, result.problem, result.message);
    return reply.code(isFolded ? 204 : 202).send();
  });
};

export type ApiKeyParts = ChangeParts & {
  registry: Registry;
  keys: ApiKeys;
  looks: Pick<Looks, 'refused'>;
  chance: Chance;
  now: () => number;
};

const { id, name, grants, expiresAt } = entities.apiKey.shape;
const commandId = z.string().min(8).max(64);
const params = z.object({ keyId: id });
const newKey = z.strictObject({ commandId, id, name, grants, expiresAt });
const removal = z.strictObject({ commandId });
const pageQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(200).default(50), cursor: id.optional() });

/** Whoever manages any of its areas may end it: that takes from nobody but the program. */
const isManaged = ({ registry }: ApiKeyParts, access: Access, key: ApiKey) =>
  key.grants.some((grant) => mayRevoke(access, [grant], registry));

function shown({ keys }: ApiKeyParts, { hash: _, ...key }: ApiKey): ApiKeyShown {
  const lastUsedAt = keys.lastUsedAt(key.id);
  return { ...key, ...(lastUsedAt !== undefined && { lastUsedAt }) };
}

const token = { made: 'the token was', instead: 'make another key' };

/** Also where there is one, and it is nobody's business: the two cannot be told apart. */
function noKey(reply: FastifyReply, keyId: string) {
  return refuse(reply, 'not-found', `there is no key ${keyId}`);
}
