import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/random.ts';
import { type DeskHeartbeat, deskHeartbeat } from '../../records/desk-watch.ts';
import type { JournalRecord } from '../../records/journal-record.ts';

/**
 * Hears from desk's process every few seconds who watches there, and puts on record what changed. When nothing is heard for a minute
 * while somebody watched, desk is dead or hangs: then nobody watches, by this process's own word. Nothing is heard before `begin`, when
 * what the journal says of it is known. A desk that was missed and came back, and is gone again soon, has a bad line: it is missed anew
 * when that lasts for minutes, so that a line that comes and goes does not call the township each time.
 */
export function attendDesk({ clock, chance, watchedNow, append, fail }: AttendanceParts) {
  let told: readonly string[] | undefined;
  let heardAt = Number.NEGATIVE_INFINITY;
  /** Areas that were missed: when they came back after that, or after the last gap, and since when they are gone again, by the monotonic clock. */
  const missed = new Map<string, { backAt?: number; goneAt?: number }>();
  let stopWaiting: (() => void) | undefined;

  /** Areas of which desk said that somebody watches, with those of a bad line. */
  function steadied(watched: readonly string[]): string[] {
    const at = clock.monotonic();
    for (const areaId of watched) {
      const before = missed.get(areaId);
      if (before && (before.backAt === undefined || before.goneAt !== undefined)) missed.set(areaId, { backAt: at });
    }
    const lost = (told ?? []).filter((areaId) => !watched.includes(areaId));
    const kept = lost.filter((areaId) => {
      const { backAt = Number.NEGATIVE_INFINITY, goneAt = at } = missed.get(areaId) ?? {};
      const isShort = goneAt - backAt < restlessMs && at - goneAt < badLineMs;
      missed.set(areaId, isShort ? { backAt, goneAt } : {});
      return isShort;
    });
    const [oldest] = missed.keys();
    if (missed.size > mostMissed && oldest !== undefined) missed.delete(oldest);
    return [...new Set([...watched, ...kept])].sort();
  }

  function tell({ watched, why }: DeskHeartbeat): void {
    const now = steadied(watched);
    if (JSON.stringify(now) === JSON.stringify(told)) return;
    told = now;
    const commandId = `desk-presence-${Buffer.from(chance.bytes(12)).toString('base64url')}`;
    const by = { type: 'system', id: 'desk-attendance' } as const;
    append({ kind: 'command', command: { type: 'desk-presence', commandId, by, watched: now, why } }).catch(fail);
  }

  function wait(): void {
    stopWaiting?.();
    const silent = () => {
      tell({ watched: [], why: 'desk-silent' });
      wait();
    };
    stopWaiting = told?.length ? clock.after(silentMs, silent) : undefined;
  }

  return {
    begin(): void {
      told = watchedNow();
      wait();
    },
    /** Errors: a mistake of the program, for what is no heartbeat. */
    heard(said: unknown): void {
      const heartbeat = deskHeartbeat.parse(said);
      heardAt = clock.monotonic();
      if (told === undefined) return;
      tell(heartbeat);
      wait();
    },
    /** Whoever watches or not; Infinity: never in this run. */
    heardMsAgo: (): number => clock.monotonic() - heardAt,
    stop: (): void => stopWaiting?.(),
  };
}

type AttendanceParts = {
  clock: Clock;
  chance: Chance;
  /** What the journal says last, in the order of the alphabet. */
  watchedNow: () => string[];
  append: (record: JournalRecord) => Promise<unknown>;
  fail: (error: unknown) => void;
};

const silentMs = 60_000;
/** For so long after it came back a desk is given `badLineMs` more when it is gone. */
const restlessMs = 30 * 60_000;
const badLineMs = 4 * 60_000;
const mostMissed = 1_000;
