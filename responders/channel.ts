import { createHash } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Chance } from '../platform/random.ts';
import type { Trouble } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';
import { noticeClass } from './retry-schedule.ts';
import type { MessageText } from './texts/message.ts';

/** One way to a person. */
export type Channel = {
  /** The type of address that it uses (`webhook`, `dingtalk`, `log`), or, of a provider, medium and id: `sms:modem-1`. */
  name: string;
  /**
   * Tries once. What the other side does wrongly is an answer, not an exception.
   * `signal` aborts when the attempt has taken too long or the process stops; the answer then no longer counts.
   */
  send(message: Message): Promise<Sent>;
  /** How long an attempt may take where the way is slow by its nature, ms. While it lasts the next way is not tried. */
  patienceMs?: number;
  /**
   * What became of accepted messages, where the provider can be asked, by their ids; of whom it knows nothing yet, nothing. `sentTo`: whom
   * they went to, by what is on record, for what this process did not send itself.
   */
  poll?(messageIds: readonly string[], signal: AbortSignal, sentTo?: SentToOf): Promise<Receipt[]>;
  /** Where what comes in by this way goes. Called once, before the first `send`. */
  listen?(inbound: Inbound): void;
  close?(): Promise<void> | void;
};

/** What a provider's channel is made of, beside its settings. `name`: what the channel is called, `sms:modem-1`. */
export type ChannelPorts = {
  name: string;
  clock: Clock;
  chance: Chance;
  log: Log;
  /** Whether it may talk to addresses that are not public. */
  allowPrivate: boolean;
};

/** Whom a message went to, by the provider's id, and when, epoch ms. Undefined: it is not known any more. */
export type SentToOf = (messageId: string) => { phone: string; at: number } | undefined;

/** Where a contact is reached, unsealed: it stays in memory and never enters a record or a log. */
export type Address =
  | { type: 'webhook'; url: string; secret: string }
  | { type: 'log' }
  | { type: 'sms'; phone: string }
  | { type: 'voice'; phone: string }
  | { type: 'email'; address: string }
  | { type: 'dingtalk'; url: string; secret: string }
  | { type: 'wecom'; url: string }
  | { type: 'feishu'; url: string; secret?: string };

export type Message = {
  /** The same for every attempt at this notice on this channel, over restarts too: receivers know repeats by it. */
  idempotencyId: string;
  notice: Notice;
  /** What else the same message says, where it is one of many to the same person: each counts as told. */
  others?: readonly Notice[];
  text: MessageText;
  address: Address;
  signal: AbortSignal;
};

/**
 * `delivered`: it arrived; a call was picked up, `detail` says `heard`, and what was pressed comes through `Inbound.reply`. `accepted`: a
 * provider took it, which is not yet delivered; a receipt follows under `messageId`. `refused`: this notice is not tried here again.
 * `later`: this attempt failed; `retryAfterMs` is how long the provider wants to rest; `trouble`: nobody can be reached this way now.
 */
export type Sent =
  | { type: 'delivered'; detail?: string }
  | { type: 'accepted'; messageId?: string; detail?: string }
  | { type: 'refused'; reason: string }
  | { type: 'later'; reason: string; retryAfterMs?: number; trouble?: Trouble };

/** What became of a message that was accepted. `detail`: the provider's own word; `phone`: whom it went to, where it is said. */
export type Receipt = { messageId: string; result: 'delivered' | 'failed'; detail?: string; phone?: string };

/**
 * What comes in by a way out. `channel` is its name. Each resolves when it is on record, and never rejects for what was said; ids are the
 * provider's, and a repeat changes nothing.
 * Errors: the journal's.
 */
export type Inbound = {
  receipt(channel: string, receipt: Receipt): Promise<void>;
  /** A text, or a key pressed during a call. `messageId`: of what it answers, where the way says so. */
  reply(channel: string, reply: { id: string; phone: string; text: string; messageId?: string }): Promise<void>;
  /** Somebody called the line and nobody picked up. */
  missedCall(channel: string, call: { id: string; phone: string }): Promise<void>;
  /** What keeps this way from being used, noticed without sending; `none`: it works again. Told at changes. */
  trouble(channel: string, trouble: Trouble | 'none', reason: string): Promise<void>;
};

/**
 * What only a person can mend (a wrong secret, a wrong address). Life safety is tried on all the same, once a minute:
 * the person may mend it tonight. Everything else is refused.
 */
export function misconfigured(notice: Notice, reason: string): Sent {
  if (noticeClass(notice) === 'life-safety') return { type: 'later', reason, retryAfterMs: 60_000 };
  return { type: 'refused', reason };
}

/** Of a message that says several notices. */
export function digestId(noticeIds: readonly string[], channel: string): string {
  return idempotencyId(noticeIds.join(' '), channel);
}

/** Compact, opaque and the same for ever: `msg_` and the SHA-256 of notice and channel in base64url. */
export function idempotencyId(noticeId: string, channel: string): string {
  return `msg_${createHash('sha256').update(`${noticeId}\n${channel}`).digest('base64url')}`;
}
