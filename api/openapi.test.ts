import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDesk, signedIn, standInAlarm } from './desk.test-support.ts';
import type { Document, Operation } from './openapi.ts';
import { problemCodes } from './problem.ts';
import { collectionNames } from './registry/registry-schemas.ts';
import type { Api } from './server.ts';

let api: Api;
let document: Document & Record<string, unknown>;
beforeAll(async () => {
  // With every part that routes may depend on; none of them is asked anything.
  const parts = { store: {}, events: {}, people: {}, tracks: {}, audit: {}, duty: {} } as unknown as Parameters<
    typeof openDesk
  >[1];
  api = await openDesk(standInAlarm(), parts);
  const response = await fetch(`${api.address.url}/api/v1/openapi.json`);
  expect(response.status).toBe(200);
  document = (await response.json()) as typeof document;
});
afterAll(() => api.close());

type Described = Operation & { parameters?: { name: string; in: string; required?: boolean; schema: object }[] };
const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method} ${path}`,
      path,
      operation: operation as Described,
    })),
  );
type Content = Record<string, { schema?: object; example?: unknown; examples?: Record<string, { value: unknown }> }>;
const contents = () => [
  { name: 'a problem', content: (document.components.responses.Problem as { content: Content }).content },
  ...operations().flatMap(({ name, operation }) => [
    ...Object.entries(operation.responses).flatMap(([status, response]) =>
      'content' in response ? [{ name: `${name} ${status}`, content: response.content as Content }] : [],
    ),
    ...(operation.requestBody ? [{ name: `${name} body`, content: operation.requestBody.content as Content }] : []),
  ]),
];
const ajv = () => new Ajv2020({ strict: false, formats: { uri: true, 'date-time': true } });

/** What OpenAPI 3.1 asks of a document, as far as this one uses it. */
const documentSchema = {
  type: 'object',
  required: ['openapi', 'info', 'paths', 'components'],
  properties: {
    openapi: { const: '3.1.0' },
    info: {
      type: 'object',
      required: ['title', 'version'],
      properties: { title: { type: 'string' }, version: { type: 'string' } },
    },
    paths: {
      propertyNames: { pattern: '^/api/v1/' },
      additionalProperties: {
        propertyNames: { enum: ['get', 'put', 'post', 'delete', 'patch'] },
        additionalProperties: { $ref: '#/$defs/operation' },
      },
    },
  },
  $defs: {
    operation: {
      type: 'object',
      required: ['summary', 'tags', 'responses', 'security', 'description', 'x-permission'],
      properties: {
        summary: { type: 'string', minLength: 8 },
        tags: { type: 'array', minItems: 1, items: { type: 'string' } },
        security: { type: 'array', items: { type: 'object' } },
        parameters: {
          type: 'array',
          items: {
            type: 'object',
            required: ['name', 'in', 'schema'],
            properties: { in: { enum: ['path', 'query', 'header', 'cookie'] }, schema: { type: 'object' } },
            if: { properties: { in: { const: 'path' } } },
            // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
            then: { properties: { required: { const: true } }, required: ['required'] },
          },
        },
        requestBody: { type: 'object', required: ['content'], properties: { content: { $ref: '#/$defs/content' } } },
        responses: {
          type: 'object',
          required: ['default'],
          propertyNames: { pattern: '^([1-5][0-9][0-9]|default)$' },
          additionalProperties: {
            anyOf: [{ required: ['description'] }, { required: ['$ref'] }],
            properties: { description: { type: 'string', minLength: 5 }, content: { $ref: '#/$defs/content' } },
          },
        },
      },
    },
    content: {
      type: 'object',
      minProperties: 1,
      propertyNames: { pattern: '^[a-z]+/' },
      additionalProperties: {
        type: 'object',
        properties: { schema: { type: 'object' }, examples: { additionalProperties: { required: ['value'] } } },
      },
    },
  },
};

test('the document is what OpenAPI 3.1 says it is, and every route has a summary, a tag and a permission', () => {
  const validate = ajv().compile(documentSchema);
  validate(document);
  expect(validate.errors ?? []).toEqual([]);
  expect(operations().length).toBeGreaterThan(80);
  const names = operations().map(({ operation }) => operation.operationId);
  expect(names).toContain('postIncidentsByIncidentIdClaim');
  expect(new Set(names).size).toBe(names.length);
});

test('every route that can be called is in it, and nothing that cannot', async () => {
  const routes = api.routes.filter(({ url, method }) => url.startsWith('/api/v1') && method !== 'HEAD');
  const named = routes.map(({ method, url }) => `${method.toLowerCase()} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
  expect(
    operations()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(named.sort());
});

test('a path names its parameters, and no other', () => {
  for (const { name, path, operation } of operations()) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const stated = (operation.parameters ?? []).filter((one) => one.in === 'path').map((one) => one.name);
    expect(stated.sort(), name).toEqual(named.sort());
  }
});

test('every schema can be used, and every example is what its own schema says', () => {
  const judge = ajv();
  judge.addSchema({ $id: 'api', components: document.components });
  /** The same schema stands in many places, and takes its time to compile. */
  const compiled = new Map<string, ReturnType<typeof judge.compile>>();
  const validatorOf = (schema: object) => {
    const text = JSON.stringify(schema).replaceAll('"#/components/', '"api#/components/');
    const validate = compiled.get(text) ?? judge.compile(JSON.parse(text));
    compiled.set(text, validate);
    return validate;
  };
  let examples = 0;
  for (const { name, content } of contents()) {
    for (const [type, { schema = {}, example, examples: named = {} }] of Object.entries(content)) {
      const validate = validatorOf(schema);
      for (const value of [
        ...(example === undefined ? [] : [example]),
        ...Object.values(named).map((one) => one.value),
      ]) {
        examples += 1;
        validate(value);
        expect(validate.errors ?? [], `${name} ${type}`).toEqual([]);
      }
    }
  }
  expect(examples).toBeGreaterThan(150);
});

test('every answer in JSON and every body has an example', () => {
  const without = contents().flatMap(({ name, content }) =>
    Object.entries(content).flatMap(([type, { example, examples }]) => {
      const isEmpty = example === undefined ? examples === undefined : JSON.stringify(example) === '{}';
      return type.endsWith('json') && isEmpty ? [`${name} ${type}`] : [];
    }),
  );
  expect(without).toEqual([]);
});

test('what the registry really answers is what its schemas say', async () => {
  const { get } = await signedIn(api);
  let answers = 0;
  const hold = async (path: string, template: string) => {
    const described = document.paths[`/api/v1${template}`]?.get?.responses['200'] as { content: Content } | undefined;
    const validate = ajv().compile(described?.content['application/json']?.schema ?? false);
    const answer = await (await get(path)).json();
    validate(answer);
    expect(validate.errors ?? [], path).toEqual([]);
    answers += 1;
    return answer as { items: { id: string }[] };
  };
  for (const collection of [...collectionNames, 'responders']) {
    const { items } = await hold(`/${collection}`, `/${collection}`);
    if (collection === 'responders') continue;
    for (const { id } of items) await hold(`/${collection}/${id}`, `/${collection}/{id}`);
  }
  expect(answers).toBeGreaterThan(30);
});

test('a refusal is a problem with one of the codes that are listed', () => {
  const { Problem } = document.components.schemas as { Problem: { properties: { code: { enum: string[] } } } };
  expect(Problem.properties.code.enum).toEqual(problemCodes);
  for (const { name, operation } of operations())
    expect(operation.responses.default, name).toEqual({ $ref: '#/components/responses/Problem' });
});

test('a personal field is text in the document, though an export may hold it sealed', () => {
  expect(JSON.stringify(document)).not.toContain('"sealed"');
});
