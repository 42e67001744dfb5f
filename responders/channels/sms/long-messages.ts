import type { Clock } from '../../../platform/clock.ts';
import type { Concat } from './sms-parts.ts';

/** A part that came in; `id` names it at its provider. */
export type IncomingPart = { id: string; phone: string; text: string; concat?: Concat };
/** `ids`: of the parts that it was joined from, the first one first. */
export type IncomingText = { ids: string[]; phone: string; text: string };

/**
 * Guards the parts of long messages until the last of each has come. What is not complete after `patienceMs`, or when more than `mostOpen`
 * wait, is handed on as it is, with ` … ` for what is missing: half a call for help is one.
 */
export class LongMessages {
  readonly #clock: Clock;
  readonly #handOn: (text: IncomingText) => void;
  readonly #open = new Map<string, { parts: Map<number, IncomingPart>; total: number; cancel: () => void }>();

  constructor({ clock, handOn }: { clock: Clock; handOn: (text: IncomingText) => void }) {
    this.#clock = clock;
    this.#handOn = handOn;
  }

  take(part: IncomingPart): void {
    const { id, phone, text, concat } = part;
    if (!concat) {
      this.#handOn({ ids: [id], phone, text });
      return;
    }
    const key = `${phone} ${concat.reference} ${concat.total}`;
    const open = this.#open.get(key) ?? this.#begin(key, concat.total);
    open.parts.set(concat.number, part);
    if (open.parts.size === open.total) this.#end(key);
  }

  /** Hands on everything that waits. */
  close(): void {
    for (const key of [...this.#open.keys()]) this.#end(key);
  }

  #begin(key: string, total: number) {
    const [oldest] = this.#open.keys();
    if (oldest !== undefined && this.#open.size >= mostOpen) this.#end(oldest);
    const open = { parts: new Map(), total, cancel: this.#clock.after(patienceMs, () => this.#end(key)) };
    this.#open.set(key, open);
    return open;
  }

  #end(key: string): void {
    const open = this.#open.get(key);
    if (!open) return;
    this.#open.delete(key);
    open.cancel();
    const parts = [...open.parts].sort(([a], [b]) => a - b).map(([, part]) => part);
    const [first] = parts;
    if (!first) return;
    const words = Array.from({ length: open.total }, (_, index) => open.parts.get(index + 1)?.text ?? ' … ');
    this.#handOn({ ids: parts.map(({ id }) => id), phone: first.phone, text: words.join('') });
  }
}

const patienceMs = 60_000;
const mostOpen = 50;
