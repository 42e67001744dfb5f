import { createHmac } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import type { Disk } from '../../platform/disk.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Chance } from '../../platform/random.ts';
import type { Vault } from '../../platform/vault.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import { entityVersion } from '../../records/entity-version.ts';
import type { Subscription } from '../../records/registry.ts';
import { unsealEntity } from '../../records/sealing.ts';
import { addressProblem } from '../../responders/channels/guarded-post.ts';
import type { WebhookPost } from '../../responders/channels/webhook-post.ts';
import { signingKey } from '../../responders/channels/webhook-signature.ts';
import { openEventFeed } from '../../responders/events/event-feed.ts';
import { mostSubscriptions } from '../../responders/events/event-news.ts';
import type { EventAddress } from '../../responders/events/event-sender.ts';
import type { Desk } from './desk-core.ts';

/** Outgoing events, beside desk's folds: what routes ask of them, and what desk says about them. */
export async function tellEvents(parts: EventParts) {
  const { desk, vault, send, chance, clock, webhook, allowPrivate, durableHead } = parts;
  const { reader, duty } = desk;
  const { registry } = duty;
  const feed = await openEventFeed({
    ...parts,
    ...{ reader, registry, post: webhook.post },
    address: (subscription) => addressOf(subscription, vault, clock.now()),
    isDurable: (sequence) => sequence <= Math.max(reader.syncedSequence, durableHead() ?? 0),
    reached: () => duty.follower.position(),
    async pause(id) {
      const current = registry.get('subscription', id);
      if (!current || current.paused) return;
      const commandId = `pause-${Buffer.from(chance.bytes(15)).toString('base64url')}`;
      const by = { type: 'system', id: 'events' } as const;
      const value = { ...current, paused: true };
      const change = { type: 'put', entity: 'subscription', value, expectedVersion: entityVersion(current) } as const;
      await send({ type: 'registry-change', commandId, by, change });
    },
  });
  return {
    ...feed,
    mostSubscriptions,
    addressProblem: (url: string) => addressProblem(url, allowPrivate),
    publicKey(subscription: Subscription): string | undefined {
      const { secret } = unsealEntity('subscription', subscription, vault);
      return typeof secret === 'string' ? keyOf(subscription.id, secret, vault).publicKey : undefined;
    },
    /** As desk reports how far its followers have come. */
    positions: (): Record<string, number> => ({ events: feed.reachesBackTo() }),
    async stop(): Promise<void> {
      await feed.stop();
      webhook.close();
    },
  };
}

type EventParts = {
  desk: Desk;
  stateDisk: Disk;
  vault: Vault;
  /** Errors: ALARM_AWAY, try later. */
  send: (command: Command) => Promise<CommandResult>;
  /** How far the journal is synced, as the alarm process last said. */
  durableHead: () => number | undefined;
  fail: (error: unknown) => void;
  webhook: WebhookPost;
  /** Receivers on this machine and in the local network are the operator's choice. */
  allowPrivate: boolean;
  clock: Clock;
  chance: Chance;
  log: Log;
  metrics: Metrics;
  timeZone: string;
};

/** During a rotation the secret before signs, too, and so does the key that came with it. */
function addressOf(subscription: Subscription, vault: Vault, now: number): EventAddress | undefined {
  const { id, url, secret, previous } = unsealEntity('subscription', subscription, vault);
  if (typeof url !== 'string' || typeof secret !== 'string') return undefined;
  const before = previous && previous.until > now && typeof previous.secret === 'string' ? [previous.secret] : [];
  const secrets = [secret, ...before];
  return { url, secrets: secrets.join(' '), keys: secrets.map((one) => keyOf(id, one, vault).privateKey) };
}

/** Nothing has to be kept for it: it follows from the secret, and from what only this installation knows. */
function keyOf(id: string, secret: string, vault: Vault) {
  return signingKey(createHmac('sha256', vault.pepper()).update(`ed25519 of webhooks\n${id}\n${secret}`).digest());
}
