import type { Downlink } from './downlink.ts';
import type { FoldState } from './fold-state.ts';
import type { DownlinkRecord } from './journal-record.ts';

/**
 * Commands to devices as a fold keeps them: what waits, and what became of the latest others. The alarm process decides about them,
 * desk only puts here what was decided. What has ended is bounded per device and in all, and the oldest is forgotten first; what
 * waits is bounded by whoever decides.
 */
export function createDownlinkShelf(state: FoldState) {
  const rows = state.table<Downlink>('downlinks');
  const ofDevice = state.table<readonly string[]>('downlinks-of-device', { derived: true });
  /** In the order in which they ended. */
  const ended = state.table<number>('downlinks-ended', { derived: true });

  function remove(id: string): void {
    const row = rows.get(id);
    if (!row) return;
    rows.delete(id);
    ended.delete(id);
    const rest = (ofDevice.get(row.deviceId) ?? []).filter((other) => other !== id);
    if (rest.length > 0) ofDevice.set(row.deviceId, rest);
    else ofDevice.delete(row.deviceId);
  }

  function list({ id, deviceId }: Downlink): void {
    const ids = ofDevice.get(deviceId) ?? [];
    if (!ids.includes(id)) ofDevice.set(deviceId, [...ids, id]);
  }

  function end({ id, deviceId, state }: Downlink): void {
    if (state.phase === 'waiting') return;
    ended.delete(id);
    ended.set(id, state.at);
    const here = (ofDevice.get(deviceId) ?? []).filter((one) => ended.has(one));
    const [oldestHere] = here;
    if (here.length > mostEndedOfDevice && oldestHere !== undefined) remove(oldestHere);
    const [oldest] = ended.keys();
    if (ended.size > mostEnded && oldest !== undefined) remove(oldest);
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

  return {
    get: (id: string): Downlink | undefined => rows.get(id),
    /** In the order in which they were asked. */
    ofDevice: (deviceId: string): Downlink[] => (ofDevice.get(deviceId) ?? []).flatMap((id) => rows.get(id) ?? []),
    has: (deviceId: string): boolean => ofDevice.has(deviceId),
    /** How many wait, for all devices. */
    waiting: (): number => rows.size - ended.size,
    all: (): Iterable<Downlink> => rows.values(),
    put,
    remove,

    /** It is about to be sent. Answers it as it is now; undefined when there is no such command any more. */
    sent({ id }: DownlinkRecord, at: number): Downlink | undefined {
      const row = rows.get(id);
      if (!row) return undefined;
      const next = { ...row, sent: row.sent + 1, sentAt: at };
      put(next);
      return next;
    },

    /** A device left the registry: nobody asks anything of it any more. */
    forget(deviceId: string): void {
      for (const id of ofDevice.get(deviceId) ?? []) remove(id);
    },

    /** Makes the indexes anew, after rows were loaded. */
    rebuild(): void {
      for (const table of [ofDevice, ended]) for (const key of [...table.keys()]) table.delete(key);
      const all = [...rows.values()].sort((a, b) => a.askedAt - b.askedAt || (a.id < b.id ? -1 : 1));
      for (const row of all) list(row);
      for (const row of all.sort((a, b) => endedAt(a) - endedAt(b))) end(row);
    },
  };
}

export type DownlinkShelf = ReturnType<typeof createDownlinkShelf>;

const endedAt = ({ state }: Downlink): number => (state.phase === 'waiting' ? 0 : state.at);

const mostEndedOfDevice = 16;
const mostEnded = 10_000;
