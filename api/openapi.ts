import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { createJsonSchemaTransform } from 'fastify-type-provider-zod';
import { apiWords, problemExamples, problemSchema, type RouteWords, routeWords } from './openapi-words.ts';

/**
 * Gathers every route that is registered after it into an OpenAPI 3.1 document. What a route says of itself (`schema`, `config.permission`) is
 * what stands there; answers are sent as they are, and never held up because a schema does not know them.
 */
export async function gatherRoutes(server: FastifyInstance): Promise<void> {
  server.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  await server.register(swagger, {
    openapi: {
      ...{ openapi: '3.1.0', info: apiWords },
      components: {
        securitySchemes: {
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: 'steppewatch_session',
            description: 'POST /api/v1/session makes it; over https its name begins with `__Host-`',
          },
          key: { type: 'http', scheme: 'bearer', description: 'Of a program: swk_…, from POST /api/v1/api-keys' },
        },
      },
    },
    transform: ({ schema, url, route, ...rest }) => {
      const { permission } = route.config ?? {};
      const described = toJsonSchema({ ...rest, schema: schema ?? {}, url, route } as Parameters<
        typeof toJsonSchema
      >[0]);
      return { url, schema: { ...described.schema, hide: !url.startsWith('/api/v1'), 'x-permission': permission } };
    },
    transformObject: (document) => ('openapiObject' in document ? finished(document.openapiObject as Document) : {}),
  });
}

/** The document, for whoever asks: it names no home and no person. */
export const openApiRoute: FastifyPluginAsync = async (api) => {
  let text: string | undefined;
  const schema = { summary: 'This document', tags: ['system'] };
  api.get('/openapi.json', { config: { permission: 'public' }, schema }, async (_request, reply) => {
    text ??= JSON.stringify(api.swagger());
    return reply.type('application/json').send(text);
  });
};

/** A personal field is entered as text; that it may come back sealed, as an export holds it, is no news for a program. */
const toJsonSchema = createJsonSchemaTransform({
  skipList: [],
  zodToJsonConfig: {
    override: ({ jsonSchema }) => {
      const [text] = jsonSchema.personal === true ? (jsonSchema.anyOf ?? []) : [];
      if (text === undefined) return;
      delete jsonSchema.anyOf;
      Object.assign(jsonSchema, text);
    },
  },
});

/** The document's own parts that are filled in here. */
export type Operation = {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  security?: object[];
  requestBody?: { required?: boolean; content: Record<string, object> };
  responses: Record<string, Answer | { $ref: string }>;
  'x-permission'?: string;
};
type Answer = { description: string; content?: Record<string, Media> };
type Media = { schema?: object; example?: unknown; examples?: Record<string, { value: unknown }> };
export type Document = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; responses: Record<string, object> };
};

const problemResponse: Answer = {
  description: 'Refused: an RFC 9457 problem',
  content: {
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, examples: problemExamples },
  },
};

function finished(document: Document): Document {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) finish(operation, `${method.toUpperCase()} ${path}`);
  }
  document.components.schemas = { ...document.components.schemas, Problem: problemSchema };
  document.components.responses = { Problem: problemResponse };
  return document;
}

/** What every route has in common, and what is known of those that describe themselves in their code alone. */
function finish(operation: Operation, name: string): void {
  const words = routeWords[name];
  const permission = operation['x-permission'];
  operation.operationId = operationName(name);
  operation.summary ??= words?.summary ?? '';
  operation.tags ??= [words?.tag ?? name.split('/')[3] ?? 'system'];
  operation.description = descriptionOf(permission);
  operation.security = permission === 'public' ? [] : [{ session: [] }, { key: [] }];
  if (words?.consumes && !operation.requestBody)
    operation.requestBody = { content: Object.fromEntries(words.consumes.map((type) => [type, { schema: {} }])) };
  finishBody(operation, words?.body);
  for (const [status, response] of Object.entries(operation.responses)) {
    if ('$ref' in response) continue;
    const { description, content } = response;
    const isUnsaid = content === undefined && status === '200';
    const isBare = isUnsaid && !words?.produces && words?.example === undefined;
    if (isUnsaid) delete operation.responses[status];
    operation.responses[isBare ? '204' : status] = {
      description: description === 'Default Response' ? (statusWords[isBare ? '204' : status] ?? '') : description,
      ...(!isBare && (content || isUnsaid) && { content: contentOf(content, words) }),
    };
  }
  operation.responses.default = { $ref: '#/components/responses/Problem' };
}

/** An answer's content, with an example where it has none of its own. */
function contentOf(content: Record<string, Media> | undefined, words: RouteWords | undefined): Record<string, Media> {
  if (words?.produces) return Object.fromEntries(words.produces.map((type) => [type, { schema: { type: 'string' } }]));
  const { 'application/json': json = { schema: {} }, ...others } = content ?? {};
  const hasExample = json.example !== undefined || json.examples !== undefined;
  return { ...others, 'application/json': hasExample ? json : { ...json, example: words?.example ?? {} } };
}

/** What most bodies have in common needs no words of its own. */
function finishBody({ requestBody }: Operation, example: object = {}): void {
  for (const media of Object.values(requestBody?.content ?? {}) as Media[]) {
    if (!media.schema || media.example !== undefined || media.examples !== undefined) continue;
    const { required = [], anyOf } = media.schema as { required?: string[]; anyOf?: object[] };
    const asked = required.filter((field) => field in shared).map((field) => [field, shared[field]]);
    media.example = { ...Object.fromEntries(anyOf ? Object.entries(shared) : asked), ...example };
  }
}
const shared: Record<string, unknown> = { commandId: '4f0c6e2a-change-1', expectedVersion: 4503599627370497 };

/** What generated clients call it: `GET /api/v1/people/{id}` is getPeopleById. */
function operationName(name: string): string {
  const words =
    name
      .replace('/api/v1', '')
      .replaceAll('{', 'by-')
      .match(/[a-z]+/gi) ?? [];
  return words
    .map((word, at) => (at === 0 ? word.toLowerCase() : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('');
}

function descriptionOf(permission: string | undefined): string {
  if (permission === 'public') return 'Open to everybody.';
  if (permission === 'signed-in') return 'For whoever is signed in.';
  return `Needs the permission \`${permission}\` where it is asked for; what lies elsewhere is answered like what does not exist.`;
}

const statusWords: Record<string, string> = {
  200: 'What is true then',
  201: 'It was made',
  202: 'It is done, and its news is on the way here',
  204: 'It is done',
};
