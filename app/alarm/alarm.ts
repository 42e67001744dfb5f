import { type Broker, startBroker } from '../../broker/broker.ts';
import type { CarrierListener } from '../../broker/carriers/listener.ts';
import { createCredentials } from '../../broker/credentials.ts';
import { scaledClock, systemClock } from '../../platform/clock.ts';
import { lockDataFolder } from '../../platform/data-lock.ts';
import { openDisk } from '../../platform/disk.ts';
import { configurationWrong } from '../../platform/errors.ts';
import { systemLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import type { PushDoor } from '../../platform/push-door.ts';
import { systemChance } from '../../platform/random.ts';
import { openVault } from '../../platform/vault.ts';
import type { CommandResult } from '../../records/command.ts';
import { whyNotErased } from '../../records/person-erasure.ts';
import { installationTexts } from '../../records/sealed-text.ts';
import { createGuardedPost } from '../../responders/channels/guarded-post.ts';
import { createLogChannel } from '../../responders/channels/log.ts';
import { createWebhookChannel } from '../../responders/channels/webhook.ts';
import { refuseUnfinished } from '../backup/restored-mark.ts';
import { type Configuration, readConfiguration } from '../configuration.ts';
import { serveControl } from '../control-socket.ts';
import { alarmFigures } from '../desk/desk-pipeline.ts';
import { exitWith } from '../exit.ts';
import { serveMetrics } from '../metrics-listener.ts';
import { runProcess } from '../process.ts';
import { type PageRequest, registryPage } from '../registry/registry-pages.ts';
import { version } from '../version.ts';
import { openAlarm } from './alarm-core.ts';
import { startCarriers } from './carriers.ts';
import { type DeadMan, pingOutside } from './dead-man.ts';
import { whyNotThrough } from './full-path.ts';
import type { PlanRequest } from './ladder-plan.ts';
import { minuteOfDrill, pressAtNight } from './nightly-drill.ts';
import { openProviderChannels } from './provider-channels.ts';
import { entryOf } from './provider-file.ts';
import { startProviderPushes } from './provider-pushes.ts';
import { openSecureDoors } from './secure-doors.ts';
import { answers, watchUplink } from './uplink-probe.ts';

/** The process that must not stop: broker, journal, rules, incidents, responders. It knows no database. */
async function startAlarm(configuration: Configuration): Promise<void> {
  const { dataFolder, keysFolder, masterKey, timeZone, allowPrivateWebhooks: allowPrivate, enrolment } = configuration;
  const clock = configuration.clockFactor === undefined ? systemClock : scaledClock(configuration.clockFactor);
  const [log, metrics, chance] = [systemLog('alarm', configuration.logLevel), createMetrics(), systemChance];
  const lock = lockDataFolder(dataFolder);
  const disk = openDisk(dataFolder);
  await refuseUnfinished(disk);
  // New keys over an old journal would make every name in it unreadable for ever, so they are made with the journal alone.
  const create = (await disk.list('journal')).length === 0;
  const vault = await openVault({ folder: keysFolder, chance, masterKey, create, owners: [installationTexts] });
  const webhook = createWebhookChannel({ clock, timeZone, allowPrivate });
  const { trustedProxies } = configuration.http;
  const carried = openProviderChannels(configuration.providers, { clock, chance, log, allowPrivate });
  let broker: Broker | undefined;
  let deadMan: DeadMan | undefined;
  const { drill } = configuration;
  const alarm = await openAlarm({
    ...{ disk, stateDisk: openDisk(dataFolder), clock, chance, log, metrics, vault, version, timeZone },
    channels: [webhook, ...carried.channels, createLogChannel({ log })],
    providers: configuration.providers.map(entryOf),
    ...(configuration.pageAddress !== undefined && { pageAddress: configuration.pageAddress }),
    ...(drill && {
      drill: (journalId) => ({ deviceId: drill.deviceId, minuteOfDay: minuteOfDrill(drill.at, journalId) }),
    }),
    limits: { budgetBytes: configuration.journalBudgetBytes },
    reauthenticate: (deviceId) => broker?.disconnect(deviceId),
    downlink: {
      hears: (deviceId, command) => broker?.downlink.hears(deviceId, command) ?? false,
      send: (deviceId, command, payload) => broker?.downlink.send(deviceId, command, payload) ?? false,
    },
    admit: (registry) => refuseRealDevices(configuration, registry.devices()),
  });
  let isCaughtUp = false;
  alarm.caughtUp.then(() => {
    isCaughtUp = true;
  });
  // The registry is known at the journal's end alone. A real county does not wait for it: its devices may send at once.
  if (configuration.clockFactor !== undefined) await Promise.race([alarm.caughtUp, alarm.failure]);

  const secure = await openSecureDoors({
    ...{ mqtts: configuration.mqtts, keysFolder, clock, chance, log, metrics },
    ...{ device: alarm.registry.device, pepper: vault.pepper() },
  });
  const opened = await startBroker({
    ...{ doors: secure.doors, limits: configuration.brokerLimits },
    ...{ listen: configuration.mqtt, log, metrics, clock, chance, keep: alarm.keep },
    acknowledged: alarm.acknowledged,
    credentials: {
      ...createCredentials({
        device: alarm.registry.device,
        pepper: vault.pepper(),
        ...(enrolment && { enrolment }),
      }),
      isCurrent: () => isCaughtUp,
    },
  });
  broker = opened;
  const listener = await serveMetrics({ metrics, listen: configuration.metrics });
  const control = await serveControl(dataFolder, {
    command: (input: unknown) => (isRealDevice(configuration, input) ? notWithThisClock : alarm.send(input)),
    health: () => ({ ...alarm.health(), broker: opened.stats(), ...(deadMan && { deadMan: deadMan.report() }) }),
    figures: () => {
      const { connections } = opened.stats();
      return alarmFigures({ metrics, alarm, connections, budgetBytes: configuration.journalBudgetBytes });
    },
    'registry-page': (request: PageRequest) => registryPage(alarm.registry, request),
    'why-not-erased': ({ personId }: { personId: string }) => {
      const person = alarm.registry.person(personId);
      return { why: person && whyNotErased(person, alarm.incidents.openIncidents()) };
    },
    track: ({ personId }: { personId: string }) => alarm.trackOf(personId),
    'signs-of-life': ({ householdId }: { householdId: string }) => alarm.signsOf(householdId),
    'ladder-plan': (request: PlanRequest) => alarm.planFor(request),
    duty: alarm.dutyNow,
    unproved: alarm.unprovedNow,
    'desk-heartbeat': alarm.deskHeard,
    'desk-metrics': listener.takeDesk,
    /** Desk's followers hold the journal, within its budget. */
    'desk-positions': alarm.followersAt,
  });

  let carriers: CarrierListener | undefined;
  let pushes: PushDoor | undefined;
  let uplink: { stop(): void } | undefined;
  let drilling: { stop(): void } | undefined;
  // The address is the operator's own, who may run the other side in their network.
  const outside = createGuardedPost({ clock, allowPrivate: true });
  const { fail } = runProcess({
    ...{ name: 'alarm', log, metrics },
    async close() {
      await Promise.all([opened.close(), carriers?.close(), pushes?.close()]);
      secure.close();
      for (const proof of [uplink, drilling, deadMan]) proof?.stop();
      outside.close();
      await control.close();
      await listener.close();
      await alarm.close();
      webhook.close();
      await carried.close();
      await vault.close();
      lock.release();
    },
  });
  alarm.failure.catch(fail);
  // Devices do not wait for it.
  startCarriers({ carriers: configuration.carriers, alarm, died: fail, clock, log, metrics }).then((started) => {
    carriers = started;
  }, fail);
  // What is told before everything is known would be taken for news of nothing, and comes again.
  alarm.caughtUp
    .then(() => {
      const listen = configuration.pushes;
      return startProviderPushes({
        listen,
        trustedProxies,
        providers: carried.pushes,
        died: fail,
        clock,
        log,
        metrics,
      });
    })
    .then((door) => {
      pushes = door;
    }, fail);
  alarm.caughtUp.then(() => {
    uplink = watchUplink({ probe: configuration.uplinkProbe, answers, alarm, clock, log, died: fail });
    const own = opened.address();
    const { deadManUrl: url } = configuration;
    const {
      registry,
      incidents: { drills },
    } = alarm;
    if (drill) drilling = pressAtNight({ secret: drill.secret, broker: own, drills, registry, clock, log });
    if (url === undefined) return;
    const host = own.host.includes(':') ? 'localhost' : own.host;
    const doorOpens = () => answers(`${host}:${own.port}`, 5_000);
    deadMan = pingOutside({
      url,
      post: outside,
      whyNot: () => whyNotThrough({ alarm, doorOpens, clock }),
      clock,
      log,
      metrics,
    });
  });
  log.info({ mqtt: opened.address(), data: dataFolder, version }, 'listening for devices');
  process.send?.('listening');
  await alarm.caughtUp;
  process.send?.('caught up');
}

const notWithThisClock: CommandResult = {
  ok: false,
  problem: 'not-allowed',
  message: 'the clock is simulated (STEPPEWATCH_CLOCK): every device must be marked `simulated: true`',
};

/** A clock that runs faster than life would judge real homes by time that did not pass. */
function refuseRealDevices(
  { clockFactor }: Configuration,
  devices: Iterable<{ id: string; simulated: boolean }>,
): void {
  if (clockFactor === undefined) return;
  for (const { id, simulated } of devices) {
    if (simulated) continue;
    throw configurationWrong({}, [`STEPPEWATCH_CLOCK: the registry holds a real device (${id}): use the system clock`]);
  }
}

function isRealDevice({ clockFactor }: Configuration, input: unknown): boolean {
  const { changes, change } = (input ?? {}) as { changes?: Asked[]; change?: Asked };
  if (clockFactor === undefined) return false;
  const asked = change ? [change] : changes;
  if (!Array.isArray(asked)) return false;
  return asked.some(({ entity, value }) => entity === 'device' && value !== undefined && value.simulated !== true);
}
type Asked = { entity?: string; value?: { simulated?: boolean } };

try {
  await startAlarm(readConfiguration(process.env));
} catch (error) {
  exitWith(error);
}
