import { setTimeout as pause } from 'node:timers/promises';
import type { AuditSource } from '../../api/rights/audit-routes.ts';
import { areaOfEntity } from '../../api/rights/rights.ts';
import { type AuditFollower, followAudit } from '../../ingest/audit-follower.ts';
import { findAudit } from '../../ingest/audit-reading.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Disk } from '../../platform/disk.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Command } from '../../records/command.ts';
import { type EntityType, entityTypes } from '../../records/registry.ts';
import type { Sealer } from '../../records/sealing.ts';
import { createPersonHistory, type PersonHistoryReader } from '../../storage/sql-person.ts';
import { everythingOf, latestReportsOf } from '../person/person-export.ts';
import type { Desk } from './desk-core.ts';

/** The account of looks and changes, and what may be asked about one person: kept and read beside everything else that desk does. */
export function keepAudit(parts: AuditKeeping) {
  const { desk, disk, unseal, databaseUrl } = parts;
  const { registry, follower } = desk.duty;
  let audit: AuditFollower | undefined;
  let isStopped = false;
  let history: (PersonHistoryReader & { url: string }) | undefined;
  // Where things are is known when the journal was read to its end.
  follower.caughtUp.then(() => {
    if (!isStopped)
      audit = followAudit({ ...parts, source: desk.reader, isDurable: isDurableIn(parts), areaOf: areaIn(desk) });
  });

  function historyNow(): PersonHistoryReader {
    const url = databaseUrl();
    if (history?.url === url) return history;
    void history?.close();
    history = { ...createPersonHistory({ url }), url };
    return history;
  }

  return {
    audit: { find: (asked) => findAudit(disk, asked) } satisfies AuditSource,
    people: {
      /** With the latest of what their devices said; `moreReportsOf` names those of which it is not all. Errors: DATABASE_AWAY, try later. */
      async everythingOf(personId: string): Promise<object> {
        const headSequence = () => desk.reader.headSequence;
        const sources = { registry, unseal, history: historyNow(), disk, headSequence, pause };
        const kept = await everythingOf(sources, personId);
        return { ...kept, ...(await latestReportsOf(sources, personId, mostReports)) };
      },
    },
    /** Beside those of desk's other followers. */
    positions: (): Record<string, number> => (audit && audit.needsFrom() > 0 ? { audit: audit.needsFrom() - 1 } : {}),
    async stop(): Promise<void> {
      isStopped = true;
      await Promise.all([audit?.stop(), history?.close()]);
    },
  };
}

export type AuditKeeping = {
  desk: Pick<Desk, 'reader' | 'duty'>;
  disk: Disk;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  timeZone: string;
  unseal: Sealer['unseal'];
  durableHead: () => number | undefined;
  /** Errors: DATABASE_AWAY while it starts. */
  databaseUrl: () => string;
  send: (command: Command) => Promise<unknown>;
};

/** Of one answer; the command line writes all of them. */
const mostReports = 20_000;

const isDurableIn =
  ({ desk, durableHead }: AuditKeeping) =>
  (sequence: number): boolean =>
    sequence <= Math.max(desk.reader.syncedSequence, durableHead() ?? 0);

/** An incident's area is where it happened; it is known for a week after its end, and every look comes before. */
const areaIn =
  ({ duty: { registry, view } }: AuditKeeping['desk']) =>
  ({ type, id }: { type: string; id: string }): string | undefined => {
    if (type === 'incident') return view.incident(id)?.incident.where.areaId;
    const isEntity = entityTypes.includes(type as EntityType);
    return isEntity ? areaOfEntity(registry, type as EntityType, id) : undefined;
  };
