import { z } from 'zod';
import type { OutgoingEvent } from '../../records/outgoing-event.ts';
import type { CountyTime } from '../texts/county-time.ts';

/** Told to a subscription about itself: it cannot be chosen, and is always sent. Units: `from` and `to` are sequences of the journal. */
export type OwnEvent =
  /** Events were missed between there. `missed`: how many; absent when nobody knows. */
  | { type: 'subscription.gap'; of: string; at: number; from: number; to: number; missed?: number }
  | { type: 'subscription.test'; at: number };

const moment = z.iso.datetime({ offset: true });
const name = z.string().regex(/^[a-z][a-z0-9-]*$/);
const position = z
  .string()
  .meta({ description: 'Where it stands in the journal: for `replay`. Opaque.', examples: ['0f…/0/1234'] });
const where = {
  areas: z
    .array(z.object({ id: z.string(), name: z.string() }))
    .max(3)
    .meta({ description: 'The county first, then township and village; empty when nobody knows.' }),
  siteId: z.string().optional(),
  site: z.string().optional().meta({ description: 'A house of many: a care home, a mutual-help house.' }),
  placeId: z.string().optional(),
  place: z.string().optional().meta({ description: 'What messages call the place, without naming a person.' }),
  room: z.string().optional(),
};
const drill = z.literal(true).optional().meta({ description: 'A simulated device: nobody is in danger.' });
const incident = z.object({
  position,
  incidentId: z.string().meta({ description: 'The same in every event about one incident.' }),
  version: z.int().min(0).meta({ description: 'Grows with the incident: the higher one is the newer.' }),
  code: z.string().meta({ description: 'What people call the incident on the telephone.', examples: ['K7QM'] }),
  category: name.meta({
    examples: ['fire', 'fall', 'call', 'unreadable', 'inactivity', 'wandering', 'reading', 'supervision', 'system'],
  }),
  severity: z.enum(['critical', 'urgent', 'service']),
  phase: z.enum(['open', 'claimed', 'responding', 'on-scene', 'resolved']),
  changes: z.array(name).meta({ description: 'What happened to it.', examples: [['claimed'], ['alert', 'reopened']] }),
  conditions: z.array(name).meta({ description: 'What was reported so far.', examples: [['smoke'], ['fall']] }),
  alertCount: z.int().min(0),
  openedAt: moment,
  occurredAt: moment.meta({ description: 'When it happened in the world, as far as that is known.' }),
  expectedAt: moment.optional().meta({ description: 'When somebody is expected to be there.' }),
  outcome: name.optional().meta({ examples: ['helped', 'false-alarm', 'no-help-needed'] }),
  contact: name.optional().meta({ description: 'Whether the person was reached.', examples: ['reached'] }),
  deviceId: z.string().optional(),
  unregistered: z.literal(true).optional().meta({ description: 'No home is known for the device.' }),
  drill,
  ...where,
});
const device = z.object({
  position,
  deviceId: z.string(),
  kind: name.optional().meta({ examples: ['smoke-detector', 'wearable'] }),
  silentSinceAt: moment.optional().meta({ description: 'When it was last heard.' }),
  batteryVolts: z.number().optional(),
  chargePercent: z.number().optional(),
  drill,
  ...where,
});
const visit = z.object({
  position,
  householdId: z.string(),
  visitedAt: moment,
  why: name.meta({ examples: ['round', 'after-event', 'welfare'] }),
  result: name.meta({ examples: ['well', 'helped', 'nobody-there'] }),
  ...where,
});
const gap = z.object({
  from: position,
  to: position,
  missed: z.int().min(0).optional().meta({ description: 'How many; absent when nobody knows.' }),
});
const payload = <T extends string, D extends z.ZodType>(type: T, data: D) =>
  z.object({
    type: z.literal(type),
    timestamp: moment.meta({ description: 'When it was decided or came in.' }),
    data,
  });

/**
 * What a subscription receives. Fields, types and names of changes may be added; what is here keeps its meaning. Instants are ISO 8601 with
 * the county's offset. docs/events.md is for its receivers.
 */
export const eventPayload = z.discriminatedUnion('type', [
  payload('incident.opened', incident),
  payload('incident.changed', incident),
  payload('incident.resolved', incident),
  payload('device.silent', device),
  payload('device.heard', device),
  payload('device.battery-low', device),
  payload('device.tested', device),
  payload('visit.recorded', visit),
  payload('subscription.gap', gap),
  payload('subscription.test', z.object({})),
]);
export type EventPayload = z.infer<typeof eventPayload>;

/** The body of an event, as it is signed and sent. `position` puts a sequence of the journal into words. */
export function eventBody(
  event: OutgoingEvent | OwnEvent,
  sequence: number,
  { time, position: inWords }: { time: CountyTime; position: (sequence: number) => string },
): string {
  const { type, at } = event;
  const sent = (data: object) => JSON.stringify({ type, timestamp: time.iso(at), data });
  if ('said' in event) return sent({ position: inWords(sequence), ...spelledOut(event.said, time) });
  if (event.type === 'subscription.test') return sent({});
  const { from, to, missed } = event;
  return sent({ from: inWords(from), to: inWords(to), ...(missed !== undefined && { missed }) });
}

/** Instants, whose names end in `At`, as texts. */
function spelledOut(said: object, time: CountyTime): object {
  const spelled = Object.entries(said).map(([name, value]) => [
    name,
    name.endsWith('At') && typeof value === 'number' ? time.iso(value) : value,
  ]);
  return Object.fromEntries(spelled);
}
