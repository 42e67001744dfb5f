import { setPriority } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Observations } from '../../api/health.ts';
import { startApi } from '../../api/server.ts';
import { untilFolded } from '../../api/until-folded.ts';
import { systemClock } from '../../platform/clock.ts';
import { openDisk } from '../../platform/disk.ts';
import { databaseAway } from '../../platform/errors.ts';
import { type Log, systemLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { systemChance } from '../../platform/random.ts';
import { openVault } from '../../platform/vault.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import { createWebhookPost } from '../../responders/channels/webhook-post.ts';
import { createPageCodes } from '../../responders/page-code.ts';
import { toDoAbout } from '../../responders/texts/advice.ts';
import { missingClips } from '../../responders/voice/clips.ts';
import { startEmbeddedPostgres } from '../../storage/embedded-postgres.ts';
import type { PipelineLog, PipelineMinute } from '../../storage/sql-pipeline.ts';
import type { Statistics } from '../../storage/sql-statistics.ts';
import { createSqlStore } from '../../storage/sql-store.ts';
import type { Store } from '../../storage/store.ts';
import type { Alarm } from '../alarm/alarm-core.ts';
import { loadRestoredDatabase } from '../backup/restored-database.ts';
import { blindIndex } from '../blind-index.ts';
import { ensureFirstAccount } from '../cli/accounts-cli.ts';
import { type Configuration, readConfiguration } from '../configuration.ts';
import { type Control, connectControl } from '../control-socket.ts';
import { deviceKeys } from '../device-keys.ts';
import { exitWith } from '../exit.ts';
import { runProcess } from '../process.ts';
import { keepAudit } from './desk-audit.ts';
import { type Desk, openDesk } from './desk-core.ts';
import { tellEvents } from './desk-events.ts';
import { copyToInflux } from './desk-influx.ts';
import { keepPipeline } from './desk-pipeline.ts';

/** The process that may be slow: the page, the API, the copy in the database. It reads the journal and never judges. */
async function startDesk(configuration: Configuration): Promise<void> {
  // Where both want the processor, alarm has it. The embedded database inherits this.
  setPriority(5);
  const { dataFolder, keysFolder: folder, masterKey, timeZone, allowPrivateWebhooks: allowPrivate } = configuration;
  const [log, metrics, chance, clock] = [
    systemLog('desk', configuration.logLevel),
    createMetrics(),
    systemChance,
    systemClock,
  ];
  const control = connectControl(dataFolder);
  const closing: (() => Promise<unknown>)[] = [];
  const { fail } = runProcess({
    ...{ name: 'desk', log, metrics },
    async close() {
      for (const close of closing.toReversed()) await close();
    },
  });
  const [disk, stateDisk] = [openDisk(dataFolder), openDisk(dataFolder)];
  const alarm = watchAlarm({ control, factor: configuration.clockFactor ?? 1 });
  const { durableHead } = alarm;
  const desk = await openDesk({ disk, stateDisk, clock, log, metrics, fail, durableHead });
  const { view, registry, follower } = desk.duty;
  // The alarm process makes the keys before the journal, which is there now.
  const vault = await openVault({ folder, chance, masterKey, readOnly: true });
  const send = (command: Command) => control.ask<CommandResult>('command', command);
  const events = await tellEvents({
    ...{ desk, stateDisk, vault, send, durableHead, fail, clock, chance, log, metrics, timeZone },
    ...{ allowPrivate, webhook: createWebhookPost({ clock, allowPrivate }) },
  });

  const history = keepHistory({ configuration, desk, log });
  const account = keepAudit({
    ...{ desk, disk: stateDisk, clock, log, metrics, timeZone, durableHead, send },
    ...{ unseal: vault.unseal, databaseUrl: history.url },
  });
  const api = await startApi({
    ...{ listen: configuration.http, view, registry, log, clock, chance, timeZone },
    now: alarm.now,
    commands: { apply: send },
    unseal: vault.unseal,
    deviceKeys: deviceKeys({ pepper: vault.pepper(), chance }),
    metrics,
    phoneKey: blindIndex(vault).phoneKey,
    missingClips,
    page: { ...createPageCodes({ pepper: vault.pepper() }), toDo: toDoAbout },
    store: history.store,
    audit: account.audit,
    people: account.people,
    duty: { now: () => control.ask('duty', {}), unproved: () => control.ask('unproved', {}) },
    tracks: {
      of: (personId) => control.ask('track', { personId }),
      signs: (householdId) => control.ask('signs-of-life', { householdId }),
    },
    events,
    async health() {
      const folds = desk.status(alarm.now());
      const { phase } = folds.projection;
      // Until the copy had an answer from the database, nobody knows whether it is there.
      const isUnknown = history.hasBegun() && phase === 'starting';
      const reachable = history.hasBegun() && phase !== 'waiting';
      return { ...alarm.seen(), ...folds, ...(!isUnknown && { database: { reachable } }) };
    },
  });
  // Said also when nothing changed: what is not said for a minute makes the alarm process call for somebody.
  const attending = setInterval(async () => {
    const heartbeat = api.attendance();
    if (heartbeat) await control.ask('desk-heartbeat', heartbeat).catch(() => {});
  }, 5_000);
  const pipeline = keepPipeline({ control, desk, now: alarm.now, keepMinute: history.keepMinute });
  const reporting = setInterval(async () => {
    const figures = await metrics.registry.getMetricsAsJSON();
    await control.ask('desk-metrics', figures).catch(() => {});
    await control
      .ask('desk-positions', { ...desk.positions(), ...events.positions(), ...account.positions() })
      .catch(() => {});
  }, 1_000);
  closing.push(
    history.stop,
    events.stop,
    account.stop,
    api.close,
    async () => clearInterval(reporting),
    async () => clearInterval(attending),
    async () => pipeline.stop(),
    async () => alarm.stop(),
  );

  await follower.caughtUp;
  // From now on the registry knows where each device is.
  const influx = copyToInflux({ configuration: configuration.influx, desk, disk: stateDisk, clock, log, metrics });
  closing.unshift(async () => influx?.close());
  const first = await ensureFirstAccount({ accounts: registry.list('account'), send, chance });
  if (!first) return;
  // Whoever reads it can sign in with it: this process has heard of it.
  await untilFolded(clock, () => registry.account(first.id));
  process.stdout.write(`\nThe account of the duty desk: ${first.id}   password: ${first.password}   (shown once)\n\n`);
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
    durableHead: () => last?.health.headSequence,
    stop: () => clearInterval(asking),
  };
}

/** PostgreSQL and the copy of the journal in it. They start in their own time, and everything else goes on without them. */
function keepHistory({ configuration, desk, log }: { configuration: Configuration; desk: Desk; log: Log }) {
  const { dataFolder, keysFolder } = configuration;
  let missing = 'starting';
  let running: { store: Store & Statistics & PipelineLog; url: string; stop(): Promise<void> } | undefined;
  const now = () => {
    if (running) return running;
    throw databaseAway({}, missing);
  };
  const opened = (): Store & Statistics & PipelineLog => now().store;

  async function start(): Promise<void> {
    const embedded =
      configuration.databaseUrl === undefined
        ? await startEmbeddedPostgres({ dataFolder, keysFolder, clock: systemClock, log, chance: systemChance })
        : undefined;
    const url = embedded?.url ?? configuration.databaseUrl ?? '';
    await loadRestoredDatabase({ dataFolder, url, log }).catch(async (error) => {
      await embedded?.stop();
      throw error;
    });
    const store = createSqlStore({ url, log, timeZone: configuration.timeZone, keep: configuration.keep });
    running = {
      store,
      url,
      async stop() {
        await store.close();
        await embedded?.stop();
      },
    };
    if (!stopping.signal.aborted) desk.project(store);
  }
  /** What keeps it from starting (a full disk, a folder of another release) may be mended while we run. */
  async function startPatiently(): Promise<void> {
    for (let pauseMs = firstPauseMs; !stopping.signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        return await start();
      } catch (error) {
        missing = error instanceof Error ? error.message : String(error);
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
      incident: async (incidentId: string) => opened().incident(incidentId),
      incidentTimeline: async (incidentId: string) => opened().incidentTimeline(incidentId),
      visitedMonth: async (month: string) => opened().visitedMonth(month),
    },
    /** Errors: DATABASE_AWAY while it starts. */
    keepMinute: async (minute: PipelineMinute) => opened().keepMinute(minute),
    url: (): string => now().url,
    hasBegun: () => running !== undefined,
    /** Ends desk's folds, too: the projection writes into the database until then. */
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.all([starting, desk.stop()]);
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
