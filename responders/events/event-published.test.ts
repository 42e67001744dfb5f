import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, expect, test } from 'vitest';
import { eventTypes } from '../../records/registry.ts';
import { exampleIn } from '../channels/webhook-example.test-support.ts';
import { eventPayload } from './event-payload.ts';
import { type EventVector, eventFiles, eventVectors, publishedFolder } from './event-published.ts';

type Problem = (request: {
  headers: object;
  body: Buffer;
  secret?: string;
  publicKey?: string;
  now: number;
}) => string | undefined;
const folder = mkdtempSync(join(tmpdir(), 'steppewatch-events-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function example(page: 'webhooks' | 'events'): Promise<Problem> {
  const file = join(folder, `${page}.mjs`);
  writeFileSync(file, exampleIn('js', page));
  return ((await import(file)) as { problemWith: Problem }).problemWith;
}
const asked = ({ headers, body, receivedAt: now }: EventVector) => ({ headers, body: Buffer.from(body), now });

test('what is published is what the code would write', () => {
  const files = eventFiles();
  expect(readdirSync(publishedFolder).sort()).toEqual([...files.keys()].sort());
  for (const [name, text] of files) expect(readFileSync(join(publishedFolder, name), 'utf8'), name).toBe(text);
});

test('a receiver that knows the secret judges every request as it is meant, by the code of either page', async () => {
  for (const problemWith of [await example('webhooks'), await example('events')]) {
    for (const vector of eventVectors()) {
      const { says, genuine, secret } = vector;
      expect(problemWith({ ...asked(vector), secret }) === undefined, says).toBe(genuine);
    }
  }
});

test('so does one that knows the public key alone', async () => {
  const problemWith = await example('events');
  for (const vector of eventVectors()) {
    const { says, genuine, publicKey } = vector;
    expect(problemWith({ ...asked(vector), publicKey }) === undefined, says).toBe(genuine);
  }
});

test('every body is as the published schema says, of every type, and says nothing about anybody', () => {
  const isValid = new Ajv2020({ strict: true, formats: { 'date-time': true } }).compile(
    JSON.parse(eventFiles().get('event.schema.json') ?? ''),
  );
  const bodies = eventVectors().map(({ body }) => JSON.parse(body) as { type: string; data: object });
  for (const body of bodies) {
    expect(isValid(body), JSON.stringify(isValid.errors)).toBe(true);
    expect(eventPayload.parse(body)).toEqual(body);
    expect(Object.keys(body.data).join()).not.toMatch(/person|name|phone|note|address/i);
  }
  expect(new Set(bodies.map(({ type }) => type))).toEqual(
    new Set([...eventTypes, 'subscription.gap', 'subscription.test']),
  );
});

test('the page for receivers shows the first request as it is', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/events.md'), 'utf8');
  const [first] = eventVectors();
  for (const [name, value] of Object.entries(first?.headers ?? {})) expect(page).toContain(`\n${name}: ${value}\n`);
  expect(page).toContain(`\n\n${first?.body}\n`);
  for (const type of eventTypes) expect(page).toContain(`\`${type}\``);
});
