import { createHash } from 'node:crypto';
import { type Message, misconfigured, type Sent } from '../../channel.ts';
import { isClosing, noticeClass } from '../../retry-schedule.ts';
import { textable } from './dialable.ts';
import { type Coding, codingOf, type SmsPart, smsParts } from './sms-parts.ts';
import { WaitingRoom } from './waiting-room.ts';

/** What a line did with one part; `id` is how it calls it. */
export type PartSent = { type: 'taken'; id: string } | { type: 'misconfigured'; reason: string } | Later;
type Later = Extract<Sent, { type: 'later' }>;
export type PartOrder = { part: SmsPart; phone: string; validityMs: number; isFirst: boolean };

export type SmsSendingParts = {
  submit: (order: PartOrder) => Promise<PartSent>;
  /** All parts of a message were taken, under these ids: what is known of it now. */
  taken: (ids: string[], phone: string) => Sent;
  /** Messages that go out at once, and that wait at most. */
  width: number;
  mostWaiting: number;
  coding?: (text: string) => Coding;
};

/**
 * Guards messages that are on their way over a line, part by part. An attempt that is given up does not take back what was sent: its message
 * goes on to its end, and the next attempt under the same id joins it, or hears how it ended; parts that were taken are not sent again.
 * Bound: `mostRemembered` messages, the oldest ended ones are forgotten.
 */
export class SmsSending {
  readonly #parts: SmsSendingParts;
  readonly #room: WaitingRoom;
  readonly #messages = new Map<string, OnItsWay>();

  constructor(parts: SmsSendingParts) {
    this.#parts = parts;
    this.#room = new WaitingRoom(parts);
  }

  async send(message: Message): Promise<Sent> {
    const { idempotencyId, address, notice } = message;
    if (address.type !== 'sms') throw new Error(`an SMS cannot be sent to ${address.type}`);
    const phone = textable(address.phone);
    if (phone === undefined) return misconfigured(notice, 'not a number that an SMS may be sent to');
    const before = this.#messages.get(idempotencyId);
    // Somebody may have corrected the number meanwhile.
    const onItsWay = before?.phone === phone ? before : this.#begin(message, phone);
    const sent = onItsWay.ended ?? (await this.#join(onItsWay, message));
    // Whoever hears the end no longer needs it remembered. Nobody hears an attempt that was given up.
    if (onItsWay.ended && !message.signal.aborted) this.#forget(idempotencyId, onItsWay);
    return sent;
  }

  #join(onItsWay: OnItsWay, message: Message): Promise<Sent> {
    onItsWay.running ??= this.#carry(onItsWay, message).finally(() => {
      onItsWay.running = undefined;
      // Of what has not begun the next attempt has newer words.
      if (onItsWay.ids.length === 0) this.#forget(message.idempotencyId, onItsWay);
    });
    return onItsWay.running;
  }

  #begin({ idempotencyId, text }: Message, phone: string): OnItsWay {
    // The same for every attempt, so that a telephone that has a part already knows it again.
    const reference = createHash('sha256').update(idempotencyId).digest()[0] ?? 0;
    const { coding = codingOf } = this.#parts;
    const onItsWay: OnItsWay = { phone, left: smsParts(text.sms, reference, coding(text.sms)), ids: [] };
    this.#messages.set(idempotencyId, onItsWay);
    if (this.#messages.size > mostRemembered) {
      const oldest = this.#messages.entries().find(([, { running }]) => !running)?.[0];
      if (oldest !== undefined) this.#messages.delete(oldest);
    }
    return onItsWay;
  }

  /** Another number's message may have taken its place. */
  #forget(idempotencyId: string, onItsWay: OnItsWay): void {
    if (this.#messages.get(idempotencyId) === onItsWay) this.#messages.delete(idempotencyId);
  }

  async #carry(onItsWay: OnItsWay, { notice, signal }: Message): Promise<Sent> {
    const isFirst = noticeClass(notice) === 'life-safety';
    const place = await this.#room.enter({ isFirst, signal });
    if (place === 'full') return { type: 'later', reason: 'too many messages wait for the line' };
    if (place === 'left') return { type: 'later', reason: 'given up before its turn' };
    const { phone, left, ids } = onItsWay;
    try {
      for (;;) {
        const [part] = left;
        if (!part) break;
        const sent = await this.#parts.submit({ part, phone, validityMs: validityMs(notice), isFirst });
        if (sent.type === 'misconfigured') return misconfigured(notice, sent.reason);
        if (sent.type === 'later') return sent;
        ids.push(sent.id);
        left.shift();
      }
    } finally {
      place();
    }
    onItsWay.ended = this.#parts.taken(ids, phone);
    return onItsWay.ended;
  }
}

type OnItsWay = { phone: string; left: SmsPart[]; ids: string[]; running?: Promise<Sent> | undefined; ended?: Sent };

const mostRemembered = 1_000;
const MINUTE_MS = 60_000;

/**
 * How long the network keeps a message for a telephone that is off: a call for help that arrives tomorrow sends somebody to a home
 * where nothing is wrong, while it is still open it is sent again. Word that it is over corrects what came before, however late.
 */
function validityMs(notice: Message['notice']): number {
  return isClosing(notice) || noticeClass(notice) === 'service' ? 24 * 60 * MINUTE_MS : 10 * MINUTE_MS;
}
