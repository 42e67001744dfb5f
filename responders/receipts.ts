import { carrierOf } from '../records/channel-names.ts';
import type { FoldState, Table } from '../records/fold-state.ts';
import type { OutcomeRecord } from '../records/journal-record.ts';

/** An attempt that a provider accepted under an id of its own. `at`: when, epoch ms of the journal. `settled`: a receipt came. */
export type Accepted = {
  noticeId: string;
  channel: string;
  attempt: number;
  at: number;
  settled?: true;
  /** What else went in the same message. */
  others?: readonly { noticeId: string; attempt: number }[];
};

/**
 * Which attempt a provider speaks of when it tells later what became of a message: a fold of the outcomes. What is settled is kept, too:
 * what somebody presses in a call may come after the receipt of the call.
 * Bounds: `mostRows`, of the last `keepMs`; the oldest make room, and their receipts come to nothing.
 */
export class Receipts {
  readonly #rows: Table<Accepted>;
  #noted = (_key: string) => {};

  constructor({ state }: { state: FoldState }) {
    this.#rows = state.table('receipts');
  }

  outcome({ noticeId, channel, attempt, result, messageId, receipt, digestOf }: OutcomeRecord, at: number): void {
    if (messageId === undefined) return;
    const key = receiptKey(carrierOf(channel), messageId);
    const before = this.#rows.get(key);
    if (receipt) {
      if (before && !before.settled) this.#rows.set(key, { ...before, settled: true });
      return;
    }
    if (result !== 'accepted') return;
    if (before && digestOf === before.noticeId)
      this.#rows.set(key, { ...before, others: [...(before.others ?? []), { noticeId, attempt }] });
    const isKnown = before?.noticeId === noticeId && before.channel === channel && before.attempt === attempt;
    if (isKnown || digestOf !== undefined) return;
    // A provider that began to count anew speaks of its last message by that id.
    this.#rows.delete(key);
    for (const [oldest, row] of this.#rows.entries()) {
      if (row.at > at - keepMs && this.#rows.size < mostRows) break;
      this.#rows.delete(oldest);
    }
    this.#rows.set(key, { noticeId, channel, attempt, at });
    this.#noted(key);
  }

  /** `carrier`: the channel's own name, `sms:modem-1`. */
  of(carrier: string, messageId: string): Accepted | undefined {
    return this.#rows.get(receiptKey(carrier, messageId));
  }

  /** Of one channel, the ids of which nothing was heard although they are so old, the oldest first; `at`: now. */
  silent(carrier: string, { olderThanMs, at }: { olderThanMs: number; at: number }): [string, Accepted][] {
    const prefix = receiptKey(carrier, '');
    return [...this.#rows.entries()].flatMap(([key, row]): [string, Accepted][] =>
      !row.settled && row.at <= at - olderThanMs && row.at > at - keepMs && key.startsWith(prefix)
        ? [[key.slice(prefix.length), row]]
        : [],
    );
  }

  /** Called in the middle of a step with the key (`receiptKey`) of what was accepted: a hint to look, nothing to act on. */
  onAccepted(listener: (key: string) => void): void {
    this.#noted = listener;
  }
}

export function receiptKey(carrier: string, messageId: string): string {
  return `${carrier}\n${messageId}`;
}

const mostRows = 20_000;
const keepMs = 24 * 3_600_000;
