import type { StoredRecord } from '../../journal/frame.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { createCommandAnswers } from '../../records/command-answers.ts';
import type { Table } from '../../records/fold-state.ts';
import {
  type Acceptance,
  concerns,
  eventfulKinds,
  eventsOf,
  type OutgoingEvent,
} from '../../records/outgoing-event.ts';
import { decodeRecord, recordKind } from '../../records/record-codec.ts';
import type { Subscription } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { visitResult } from '../../records/visit.ts';
import type { EventQueues, Missed } from './event-queues.ts';

/** Hands what a record is news of to those who asked for it, and keeps a queue for each subscription of the registry. */
export class EventNews {
  readonly #parts: NewsParts;
  #revision: number | undefined;
  #hasBegun = false;
  /** How far the registry had come when it was last looked at: who is not in it yet hears nothing up to there. */
  #seenTo = 0;
  #touched = new Set<string>();

  constructor(parts: NewsParts) {
    this.#parts = parts;
  }

  readonly subscription = (id: string): Subscription | undefined => this.#parts.registry.get('subscription', id);

  /** Once the registry is as it was at `sequence`: who is subscribed there already. Before that no record is told. */
  async begin(sequence: number): Promise<void> {
    await this.#untilReached(sequence);
    this.#followSubscriptions(sequence + 1);
    const { unknown } = this.#parts;
    for (const [key, missed] of [...unknown.entries()]) {
      this.missed(missed);
      unknown.delete(key);
    }
    this.#hasBegun = true;
  }

  /** The next record. Names and areas are those of the registry at that record or later, so it may have to wait for that. */
  readonly take = (stored: StoredRecord): void | Promise<void> =>
    this.#hasBegun && this.#parts.reached() >= stored.sequence ? this.#tell(stored) : this.#tellWhenReached(stored);

  missed(missed: Missed): void {
    const { queues, clock } = this.#parts;
    for (const id of queues.ids()) {
      queues.missed(id, missed, clock.now());
      this.#touched.add(id);
    }
  }

  /** Whose queues or entries changed since the last call. */
  touched(): string[] {
    const touched = [...this.#touched];
    this.#touched.clear();
    return touched;
  }

  async #tellWhenReached(stored: StoredRecord): Promise<void> {
    await this.#untilReached(stored.sequence);
    while (!this.#hasBegun) await this.#pause();
    this.#tell(stored);
  }

  async #untilReached(sequence: number): Promise<void> {
    while (this.#parts.reached() < sequence) await this.#pause();
  }

  #pause(): Promise<void> {
    return new Promise((next) => void this.#parts.clock.after(lookEveryMs, next));
  }

  #tell(stored: StoredRecord): void {
    const { queues, registry, clock, metrics } = this.#parts;
    const { sequence } = stored;
    this.#followSubscriptions(sequence);
    for (const event of this.#eventsOf(stored)) {
      for (const id of queues.ids()) {
        const subscription = this.subscription(id);
        const isNews = sequence > (queues.lane(id)?.since ?? 0);
        if (!subscription || !isNews || !concerns(subscription, event, registry)) continue;
        const dropped = queues.offer(id, event, sequence, clock.now());
        if (dropped > 0) metrics.outgoingEvents.inc({ outcome: 'dropped' }, dropped);
        this.#touched.add(id);
      }
    }
  }

  #eventsOf({ sequence, receivedAt, body }: StoredRecord): OutgoingEvent[] {
    const { registry, log, metrics } = this.#parts;
    try {
      return eventfulKinds.has(recordKind(body))
        ? eventsOf(decodeRecord(body), receivedAt, registry, this.#isNewVisit)
        : [];
    } catch (err) {
      // It would be the same at every start. Receivers are told where they missed something, and everything else goes on.
      log.error({ err, sequence }, 'a record could not be told to receivers of events');
      metrics.quarantined.inc({ follower: 'events' });
      this.missed({ from: sequence, to: sequence });
      return [];
    }
  }

  /** What is sent again is answered as it was at first, and is no news: also when it was corrected meanwhile. */
  readonly #isNewVisit: Acceptance = (visit, at) => {
    const { answers, registry } = this.#parts;
    if (answers.get(visit.commandId)) return false;
    return answers.once(visit, () => visitResult(registry, visit, at)).ok;
  };

  /** A new subscription hears what stands behind the record before the one at which it was first seen, and behind where it was not yet. */
  #followSubscriptions(sequence: number): void {
    const { registry, queues, log, ended, reached } = this.#parts;
    const since = Math.max(sequence - 1, this.#seenTo);
    this.#seenTo = reached();
    if (this.#revision === registry.revision()) return;
    this.#revision = registry.revision();
    for (const id of queues.ids()) {
      if (this.subscription(id)) continue;
      queues.end(id);
      ended.set(id, true);
    }
    for (const { id, paused } of registry.list('subscription')) {
      const lane = queues.lane(id);
      // What the receiver said is in the registry now, where a person can take it back.
      if (lane?.isGone && paused) queues.edit(id, ({ isGone: _, ...open }) => open);
      this.#touched.add(id);
      if (lane) continue;
      if (queues.ids().length >= mostSubscriptions) {
        log.warn({ subscription: id, served: mostSubscriptions }, 'a subscription is not served: there are too many');
        continue;
      }
      ended.delete(id);
      queues.begin(id, since);
    }
  }
}

type NewsParts = {
  queues: EventQueues;
  registry: Registry;
  /** The sequence up to which the registry has folded the journal. */
  reached: () => number;
  /** What was answered to visits, in the state of this follower. */
  answers: ReturnType<typeof createCommandAnswers>;
  /** What nobody knows of whether it was told; at most one, and none when everybody was told of it. */
  unknown: Table<Missed>;
  /** Subscriptions that are no more, and of which something may be left. */
  ended: Table<true>;
  clock: Clock;
  log: Log;
  metrics: Pick<Metrics, 'outgoingEvents' | 'quarantined'>;
};

const lookEveryMs = 10;
/** Served at once; the queues of all are bounded together. */
export const mostSubscriptions = 64;
