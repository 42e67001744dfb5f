import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DeliveryPage, SubscriptionMade, SubscriptionShown } from '../api/answers.ts';
import { type System, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { placeId, registerVillage } from '../bench/village.ts';
import { exampleIn } from '../responders/channels/webhook-example.test-support.ts';
import { type Desk, press, signIn, webhookSecret } from './running-system.test-support.ts';
import { childNamed } from './torture.ts';

// Subscribed programs beside a running system: one that listens, and others that hang, redirect, and are gone.

type Got = { path: string; headers: IncomingHttpHeaders; body: Buffer; type: string; data: Record<string, unknown> };
const got: Got[] = [];
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const path = request.url ?? '';
    got.push({ path, headers: request.headers, body, ...(JSON.parse(body.toString()) as Pick<Got, 'type' | 'data'>) });
    if (path === '/hangs') return;
    if (path === '/redirects') return void response.writeHead(307, { location: '/elsewhere' }).end();
    response.writeHead(path === '/gone' ? 410 : 204).end();
  });
});
const temporary = temporaryFolder('events');
const examples = mkdtempSync(join(tmpdir(), 'steppewatch-events-'));
let system: System;
let desk: Desk;
let origin = '';
let publicKey = '';
let problemWith: (request: object) => string | undefined;

beforeAll(async () => {
  writeFileSync(join(examples, 'events.mjs'), exampleIn('js', 'events'));
  ({ problemWith } = (await import(join(examples, 'events.mjs'))) as { problemWith: typeof problemWith });
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
  origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  system = await startSystem({ dataFolder: temporary.folder });
  await registerVillage(system, 16, { url: `${origin}/people`, secret: webhookSecret });
  desk = await signIn(system);
  for (const id of ['well', 'hangs', 'redirects', 'gone']) {
    const { subscription } = await subscribe(id);
    if (id === 'well') publicKey = subscription.publicKey ?? '';
  }
}, 90_000);
afterAll(async () => {
  await system?.stop();
  receiver.closeAllConnections();
  receiver.close();
  temporary.remove();
  rmSync(examples, { recursive: true });
});

async function subscribe(id: string): Promise<SubscriptionMade> {
  const response = await desk.ask('PUT', `/subscriptions/${id}`, {
    ...{ name: id, types: ['incident.opened', 'incident.changed'], url: `${origin}/${id}` },
    ...{ commandId: `subscribe-${id}`, expectedVersion: 0 },
  });
  expect(response.status).toBe(201);
  return (await response.json()) as SubscriptionMade;
}
const lookAt = async (id: string) =>
  (await (await desk.ask('GET', `/subscriptions/${id}`)).json()) as SubscriptionShown;
const opened = (path: string, device?: number) =>
  got.filter(
    (one) =>
      one.path === path &&
      one.type === 'incident.opened' &&
      (device === undefined || one.data.placeId === placeId(device)),
  );

test('a press reaches a program that knows the public key alone, whatever other programs do', async () => {
  await press(system, 3);
  const [event] = await until('the event', async () => opened('/well', 3).length > 0 && opened('/well', 3));
  expect(problemWith({ ...event, publicKey, now: Date.now() / 1_000 })).toBeUndefined();
  expect(event?.data).toMatchObject({ category: 'call', severity: 'critical', areas: [{ id: 'county' }, {}, {}] });
  await until('the hanging one', async () => opened('/hangs').length > 0);
  await until('the one that is gone', async () => (await lookAt('gone')).paused);
  await until('the redirecting one', async () => (await lookAt('redirects')).health.problem === 'HTTP 307');
  expect(got.filter(({ path }) => path === '/elsewhere')).toEqual([]);
  const log = await desk.ask('GET', '/subscriptions/well/deliveries');
  const { deliveries } = (await log.json()) as DeliveryPage;
  expect(deliveries[0]).toMatchObject({ outcome: 'delivered', detail: 'HTTP 204', attempt: 1 });
}, 60_000);

test('what happens while desk is dead is told when it is back, and what is told twice has one id', async () => {
  const pid = await until('desk', async () => childNamed(system, 'desk'));
  process.kill(pid, 'SIGKILL');
  await press(system, 7);
  await until('the event', async () => opened('/well', 7).length > 0);
  const ids = new Map<unknown, Set<unknown>>();
  for (const { headers, data } of opened('/well')) {
    const of = ids.get(data.incidentId) ?? new Set();
    ids.set(data.incidentId, of.add(headers['webhook-id']));
  }
  expect([...ids.values()].map(({ size }) => size)).toEqual([1, 1]);
}, 60_000);

test('a replay sends the same again', async () => {
  // Sessions ended with the desk that was killed.
  desk = await until('desk', () => signIn(system));
  const [first] = opened('/well', 3);
  const before = opened('/well', 3).length;
  const asked = await desk.ask('POST', '/subscriptions/well/replay', { from: first?.data.position });
  expect(asked.status).toBe(202);
  expect(await asked.json()).toMatchObject({ isWhole: true, from: first?.data.position });
  await until('the event again', async () => opened('/well', 3).length > before);
  const last = opened('/well', 3).at(-1);
  expect(last?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  expect(last?.body).toEqual(first?.body);
}, 60_000);
