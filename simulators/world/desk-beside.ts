import { areaOfEntity } from '../../api/rights/rights.ts';
import type { Desk } from '../../app/desk/desk-core.ts';
import { followAudit } from '../../ingest/audit-follower.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Disk } from '../../platform/disk.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Chance } from '../../platform/random.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import { type EntityType, entityTypes } from '../../records/registry.ts';
import type { WebhookPost } from '../../responders/channels/webhook-post.ts';
import { type EventFeed, openEventFeed } from '../../responders/events/event-feed.ts';

export type BesideParts = {
  desk: Desk;
  disk: Disk;
  clock: Clock;
  chance: Chance;
  log: Log;
  metrics: Metrics;
  durableHead: () => number | undefined;
  post: WebhookPost['post'];
  send: (command: Command) => Promise<CommandResult>;
  fail: (error: unknown) => void;
};

/** What one life of desk does beside its folds: it keeps the account of looks and changes, and tells a program elsewhere. */
export async function keepBeside(parts: BesideParts) {
  const { desk, disk, clock, chance, log, metrics, send, fail } = parts;
  const { reader, duty } = desk;
  const { registry, view } = duty;
  const isDurable = (sequence: number) => sequence <= Math.max(reader.syncedSequence, parts.durableHead() ?? 0);
  const timeZone = 'Asia/Shanghai';
  let audit: ReturnType<typeof followAudit> | undefined;
  let isStopped = false;
  duty.follower.caughtUp.then(() => {
    if (isStopped) return;
    audit = followAudit({
      ...{ source: reader, isDurable, disk, clock, log, metrics, timeZone, send },
      areaOf({ type, id }) {
        if (type === 'incident') return view.incident(id)?.incident.where.areaId;
        return isEntity(type) ? areaOfEntity(registry, type, id) : undefined;
      },
    });
  });
  const feed: EventFeed = await openEventFeed({
    ...{ reader, stateDisk: disk, registry, clock, chance, log, metrics, timeZone, isDurable, fail },
    reached: () => duty.follower.position(),
    address: () => ({ url: 'https://elsewhere.example', secrets: '', keys: [] }),
    post: parts.post,
    pause: async () => {},
    snapshotAfterBytes: 60_000,
  });
  return {
    feed,
    positions: (): Record<string, number> => ({
      events: feed.reachesBackTo(),
      ...(audit && audit.needsFrom() > 0 && { audit: audit.needsFrom() - 1 }),
    }),
    async stop(): Promise<void> {
      isStopped = true;
      await Promise.all([audit?.stop(), feed.stop()]);
    },
  };
}
export type Beside = Awaited<ReturnType<typeof keepBeside>>;

const isEntity = (type: string): type is EntityType => entityTypes.includes(type as EntityType);
