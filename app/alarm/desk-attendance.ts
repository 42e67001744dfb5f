import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/random.ts';
import { type DeskHeartbeat, deskHeartbeat } from '../../records/desk-watch.ts';
import type { JournalRecord } from '../../records/journal-record.ts';

/**
 * Hears from desk's process every few seconds who watches there, and puts on record what changed. When nothing is heard for a minute
 * while somebody watched, desk is dead or hangs: then nobody watches, by this process's own word. Nothing is heard before `begin`, when
 * what the journal says of it is known.
 */
export function attendDesk({ clock, chance, watchedNow, append, fail }: AttendanceParts) {
  let told: readonly string[] | undefined;
  let heardAt = Number.NEGATIVE_INFINITY;
  let stopWaiting: (() => void) | undefined;

  function tell({ watched, why }: DeskHeartbeat): void {
    const now = [...new Set(watched)].sort();
    if (JSON.stringify(now) === JSON.stringify(told)) return;
    told = now;
    const commandId = `desk-presence-${Buffer.from(chance.bytes(12)).toString('base64url')}`;
    const by = { type: 'system', id: 'desk-attendance' } as const;
    append({ kind: 'command', command: { type: 'desk-presence', commandId, by, watched: now, why } }).catch(fail);
  }

  function wait(): void {
    stopWaiting?.();
    const silent = () => tell({ watched: [], why: 'desk-silent' });
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
