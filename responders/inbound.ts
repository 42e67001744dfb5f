import { createHash } from 'node:crypto';
import { parseNoticeId } from '../incidents/notices.ts';
import type { ParsedReply } from '../incidents/reply-words.ts';
import { parseReply } from '../incidents/reply-words.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { carrierOf } from '../records/channel-names.ts';
import type { Command } from '../records/command.ts';
import type { OutcomeRecord } from '../records/journal-record.ts';
import { withoutNumbers } from './attempt.ts';
import type { Channel, Inbound, Receipt, SentToOf } from './channel.ts';
import { type Accepted, type Receipts, receiptKey } from './receipts.ts';

/**
 * What comes in by the ways out, as records: receipts as outcomes of the attempts that they speak of, answers as commands. A receipt of
 * which nothing is known comes to nothing, unless the provider was faster than our disk: then it waits a minute for its attempt. What
 * a provider says nothing of for a minute it is asked for, where it can be.
 * Bounds: `mostEarly` receipts that wait; `mostReplies` answers of one number in ten minutes, beyond which they come to nothing.
 */
export function openInbound(parts: InboundParts): OpenInbound {
  const early = new Map<string, { carrier: string; receipt: Receipt; at: number }>();
  const settling = new Set<string>();
  const answered = new Map<string, number[]>();
  /** By the names of their commands. */
  const onRecord = new Set<string>();
  const polled = new Map<string, number>();
  const stopping = new AbortController();
  let cancelPoll = () => {};

  async function receipt(carrier: string, word: Receipt): Promise<void> {
    const key = receiptKey(carrier, word.messageId);
    const accepted = parts.receipts.of(carrier, word.messageId);
    if (!accepted) {
      parts.metrics.receipts.inc({ channel: carrier, result: 'unknown' });
      early.set(key, { carrier, receipt: word, at: parts.clock.monotonic() });
      const [oldest] = early.keys();
      if (early.size > mostEarly && oldest !== undefined) early.delete(oldest);
      return;
    }
    if (accepted.settled || settling.has(key)) return;
    settling.add(key);
    const { noticeId, channel, attempt, others = [] } = accepted;
    const { result, detail, messageId } = word;
    parts.metrics.receipts.inc({ channel: carrier, result });
    try {
      const said = detail === undefined ? {} : { detail: withoutNumbers(detail) };
      const tell = (one: { noticeId: string; attempt: number; digestOf?: string }) =>
        parts.record({ kind: 'outcome', ...one, channel, messageId, result, ...said, receipt: true });
      const ofOthers = others.map((other) => tell({ ...other, digestOf: noticeId }));
      await Promise.all([tell({ noticeId, attempt }), ...ofOthers]);
    } finally {
      settling.delete(key);
    }
  }

  /** The step that accepted it is still running. */
  parts.receipts.onAccepted((key) => {
    const waiting = early.get(key);
    if (!waiting) return;
    early.delete(key);
    if (parts.clock.monotonic() - waiting.at > earlyMs) return;
    parts.clock.after(1, () => receipt(waiting.carrier, waiting.receipt).catch(complain(waiting.carrier)));
  });

  function complain(channel: string) {
    return (err: unknown) => parts.log.warn({ channel, err }, 'what a provider told is not on record');
  }

  /**
   * Hears that number, and answers whether it may be heard: who sends without an end would fill the journal. What is not on record was not
   * heard; it comes again, and must not be taken for too much. Neither must what is told again and again, by a SIM that deletes nothing.
   */
  async function hear(phoneKey: string, command: Command): Promise<boolean> {
    if (onRecord.has(command.commandId)) return true;
    const now = parts.clock.monotonic();
    if (answered.size > mostNumbers) answered.clear();
    const times = (answered.get(phoneKey) ?? []).filter((time) => time > now - repliesMs);
    if (times.length >= mostReplies) return false;
    answered.set(phoneKey, [...times, now]);
    try {
      await parts.send(command);
    } catch (err) {
      answered.set(
        phoneKey,
        (answered.get(phoneKey) ?? []).filter((time) => time !== now),
      );
      throw err;
    }
    if (onRecord.size >= mostNumbers) onRecord.clear();
    onRecord.add(command.commandId);
    return true;
  }

  const inbound: Inbound = {
    receipt,
    async reply(carrier, { id, phone, text, messageId }) {
      const phoneKey = parts.phoneKey(phone);
      const parsed: ParsedReply = parseReply(text);
      const about = messageId === undefined ? undefined : parts.receipts.of(carrier, messageId)?.noticeId;
      const isHeard = await hear(phoneKey, {
        ...{ type: 'reply', commandId: commandIdOf('reply', carrier, id), by: { type: 'system', id: carrier } },
        ...{ phoneKey, text: text.slice(0, longestText), via: carrier, ...parsed },
        ...(about !== undefined && { about }),
      });
      parts.metrics.replies.inc({ channel: carrier, answer: isHeard ? parsed.answer : 'too-many' });
    },
    async missedCall(carrier, { id, phone }) {
      const phoneKey = parts.phoneKey(phone);
      const commandId = commandIdOf('call', carrier, id);
      const by = { type: 'system', id: carrier } as const;
      await hear(phoneKey, {
        ...{ type: 'call-log', commandId, by, callId: commandId, what: 'missed', number: phone, phoneKey },
      });
    },
    async trouble(channel, trouble, reason) {
      const commandId = `trouble-${parts.unique()}`;
      const by = { type: 'system', id: channel } as const;
      await parts.send({
        ...{ type: 'channel-trouble', commandId, by, channel, trouble },
        reason: withoutNumbers(reason),
      });
    },
  };

  async function poll(channel: Channel): Promise<void> {
    const at = parts.now();
    const silent = parts.receipts.silent(channel.name, { olderThanMs: earlyMs, at });
    // Asked after 1, 2, 4, 8 ... minutes.
    const due = silent.filter(([id, { at: since }]) => {
      const last = polled.get(receiptKey(channel.name, id));
      return last === undefined || at - last >= last - since;
    });
    const ids = due.slice(0, mostAsked).map(([id]) => id);
    if (ids.length === 0 || !channel.poll) return;
    for (const id of ids) polled.set(receiptKey(channel.name, id), at);
    if (polled.size > mostPolled) polled.clear();
    const { promise: tooLong, resolve } = Promise.withResolvers<Receipt[]>();
    const controller = new AbortController();
    const cancel = parts.clock.after(pollTimeoutMs, () => {
      controller.abort('nobody waits for the answer any more');
      resolve([]);
    });
    const signal = AbortSignal.any([controller.signal, stopping.signal]);
    try {
      const known = await Promise.race([channel.poll(ids, signal, sentToBy(due)), tooLong]);
      for (const one of known) await receipt(channel.name, one);
    } finally {
      cancel();
    }
  }

  /** Whom the contact's notice went to; by the number that they have now, because numbers enter no record. */
  const sentToBy = (rows: readonly [string, Accepted][]): SentToOf => {
    const byId = new Map(rows);
    return (messageId) => {
      const row = byId.get(messageId);
      const recipient = row && parseNoticeId(row.noticeId)?.recipient;
      const phone = recipient?.type === 'contact' ? parts.phoneOf(recipient.contactId) : undefined;
      return row && phone !== undefined ? { phone, at: row.at } : undefined;
    };
  };

  function pollSoon(): void {
    cancelPoll = parts.clock.after(pollEveryMs, () => {
      const asked = parts.channels.filter((channel) => channel.poll);
      Promise.all(asked.map((channel) => poll(channel).catch(complain(channel.name)))).then(() => {
        if (!stopping.signal.aborted) pollSoon();
      });
    });
  }

  for (const channel of parts.channels) channel.listen?.(inbound);
  if (parts.channels.some((channel) => channel.poll)) pollSoon();
  return {
    stop() {
      cancelPoll();
      stopping.abort();
    },
  };
}

export type InboundParts = {
  channels: readonly Channel[];
  receipts: Pick<Receipts, 'of' | 'silent' | 'onAccepted'>;
  /** Resolves when the record is durable. */
  record: (record: OutcomeRecord) => Promise<void>;
  /** Resolves when the command was applied; what it came to is nobody's here. */
  send: (command: Command) => Promise<unknown>;
  phoneKey: (phone: string) => string;
  /** The number of a contact, unsealed. */
  phoneOf: (contactId: string) => string | undefined;
  /** A text that was never given before. */
  unique: () => string;
  /** The journal's time, epoch ms. */
  now: () => number;
  clock: Clock;
  log: Log;
  metrics: Metrics;
};
export type OpenInbound = { stop(): void };

/** The provider's id of what it tells names the command: the same told twice is one. */
function commandIdOf(what: string, carrier: string, id: string): string {
  return `${what}-${createHash('sha256')
    .update(`${carrierOf(carrier)}\n${id}`)
    .digest('base64url')
    .slice(0, 32)}`;
}

const earlyMs = 60_000;
const mostEarly = 1_000;
const repliesMs = 600_000;
const mostReplies = 30;
const mostNumbers = 10_000;
const longestText = 1_000;
const pollEveryMs = 30_000;
const pollTimeoutMs = 15_000;
const mostAsked = 50;
const mostPolled = 20_000;
