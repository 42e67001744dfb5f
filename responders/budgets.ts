import { carrierOf } from '../records/channel-names.ts';
import type { FoldState, Table } from '../records/fold-state.ts';
import type { AttemptingRecord } from '../records/journal-record.ts';
import { type LimitNear, providersOf, type Window } from '../records/providers.ts';

/** What an attempt is counted by. `target`: whom it goes to, blind. */
export type Counted = Pick<AttemptingRecord, 'noticeId' | 'channel' | 'attempt' | 'target' | 'template'>;

/** There is none, and not before so long, ms. */
export type Full = { retryAfterMs: number };

/**
 * What may still be sent, by what was: limits of providers as rolling windows over the journal's own word of each attempt, so that a
 * restart forgets none of them. The last fifth of a window is for life safety.
 * An attempt counts from the moment it is planned (`take`), which is before its record is in the journal; one that never comes there is
 * forgotten after `heldMs`.
 * Bounds: `mostRows` numbers and rooms; past it those that were written to longest ago are forgotten. Units: epoch ms of the journal.
 * Source: docs/channels.md, docs/decisions/0037-carriage.md
 */
export class Budgets {
  readonly #state: FoldState;
  readonly #rows: Table<readonly number[]>;
  /** Attempts that are under way to the journal, by notice, channel and number. */
  readonly #held = new Map<string, { at: number; keys: string[] }>();

  constructor({ state }: { state: FoldState }) {
    this.#state = state;
    this.#rows = state.table('budgets');
  }

  /** Room for an attempt, which is taken; or when there is some. */
  take(counted: Counted, { at, isLifeSafety }: { at: number; isLifeSafety: boolean }): Full | undefined {
    const windows = this.windowsOf(counted.channel);
    let fullUntil = at;
    for (const window of windows) {
      const used = this.#used(keyOf(counted, window.per), window.perMs, at);
      const allowed = isLifeSafety ? window.count : window.count - Math.floor(window.count * reserve);
      const oldest = used[used.length - allowed];
      if (oldest !== undefined) fullUntil = Math.max(fullUntil, oldest + window.perMs);
    }
    if (fullUntil > at) return { retryAfterMs: fullUntil - at };
    if (windows.length > 0) this.#hold(counted, windows, at);
    return undefined;
  }

  /** What the journal says of an attempt. `near`: it is the one by which four fifths of a window are used. */
  attempting(record: AttemptingRecord, at: number): LimitNear | undefined {
    this.#held.delete(attemptKey(record));
    if (record.digestOf !== undefined) return undefined;
    const windows = this.windowsOf(record.channel);
    let near: LimitNear | undefined;
    for (const per of new Set(windows.map((window) => window.per))) {
      const ofPer = windows.filter((window) => window.per === per);
      const longestMs = Math.max(...ofPer.map(({ perMs }) => perMs));
      const most = Math.max(...ofPer.map(({ count }) => count));
      const key = keyOf(record, per);
      const times = [...(this.#rows.get(key) ?? []).filter((time) => time > at - longestMs), at].slice(-most);
      this.#rows.set(key, times);
      for (const { count, perMs } of ofPer) {
        const used = times.filter((time) => time > at - perMs).length;
        if (count >= fewestWarned && used === Math.ceil(count * warnAt))
          near = { channel: carrierOf(record.channel), used, count, perMs };
      }
    }
    this.#makeRoom(at);
    return near;
  }

  /** What limits that way: a provider's windows as they are configured, a robot's as its maker publishes them. */
  windowsOf(channel: string): readonly Window[] {
    const carrier = carrierOf(channel);
    const [type = '', id] = carrier.split(':');
    if (id === undefined) return robotWindows[type] ?? [];
    return providersOf(this.#state).find((one) => one.id === id)?.windows ?? [];
  }

  #used(key: string, perMs: number, at: number): number[] {
    const kept = this.#rows.get(key) ?? [];
    const coming = [...this.#held.values()].flatMap((held) =>
      held.at > at - heldMs && held.keys.includes(key) ? held.at : [],
    );
    return [...kept, ...coming].filter((time) => time > at - perMs).sort((a, b) => a - b);
  }

  #hold(counted: Counted, windows: readonly Window[], at: number): void {
    for (const [key, held] of this.#held) if (held.at <= at - heldMs) this.#held.delete(key);
    const keys = [...new Set(windows.map(({ per }) => keyOf(counted, per)))];
    this.#held.set(attemptKey(counted), { at, keys });
  }

  /** The same in every replay, whatever the order in which a checkpoint gave the rows back. */
  #makeRoom(at: number): void {
    if (this.#rows.size <= mostRows) return;
    const last = (times: readonly number[]): number => times.at(-1) ?? 0;
    const rows = [...this.#rows.entries()].sort(([a, x], [b, y]) => last(x) - last(y) || (a < b ? -1 : 1));
    const excess = rows.length - mostRows + Math.ceil(mostRows / 10);
    for (const [index, [key, times]] of rows.entries())
      if (index < excess || last(times) <= at - longestWindowMs) this.#rows.delete(key);
  }
}

/** Of each window, for life safety alone. */
const reserve = 0.2;
const warnAt = 0.8;
/** A limit of one or two is reached by every second message, and no news. */
const fewestWarned = 5;
const mostRows = 20_000;
const heldMs = 5 * 60_000;
const minuteMs = 60_000;
const longestWindowMs = 24 * 3_600_000;

/** Sources: docs/channels.md. */
const robotWindows: { [type: string]: readonly Window[] } = {
  dingtalk: [{ per: 'target', count: 20, perMs: minuteMs }],
  wecom: [{ per: 'target', count: 20, perMs: minuteMs }],
  feishu: [
    { per: 'target', count: 5, perMs: 1_000 },
    { per: 'target', count: 100, perMs: minuteMs },
  ],
};

function keyOf({ channel, target = '', template = '' }: Counted, per: Window['per']): string {
  const carrier = carrierOf(channel);
  if (per === 'provider') return carrier;
  return per === 'target' ? `${carrier} ${target}` : `${carrier} ${target} ${template}`;
}

const attemptKey = ({ noticeId, channel, attempt }: Counted): string => `${noticeId}\n${channel}\n${attempt}`;
