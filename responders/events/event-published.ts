import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OutgoingEvent, WhereSaid } from '../../records/outgoing-event.ts';
import { idempotencyId } from '../channel.ts';
import { json, payloadSchema } from '../channels/webhook-published.ts';
import { keySignature, signingKey, webhookSignature } from '../channels/webhook-signature.ts';
import { countyTime } from '../texts/county-time.ts';
import { eventBody, eventPayload, type OwnEvent } from './event-payload.ts';

/**
 * What receivers of events build on: the payloads as JSON Schema, and requests with what becomes of them. After a change:
 * `node responders/events/event-published.ts`.
 */
export function eventFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['event.schema.json', json(payloadSchema(eventPayload, 'event', 'The body of an event.'))],
    ['vectors.json', json(eventVectors())],
  ]);
}

/** A request as it arrives at `receivedAt` (epoch seconds) at a receiver that knows `secret` or `publicKey`, and whether it is genuine. */
export type EventVector = {
  says: string;
  genuine: boolean;
  secret: string;
  publicKey: string;
  receivedAt: number;
  headers: { 'webhook-id': string; 'webhook-timestamp': string; 'webhook-signature': string };
  body: string;
};

export function eventVectors(): EventVector[] {
  const told = examples.map((example) => requestOf(example, [own]));
  const [first = requestOf(opened, [own])] = told;
  return [
    ...told,
    {
      ...requestOf(opened, [next, own]),
      says: 'two of each signature while the secret changes: one that fits is enough',
    },
    {
      ...first,
      says: 'it comes again within five minutes: to be answered 2xx and not done twice',
      receivedAt: sentAt + 290,
    },
    { ...first, says: 'more than five minutes old', genuine: false, receivedAt: sentAt + 301 },
    { ...first, says: 'more than five minutes ahead', genuine: false, receivedAt: sentAt - 301 },
    { ...first, says: 'changed on the way', genuine: false, body: first.body.replace('K7QM', 'K7QN') },
    { ...requestOf(opened, [next]), says: 'signed by somebody else', genuine: false },
    {
      ...first,
      says: 'another id than was signed',
      genuine: false,
      headers: { ...first.headers, 'webhook-id': 'msg_1' },
    },
  ];
}

type Signer = { secret: string } & ReturnType<typeof signingKey>;
const signer = (words: string): Signer => ({
  secret: `whsec_${Buffer.from(words).toString('base64')}`,
  ...signingKey(Buffer.from(words)),
});
const own = signer('an example: make one of your own');
const next = signer('the secret that comes after this');

const time = countyTime('Asia/Shanghai');
/** 03:12:05 on 3 November 2026 in Shanghai. */
const at = Date.UTC(2026, 10, 2, 19, 12, 5);
const sentAt = at / 1_000 + 1;
const position = (sequence: number) => `0f1e2d3c4b5a69788796a5b4c3d2e1f0/0/${sequence}`;

const home: WhereSaid = {
  areas: [
    { id: 'wulan', name: 'Wulan' },
    { id: 'baiyin', name: 'Baiyin' },
    { id: 'narin', name: 'Narin' },
  ],
  placeId: 'well',
  place: 'west of the well',
};
const incident = {
  ...{ incidentId: 'i:hazard:867530912345678:12:345:0k3x9z', version: 2, code: 'K7QM', category: 'fire' },
  ...{ severity: 'critical', phase: 'open', changes: ['opened'], conditions: ['smoke'], alertCount: 1 },
  ...{ openedAt: at, occurredAt: at - 4_000, room: 'kitchen', deviceId: '867530912345678' },
  ...home,
} as const;
type Example = { says: string; event: OutgoingEvent | OwnEvent };
const example = (says: string, event: Pick<OutgoingEvent, 'type' | 'said'>): Example => ({
  says,
  event: { of: 'example', cause: `example: ${says}`, at, areaId: 'narin', ...event },
});
const opened = example('smoke', { type: 'incident.opened', said: incident });
const device = { deviceId: '867530912345678', kind: 'smoke-detector', ...home } as const;
const examples: readonly Example[] = [
  opened,
  example('a neighbour is on the way', {
    type: 'incident.changed',
    said: { ...incident, version: 4, phase: 'responding', changes: ['accepted'], expectedAt: at + 600_000 },
  }),
  example('it is over', {
    type: 'incident.resolved',
    said: {
      ...incident,
      version: 6,
      phase: 'resolved',
      changes: ['resolved'],
      outcome: 'false-alarm',
      contact: 'reached',
    },
  }),
  example('a drill', { type: 'incident.opened', said: { ...incident, drill: true } }),
  example('a detector fell silent', { type: 'device.silent', said: { ...device, silentSinceAt: at - 86_400_000 } }),
  example('it is heard again', { type: 'device.heard', said: device }),
  example('its battery is low', { type: 'device.battery-low', said: { ...device, batteryVolts: 2.5 } }),
  example('its monthly test', { type: 'device.tested', said: device }),
  example('somebody was there', {
    type: 'visit.recorded',
    said: { householdId: 'h-0012', visitedAt: at - 1_800_000, why: 'round', result: 'well', ...home },
  }),
  { says: 'some were missed', event: { type: 'subscription.gap', of: 'gap', at, from: 1_200, to: 1_480, missed: 31 } },
  { says: 'a test', event: { type: 'subscription.test', at } },
];

function requestOf({ says, event }: Example, signers: readonly Signer[]): EventVector {
  const body = eventBody(event, 1_234, { time, position });
  const id = idempotencyId('cause' in event ? event.cause : `example: ${says}`, 'event');
  const signed = { id, timestamp: sentAt, body };
  const signatures = [
    webhookSignature({ secrets: signers.map(({ secret }) => secret).join(' '), ...signed }) ?? '',
    ...signers.map(({ privateKey }) => keySignature({ privateKey, ...signed })),
  ];
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(sentAt), 'webhook-signature': signatures.join(' ') };
  const { secret, publicKey } = own;
  return { says, genuine: true, secret, publicKey, receivedAt: sentAt, headers, body };
}

export const publishedFolder = join(import.meta.dirname, '../../api/published/events');
if (import.meta.main) {
  mkdirSync(publishedFolder, { recursive: true });
  for (const [name, text] of eventFiles()) writeFileSync(join(publishedFolder, name), text);
}
