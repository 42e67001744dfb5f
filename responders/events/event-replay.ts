import { parsePosition } from '../../journal/position.ts';
import type { JournalReader } from '../../journal/reader.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { createCommandAnswers } from '../../records/command-answers.ts';
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
import type { EventQueues } from './event-queues.ts';

/** A place in the journal, or journal time in epoch ms. */
export type Moment = { position: string } | { at: number };
/** What is sent again: from the record at `from` to that at `to`. `isWhole`: nothing that was asked for lies before the journal's beginning. */
export type Replaying = { from: string; to: string; isWhole: boolean };

/**
 * Reads the journal again for those who missed something, as fast as their queue empties, so that nothing new is pushed out by it. What
 * was asked for last counts; a restart goes on with it.
 */
export function createReplays(parts: ReplayParts) {
  const { reader, queues, clock } = parts;
  const running = new Set<string>();
  let isStopped = false;

  async function begin(id: string, { from, to }: { from: Moment; to?: Moment | undefined }) {
    const { firstSequence, headSequence } = reader;
    const asked = await sequenceAtOrAfter(reader, from);
    const end = to ? await sequenceAtOrAfter(reader, 'at' in to ? { at: to.at + 1 } : to) : headSequence;
    if (asked === undefined || end === undefined) return undefined;
    const range = {
      next: Math.max(asked, firstSequence),
      to: Math.min(to && 'at' in to ? end - 1 : end, headSequence),
    };
    if (range.next > range.to || !queues.lane(id)) return undefined;
    queues.edit(id, (lane) => ({ ...lane, replay: range }));
    parts.changed();
    goOn(id);
    const isWhole = asked >= firstSequence && !('at' in from && range.next === firstSequence && firstSequence > 1);
    return { from: reader.position(range.next), to: reader.position(range.to), isWhole };
  }

  function goOn(id: string): void {
    if (running.has(id) || !queues.lane(id)?.replay) return;
    running.add(id);
    read(id)
      .catch(parts.fail)
      .finally(() => running.delete(id));
  }

  async function read(id: string): Promise<void> {
    for (let range = queues.lane(id)?.replay; range && !isStopped; range = queues.lane(id)?.replay) {
      const room = queues.size(id) < mostAhead;
      const done = room ? await readOrMiss(id, range) : range.next;
      // A person may have asked for something else meanwhile.
      if (queues.lane(id)?.replay === range && done !== range.next) {
        const { to } = range;
        queues.edit(id, ({ replay: _, ...lane }) => (done > to ? lane : { ...lane, replay: { next: done, to } }));
        parts.changed();
        parts.sender.pump(id);
      }
      await new Promise<void>((next) => clock.after(room ? restMs : waitMs, next));
    }
  }

  /** What cannot be read is told as missing: it would be the same at every start, and everything else goes on. */
  async function readOrMiss(id: string, range: { next: number; to: number }): Promise<number> {
    try {
      return await readSome(id, range);
    } catch (err) {
      parts.log.error({ err, subscription: id, ...range }, 'what was to be sent again could not be read');
      queues.missed(id, { from: range.next, to: range.to }, clock.now());
      return range.to + 1;
    }
  }

  /** Answers the sequence that comes next. */
  async function readSome(id: string, { next, to }: { next: number; to: number }): Promise<number> {
    const { registry } = parts;
    const from = Math.max(next, reader.firstSequence);
    // The journal went on while this waited for its receiver.
    if (from > next) queues.missed(id, { from: next, to: Math.min(from - 1, to) }, clock.now());
    const records = await reader.readBatch(from, { maxRecords: 500, maxBytes: 1024 * 1024 });
    const known = new Set(Iterator.from(queues.rows(id)).map(({ event }) => ('cause' in event ? event.cause : '')));
    for (const { sequence, receivedAt, body } of records) {
      const subscription = parts.subscription(id);
      if (sequence > to || !subscription) return to + 1;
      // More than a few wait: the rest is read when they are gone.
      if (queues.size(id) >= mostAhead) return sequence;
      for (const event of eventsIn(body, receivedAt)) {
        if (known.has(event.cause) || !concerns(subscription, event, registry)) continue;
        queues.offer(id, event, sequence, clock.now());
      }
    }
    return (records.at(-1)?.sequence ?? to) + 1;
  }

  /** What could not be told when it came cannot be told now, either. */
  function eventsIn(body: Uint8Array, at: number): OutgoingEvent[] {
    try {
      return eventfulKinds.has(recordKind(body)) ? eventsOf(decodeRecord(body), at, parts.registry, wasAccepted) : [];
    } catch {
      return [];
    }
  }
  const wasAccepted: Acceptance = (visit, at) =>
    (parts.answers.get(visit.commandId) ?? visitResult(parts.registry, visit, at)).ok;

  return {
    begin,
    goOn,
    stop(): void {
      isStopped = true;
    },
  };
}

type ReplayParts = {
  reader: Pick<JournalReader, 'id' | 'firstSequence' | 'headSequence' | 'readBatch' | 'position'>;
  queues: EventQueues;
  sender: { pump(id: string): void };
  subscription: (id: string) => Subscription | undefined;
  registry: Registry;
  clock: Clock;
  answers: Pick<ReturnType<typeof createCommandAnswers>, 'get'>;
  changed: () => void;
  fail: (error: unknown) => void;
  log: Pick<Log, 'error'>;
};

/** So many wait at most because they were asked for again. */
const mostAhead = 500;
const restMs = 20;
const waitMs = 1_000;

/** Undefined: a position of another journal. For a time: the first record that was received at it or later. */
async function sequenceAtOrAfter(reader: ReplayParts['reader'], moment: Moment): Promise<number | undefined> {
  if ('position' in moment) {
    const { journalId, sequence } = parsePosition(moment.position);
    return journalId === reader.id ? sequence : undefined;
  }
  let [low, high] = [reader.firstSequence, reader.headSequence + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [record] = await reader.readBatch(middle, { maxRecords: 1, maxBytes: 1 });
    if (record && record.receivedAt < moment.at) low = middle + 1;
    else high = middle;
  }
  return low;
}
