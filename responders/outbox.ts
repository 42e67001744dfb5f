import { channelNames } from '../records/channel-names.ts';
import type { FoldState, Table } from '../records/fold-state.ts';
import type { Incident } from '../records/incident.ts';
import type { AttemptingRecord, OutcomeRecord } from '../records/journal-record.ts';
import type { Notice, Recipient } from '../records/notice.ts';
import { type ProviderEntry, providersOf } from '../records/providers.ts';
import type { RegistryView } from '../records/registry.ts';
import { DueList, type Waiting } from './due-list.ts';
import {
  afterAttempting,
  afterOutcome,
  atOnce,
  isUntried,
  type OpenNotice,
  type Progress,
  readdressed,
} from './notice-progress.ts';
import { isAlarm, isClosing, noticeClass } from './retry-schedule.ts';

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
  /** How many alarms of life safety are open to a contact. */
  readonly #alarms: Table<number>;
  readonly #waiting: DueList;
  readonly #registry: OutboxParts['registry'];
  readonly #mostOpen: number;
  readonly #providers: () => readonly ProviderEntry[];
  #dropped = 0;
  #changed = () => {};

  constructor({ state, registry, mostOpen = 10_000, providers = () => providersOf(state) }: OutboxParts) {
    this.#providers = providers;
    this.#open = state.table('outbox');
    this.#early = state.table('outbox-early');
    this.#byIncident = state.table('outbox-by-incident', { derived: true });
    this.#alarms = state.table('outbox-alarms', { derived: true });
    this.#waiting = new DueList({ state });
    this.#registry = registry;
    this.#mostOpen = mostOpen;
  }

  /** Issuing an open notice again changes nothing. */
  issue(notice: Notice): void {
    if (this.#open.has(notice.noticeId)) return;
    for (const other of this.#byIncident.get(notice.incidentId) ?? []) {
      const entry = this.#open.get(other);
      if (entry && isOvertaken(entry, notice)) this.withdraw(other);
    }
    const channels = namesOf(notice, this.#registry, this.#providers()).map((name, index): Progress => {
      return index === 0 ? { name, phase: 'waiting', attempt: 1, nextAt: atOnce } : { name, phase: 'idle' };
    });
    const isFirst = notice.recipient.type === 'contact' && !isClosing(notice) && !this.#tells(notice.incidentId);
    this.#put({ notice, channels, activeAt: notice.at, ...(isFirst && { isFirst }) });
    for (const early of this.#early.get(notice.noticeId) ?? []) this.#step(early);
    if (this.#open.size <= this.#mostOpen) return;
    this.withdraw(leastUrgent(this.#open.values()).notice.noticeId);
    this.#dropped += 1;
  }

  withdraw(noticeId: string): void {
    const entry = this.#open.get(noticeId);
    if (!entry) return;
    this.#open.delete(noticeId);
    this.#moveWaiting(entry, undefined);
    const { incidentId } = entry.notice;
    const others = (this.#byIncident.get(incidentId) ?? []).filter((other) => other !== noticeId);
    if (others.length > 0) this.#byIncident.set(incidentId, others);
    else this.#byIncident.delete(incidentId);
    this.#countAlarm(entry.notice, -1);
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
      if (entry && !outlives(entry.notice) && entry.notice.at <= upTo) this.withdraw(noticeId);
    }
  }

  /** Whoever has answered is called no more about what was sent to them. */
  answered(incidentId: string, contactId: string): void {
    const recipient = { type: 'contact', contactId } as const;
    for (const noticeId of this.#byIncident.get(incidentId) ?? []) {
      const entry = this.#open.get(noticeId);
      if (entry && sameRecipient(entry.notice.recipient, recipient) && isAnswered(entry)) this.withdraw(noticeId);
    }
  }

  /** The installation has other providers than before. */
  readdress(): void {
    for (const entry of [...this.#open.values()]) {
      const names = namesOf(entry.notice, this.#registry, this.#providers());
      if (names.join() !== entry.channels.map(({ name }) => name).join()) this.#put(readdressed(entry, names));
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
  *due(now: number): Generator<Due> {
    for (const { noticeId, channel: name } of this.#waiting.upTo(now)) {
      const entry = this.#open.get(noticeId);
      const channel = entry?.channels.find((one) => one.name === name);
      // What was asked for may have changed what comes behind it.
      if (entry && channel?.phase === 'waiting' && channel.nextAt <= now) yield dueOf(entry, channel);
    }
  }

  /** The first moment after `now` at which something more becomes due. */
  nextDueAt(now: number): number | undefined {
    return this.#waiting.nextAfter(now);
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

  /** How many of them call that contact to a matter of life and death. */
  alarmsTo(contactId: string): number {
    return this.#alarms.get(contactId) ?? 0;
  }

  dropped(): number {
    return this.#dropped;
  }

  /** Called after each change, in the middle of a step: a hint to look soon, nothing to act on. */
  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  /** Makes the indexes again after a load. */
  rebuild(): void {
    for (const incidentId of [...this.#byIncident.keys()]) this.#byIncident.delete(incidentId);
    for (const contactId of [...this.#alarms.keys()]) this.#alarms.delete(contactId);
    this.#waiting.clear();
    for (const entry of this.#open.values()) {
      this.#index(entry.notice);
      this.#moveWaiting(undefined, entry);
    }
  }

  #put(entry: OpenNotice): void {
    const before = this.#open.get(entry.notice.noticeId);
    if (!before) this.#index(entry.notice);
    this.#open.set(entry.notice.noticeId, entry);
    this.#moveWaiting(before, entry);
    this.#changed();
  }

  #tells(incidentId: string): boolean {
    const others = this.#byIncident.get(incidentId) ?? [];
    return others.some((noticeId) => this.#open.get(noticeId)?.notice.recipient.type === 'contact');
  }

  #moveWaiting(before: OpenNotice | undefined, after: OpenNotice | undefined): void {
    for (const channel of before?.channels ?? [])
      if (before && channel.phase === 'waiting' && !after?.channels.includes(channel))
        this.#waiting.remove(waitingOf(before, channel));
    for (const channel of after?.channels ?? [])
      if (after && channel.phase === 'waiting' && !before?.channels.includes(channel))
        this.#waiting.add(waitingOf(after, channel));
  }

  #index(notice: Notice): void {
    const { noticeId, incidentId } = notice;
    this.#countAlarm(notice, 1);
    this.#byIncident.set(incidentId, [...(this.#byIncident.get(incidentId) ?? []), noticeId]);
  }

  #countAlarm(notice: Notice, change: 1 | -1): void {
    const { recipient } = notice;
    if (recipient.type !== 'contact' || !isAlarm(notice)) return;
    const count = this.alarmsTo(recipient.contactId) + change;
    if (count > 0) this.#alarms.set(recipient.contactId, count);
    else this.#alarms.delete(recipient.contactId);
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

export type OutboxParts = {
  state: FoldState;
  registry: Pick<RegistryView, 'contact'>;
  /** Where it is not the state's own word. */
  providers?: () => readonly ProviderEntry[];
  mostOpen?: number;
};

/** An attempt whose time has come. `activeAt`: when the notice was issued or last tried. Units: epoch ms of the journal. */
export type Due = { notice: Notice; channel: string; attempt: number; nextAt: number; activeAt: number; rank: Rank };

/** 0: life safety that was not tried on this channel yet. 1: life safety, again. 2: everything else. */
export type Rank = 0 | 1 | 2;

type WaitingChannel = Extract<Progress, { phase: 'waiting' }>;

type EarlyRecord = { record: AttemptingRecord | OutcomeRecord; at: number };
const mostEarlyNotices = 1_000;
const mostEarlyRecords = 20;

function dueOf(entry: OpenNotice, channel: WaitingChannel): Due {
  const { notice, activeAt } = entry;
  const { name, attempt, nextAt } = channel;
  return { notice, channel: name, attempt, nextAt, activeAt, rank: rankOf(notice, attempt) };
}

function rankOf(notice: Notice, attempt: number): Rank {
  if (noticeClass(notice) !== 'life-safety') return 2;
  return attempt === 1 ? 0 : 1;
}

function waitingOf({ notice, isFirst }: OpenNotice, { name, attempt, nextAt }: WaitingChannel): Waiting {
  const rank = rankOf(notice, attempt);
  const line = rank === 0 && isFirst ? 0 : lineOfRank[rank];
  return { noticeId: notice.noticeId, channel: name, line, nextAt, at: notice.at };
}
const lineOfRank = { 0: 1, 1: 2, 2: 3 } as const;

/** The desk hears of it through the page; the log keeps that it was told. A contact without a channel is a failure to report. */
function namesOf(
  { recipient, via, prefer, channels = [] }: Notice,
  registry: OutboxParts['registry'],
  providers: readonly ProviderEntry[],
): string[] {
  if (recipient.type === 'desk') return ['log'];
  if (via !== undefined) return [via];
  const names = channelNames(registry.contact(recipient.contactId)?.channels ?? [], providers);
  if (names.length === 0) return ['none'];
  const kinds = [...(prefer ? [prefer] : []), ...channels];
  const isOf = (kind: string) => (name: string) => name.split(/[:-]/, 1)[0] === kind;
  return [...new Set([...kinds.flatMap((kind) => names.filter(isOf(kind))), ...names])];
}

/** What comes after the end: word of it, and the line to whoever answered when it was over, or ended it by their answer. */
const outlives = (notice: Notice): boolean => isClosing(notice) || notice.purpose === 'reply';

/** A newer message says what the older one would. The line that answers somebody only ends what they answered. */
function isOvertaken(entry: OpenNotice, newer: Notice): boolean {
  const older = entry.notice;
  if (!sameRecipient(older.recipient, newer.recipient)) return false;
  if (newer.purpose !== 'reply' || older.purpose === 'reply') return true;
  return isAnswered(entry);
}

/** What somebody who answers can have read, and was asked by. */
function isAnswered({ notice, channels }: OpenNotice): boolean {
  const wasSent = (one: Progress): boolean => one.phase === 'trying' || (one.phase !== 'idle' && !isUntried(one));
  return !isClosing(notice) && channels.some(wasSent);
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
