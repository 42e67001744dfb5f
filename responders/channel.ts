import { createHash } from 'node:crypto';
import type { Notice } from '../records/notice.ts';
import { noticeClass } from './retry-schedule.ts';
import type { MessageText } from './texts/message.ts';

/** One way to a person. `name` is the type of address that it can use. */
export type Channel = {
  name: Address['type'];
  /**
   * Tries once. What the other side does wrongly is an answer, not an exception.
   * `signal` aborts when the attempt has taken too long or the process stops; the answer then no longer counts.
   */
  send(message: Message): Promise<Sent>;
};

/** Where a contact is reached, unsealed: it stays in memory and never enters a record or a log. */
export type Address = { type: 'webhook'; url: string; secret: string } | { type: 'log' };

export type Message = {
  /** The same for every attempt at this notice on this channel, over restarts too: receivers know repeats by it. */
  idempotencyId: string;
  notice: Notice;
  text: MessageText;
  address: Address;
  signal: AbortSignal;
};

/**
 * `delivered`: it arrived. `accepted`: a provider took it, which is not yet delivered. `refused`: this notice is not
 * tried here again. `later`: this attempt failed; `retryAfterMs` is how long the provider wants to rest.
 */
export type Sent =
  | { type: 'delivered' }
  | { type: 'accepted' }
  | { type: 'refused'; reason: string }
  | { type: 'later'; reason: string; retryAfterMs?: number };

/**
 * What only a person can mend (a wrong secret, a wrong address). Life safety is tried on all the same, once a minute:
 * the person may mend it tonight. Everything else is refused.
 */
export function misconfigured(notice: Notice, reason: string): Sent {
  if (noticeClass(notice) === 'life-safety') return { type: 'later', reason, retryAfterMs: 60_000 };
  return { type: 'refused', reason };
}

/** Each channel of a contact by a name of its own, in their order: `webhook`, `webhook-2`, `log`. */
export function channelNames(channels: readonly { type: string }[]): string[] {
  return channels.map(({ type }, index) => {
    const ordinal = channels.slice(0, index + 1).filter((other) => other.type === type).length;
    return ordinal === 1 ? type : `${type}-${ordinal}`;
  });
}

/** Compact, opaque and the same for ever: `msg_` and the SHA-256 of notice and channel in base64url. */
export function idempotencyId(noticeId: string, channel: string): string {
  return `msg_${createHash('sha256').update(`${noticeId}\n${channel}`).digest('base64url')}`;
}
