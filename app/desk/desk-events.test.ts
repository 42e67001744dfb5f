import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { put } from '../../records/registry.test-support.ts';
import type { RegistryChange } from '../../records/registry.ts';
import { unsealEntity } from '../../records/sealing.ts';
import type { Posted } from '../../responders/channels/guarded-post.ts';
import type { WebhookPost } from '../../responders/channels/webhook-post.ts';
import { webhookSignature } from '../../responders/channels/webhook-signature.ts';
import { glassVault } from '../../simulators/glass-vault.ts';
import { chanceOf } from '../../simulators/seeded-chance.ts';
import { openCounty } from '../../simulators/virtual-county.ts';
import { SimulatedDisk } from '../../simulators/world/simulated-disk.ts';
import { openDesk } from './desk-core.ts';
import { tellEvents } from './desk-events.ts';

// Outgoing events of desk beside a whole county on a virtual clock.

const registryText = readFileSync(new URL('../../scenarios/county.yaml', import.meta.url), 'utf8');
const startAt = Date.parse('2026-11-22T20:00:00Z');
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const olderSecret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const hourMs = 3_600_000;
const by = { type: 'account', id: 'li' } as const;
type Got = { url: string; type: string; data: Record<string, unknown>; signature: string; signed: string };

/** `answer`: what the receivers of these subscriptions say. */
async function home(subscriptions: object[], answer: () => Posted = () => ({ type: 'answered', status: 204 })) {
  const files = new SimulatedDisk();
  const county = await openCounty({ startAt, seed: 7, registryText, disk: files });
  const vault = glassVault();
  let commands = 0;
  async function change(change: RegistryChange) {
    const done = county.send({ type: 'registry-change', commandId: `change-${++commands}`, by, change });
    await county.clock.advance(1_000);
    expect(await done).toMatchObject({ ok: true });
  }
  const got: Got[] = [];
  const post: WebhookPost['post'] = async ({ url, id, body, sign }) => {
    const timestamp = Math.floor(county.clock.now() / 1_000);
    const { type, data } = JSON.parse(body) as Pick<Got, 'type' | 'data'>;
    const signature = sign({ id, timestamp, body }) ?? '';
    const signed = webhookSignature({ secrets: secret, id, timestamp, body }) ?? '';
    got.push({ url, type, data, signature, signed });
    return answer();
  };
  const disk = files.open(county);
  const durableHead = () => county.alarm.journal.headSequence;
  const parts = {
    ...{ clock: county.clock, log: silentLog, metrics: createMetrics(), durableHead, stateDisk: disk },
    fail: (error: unknown) => expect.unreachable(String(error)),
  };
  const desk = await openDesk({ ...parts, disk, lookEveryMs: 500 });
  const events = await tellEvents({
    ...{ ...parts, desk, vault, chance: chanceOf(7, 'events'), timeZone: 'Asia/Shanghai', allowPrivate: false },
    ...{ webhook: { post, close: () => {} }, send: (command) => county.send(command) },
  });
  await county.clock.advance(1_000);
  const defaults = { name: 'Platform', types: ['incident.opened', 'incident.resolved', 'visit.recorded'], secret };
  for (const one of subscriptions)
    await change(put('subscription', { ...defaults, url: 'https://a.example/', ...one }));
  await county.clock.advance(2_000);
  return { county, vault, desk, events, got, change, kept: (id: string) => desk.duty.registry.get('subscription', id) };
}

test('a fire, its end, and a visit are told to the village that they are in, with the address unsealed', async () => {
  const { county, got } = await home([
    { id: 'east', areaId: 'east-well', url: 'https://east.example/' },
    { id: 'west', areaId: 'west-well', url: 'https://west.example/' },
  ]);
  county.does('sarna-kitchen', 'alarm');
  await county.clock.advance(2_000);
  const visit = {
    type: 'visit',
    commandId: 'visit-0001',
    by,
    householdId: 'bator',
    why: 'round',
    result: 'well',
  } as const;
  await Promise.all([county.send({ ...visit, visitedAt: county.clock.now() }), county.clock.advance(1_000)]);
  expect(got.map(({ url, type }) => [url, type])).toEqual([
    ['https://east.example/', 'incident.opened'],
    ['https://east.example/', 'visit.recorded'],
  ]);
  const [fire] = got;
  expect(fire?.data).toMatchObject({ conditions: ['smoke'], placeId: 'sarna-home', deviceId: 'sarna-kitchen' });
  expect(fire?.data.areas).toMatchObject([{ id: 'wuli' }, { id: 'bayan' }, { id: 'east-well' }]);
  expect(JSON.stringify(got)).not.toMatch(/Sarna"|Bator"|p-sarna|p-bator|phone/);
});

test('a change of the secret signs with both for a day, and so do their keys', async () => {
  const { county, got, change, events, kept } = await home([{ id: 'all' }]);
  const until = county.clock.now() + 24 * hourMs;
  const before = kept('all');
  await change(put('subscription', { ...before, secret: olderSecret, previous: { secret, until } }));
  const rotated = kept('all');
  expect(before && rotated && events.publicKey(rotated)).not.toBe(before && events.publicKey(before));
  county.does('sarna-kitchen', 'alarm');
  await county.clock.advance(2_000);
  const first = got.splice(0)[0];
  expect(first?.signature.split(' ').map((one) => one.split(',')[0])).toEqual(['v1', 'v1', 'v1a', 'v1a']);
  expect(first?.signature).toContain(first?.signed);

  await county.clock.advance(25 * hourMs);
  got.length = 0;
  county.does('bator-button', 'emergency');
  await county.clock.advance(2_000);
  const call = got.find(({ data }) => data.category === 'call');
  expect(call?.signature.split(' ').map((one) => one.split(',')[0])).toEqual(['v1', 'v1a']);
  expect(call?.signature).not.toContain(call?.signed);
});

test('a receiver that is gone is paused in the registry, with its secret as it was', async () => {
  const { county, got, kept, vault } = await home([{ id: 'all' }], () => ({ type: 'answered', status: 410 }));
  county.does('sarna-kitchen', 'alarm');
  await county.clock.advance(5_000);
  const paused = kept('all');
  expect(paused).toMatchObject({ paused: true });
  expect(paused && unsealEntity('subscription', paused, vault)).toMatchObject({ secret, url: 'https://a.example/' });
  county.does('bator-button', 'emergency');
  await county.clock.advance(60_000);
  expect(got).toHaveLength(1);
});

test('a subscription whose key was destroyed is not sent anywhere, and says why', async () => {
  const { county, got, events, vault } = await home([{ id: 'all' }]);
  vault.destroy('subscription:all');
  county.does('sarna-kitchen', 'alarm');
  await county.clock.advance(2_000);
  expect(got).toEqual([]);
  expect(events.health('all')).toMatchObject({ waiting: 1, problem: 'the address or the secret cannot be opened' });
});

test('the journal is held from what was kept on, and an address in the local network is refused', async () => {
  const { county, events } = await home([{ id: 'all' }]);
  county.does('sarna-kitchen', 'alarm');
  await county.clock.advance(10_000);
  const { events: position = 0 } = events.positions();
  expect(position).toBeGreaterThan(0);
  expect(position).toBeLessThanOrEqual(county.alarm.journal.headSequence);
  expect(events.addressProblem('http://192.168.1.5/')).toContain('not a public address');
  expect(events.addressProblem('https://events.example.org/')).toBeUndefined();
});
