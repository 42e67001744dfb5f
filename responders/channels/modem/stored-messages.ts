import { createHash } from 'node:crypto';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import { type IncomingText, LongMessages } from '../sms/long-messages.ts';
import type { AtAnswer } from './at-line.ts';
import { type Incoming, incomingTpdu } from './tpdu.ts';

export type StoredMessagesParts = {
  clock: Clock;
  log: Log;
  command: (text: string) => Promise<AtAnswer>;
  handOn: (text: { id: string; phone: string; text: string }) => Promise<void>;
  report: (report: { reference: number; phone: string; status: number }) => void;
};

/**
 * Guards what the SIM keeps for us. A message stays there until it was handed on, so that neither a stop nor a line that is pulled loses one; what
 * was announced in noise is found by the next look. Its id comes from what the centre stamped it with and where it lies, so that it is the same when it is read again.
 */
export class StoredMessages {
  readonly #parts: StoredMessagesParts;
  readonly #long: LongMessages;
  /** Where the parts lie that were read and not yet handed on, by their ids. */
  readonly #places = new Map<string, number>();
  #reading: Promise<void> | undefined;
  #again = false;

  constructor(parts: StoredMessagesParts) {
    this.#parts = parts;
    this.#long = new LongMessages({ clock: parts.clock, handOn: (text) => void this.#handOn(text) });
  }

  /** Reads everything that lies there. While it reads, another call is one more round. */
  collect(): Promise<void> {
    this.#again = true;
    this.#reading ??= this.#rounds().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  take(incoming: Incoming, place?: number): void {
    if (incoming.type === 'report') {
      this.#parts.report(incoming);
      if (place !== undefined) void this.#remove(place);
      return;
    }
    const { phone, text, stamp, concat } = incoming;
    // Two of one second that lay in one place after another differ in this, and four digits give no number away.
    const trait = createHash('sha256').update(`${phone}\n${text}`).digest('hex').slice(0, 4);
    const id = [stamp, place ?? 'direct', concat?.number ?? 0, trait].join('-');
    if (this.#places.has(id)) return;
    if (place !== undefined) this.#places.set(id, place);
    this.#long.take({ id, phone, text, ...(concat && { concat }) });
  }

  close(): void {
    this.#long.close();
  }

  async #rounds(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      const listed = await this.#parts.command('AT+CMGL=4');
      if (!listed.ok) return;
      for (const [index, line] of listed.lines.entries()) {
        const place = /^\+CMGL: ?(\d+),/.exec(line)?.[1];
        if (place === undefined) continue;
        const incoming = incomingTpdu(listed.lines[index + 1] ?? '');
        if (incoming) this.take(incoming, Number(place));
        // It would be unreadable for ever, and a SIM that is full takes nothing more.
        else await this.#remove(Number(place));
      }
    }
  }

  async #handOn({ ids, phone, text }: IncomingText): Promise<void> {
    const places = ids.map((id) => this.#places.get(id)).filter((place) => place !== undefined);
    try {
      await this.#parts.handOn({ id: ids[0] ?? '', phone, text });
      for (const place of places) await this.#remove(place);
    } catch (err) {
      this.#parts.log.warn({ err }, 'a message that came in stays with the SIM until it can be kept');
    }
    for (const id of ids) this.#places.delete(id);
  }

  async #remove(place: number): Promise<void> {
    await this.#parts.command(`AT+CMGD=${place}`);
  }
}
