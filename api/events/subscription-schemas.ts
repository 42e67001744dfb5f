import { z } from 'zod';
import { entities } from '../../records/registry.ts';
import { changeHeaders, expectation } from '../registry/registry-schemas.ts';

const { id, name, areaId, types, url, paused } = entities.subscription.shape;
const instant = z.int().describe('Epoch ms');
const limit = z.coerce.number().int().min(1).max(200).default(50);

export const params = z.object({ id });
export const onPath = { tags: ['subscriptions'], params };
export const changing = { ...onPath, headers: changeHeaders, body: z.strictObject(expectation).nullish() };
/** `cursor`: the id after which the page begins. */
export const pageQuery = z.strictObject({ limit, cursor: id.optional() });
export const deliveriesQuery = z.strictObject({
  limit,
  cursor: z
    .string()
    .regex(/^\d{1,9}-\d{1,9}$/, 'is not a cursor that an earlier page gave')
    .optional(),
});

const exampleUrl = 'https://events.example.org/steppewatch';
/** The secret is made here, and shown once. */
export const entered = z.strictObject({ name, areaId, types, url: url.options[0], paused, ...expectation }).meta({
  examples: [
    {
      ...{ name: 'County platform', areaId: 'dongjing', types: ['incident.opened', 'incident.resolved'] },
      ...{ url: exampleUrl, commandId: 'put-sub-0001', expectedVersion: 0 },
    },
  ],
});

const position = z
  .string()
  .regex(/^[0-9a-f]{32}\/0\/\d{1,15}$/, 'is a position as events carry it, or a time in ISO 8601 with its offset');
const moment = z.union([position, z.iso.datetime({ offset: true })]);
export const range = z
  .strictObject({ from: moment, to: moment.optional() })
  .meta({ examples: [{ from: '2026-11-03T03:00:00+08:00', to: '2026-11-03T04:00:00+08:00' }] });
/** As it is asked for in the code. */
export const momentOf = (text: string) => (text.includes('/') ? { position: text } : { at: Date.parse(text) });

const exampleHealth = { waiting: 0, missed: 0, replaying: false, deliveredAt: 1793646726000 };
const exampleShown = {
  ...{ id: 'platform', name: 'County platform', areaId: 'dongjing', types: ['incident.opened', 'incident.resolved'] },
  ...{ url: exampleUrl, paused: false, version: 4503599627370499, health: exampleHealth },
  publicKey: `whpk_${'A'.repeat(43)}=`,
};
const health = z.looseObject({
  waiting: z.int().describe('Events that wait'),
  missed: z.int().describe('Events that it did not hear'),
  deliveredAt: instant.optional(),
  failingSince: instant.optional(),
  problem: z.string().optional().describe('What came of the latest attempt, while it fails'),
  replaying: z.boolean(),
});
const subscription = z.looseObject({
  ...{ id, name, areaId, types, paused: z.boolean(), version: z.int(), url: z.string().optional(), health },
  publicKey: z.string().optional().describe('Of the `v1a` signatures, ed25519'),
  previousUntil: instant.optional().describe('Until then the secret before this one signs, too'),
});
export const shown = subscription.meta({ examples: [exampleShown] });
export const page = z
  .looseObject({ subscriptions: z.array(subscription), next: z.string().optional() })
  .meta({ examples: [{ subscriptions: [exampleShown] }] });
export const made = z
  .looseObject({ subscription, secret: z.string().describe('Shown now, and never again') })
  .meta({ examples: [{ subscription: exampleShown, secret: `whsec_${'A'.repeat(43)}=` }] });
const delivery = z.looseObject({
  ...{ at: instant, eventId: z.string(), type: z.string(), attempt: z.int(), detail: z.string(), tookMs: z.int() },
  outcome: z.enum(['delivered', 'later', 'refused', 'gone', 'given-up']),
});
const exampleDelivery = {
  ...{ at: 1793646726000, eventId: 'msg_QO4WwBoIyEasCJyeGJzIvAjAC2s_h7y1ajNjzz070CU', type: 'incident.opened' },
  ...{ attempt: 1, outcome: 'delivered', detail: 'HTTP 204', tookMs: 31 },
};
export const tested = delivery.meta({ examples: [{ ...exampleDelivery, type: 'subscription.test' }] });
export const deliveries = z
  .looseObject({ deliveries: z.array(delivery), next: z.string().optional() })
  .meta({ examples: [{ deliveries: [exampleDelivery], next: '1-3480' }] });
export const replaying = z.looseObject({ from: z.string(), to: z.string(), isWhole: z.boolean() }).meta({
  description: 'What is sent again, as far as the journal reaches',
  examples: [{ from: `${'0'.repeat(32)}/0/1200`, to: `${'0'.repeat(32)}/0/1480`, isWhole: true }],
});
