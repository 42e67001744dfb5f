import type { Receipt, Sent, SentToOf } from '../channel.ts';

/**
 * Whom accepted messages went to, by the provider's id: providers want the number when they are asked what became of one, and numbers enter
 * no record. Lost at a restart; then whoever asks says whom it went to, by the number that the contact has now.
 * Bound: `most` messages, the oldest is forgotten.
 */
export class SentMemory {
  readonly #sent = new Map<string, SentTo>();
  readonly #most: number;

  constructor(most = 10_000) {
    this.#most = most;
  }

  accept(messageId: string, to: SentTo): Sent {
    if (messageId === '') return { type: 'accepted' };
    this.#sent.set(messageId, to);
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > this.#most && oldest !== undefined) this.#sent.delete(oldest);
    return { type: 'accepted', messageId };
  }

  get(messageId: string): SentTo | undefined {
    return this.#sent.get(messageId);
  }

  /** Asks about those of which it is known whom they went to, a few at a time. Of whom nothing is known yet there is no receipt. */
  async ask(messageIds: readonly string[], askAbout: AskAbout, sentTo?: SentToOf): Promise<Receipt[]> {
    const known = messageIds.flatMap((messageId) => {
      const to = this.#sent.get(messageId) ?? sentTo?.(messageId);
      return to ? [{ messageId, to }] : [];
    });
    const receipts: Receipt[] = [];
    for (let from = 0; from < known.length; from += atOnce) {
      const some = known.slice(from, from + atOnce);
      const answers = await Promise.all(some.map(({ messageId, to }) => askAbout(messageId, to)));
      receipts.push(...answers.filter((one) => one !== undefined));
    }
    return receipts;
  }
}

/** Units: `at` is epoch ms of the wall clock. */
export type SentTo = NonNullable<ReturnType<SentToOf>>;
type AskAbout = (messageId: string, to: SentTo) => Promise<Receipt | undefined>;

const atOnce = 8;
