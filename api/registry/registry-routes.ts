import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { MissingClips } from '../../records/escalation-check.ts';
import type { EntityType, RegistryChange } from '../../records/registry.ts';
import { entities } from '../../records/registry.ts';
import type { Access } from '../../records/rights.ts';
import { allRules } from '../../rules/all-rules.ts';
import type { DeviceKeys } from '../devices/device-keys.ts';
import { refuse } from '../problem.ts';
import { accessOf } from '../rights/rights.ts';
import { changeEntity, expectedOf, type RegistryParts, showIfSeen } from './registry-change.ts';
import { type EntryParts, readEntry } from './registry-entry.ts';
import { isResponder, listEntities } from './registry-listing.ts';
import { problemsOf, writePermission } from './registry-rights.ts';
import {
  bodyOf,
  type Collection,
  changeHeaders,
  collectionNames,
  collections,
  entityParams,
  exampleShown,
  expectation,
  listQuery,
  shownOf,
} from './registry-schemas.ts';

/**
 * Areas, sites, places, households, people, contacts, zones, rule settings, thresholds, rosters, policies and profiles: listed, looked at, made or replaced under the version that
 * was seen, and retired when nothing refers to them any more. Devices have routes of their own.
 */
export const registryRoutes: FastifyPluginAsyncZod<RegistryRouteParts> = async (api, parts) => {
  for (const collection of collectionNames) {
    await api.register(readRoutes, { ...parts, collection });
    await api.register(putRoute, { ...parts, collection });
    await api.register(deleteRoute, { ...parts, collection });
  }
  await api.register(responderRoutes, parts);
  await api.register(moveRoute, parts);
};

export type RegistryRouteParts = RegistryParts & { deviceKeys: DeviceKeys; missingClips?: MissingClips };
type Of = { collection: Collection };

const readRoutes: FastifyPluginAsyncZod<RegistryRouteParts & Of> = async (api, { collection, ...parts }) => {
  const { section, entity, one } = collections[collection];
  const shown = shownOf(entity).meta({ examples: [exampleShown(section)] });
  const page = z.object({ items: z.array(shownOf(entity)), next: z.string().optional() });
  const config = { permission: 'registry:read' } as const;
  const tags = [collection];
  const inTurn = searchesInTurn();

  api.get(
    `/${collection}`,
    {
      config,
      schema: {
        ...{ tags, summary: `List ${collection}, masked, by id`, querystring: listQuery },
        response: {
          200: page.meta({ examples: [{ items: [exampleShown(section)], next: exampleShown(section).id }] }),
        },
      },
    },
    async (request, reply) =>
      inTurn(request.query, reply, () => listEntities<EntityType>(parts, accessOf(request), { entity }, request.query)),
  );

  api.get(
    `/${collection}/:id`,
    { config, schema: { tags, summary: `Look at ${one}`, params: entityParams, response: { 200: shown } } },
    async (request, reply) => {
      return showIfSeen(parts, { access: accessOf(request), reply }, entity, request.params.id);
    },
  );
};

const putRoute: FastifyPluginAsyncZod<RegistryRouteParts & Of> = async (api, { collection, ...parts }) => {
  const { section, entity, one } = collections[collection];
  const shown = shownOf(entity).meta({ examples: [exampleShown(section)] });
  const schema = {
    ...{ ...aboutChanges(collection), summary: `Make or replace ${one}`, body: bodyOf(section) },
    response: { 200: shown, 201: shown, 202: z.looseObject({ id: z.string() }).meta(onItsWay) },
  };
  api.put(`/${collection}/:id`, { config: { permission: writePermission(entity) }, schema }, async (request, reply) => {
    const { commandId: _, expectedVersion: __, version: ___, says: ____, ...written } = request.body as Shown;
    const expected = expectedOf(request, reply, request.body);
    if (!expected) return reply;
    const { id } = request.params;
    if (written.id !== undefined && written.id !== id) return refuse(reply, 'invalid', 'the id in the body is another');
    const read = readEntry(section, { ...written, id }, entryPartsOf(parts, accessOf(request)));
    if (!read.ok) {
      const problems = read.issues.map(({ path, problem, zh }) => ({ field: path.join('.'), problem, zh }));
      return refuse(reply, 'invalid', problems.map(({ problem }) => problem).join('; '), { problems });
    }
    const { commandId, expectedVersion } = expected;
    const change = { type: 'put', entity, value: read.value, expectedVersion } as RegistryChange;
    return changeEntity(parts, { request, reply, commandId }, change);
  });
};

type Shown = Record<string, unknown>;

const deleteRoute: FastifyPluginAsyncZod<RegistryRouteParts & Of> = async (api, { collection, ...parts }) => {
  const { entity, one } = collections[collection];
  const schema = {
    ...{ ...aboutChanges(collection), summary: `Retire ${one}`, body: z.strictObject(expectation).nullish() },
    response: {
      204: z.null().describe('It is gone'),
      202: z.null().describe('It is gone, and its news is on the way'),
    },
  };
  const config = { permission: writePermission(entity) };
  api.delete(`/${collection}/:id`, { config, schema }, async (request, reply) => {
    const expected = expectedOf(request, reply, request.body ?? undefined);
    if (!expected) return reply;
    const { commandId, expectedVersion } = expected;
    const change = { type: 'remove', entity, id: request.params.id, expectedVersion } as const;
    return changeEntity(parts, { request, reply, commandId }, change);
  });
};

const aboutChanges = (collection: Collection) => ({
  ...{ tags: [collection], params: entityParams, headers: changeHeaders },
});

/** What reading an entry takes, here and in sheets. What stands elsewhere is read as if it did not stand at all. */
export function entryPartsOf(
  { registry, rights, unseal, deviceKeys, missingClips }: RegistryRouteParts,
  access: Access,
) {
  const { credentialOf, isSecret } = deviceKeys;
  const credentialFor: EntryParts['credentialFor'] = (secret, current) =>
    current && isSecret(secret, current) ? current : credentialOf(secret);
  const reached = {
    check: (changes: readonly RegistryChange[]) => problemsOf({ registry, rights }, access, changes),
    get: <T extends EntityType>(entity: T, id: string) =>
      rights.may(access, writePermission(entity), rights.areaOf(entity, id)) ? registry.get(entity, id) : undefined,
  };
  return { registry: reached, unseal, rules: allRules, credentialFor, ...(missingClips && { missingClips }) };
}

/** A search opens every name that it may: of a whole county that takes seconds, which a few at a time may have. */
function searchesInTurn() {
  let underWay = 0;
  return async <Page>({ q }: { q?: string | undefined }, reply: FastifyReply, list: () => Promise<Page>) => {
    if (q === undefined) return list();
    if (underWay >= mostSearches)
      return refuse(reply, 'too-many', 'others are searching: ask again', { retryAfterSeconds: 2 });
    underWay += 1;
    return list().finally(() => {
      underWay -= 1;
    });
  };
}
const mostSearches = 2;

const onItsWay = { description: 'It is done, and its news is on the way here', examples: [{ id: 'h-01' }] };

/** A view of the contacts that answer for an area or a site. They are changed as contacts. */
const responderRoutes: FastifyPluginAsyncZod<RegistryRouteParts> = async (api, parts) => {
  const page = z.object({ items: z.array(shownOf('contact')), next: z.string().optional() });
  const inTurn = searchesInTurn();
  const example = { ...exampleShown('contacts'), of: { type: 'area', id: 'dongjing' }, role: 'station' };
  api.get(
    '/responders',
    {
      config: { permission: 'registry:read' },
      schema: {
        ...{
          tags: ['contacts'],
          summary: 'List the contacts that answer for an area or a site',
          querystring: listQuery,
        },
        response: { 200: page.meta({ examples: [{ items: [example] }] }) },
      },
    },
    async (request, reply) =>
      inTurn(request.query, reply, () =>
        listEntities(parts, accessOf(request), { entity: 'contact', matches: isResponder }, request.query),
      ),
  );
};

/** People who live together go to another place: the winter camp, a daughter's house, a room. It takes the right here and there. */
const moveRoute: FastifyPluginAsyncZod<RegistryRouteParts> = async (api, parts) => {
  const body = z
    .strictObject({
      currentPlaceId: entities.place.shape.id,
      areaId: entities.area.shape.id.optional(),
      ...expectation,
    })
    .meta({
      examples: [{ currentPlaceId: 'dj-01-summer', commandId: '4f0c6e2a-move-01', expectedVersion: 4503599627370497 }],
    });
  const shown = shownOf('household').meta({ examples: [exampleShown('households')] });
  api.post(
    '/households/:id/move',
    {
      config: { permission: 'registry:write' },
      schema: {
        ...{
          tags: ['households'],
          summary: 'Move a household to another place',
          params: entityParams,
          headers: changeHeaders,
        },
        ...{ body, response: { 200: shown, 202: z.looseObject({ id: z.string() }).meta(onItsWay) } },
      },
    },
    async (request, reply) => {
      const expected = expectedOf(request, reply, request.body);
      if (!expected) return reply;
      const { currentPlaceId, areaId } = request.body;
      const { id } = request.params;
      const household = parts.registry.household(id);
      if (!household) return refuse(reply, 'not-found', `there is no household ${id}`);
      const value = { ...household, currentPlaceId, ...(areaId !== undefined && { areaId }) };
      const change = { type: 'put', entity: 'household', value, expectedVersion: expected.expectedVersion } as const;
      if (!parts.rights.reaches(accessOf(request), 'registry:write', { type: 'household', id }))
        return refuse(reply, 'not-found', `there is no household ${id}`);
      return changeEntity(parts, { request, reply, commandId: expected.commandId }, change);
    },
  );
};
