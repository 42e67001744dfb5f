import { Checkpoint } from '../../journal/checkpoint.ts';
import { runFollower } from '../../journal/follower.ts';
import type { StoredRecord } from '../../journal/frame.ts';
import type { JournalReader } from '../../journal/reader.ts';
import type { Disk } from '../../platform/disk.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { createCommandAnswers } from '../../records/command-answers.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { EventDelivery, SubscriptionHealth } from '../../records/outgoing-event.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { countyTime } from '../texts/county-time.ts';
import { DeliveryLog, type DeliveryPage } from './delivery-log.ts';
import { EventNews } from './event-news.ts';
import { createEventQueues, type EventQueues, type Missed, type QueueLimits } from './event-queues.ts';
import { createReplays, type Moment, type Replaying } from './event-replay.ts';
import { type EventSenderParts, startEventSender } from './event-sender.ts';

/**
 * Tells subscribed programs what happens: a follower of the journal beside desk's own folds, with a position of its own, which the alarm
 * path never waits for. What is sent again after a crash has the id that it had. Where the journal is gone before it was read, receivers
 * are told from where to where they missed something.
 * Errors: POSITION_UNKNOWN when its state is of another journal. Source: docs/decisions/0021-outgoing-events.md
 */
export async function openEventFeed(ports: EventFeedPorts): Promise<EventFeed> {
  const { reader, clock, log, metrics, fail, stateDisk: disk } = ports;
  const state = new FoldState();
  const queues = createEventQueues({ state, ...(ports.limits && { limits: ports.limits }) });
  const minChangeBytes = ports.snapshotAfterBytes;
  const checkpoint = new Checkpoint({ disk, name: 'events', journalId: reader.id, log, minChangeBytes });
  const loaded = await checkpoint.load((change) => state.load(change));
  queues.rebuild();
  // Without a state of its own it begins at the journal's end: whoever is subscribed already is told that what was before is not known.
  const begunAt = loaded > 0 ? loaded : reader.headSequence;
  const unknown = state.table<Missed>('event-unknown');
  if (loaded === 0 && begunAt > 0) unknown.set('all', { from: reader.firstSequence, to: begunAt });
  const ended = state.table<true>('event-ended');
  const answers = createCommandAnswers(state);
  const news = new EventNews({ ...ports, queues, answers, unknown, ended });
  const deliveries = new DeliveryLog({ disk, clock, log });
  const subscription = news.subscription;
  const sender = startEventSender({
    ...ports,
    ...{ queues, subscription, position: (sequence) => reader.position(sequence), time: countyTime(ports.timeZone) },
    gone: sayGone,
    tried(id, delivery) {
      deliveries.note(id, delivery);
      if (delivery.outcome === 'gone' || delivery.outcome === 'given-up')
        log.warn({ subscription: id, ...delivery }, 'an event was not delivered');
      metrics.outgoingEventsWaiting.set(queues.waitingInAll());
      keeping.soon();
    },
  });
  let isStopped = false;
  const lost = (missed: Missed) => {
    log.error(missed, 'the journal no longer holds what outgoing events come to next: receivers are told');
    news.missed(missed);
  };
  const follower = runFollower({
    ...{ name: 'events', source: patientSource(reader, lost), from: begunAt + 1, clock, metrics },
    handle: news.take,
    afterBatch() {
      forgetEnded();
      for (const id of news.touched()) sender.pump(id);
      metrics.outgoingEventsWaiting.set(queues.waitingInAll());
      keeping.soon();
    },
    died: ({ sequence, error }) => fail(new Error(`outgoing events died at record ${sequence}`, { cause: error })),
  });
  const keeping = keeper({ ...ports, checkpoint, state, position: follower.position, savedAt: begunAt });
  const replays = createReplays({ ...ports, queues, answers, sender, subscription, changed: keeping.soon });

  /** Also what a crash left of those that ended before it. */
  function forgetEnded(): void {
    for (const id of [...ended.keys()]) {
      sender.forget(id);
      void deliveries.forget(id).then(() => {
        ended.delete(id);
        keeping.soon();
      });
    }
  }

  /** Until the registry says that it is paused: the alarm process may be away. */
  function sayGone(id: string): void {
    if (isStopped || !queues.lane(id)?.isGone) return;
    ports.pause(id).catch((err) => log.warn({ err, subscription: id }, 'a subscription could not be paused'));
    clock.after(sayAgainMs, () => sayGone(id));
  }
  // From where it begins is known at once, or a crash in its first seconds would lose what came in them.
  keeping.now();
  news
    .begin(begunAt)
    .then(() => {
      forgetEnded();
      keeping.now();
      for (const id of queues.ids()) {
        sender.pump(id);
        replays.goOn(id);
        sayGone(id);
      }
    })
    .catch(fail);

  return {
    reachesBackTo: keeping.savedAt,
    lagRecords: follower.lagRecords,
    health: (id) => healthOf(queues, id),
    test: sender.test,
    deliveries: (id, page) => deliveries.read(id, page),
    replay: replays.begin,
    async stop() {
      isStopped = true;
      replays.stop();
      sender.stop();
      await follower.stop();
      await keeping.last();
      await deliveries.close();
    },
  };
}

export type EventFeed = {
  /** What the journal has up to there is kept here, too. */
  reachesBackTo(): number;
  lagRecords(): number;
  health(id: string): SubscriptionHealth;
  /** Sends a test at once. Undefined: there is no such subscription, or a test is under way. */
  test(id: string): Promise<EventDelivery | undefined>;
  deliveries(id: string, page: { limit: number; before?: string | undefined }): Promise<DeliveryPage>;
  /**
   * Sends again what happened between there, under the ids that it had, as far as the journal reaches. Undefined: none of it is in the
   * journal, or the subscription is not known here yet.
   */
  replay(id: string, range: { from: Moment; to?: Moment | undefined }): Promise<Replaying | undefined>;
  stop(): Promise<void>;
};
export type EventFeedPorts = Pick<EventSenderParts, 'address' | 'post' | 'isDurable' | 'fail' | 'clock' | 'chance'> & {
  reader: JournalReader;
  stateDisk: Disk;
  /** Desk's own, which may be ahead of this follower; `reached`: the sequence up to which it has folded the journal. */
  registry: Registry;
  reached: () => number;
  /** Pauses a subscription in the registry, because its receiver does not want it any more. Errors: ALARM_AWAY, try later. */
  pause: (id: string) => Promise<void>;
  log: Log;
  metrics: Metrics;
  timeZone: string;
  limits?: QueueLimits;
  checkpointEveryMs?: number;
  snapshotAfterBytes?: number;
};

const sayAgainMs = 60_000;
const defaultCheckpointEveryMs = 5_000;
const lookAgainMs = 250;

type KeeperParts = Pick<EventFeedPorts, 'clock' | 'isDurable' | 'fail' | 'checkpointEveryMs'> & {
  checkpoint: Checkpoint;
  state: FoldState;
  position: () => number;
  savedAt: number;
};

/** Keeps what changed, every few seconds and once the journal has it for certain: queues also change when nothing new comes in. */
function keeper({ clock, isDurable, fail, checkpoint, state, position, savedAt, checkpointEveryMs }: KeeperParts) {
  let saved = savedAt;
  let cancel: (() => void) | undefined;
  let keeping: Promise<void> | undefined;
  /** Again, once what is being kept is kept. */
  let isAsked = false;
  let isEnding = false;
  async function keep(): Promise<void> {
    const sequence = position();
    const changes = state.takeChanges();
    while (!isDurable(sequence)) {
      // Nothing may be kept any more then, or it would lack these changes: they are made again from the journal.
      if (isEnding) throw notDurable;
      await new Promise<void>((next) => clock.after(lookAgainMs, next));
    }
    if ((await checkpoint.save(sequence, changes)) === 'kept') saved = sequence;
    else soon();
    await checkpoint.snapshotIfDue(() => state.entries());
  }
  function now(): void {
    cancel?.();
    cancel = undefined;
    if (keeping) {
      isAsked = true;
      return;
    }
    isAsked = false;
    keeping = keep()
      .catch((error) => error !== notDurable && fail(error))
      .then(() => {
        keeping = undefined;
        if (isAsked && !isEnding) now();
      });
  }
  function soon(): void {
    if (!isEnding) cancel ??= clock.after(checkpointEveryMs ?? defaultCheckpointEveryMs, now);
  }
  return {
    now,
    soon,
    savedAt: () => saved,
    async last(): Promise<void> {
      isEnding = true;
      cancel?.();
      await keeping;
      if (isDurable(position())) await checkpoint.save(position(), state.takeChanges());
      await checkpoint.close();
    },
  };
}
const notDurable = new Error('the journal does not have it for certain');

function healthOf(queues: EventQueues, id: string): SubscriptionHealth {
  const { missed = 0, deliveredAt, failingSince, problem, replay } = queues.lane(id) ?? {};
  return {
    ...{ waiting: queues.size(id), missed, replaying: replay !== undefined },
    ...(deliveredAt !== undefined && { deliveredAt }),
    ...(failingSince !== undefined && { failingSince }),
    ...(problem !== undefined && { problem }),
  };
}

/** The journal from where it still is: what retention took before it was read is said to be lost. */
function patientSource(reader: JournalReader, lost: (missed: Missed) => void) {
  return {
    get headSequence() {
      return reader.headSequence;
    },
    onDurable: (listener: () => void) => reader.onDurable(listener),
    async readBatch(from: number, limits: Parameters<JournalReader['readBatch']>[1]): Promise<StoredRecord[]> {
      try {
        return await reader.readBatch(from, limits);
      } catch (error) {
        const { firstSequence } = reader;
        if (from >= firstSequence) throw error;
        lost({ from, to: firstSequence - 1 });
        return reader.readBatch(firstSequence, limits);
      }
    },
  };
}
