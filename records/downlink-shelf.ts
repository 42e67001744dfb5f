import type { Downlink } from './downlink.ts';
import type { FoldState } from './fold-state.ts';
import type { DownlinkRecord } from './journal-record.ts';

/**
 * Commands to devices as a fold keeps them: what waits, and what became of the latest others. The alarm process decides about them,
 * desk only puts here what was decided. What has ended is bounded per device and in all, and the oldest is forgotten first; what
 * waits is bounded by whoever decides. Which is older is counted, and kept with the rows: neither a step that is undone nor a
 * checkpoint changes it.
 */
export function createDownlinkShelf(state: FoldState) {
  const rows = state.table<Downlink>('downlinks');
  /** By command: the turns at which it was asked, and at which it last ended. */
  const turns = state.table<{ asked: number; ended?: number }>('downlink-turns');
  const counts = state.table<number>('downlink-counts');
  const ofDevice = state.table<readonly string[]>('downlinks-of-device', { derived: true });
  /** By the turn at which it ended. */
  const ended = state.table<string>('downlinks-ended', { derived: true });

  function nextTurn(): number {
    const turn = (counts.get('turn') ?? 0) + 1;
    counts.set('turn', turn);
    return turn;
  }

  function remove(id: string): void {
    const row = rows.get(id);
    if (!row) return;
    rows.delete(id);
    ended.delete(String(turns.get(id)?.ended));
    turns.delete(id);
    const rest = (ofDevice.get(row.deviceId) ?? []).filter((other) => other !== id);
    if (rest.length > 0) ofDevice.set(row.deviceId, rest);
    else ofDevice.delete(row.deviceId);
  }

  function list({ id, deviceId }: Downlink): void {
    if (!turns.has(id)) turns.set(id, { asked: nextTurn() });
    const ids = ofDevice.get(deviceId) ?? [];
    if (!ids.includes(id)) ofDevice.set(deviceId, [...ids, id]);
  }

  function end({ id, deviceId, state }: Downlink): void {
    const { asked, ended: endedBefore } = turns.get(id) ?? { asked: nextTurn() };
    if (endedBefore !== undefined) ended.delete(String(endedBefore));
    if (state.phase === 'waiting') {
      if (endedBefore !== undefined) turns.set(id, { asked });
      return;
    }
    const turn = nextTurn();
    turns.set(id, { asked, ended: turn });
    ended.set(String(turn), id);
    const here = (ofDevice.get(deviceId) ?? []).filter((one) => turns.get(one)?.ended !== undefined);
    const [oldestHere] = here;
    if (here.length > mostEndedOfDevice && oldestHere !== undefined) remove(oldestHere);
    if (ended.size > mostEnded) remove(oldest());
  }

  /** Of all that ended. What is before it is gone for good, so that it is looked for only once. */
  function oldest(): string {
    let turn = counts.get('oldest') ?? 1;
    while (!ended.has(String(turn))) turn += 1;
    counts.set('oldest', turn);
    return ended.get(String(turn)) ?? '';
  }

  /** What was decided about it may be read after it was sent once more: the count never falls. */
  function put(row: Downlink): void {
    const before = rows.get(row.id);
    const isBehind = before !== undefined && before.sent > row.sent;
    const { sent, sentAt } = isBehind ? before : row;
    rows.set(row.id, { ...row, sent, ...(sentAt !== undefined && { sentAt }) });
    list(row);
    end(row);
  }

  const askedAt = ({ id }: Downlink): number => turns.get(id)?.asked ?? 0;
  const inOrder = (): Downlink[] => [...rows.values()].sort((a, b) => askedAt(a) - askedAt(b));

  return {
    get: (id: string): Downlink | undefined => rows.get(id),
    /** In the order in which they were asked. */
    ofDevice: (deviceId: string): Downlink[] => (ofDevice.get(deviceId) ?? []).flatMap((id) => rows.get(id) ?? []),
    has: (deviceId: string): boolean => ofDevice.has(deviceId),
    /** How many wait, for all devices. */
    waiting: (): number => rows.size - ended.size,
    /** In the order in which they were asked. */
    all: inOrder,
    put,
    remove,

    /** It is about to be sent. Answers it as it is now; undefined when there is no such command any more. */
    sent({ id }: DownlinkRecord, at: number): Downlink | undefined {
      const row = rows.get(id);
      if (!row) return undefined;
      const next = { ...row, sent: row.sent + 1, sentAt: at };
      rows.set(id, next);
      return next;
    },

    /** A device left the registry: nobody asks anything of it any more. */
    forget(deviceId: string): void {
      for (const id of ofDevice.get(deviceId) ?? []) remove(id);
    },

    /** Makes the indexes anew, after rows were loaded. */
    rebuild(): void {
      for (const table of [ofDevice, ended]) for (const key of [...table.keys()]) table.delete(key);
      for (const row of inOrder()) {
        list(row);
        const turn = turns.get(row.id)?.ended;
        if (turn !== undefined) ended.set(String(turn), row.id);
        // A checkpoint of before the turns were counted.
        else if (row.state.phase !== 'waiting') end(row);
      }
    },
  };
}

export type DownlinkShelf = ReturnType<typeof createDownlinkShelf>;

const mostEndedOfDevice = 16;
const mostEnded = 10_000;
