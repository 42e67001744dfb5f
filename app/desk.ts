import { setPriority } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { createDutyView } from '../api/duty-view.ts';
import type { Observations } from '../api/health.ts';
import { startApi } from '../api/server.ts';
import { type Projection, startProjection } from '../ingest/projection.ts';
import { Checkpoint } from '../journal/checkpoint.ts';
import { type Follower, runFollower } from '../journal/follower.ts';
import { type JournalReader, openJournalReader } from '../journal/reader.ts';
import { systemClock } from '../platform/clock.ts';
import { openDisk } from '../platform/disk.ts';
import { databaseAway } from '../platform/errors.ts';
import { type Log, systemLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { systemChance } from '../platform/random.ts';
import { openVault } from '../platform/vault.ts';
import type { Command, CommandResult } from '../records/command.ts';
import { FoldState } from '../records/fold-state.ts';
import { createRegistry } from '../records/registry-fold.ts';
import { startEmbeddedPostgres } from '../storage/embedded-postgres.ts';
import { createSqlStore } from '../storage/sql-store.ts';
import type { Store } from '../storage/store.ts';
import { ensureFirstAccount } from './accounts-cli.ts';
import type { Alarm } from './alarm-core.ts';
import { type Configuration, readConfiguration } from './configuration.ts';
import { type Control, connectControl } from './control-socket.ts';
import { exitWith } from './exit.ts';
import { checkpointing } from './journal-keepers.ts';
import { runProcess } from './process.ts';

/** The process that may be slow: the page, the API, the copy in the database. It reads the journal and never judges. */
async function startDesk(configuration: Configuration): Promise<void> {
  // Where both want the processor, alarm has it. The embedded database inherits this.
  setPriority(5);
  const { dataFolder, keysFolder: folder, masterKey, timeZone } = configuration;
  const [log, metrics, chance, clock] = [
    systemLog('desk', configuration.logLevel),
    createMetrics(),
    systemChance,
    systemClock,
  ];
  const control = connectControl(dataFolder);
  const disk = openDisk(dataFolder);
  const reader = await openJournalReader({ disk, clock, log });
  const vault = await openVault({ folder, chance, masterKey, readOnly: true });
  const send = (command: Command) => control.ask<CommandResult>('command', command);
  const closing: (() => Promise<unknown>)[] = [];
  const { fail } = runProcess({
    ...{ name: 'desk', log, metrics },
    async close() {
      for (const close of closing.toReversed()) await close();
    },
  });
  reader.failed.then(fail);

  const duty = await followDuty({ reader, log, metrics, fail, dataFolder });
  const alarm = watchAlarm({ control, factor: configuration.clockFactor ?? 1 });
  const history = keepHistory({ configuration, reader, log, metrics, fail });
  const api = await startApi({
    ...{ listen: configuration.http, view: duty.view, registry: duty.registry, log, clock, chance, timeZone },
    now: alarm.now,
    commands: { apply: send },
    unseal: vault.unseal,
    store: history.store,
    health: async () => ({ ...alarm.seen(), duty: duty.status(alarm.now()), ...history.status() }),
  });
  const reporting = setInterval(async () => {
    const desk = await metrics.registry.getMetricsAsJSON();
    await control.ask('desk-metrics', desk).catch(() => {});
    await control.ask('desk-positions', { duty: duty.reachesBackTo(), ...history.positions() }).catch(() => {});
  }, 1_000);
  closing.push(
    history.stop,
    duty.stop,
    api.close,
    async () => clearInterval(reporting),
    async () => alarm.stop(),
  );

  await duty.follower.caughtUp;
  const first = await ensureFirstAccount({ accounts: duty.registry.list('account'), send, chance });
  if (first)
    process.stdout.write(
      `\nThe account of the duty desk: ${first.id}   password: ${first.password}   (shown once)\n\n`,
    );
}

type Parts = {
  reader: JournalReader;
  log: Log;
  metrics: ReturnType<typeof createMetrics>;
  fail: (error: unknown) => void;
};

/** The live view of incidents and the registry behind it, folded from the journal with a checkpoint of its own. */
async function followDuty({ reader, log, metrics, fail, dataFolder }: Parts & { dataFolder: string }) {
  const state = new FoldState();
  const registry = createRegistry({ state });
  const view = createDutyView({ state, registry });
  const disk = openDisk(dataFolder);
  const checkpoint = new Checkpoint({ disk, name: 'duty', journalId: reader.id, log });
  const loaded = await checkpoint.load((change) => state.load(change));
  view.rebuild();
  const saving = checkpointing({ checkpoint, state, clock: systemClock, everyMs: 5_000, fail });
  let isCaughtUp = false;
  const follower: Follower = runFollower({
    ...{ name: 'duty', source: reader, from: loaded + 1, clock: systemClock, metrics, handle: view.apply },
    afterBatch: (sequence) => saving.maybe(sequence, () => {}),
    died: ({ sequence, error }) => fail(new Error(`the duty view died at record ${sequence}`, { cause: error })),
  });
  follower.caughtUp.then(() => {
    isCaughtUp = true;
  });
  return {
    ...{ view, registry, follower },
    reachesBackTo: () => checkpoint.reachesBackTo,
    status(now: number): Observations['duty'] {
      const lagMs = follower.lagMs(now);
      metrics.followerLagSeconds.set({ follower: 'duty' }, lagMs / 1_000);
      return { sequence: follower.position(), caughtUp: isCaughtUp, lagRecords: follower.lagRecords(), lagMs };
    },
    async stop(): Promise<void> {
      await follower.stop();
      await saving.last(follower.position());
    },
  };
}

type AlarmHealth = ReturnType<Alarm['health']>;

/** Asks the alarm process how it is, four times a second. What it last said counts for two seconds. */
function watchAlarm({ control, factor }: { control: Control; factor: number }) {
  const freshMs = 2_000;
  let last: { health: AlarmHealth; at: number } | undefined;
  let isAsking = false;
  const asking = setInterval(async () => {
    if (isAsking) return;
    isAsking = true;
    const health = await control.ask<AlarmHealth>('health', {}).catch(() => undefined);
    isAsking = false;
    if (health) last = { health, at: performance.now() };
  }, 250);
  return {
    seen(): Pick<Observations, 'alarm'> {
      return last && performance.now() - last.at < freshMs ? { alarm: last.health } : {};
    },
    /** Journal time, also when that runs faster than life. */
    now: (): number => (last ? Math.round(last.health.now + (performance.now() - last.at) * factor) : Date.now()),
    stop: () => clearInterval(asking),
  };
}

/** PostgreSQL and the copy of the journal in it. They start in their own time, and everything else goes on without them. */
function keepHistory({ configuration, reader, log, metrics, fail }: Parts & { configuration: Configuration }) {
  const { dataFolder, keysFolder } = configuration;
  let database: { reachable: boolean; why?: string } = { reachable: false, why: 'starting' };
  let running: { projection: Projection; stop(): Promise<void> } | undefined;
  let store: Store | undefined;
  const opened = (): Store => {
    if (store) return store;
    throw databaseAway({}, database.why ?? 'starting');
  };

  async function start(): Promise<void> {
    const embedded =
      configuration.databaseUrl === undefined
        ? await startEmbeddedPostgres({ dataFolder, keysFolder, clock: systemClock, log, chance: systemChance })
        : undefined;
    const sql = createSqlStore({ url: embedded?.url ?? configuration.databaseUrl ?? '', log });
    store = sql;
    const checkpoint = new Checkpoint({ disk: openDisk(dataFolder), name: 'projection', journalId: reader.id, log });
    const projection = startProjection({
      source: reader,
      store: sql,
      checkpoint,
      clock: systemClock,
      log,
      metrics,
      died: fail,
    });
    running = {
      projection,
      async stop() {
        await projection.stop();
        await sql.close();
        await embedded?.stop();
      },
    };
  }
  /** What keeps it from starting (a full disk, a folder of another release) may be mended while we run. */
  async function startPatiently(): Promise<void> {
    for (let pauseMs = firstPauseMs; !stopping.signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        return await start();
      } catch (error) {
        database = { reachable: false, why: error instanceof Error ? error.message : String(error) };
        log.error({ err: error }, 'there is no database: alarms and the page go on without history');
        await pause(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  }
  const stopping = new AbortController();
  const starting = startPatiently();
  return {
    /** Errors: DATABASE_AWAY while it starts, too. */
    store: {
      incidentHistory: async (query: Parameters<Store['incidentHistory']>[0]) => opened().incidentHistory(query),
      incidentTimeline: async (incidentId: string) => opened().incidentTimeline(incidentId),
    },
    positions: (): Record<string, number> => (running ? { projection: running.projection.needsFrom() - 1 } : {}),
    status(): Pick<Observations, 'projection' | 'database'> {
      if (!running) return { projection: { phase: 'starting', lagRecords: 0, lagMs: 0 }, database };
      const status = running.projection.status();
      const { records, ms } = running.projection.lag();
      return {
        projection: { ...status, lagRecords: records, lagMs: ms },
        database: { reachable: status.phase !== 'waiting' },
      };
    },
    async stop(): Promise<void> {
      stopping.abort();
      await starting;
      await running?.stop();
    },
  };
}
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

try {
  await startDesk(readConfiguration(process.env));
} catch (error) {
  exitWith(error);
}
