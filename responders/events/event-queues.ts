import type { FoldState } from '../../records/fold-state.ts';
import type { OutgoingEvent } from '../../records/outgoing-event.ts';
import type { OwnEvent } from './event-payload.ts';

type Gap = Extract<OwnEvent, { type: 'subscription.gap' }>;
/**
 * An event that waits for its receiver. `attempts` failed so far, the first at `failedAt`, and the next is due at `dueAt` (wall clock,
 * epoch ms). `refused`: the receiver understood it and does not want it, so that what comes after it need not wait.
 */
export type Waiting = {
  key: string;
  event: OutgoingEvent | Gap;
  sequence: number;
  attempts: number;
  dueAt: number;
  failedAt?: number;
  refused?: true;
};
/**
 * What is known of one subscription. It hears what stands behind `since` in the journal. `missed` counts since it began. Instants are
 * wall-clock epoch ms. `isGone`: its receiver said so (410). `replay`: what was asked for again and is not queued yet.
 */
export type Lane = {
  since: number;
  nextKey: number;
  missed: number;
  deliveredAt?: number;
  failingSince?: number;
  problem?: string;
  isGone?: true;
  replay?: { next: number; to: number };
};

/**
 * What waits for each subscription, in order and bounded: past its own limit the oldest is dropped, past the limit of all the oldest of
 * whoever has most. What was dropped leaves one event in its place, which tells the receiver from where to where it missed something.
 */
export function createEventQueues({ state, limits = queueLimits }: { state: FoldState; limits?: QueueLimits }) {
  const saved = state.table<Waiting>('event-waiting');
  const lanes = state.table<Lane>('event-lanes');
  const queues = new Map<string, Map<string, Waiting>>();
  const queueOf = (id: string) => queues.get(id) ?? new Map<string, Waiting>();

  function put(id: string, row: Waiting): void {
    const queue = queueOf(id).set(row.key, row);
    queues.set(id, queue);
    saved.set(`${id}/${row.key}`, row);
  }
  function remove(id: string, key: string): void {
    queueOf(id).delete(key);
    saved.delete(`${id}/${key}`);
  }
  const edit = (id: string, change: (lane: Lane) => Lane) => {
    const lane = lanes.get(id);
    if (lane) lanes.set(id, change(lane));
  };

  function append(id: string, event: Waiting['event'], sequence: number): void {
    const lane = lanes.get(id);
    if (!lane) return;
    const key = String(lane.nextKey).padStart(12, '0');
    lanes.set(id, { ...lane, nextKey: lane.nextKey + 1 });
    put(id, { key, event, sequence, attempts: 0, dueAt: 0 });
  }

  /** Widens the gap that waits to be told, or takes the place of `dropped`, or comes last. */
  function tellGap(id: string, { from, to, missed }: Missed, at: number, dropped?: Waiting): void {
    const known = Iterator.from(queueOf(id).values()).find(isGap);
    const before = known?.event;
    const total = known
      ? missed === undefined || before?.missed === undefined
        ? undefined
        : before.missed + missed
      : missed;
    const event: Gap = {
      ...{ type: 'subscription.gap', of: 'gap', at },
      ...{ from: Math.min(from, before?.from ?? from), to: Math.max(to, before?.to ?? to) },
      ...(total !== undefined && { missed: total }),
    };
    edit(id, (lane) => ({ ...lane, missed: lane.missed + (missed ?? 0) }));
    if (known) {
      put(id, { ...known, event, sequence: event.to });
      if (dropped) remove(id, dropped.key);
    } else if (dropped) put(id, { key: dropped.key, event, sequence: event.to, attempts: 0, dueAt: 0 });
    else append(id, event, event.to);
  }

  function drop(id: string, row: Waiting, at: number): void {
    tellGap(id, { from: row.sequence, to: row.sequence, missed: 1 }, at, row);
  }
  function dropOldest(id: string, at: number): boolean {
    const oldest = Iterator.from(queueOf(id).values()).find((row) => !isGap(row));
    if (oldest) drop(id, oldest, at);
    return oldest !== undefined;
  }
  const waitingInAll = () => saved.size;

  return {
    /** Puts the queues together after a load. */
    rebuild(): void {
      const rows = [...saved.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
      for (const [name, row] of rows) {
        const id = name.slice(0, -row.key.length - 1);
        queues.set(id, queueOf(id).set(row.key, row));
      }
    },
    lane: (id: string): Lane | undefined => lanes.get(id),
    ids: (): string[] => [...lanes.keys()],
    rows: (id: string): Iterable<Waiting> => queueOf(id).values(),
    row: (id: string, key: string): Waiting | undefined => queueOf(id).get(key),
    size: (id: string): number => queueOf(id).size,
    waitingInAll,
    begin: (id: string, since: number): void => lanes.set(id, { since, nextKey: 1, missed: 0 }),
    end(id: string): void {
      for (const key of [...queueOf(id).keys()]) remove(id, key);
      queues.delete(id);
      lanes.delete(id);
    },
    edit,

    /** The event waits from now on; answers how many had to go for it. */
    offer(id: string, event: OutgoingEvent, sequence: number, at: number): number {
      let dropped = 0;
      while (queueOf(id).size >= limits.each && dropOldest(id, at)) dropped += 1;
      while (waitingInAll() >= limits.all && dropOldest(longest(queues), at)) dropped += 1;
      append(id, event, sequence);
      return dropped;
    },
    /** What a subscription will not hear, from one sequence to another. */
    missed: (id: string, missed: Missed, at: number): void => tellGap(id, missed, at),
    remove,
    /** Nobody tries it again. */
    givenUp: drop,
    /** It will be tried again. */
    failed: put,
    /** The receiver is there again: what would still rest for long is due, when it did not fail before that instant already. */
    dueNow(id: string, failedSince: number): void {
      for (const row of queueOf(id).values())
        if (row.attempts > 1 && !row.refused && (row.failedAt ?? 0) >= failedSince) put(id, { ...row, dueAt: 0 });
    },
  };
}

export type EventQueues = ReturnType<typeof createEventQueues>;
export type Missed = { from: number; to: number; missed?: number };
export type QueueLimits = { each: number; all: number };
export const queueLimits: QueueLimits = { each: 5_000, all: 20_000 };

export const isGap = (row: Waiting): row is Waiting & { event: Gap } => row.event.type === 'subscription.gap';

function longest(queues: ReadonlyMap<string, ReadonlyMap<string, Waiting>>): string {
  let found = '';
  for (const [id, queue] of queues) if (queue.size > (queues.get(found)?.size ?? -1)) found = id;
  return found;
}
