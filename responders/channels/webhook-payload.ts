import { z } from 'zod';
import type { Message } from '../channel.ts';
import type { CountyTime } from '../texts/county-time.ts';

const moment = z.iso.datetime({ offset: true });
const name = z.string().regex(/^[a-z][a-z0-9-]*$/);

/**
 * What a webhook carries: place and code, no names of people and no illness. Fields, purposes and conditions may be added;
 * what is here keeps its meaning. Instants are ISO 8601 with the county's offset. docs/webhooks.md is for its receivers.
 */
export const webhookPayload = z.object({
  type: z
    .string()
    .regex(/^incident\.[a-z][a-z0-9-]*$/)
    .meta({
      description: '`incident.` and the purpose. Answer 2xx to one that you do not know.',
      examples: ['incident.alarm'],
    }),
  timestamp: moment.meta({ description: 'When the message was decided.' }),
  data: z.object({
    incidentId: z.string().meta({ description: 'The same in every message about one incident.' }),
    code: z.string().meta({ description: 'What people call the incident on the telephone.', examples: ['K7QM'] }),
    purpose: name.meta({
      description: 'Why it is sent.',
      examples: ['alarm', 'worse', 'escalation', 'information', 'all-clear', 'stand-down'],
    }),
    severity: z
      .enum(['critical', 'urgent', 'service'])
      .meta({ description: 'critical: somebody has to go now. service: a work list is enough.' }),
    condition: name.meta({
      description: 'What happened; the worst, when it is several things.',
      examples: ['smoke', 'fall', 'call-emergency', 'unreadable', 'device-silent'],
    }),
    where: z.string().meta({ description: 'The places as `body` names them; empty when none is known.' }),
    placeIds: z.array(z.string()).max(24).meta({ description: 'The same places by their id in the registry.' }),
    alertCount: z.int().min(0).meta({ description: 'How many alarms the incident has so far.' }),
    openedAt: moment.meta({ description: 'When the incident began here.' }),
    occurredAt: moment.meta({ description: 'When it happened in the world, as far as that is known.' }),
    lateSeconds: z.int().min(0).optional().meta({ description: 'How late the report came; absent: not known.' }),
    unregisteredDeviceId: z.string().optional().meta({ description: 'A device that no home is known for sent it.' }),
    drill: z.literal(true).optional().meta({ description: 'A simulated device: nobody is in danger.' }),
    provisional: z
      .literal(true)
      .optional()
      .meta({ description: 'Sent before it was stored: the details may still change.' }),
    language: z.enum(['zh-CN', 'en']).meta({ description: 'Of `title` and `body`.' }),
    title: z.string().meta({ description: 'For a lock screen.' }),
    body: z.string().meta({ description: 'What a person is to read: what, where, when, what to do, the code.' }),
  }),
});
export type WebhookPayload = z.infer<typeof webhookPayload>;

/**
 * Added since the schema was released, which lets fields in that it does not list. `link`: the page on which whoever the message is for
 * answers; whoever opens it is taken for them.
 */
type Added = { data: { link?: string } };

/** The body of a message, as it is signed and sent. */
export function webhookBody({ notice, text }: Pick<Message, 'notice' | 'text'>, time: CountyTime): string {
  const { incidentId, purpose, severity, at, text: said } = notice;
  const payload: WebhookPayload & Added = {
    type: `incident.${purpose}`,
    timestamp: time.iso(at),
    data: {
      ...{ incidentId, code: said.incidentCode, purpose, severity, condition: said.condition },
      ...{ where: text.where, placeIds: said.placeIds.slice(0, mostPlaceIds), alertCount: said.alertCount },
      ...{ openedAt: time.iso(said.openedAt), occurredAt: time.iso(said.occurredAt) },
      ...(said.lateMs !== undefined && { lateSeconds: Math.round(said.lateMs / 1_000) }),
      ...(said.unregistered && said.deviceId !== undefined && { unregisteredDeviceId: said.deviceId }),
      ...(text.drill && { drill: true }),
      ...(text.provisional && { provisional: true }),
      ...{ language: text.language, title: text.title, body: text.body },
      ...(text.link !== undefined && { link: text.link }),
    },
  };
  const body = JSON.stringify(payload);
  if (Buffer.byteLength(body) >= largestBody) throw new Error(`the payload of ${notice.noticeId} is too large`);
  return body;
}

const mostPlaceIds = 24;
/** Bytes. Standard Webhooks asks for less than 20 kB; a body that were larger would be a mistake of ours. */
const largestBody = 20_000;
