import type { FastifyReply } from 'fastify';
import type { Chance } from '../../platform/random.ts';
import { entityVersion } from '../../records/entity-version.ts';
import type { Actor } from '../../records/incident.ts';
import type { EventDelivery, SubscriptionHealth } from '../../records/outgoing-event.ts';
import type { Subscription } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { type Sealer, unsealEntity } from '../../records/sealing.ts';
import type { DeliveryPage, ReplayAnswer, SubscriptionShown } from '../answers.ts';
import { type ChangeParts, changeOnce } from '../change-once.ts';
import { refuse } from '../problem.ts';
import type { Looks } from '../rights/looks.ts';
import type { Rights } from '../rights/rights.ts';

export type SubscriptionParts = ChangeParts & {
  registry: Registry;
  rights: Rights;
  looks: Pick<Looks, 'refused'>;
  events: SubscribedEvents;
  unseal: Sealer['unseal'];
  chance: Chance;
};

/** What follows the journal for subscriptions. `Moment`: a position of the journal, or journal time in epoch ms. */
export type SubscribedEvents = {
  mostSubscriptions: number;
  health(id: string): SubscriptionHealth;
  publicKey(subscription: Subscription): string | undefined;
  /** Why nothing could ever be sent there. */
  addressProblem(url: string): string | undefined;
  /** Undefined: one is under way. */
  test(id: string): Promise<EventDelivery | undefined>;
  deliveries(id: string, page: { limit: number; before?: string | undefined }): Promise<DeliveryPage>;
  /** Undefined: the journal holds nothing of it. */
  replay(id: string, range: { from: Moment; to?: Moment | undefined }): Promise<ReplayAnswer | undefined>;
};
type Moment = { position: string } | { at: number };

/** What is asked of one subscription. Without `value` it ends; `expectedVersion` 0: it must be new. */
export type Change = { commandId: string; by: Actor; id: string; expectedVersion: number; value?: Subscription };

/**
 * Asks for a change and answers with the subscription as it is then: 200, 204 for one that ended, 202 when it was done and its news is
 * still on the way here. A repeat is answered with what is true now.
 */
export async function changeSubscription(parts: SubscriptionParts, reply: FastifyReply, change: Change) {
  const done = await carryOut(parts, change);
  if (!done.result.ok) return refuse(reply, done.result.problem, done.result.message);
  const code = done.isFolded ? 200 : 202;
  const shown = showSubscription(parts, change.id);
  if (change.value === undefined || !shown) return reply.code(done.isFolded ? 204 : 202).send();
  return reply.code(code).send(shown);
}

/** The same, where a secret was made: it is shown now or never. 201 for a subscription that is new. */
export async function answerMade(parts: SubscriptionParts, reply: FastifyReply, change: Change & { value: Made }) {
  const { secret } = change.value;
  const done = await carryOut(parts, change);
  if (!done.result.ok) return refuse(reply, done.result.problem, done.result.message);
  const kept = parts.registry.get('subscription', change.id);
  const isFresh = kept && unsealEntity('subscription', kept, parts).secret === secret;
  const subscription = showSubscription(parts, change.id);
  // A repeat of a command that was carried out before, with a secret of that time; or its news is still on the way.
  if (!isFresh || !subscription) {
    const message = 'the secret was shown before, once, or is not known here yet: rotate it to see a new one';
    return refuse(reply, 'not-allowed', message);
  }
  return reply.code(change.expectedVersion === 0 ? 201 : 200).send({ subscription, secret });
}
type Made = Subscription & { secret: string };

/** With a new secret; the one before signs beside it for a day. */
export function rotated(parts: SubscriptionParts, current: Subscription): Made {
  const { secret: before } = unsealEntity('subscription', current, parts);
  const { previous: _, ...kept } = current;
  const until = parts.clock.now() + overlapMs;
  const previous = typeof before === 'string' ? { previous: { secret: before, until } } : {};
  return { ...kept, ...previous, secret: newSecret(parts) };
}

export function newSecret({ chance }: Pick<SubscriptionParts, 'chance'>): string {
  return `whsec_${Buffer.from(chance.bytes(secretBytes)).toString('base64')}`;
}

export function showSubscription(parts: SubscriptionParts, id: string): SubscriptionShown | undefined {
  const kept = parts.registry.get('subscription', id);
  if (!kept) return undefined;
  const { events, clock } = parts;
  const { name, areaId, types, paused, previous } = kept;
  const { url } = unsealEntity('subscription', kept, parts);
  const publicKey = events.publicKey(kept);
  return {
    ...{ id, name, types, paused, version: entityVersion(kept), health: events.health(id) },
    ...(areaId !== undefined && { areaId }),
    ...(typeof url === 'string' && { url }),
    ...(publicKey !== undefined && { publicKey }),
    ...(previous && previous.until > clock.now() && { previousUntil: previous.until }),
  };
}

export function notFound(reply: FastifyReply, id: string) {
  return refuse(reply, 'not-found', `there is no subscription ${id}`);
}

function carryOut(parts: SubscriptionParts, { commandId, by, id, expectedVersion, value }: Change) {
  return changeOnce(parts, {
    ...{ commandId, by },
    change: value
      ? { type: 'put', entity: 'subscription', value, expectedVersion }
      : { type: 'remove', entity: 'subscription', id, expectedVersion },
  });
}

const secretBytes = 32;
const overlapMs = 24 * 3_600_000;
