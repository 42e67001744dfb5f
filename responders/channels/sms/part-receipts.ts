import type { Clock } from '../../../platform/clock.ts';
import type { Receipt, Sent } from '../../channel.ts';

/**
 * Guards which parts a message went out in, so that their receipts become one: delivered with the last of them, failed with the first that
 * fails. A part may be known by several names; the newest message that bears a name has it. A receipt that is here before its message went
 * out to its end waits a minute for it.
 * Bounds: `mostOpen` messages and `mostEarly` receipts, the oldest are forgotten.
 */
export class PartReceipts {
  readonly #clock: Clock;
  readonly #messages = new Map<string, { missing: Set<number>; names: string[] }>();
  readonly #parts = new Map<string, { messageId: string; part: number }>();
  readonly #early = new Map<string, Result & { at: number }>();

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock;
  }

  /** A message was taken in these parts: what is known of it by now. */
  expect(messageId: string, names: readonly (readonly string[])[]): Sent {
    const [oldest] = this.#messages.keys();
    if (oldest !== undefined && this.#messages.size >= mostOpen) this.#forget(oldest);
    this.#messages.set(messageId, { missing: new Set(names.keys()), names: names.flat() });
    for (const [part, ofPart] of names.entries()) for (const name of ofPart) this.#parts.set(name, { messageId, part });
    for (const ofPart of names) {
      const receipt = this.#takeEarly(ofPart);
      if (typeof receipt !== 'object') continue;
      return receipt.result === 'delivered'
        ? { type: 'delivered' }
        : { type: 'later', reason: receipt.detail ?? 'failed' };
    }
    return { type: 'accepted', messageId };
  }

  /**
   * What became of a part, under each name that it may have, the surest first: the receipt of its message, that other parts are still
   * missing, or that no part has such a name (yet, or no more).
   */
  take(names: readonly string[], { result, detail }: Result): Receipt | 'incomplete' | 'unknown' {
    const part = names.map((name) => this.#parts.get(name)).find((one) => one !== undefined);
    const message = part && this.#messages.get(part.messageId);
    if (!part || !message) {
      for (const name of names) this.#early.set(name, { result, detail, at: this.#clock.monotonic() });
      for (const oldest of [...this.#early.keys()].slice(0, Math.max(0, this.#early.size - mostEarly))) {
        this.#early.delete(oldest);
      }
      return 'unknown';
    }
    message.missing.delete(part.part);
    if (result === 'delivered' && message.missing.size > 0) return 'incomplete';
    this.#forget(part.messageId);
    return { messageId: part.messageId, result, detail };
  }

  #takeEarly(names: readonly string[]): Receipt | 'incomplete' | 'unknown' {
    const since = this.#clock.monotonic() - earlyMs;
    const early = names.map((name) => this.#early.get(name)).find((one) => one !== undefined && one.at >= since);
    for (const name of names) this.#early.delete(name);
    return early ? this.take(names, early) : 'unknown';
  }

  #forget(messageId: string): void {
    for (const name of this.#messages.get(messageId)?.names ?? [])
      if (this.#parts.get(name)?.messageId === messageId) this.#parts.delete(name);
    this.#messages.delete(messageId);
  }
}
type Result = { result: Receipt['result']; detail: string };

const mostOpen = 2_000;
const mostEarly = 500;
const earlyMs = 60_000;
