import type { Observations } from '../../api/health.ts';
import { createDutyView } from '../../api/incidents/duty-view.ts';
import { type Projection, type ProjectionOptions, startProjection } from '../../ingest/projection.ts';
import { Checkpoint } from '../../journal/checkpoint.ts';
import { runFollower } from '../../journal/follower.ts';
import type { StoredRecord } from '../../journal/frame.ts';
import { type JournalReader, openJournalReader } from '../../journal/reader.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Disk } from '../../platform/disk.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { FoldState } from '../../records/fold-state.ts';
import { NewerRecord } from '../../records/record-codec.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import type { Store } from '../../storage/store.ts';
import { checkpointing } from '../journal-keepers.ts';

/** What desk's folds need of the world. Everything else they make themselves, so that a virtual world can run the same code. */
export type DeskPorts = {
  /** Where the alarm process writes the journal. */
  disk: Disk;
  /** Where checkpoints live: the same folder over a thread of its own, so that what people see does not wait behind a snapshot. */
  stateDisk: Disk;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** Called with what only a restart can help against. */
  fail: (error: unknown) => void;
  /** How far the journal is synced, as the alarm process last said; undefined while nothing is known. */
  durableHead: () => number | undefined;
  /** How often the reader looks for what is new when nobody pokes it, ms. */
  lookEveryMs?: number;
  /** How far a crash may make the next start look back, ms. */
  checkpointEveryMs?: number;
  /** How much has to change before a snapshot is taken. */
  snapshotAfterBytes?: number;
  /** How often the projection vouches for a copy in which nothing changes, ms. */
  sayEveryMs?: number;
};

/**
 * What desk folds of the journal, without a network: the duty view, and the copy in a store. Waits until there is a journal.
 * Errors: JOURNAL_DAMAGED, POSITION_UNKNOWN at the start; later ones go to `fail`.
 */
export async function openDesk(ports: DeskPorts) {
  const { disk, clock, log, metrics, fail, lookEveryMs } = ports;
  const reader = await openJournalReader({ disk, clock, log, ...(lookEveryMs !== undefined && { lookEveryMs }) });
  reader.failed.then(fail);
  const isDurable = (sequence: number) => sequence <= Math.max(reader.syncedSequence, ports.durableHead() ?? 0);
  const duty = await followDuty(ports, reader, isDurable);
  let projection: Projection | undefined;
  let beside: { projection: Projection; name: string; holdsBytes: number } | undefined;
  function copyInto(copy: Pick<ProjectionOptions, 'store' | 'log' | 'died'> & { name: CopyName }): Projection {
    const { sayEveryMs, checkpointEveryMs } = ports;
    const checkpoint = checkpointOf(ports, copy.name, reader);
    return startProjection({
      ...{ ...copy, source: reader, isDurable, checkpoint, clock, metrics },
      ...{ sayEveryMs, checkpointEveryMs },
    });
  }
  return {
    reader,
    duty,

    /** Copies the journal into the store from now on. Once: the database comes in its own time. */
    project(store: Store): void {
      projection = copyInto({ name: 'projection', store, log, died: fail });
    },

    /**
     * Another copy, which may hold back so many bytes of the journal; past them it loses its place, and says so. What
     * it dies of is no reason for the page to be dark. Once.
     */
    copyBeside({ holdsBytes, ...copy }: CopyBeside): void {
      const died = (error: unknown) =>
        copy.log.error({ err: error }, 'this copy stands still until desk is started again');
      beside = { projection: copyInto({ ...copy, died }), name: copy.name, holdsBytes };
    },

    /** How far each of its followers has come, below which they need nothing of the journal. */
    positions: (): Record<string, number> => ({
      duty: duty.reachesBackTo(),
      ...(projection && { projection: projection.needsFrom() - 1 }),
      ...(beside && {
        [beside.name]: Math.max(beside.projection.needsFrom(), reader.firstWithin(beside.holdsBytes)) - 1,
      }),
    }),

    /** `now` is journal time, epoch ms. */
    status(now: number): Pick<Observations, 'duty' | 'projection'> {
      const { records, ms } = projection?.lag() ?? { records: 0, ms: 0 };
      beside?.projection.lag();
      const phase = projection?.status() ?? ({ phase: 'starting' } as const);
      return { duty: duty.status(now), projection: { ...phase, lagRecords: records, lagMs: ms } };
    },

    /** The batch and the record in hand are ended, and the checkpoints spare the next start its catching up. */
    async stop(): Promise<void> {
      await Promise.all([duty.stop(), projection?.stop(), beside?.projection.stop()]);
      await reader.close();
    },
  };
}

export type Desk = Awaited<ReturnType<typeof openDesk>>;
type CopyName = NonNullable<ProjectionOptions['name']>;
type CopyBeside = Pick<ProjectionOptions, 'store' | 'log'> & { name: CopyName; holdsBytes: number };

/** The live view of incidents and the registry behind it, with a checkpoint of its own. */
async function followDuty(ports: DeskPorts, reader: JournalReader, isDurable: (sequence: number) => boolean) {
  const { clock, metrics, fail } = ports;
  const state = new FoldState();
  const registry = createRegistry({ state });
  const view = createDutyView({ state, registry });
  const checkpoint = checkpointOf(ports, 'duty', reader);
  const loaded = await checkpoint.load((change) => state.load(change));
  view.rebuild();
  const saving = checkpointing({
    ...{ checkpoint, state, clock, everyMs: ports.checkpointEveryMs ?? 5_000, fail },
    synced: (sequence) => whenSynced(reader, sequence),
  });
  /** After a way back from a newer release the page is there for everything that this one knows. */
  function handle(stored: StoredRecord): void {
    try {
      view.apply(stored);
    } catch (err) {
      if (!(err instanceof NewerRecord)) throw err;
      ports.log.error({ err, sequence: stored.sequence }, 'the page passes over a record that it cannot read');
    }
  }
  let isCaughtUp = false;
  const follower = runFollower({
    ...{ name: 'duty', source: reader, from: loaded + 1, clock, metrics, handle },
    afterBatch: (sequence) => saving.maybe(sequence, () => {}),
    died: ({ sequence, error }) => fail(new Error(`the duty view died at record ${sequence}`, { cause: error })),
  });
  follower.caughtUp.then(() => {
    isCaughtUp = true;
  });
  return {
    view,
    registry,
    follower,
    reachesBackTo: () => checkpoint.reachesBackTo,
    status(now: number): Observations['duty'] {
      const lagMs = follower.lagMs(now);
      metrics.followerLagSeconds.set({ follower: 'duty' }, lagMs / 1_000);
      return { sequence: follower.position(), caughtUp: isCaughtUp, lagRecords: follower.lagRecords(), lagMs };
    },
    async stop(): Promise<void> {
      await follower.stop();
      // What may still wait for its sync is read again at the next start.
      if (isDurable(follower.position())) await saving.last(follower.position());
    },
  };
}

async function whenSynced(reader: JournalReader, sequence: number): Promise<void> {
  if (reader.syncedSequence >= sequence) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stopListening = reader.onDurable(() => reader.syncedSequence >= sequence && resolve());
  await promise;
  stopListening();
}

function checkpointOf({ stateDisk: disk, log, snapshotAfterBytes }: DeskPorts, name: string, { id }: JournalReader) {
  return new Checkpoint({ disk, name, journalId: id, log, minChangeBytes: snapshotAfterBytes });
}
