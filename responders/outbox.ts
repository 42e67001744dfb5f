import type { FoldState, Table } from '../records/fold-state.ts';
import type { Incident } from '../records/incident.ts';
import type { AttemptingRecord, OutcomeRecord } from '../records/journal-record.ts';
import type { Notice, Recipient } from '../records/notice.ts';
import type { RegistryView } from '../records/registry.ts';
import { channelNames } from './channel.ts';
import { isClosing, nextAttemptAt, noticeClass } from './retry-schedule.ts';

export function createOutbox(parts: OutboxParts): Outbox {
  return new Outbox(parts);
}

/**
 * The notices that somebody still has to be told, as a fold of the journal: what was issued, which attempts began, how
 * they ended. It sends nothing and holds no timer; `due` says what time it is for.
 *
 * A notice is open until it is delivered, refused on every channel, overtaken (its incident ended, or a newer notice of
 * the incident goes to the same person) or, unless it is life safety, its schedule has run out. Channels are tried in
 * the contact's order, each on a schedule of its own; from the first failure of one the next is tried beside it.
 * Bounds: `mostOpen` notices; past it the least urgent and oldest is dropped, and `dropped` counts it.
 */
export class Outbox {
  readonly #open: Table<OpenNotice>;
  readonly #early: Table<EarlyRecord[]>;
  readonly #byIncident: Table<string[]>;
  readonly #registry: OutboxParts['registry'];
  readonly #mostOpen: number;
  #dropped = 0;
  #changed = () => {};

  constructor({ state, registry, mostOpen = 10_000 }: OutboxParts) {
    this.#open = state.table('outbox');
    this.#early = state.table('outbox-early');
    this.#byIncident = state.table('outbox-by-incident', { derived: true });
    this.#registry = registry;
    this.#mostOpen = mostOpen;
  }

  /** Issuing an open notice again changes nothing. */
  issue(notice: Notice): void {
    if (this.#open.has(notice.noticeId)) return;
    for (const other of this.#byIncident.get(notice.incidentId) ?? []) {
      if (sameRecipient(this.#open.get(other)?.notice.recipient, notice.recipient)) this.withdraw(other);
    }
    const channels = namesOf(notice.recipient, this.#registry).map((name, index): Progress => {
      return index === 0 ? { name, phase: 'waiting', attempt: 1, nextAt: atOnce } : { name, phase: 'idle' };
    });
    this.#put({ notice, channels, activeAt: notice.at });
    for (const early of this.#early.get(notice.noticeId) ?? []) this.#step(early);
    if (this.#open.size <= this.#mostOpen) return;
    this.withdraw(leastUrgent(this.#open.values()).notice.noticeId);
    this.#dropped += 1;
  }

  withdraw(noticeId: string): void {
    const entry = this.#open.get(noticeId);
    if (!entry) return;
    this.#open.delete(noticeId);
    const { incidentId } = entry.notice;
    const others = (this.#byIncident.get(incidentId) ?? []).filter((other) => other !== noticeId);
    if (others.length > 0) this.#byIncident.set(incidentId, others);
    else this.#byIncident.delete(incidentId);
    this.#changed();
  }

  withdrawAll(incidentId: string): void {
    for (const noticeId of this.#byIncident.get(incidentId) ?? []) this.withdraw(noticeId);
  }

  /**
   * The end of an incident overtakes its notices, except those that say so; that it is held overtakes those of before, until a person
   * lets it go.
   */
  follow({ incidentId, state, ladder }: Incident): void {
    if (state.phase !== 'resolved' && ladder.phase !== 'held') return;
    const upTo = state.phase !== 'resolved' && ladder.phase === 'held' ? (ladder.heldAt ?? Infinity) : Infinity;
    for (const noticeId of this.#byIncident.get(incidentId) ?? []) {
      const entry = this.#open.get(noticeId);
      if (entry && !isClosing(entry.notice) && entry.notice.at <= upTo) this.withdraw(noticeId);
    }
  }

  attempting(record: AttemptingRecord, at: number): void {
    if (record.provisional) this.#rememberEarly({ record, at });
    this.#step({ record, at });
  }

  outcome(record: OutcomeRecord, at: number): void {
    if (record.provisional) this.#rememberEarly({ record, at });
    this.#step({ record, at });
  }

  /** What may be tried at `now` (journal time), the most urgent first. An attempt under way is not among it. */
  due(now: number): Due[] {
    const found: Due[] = [];
    for (const entry of this.#open.values()) {
      for (const channel of entry.channels) {
        if (channel.phase === 'waiting' && channel.nextAt <= now) found.push(dueOf(entry, channel));
      }
    }
    return found.sort((a, b) => a.rank - b.rank || a.nextAt - b.nextAt || a.notice.at - b.notice.at);
  }

  /** The first moment after `now` at which something more becomes due. */
  nextDueAt(now: number): number | undefined {
    let earliest = Infinity;
    for (const { channels } of this.#open.values()) {
      for (const channel of channels) {
        if (channel.phase === 'waiting' && channel.nextAt > now) earliest = Math.min(earliest, channel.nextAt);
      }
    }
    return earliest === Infinity ? undefined : earliest;
  }

  /** Attempts that began and of which nothing more is known. */
  unanswered(): { notice: Notice; channel: string; attempt: number }[] {
    return [...this.#open.values()].flatMap(({ notice, channels }) =>
      channels.flatMap((one) => (one.phase === 'trying' ? [{ notice, channel: one.name, attempt: one.attempt }] : [])),
    );
  }

  notices(): Notice[] {
    return [...this.#open.values()].map(({ notice }) => notice);
  }

  has(noticeId: string): boolean {
    return this.#open.has(noticeId);
  }

  /** How many notices are open. */
  open(): number {
    return this.#open.size;
  }

  dropped(): number {
    return this.#dropped;
  }

  /** Called after each change, in the middle of a step: a hint to look soon, nothing to act on. */
  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  /** Makes the index again after a load. */
  rebuild(): void {
    for (const incidentId of [...this.#byIncident.keys()]) this.#byIncident.delete(incidentId);
    for (const { notice } of this.#open.values()) this.#index(notice);
  }

  #put(entry: OpenNotice): void {
    if (!this.#open.has(entry.notice.noticeId)) this.#index(entry.notice);
    this.#open.set(entry.notice.noticeId, entry);
    this.#changed();
  }

  #index({ noticeId, incidentId }: Notice): void {
    this.#byIncident.set(incidentId, [...(this.#byIncident.get(incidentId) ?? []), noticeId]);
  }

  #step({ record, at }: EarlyRecord): void {
    const entry = this.#open.get(record.noticeId);
    if (!entry) return;
    const next = record.kind === 'attempting' ? afterAttempting(entry, record, at) : afterOutcome(entry, record, at);
    if (next) this.#put(next);
    else this.withdraw(record.noticeId);
  }

  /** What a provisional attempt came to may stand in the journal before the notice itself does. */
  #rememberEarly(early: EarlyRecord): void {
    const { noticeId } = early.record;
    this.#early.set(noticeId, [...(this.#early.get(noticeId) ?? []), early].slice(-mostEarlyRecords));
    const [oldest] = this.#early.keys();
    if (this.#early.size > mostEarlyNotices && oldest !== undefined) this.#early.delete(oldest);
  }
}

export type OutboxParts = { state: FoldState; registry: Pick<RegistryView, 'contact'>; mostOpen?: number };

/** An attempt whose time has come. `activeAt`: when the notice was issued or last tried. Units: epoch ms of the journal. */
export type Due = { notice: Notice; channel: string; attempt: number; nextAt: number; activeAt: number; rank: Rank };

/** 0: life safety that was not tried on this channel yet. 1: life safety, again. 2: everything else. */
export type Rank = 0 | 1 | 2;

type OpenNotice = { notice: Notice; channels: Progress[]; activeAt: number };

/** Of one channel. `idle`: not its turn yet. `attempt`: the number of the next attempt, or of the one under way. */
type Progress = { name: string } & (
  | { phase: 'idle' }
  | { phase: 'waiting'; attempt: number; nextAt: number }
  | { phase: 'trying'; attempt: number; since: number }
  | { phase: 'accepted' }
  | { phase: 'ended' }
);

type EarlyRecord = { record: AttemptingRecord | OutcomeRecord; at: number };
const mostEarlyNotices = 1_000;
const mostEarlyRecords = 20;

/** First attempts do not compare with any clock: nothing that happens to a clock may hold them up. */
const atOnce = 0;

/** How long a provider's word that it took a critical message is enough before the next channel is tried too, ms. */
const acceptedPatienceMs = 60_000;

function afterAttempting(entry: OpenNotice, { channel, attempt }: AttemptingRecord, at: number): OpenNotice {
  const activeAt = Math.max(entry.activeAt, at);
  return {
    ...withChannel(entry, channel, (one) => ({ name: one.name, phase: 'trying', attempt, since: at })),
    activeAt,
  };
}

/** The notice after an outcome, or nothing when it is done with. */
function afterOutcome(entry: OpenNotice, record: OutcomeRecord, at: number): OpenNotice | undefined {
  if (record.result === 'delivered' || record.final) return undefined;
  const before = entry.channels.find(({ name }) => name === record.channel);
  // Of a channel that this notice does not use, or of an attempt before the last: it changes nothing.
  if (!before || before.phase === 'ended' || ('attempt' in before && record.attempt < before.attempt)) return entry;
  if (record.result === 'accepted') {
    // Nobody escalates on these; a critical alarm waits for the receipt, and then goes the next way too.
    if (noticeClass(entry.notice) !== 'life-safety' || isClosing(entry.notice)) return undefined;
    const waiting = withChannel(entry, record.channel, ({ name }) => ({ name, phase: 'accepted' }));
    return withNextChannel(waiting, at + acceptedPatienceMs);
  }
  const startedAt = before.phase === 'trying' ? before.since : at;
  const { attempt, retryAfterMs } = record;
  const nextAt =
    record.result === 'failed'
      ? nextAttemptAt(entry.notice, { attempt, startedAt, failedAt: at, retryAfterMs })
      : undefined;
  const after = withChannel(entry, record.channel, ({ name }) =>
    nextAt === undefined ? { name, phase: 'ended' } : { name, phase: 'waiting', attempt: attempt + 1, nextAt },
  );
  const onward = withNextChannel(after, atOnce);
  return onward.channels.every(({ phase }) => phase === 'ended') ? undefined : onward;
}

function withChannel(entry: OpenNotice, name: string, change: (channel: Progress) => Progress): OpenNotice {
  return { ...entry, channels: entry.channels.map((channel) => (channel.name === name ? change(channel) : channel)) };
}

/** A failure opens one channel more, once for each channel that failed. */
function withNextChannel(entry: OpenNotice, nextAt: number): OpenNotice {
  const failed = entry.channels.filter((one) => one.phase !== 'idle' && !isUntried(one)).length;
  return {
    ...entry,
    channels: entry.channels.map((channel, index) =>
      channel.phase === 'idle' && index <= failed
        ? { name: channel.name, phase: 'waiting', attempt: 1, nextAt }
        : channel,
    ),
  };
}

function isUntried(channel: Progress): boolean {
  return (channel.phase === 'waiting' || channel.phase === 'trying') && channel.attempt === 1;
}

function dueOf(
  { notice, activeAt }: OpenNotice,
  { name, attempt, nextAt }: Extract<Progress, { phase: 'waiting' }>,
): Due {
  const rank = noticeClass(notice) !== 'life-safety' ? 2 : attempt === 1 ? 0 : 1;
  return { notice, channel: name, attempt, nextAt, activeAt, rank };
}

/** The desk hears of it through the page; the log keeps that it was told. A contact without a channel is a failure to report. */
function namesOf(recipient: Recipient, registry: OutboxParts['registry']): string[] {
  if (recipient.type === 'desk') return ['log'];
  const names = channelNames(registry.contact(recipient.contactId)?.channels ?? []);
  return names.length > 0 ? names : ['none'];
}

function sameRecipient(a: Recipient | undefined, b: Recipient): boolean {
  if (a?.type === 'contact' && b.type === 'contact') return a.contactId === b.contactId;
  return a?.type === 'desk' && b.type === 'desk' && a.areaId === b.areaId;
}

/** Called when there are too many, so the list is not empty; the oldest of the lowest class comes first in its order. */
function leastUrgent(entries: Iterable<OpenNotice>): OpenNotice {
  const order = { service: 0, urgent: 1, 'life-safety': 2 } as const;
  return [...entries].reduce((least, entry) =>
    order[noticeClass(entry.notice)] < order[noticeClass(least.notice)] ? entry : least,
  );
}
