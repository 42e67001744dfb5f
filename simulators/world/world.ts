import { createDutyView } from '../../api/incidents/duty-view.ts';
import { createFold } from '../../app/alarm/alarm-core.ts';
import { planImport } from '../../app/registry/registry-import.ts';
import type { StoredRecord } from '../../journal/frame.ts';
import type { Disk } from '../../platform/disk.ts';
import type { Command } from '../../records/command.ts';
import { FoldState } from '../../records/fold-state.ts';
import { decodeRecord } from '../../records/record-codec.ts';
import { eventTypes, type RegistryChange } from '../../records/registry.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { allRules } from '../../rules/all-rules.ts';
import { glassVault } from '../glass-vault.ts';
import { chanceOf } from '../seeded-chance.ts';
import { makeVillage, registryFile, type Village } from '../village.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { startAnswering, withTelephones } from './answering.ts';
import { startCommanding } from './commanding.ts';
import { drillButtonOf, drillMinute, startDuty, withDuty } from './duty.ts';
import type { Asked, Evidence, Heard, HostileSay, Publish, Sent, Texted, Told } from './evidence.ts';
import { drawFaults, type FaultPlan } from './faults.ts';
import { type FaultyStore, faultyStore, restoreAsPlanned } from './faulty-store.ts';
import { startHostile } from './hostile-clients.ts';
import { startLettingGo } from './letting-go.ts';
import { homesPerVillage, planLife } from './life.ts';
import { liveHomes } from './live-homes.ts';
import { lostNearCall, withoutLostTime } from './lost-time.ts';
import { Machine } from './machine.ts';
import { freshFold, MemoryStore } from './memory-store.ts';
import { openNetwork } from './network.ts';
import { startOffice } from './office.ts';
import { startPeople } from './people.ts';
import { openProviders } from './providers.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { createTablePeaks } from './table-peaks.ts';
import { openTelephones, worldProviders } from './telephones.ts';
import { traceOf } from './trace.ts';

export type WorldOptions = {
  seed: number;
  /** Of the storm; healing comes on top. */
  hours: number;
  /** By default those that the seed draws. */
  faults?: FaultPlan;
  /** Somebody asks things of devices all the time. */
  commands?: boolean;
  /** Somebody looks, visits and edits, desk keeps account of it, and a program elsewhere is told what happens. */
  office?: boolean;
  /** Two of three contacts are told by SMS and calls, and answer by keypad. */
  telephones?: boolean;
  /** Somebody sits at the desk or does not, people are asked themselves, shifts are taken over, and a button is tried each night. */
  duty?: boolean;
};

/**
 * A dozen homes in two villages, the server that watches over them, and everything that goes wrong in so many hours; then
 * everything is healed, and the world has some time to come to rest. Equal options give equal worlds. Errors: those of a world
 * that broke, which is a fault of its own or of the system's.
 */
export async function runWorld(options: WorldOptions): Promise<{ evidence: Evidence; trace: string }> {
  const world = openWorld(options);
  await settleIn(world);
  await world.clock.advance(world.faults.stormMs - world.clock.monotonic());
  world.heal();
  const stuck = await comeToRest(world);
  world.living.stop();
  const evidence = await evidenceOf(world, stuck);
  return { evidence, trace: traceOf(world.machine.historian.records, evidence) };
}

function openWorld(options: WorldOptions) {
  const {
    seed,
    hours,
    faults: drawn = drawFaults({ seed, hours }),
    commands = false,
    office = false,
    telephones = false,
    duty = false,
  } = options;
  const clock = new VirtualClock({ startAt });
  const village = makeVillage({ seed, homes: homesInAll + drawn.hostile.length, villageSize: homesPerVillage });
  const [homes, hostileHomes] = [village.homes.slice(0, homesInAll), village.homes.slice(homesInAll)];
  const chance = (name: string) => chanceOf(seed, name);
  const life = planLife({ homes, startAt, chance: chance('life'), faults: drawn });
  const faults = lostNearCall(drawn, life.truth, chance('loss'));
  const [publishes, messages, asked, said]: [Publish[], Heard[], Asked[], HostileSay[]] = [[], [], [], []];
  const [sent, told, texts]: [Sent[], Told[], Texted[]] = [[], [], []];
  const unwatched: { fromMs: number; toMs: number }[] = [];
  const disk = new SimulatedDisk({ chance: chance('disk'), faults: faults.disk });
  const store = new MemoryStore();
  const stores: FaultyStore[] = [];
  // The database is lost with its machine, and put back from the same backup.
  const ofMachine = faults.restore ? [{ atMs: faults.restore.lostAtMs, toMs: faults.restore.takenAtMs }] : [];
  restoreAsPlanned({ store, clock, restores: [...faults.store.restores, ...ofMachine] });
  const providers = openProviders({
    ...{ clock, chance: chance('providers'), faults: faults.providers, messages, told },
    onArrival: (heard) => onDuty?.hear(heard) || people.hear(heard),
  });
  const lines = telephones
    ? openTelephones({
        ...{ clock, chance: chance('telephones'), faults: faults.lines, messages, texts },
        onArrival: (heard, messageId) => onDuty?.hear(heard) || answering?.hear(heard, messageId),
      })
    : undefined;
  const machine = new Machine({
    ...{ seed, clock, disk, faults, vault: glassVault() },
    channels: (life) => [...providers.channels(life), ...(lines?.channels(life) ?? [])],
    providers: lines && worldProviders,
    drill: duty ? () => ({ deviceId: drillButtonOf(`sim${seed}`), minuteOfDay: drillMinute }) : undefined,
    downlink: commands
      ? {
          hears: (...asked) => commanding?.downlink.hears(...asked) ?? false,
          send: (...said) => commanding?.downlink.send(...said) ?? false,
        }
      : undefined,
    ...(office && { receiver: providers.receiver }),
    store(life) {
      const connection = faultyStore({
        ...{ store, clock: life.clock, onCall: life.onCall, faults: faults.store },
        chance: chance(`store ${stores.length}`),
      });
      if (isHealed) connection.heal();
      stores.push(connection);
      return connection;
    },
  });
  const network = openNetwork({
    ...{ clock, chance: chance('network'), faults, homes, truth: life.truth, publishes },
    acknowledged: (report, lifeSafety) => machine.alarm?.acknowledged(report, lifeSafety),
    deliver: (report, lifeSafety) => machine.keep(report, lifeSafety),
  });
  const see = () => machine.desk?.duty.view.openIncidents().map(({ incident }) => incident);
  const people = startPeople({
    ...{ clock, chance: chance('people'), asked },
    see,
    send: (command) => machine.send(command),
  });
  const answering =
    lines &&
    startAnswering({
      ...{ clock, chance: chance('answering'), homes, answer: (...said) => lines.answer(...said) },
      send: (command) => machine.send(command),
    });
  const hostile = startHostile({
    ...{ clock, chance: chance('hostile'), clients: faults.hostile, homes: hostileHomes, victims: homes, said },
    deliver: (report, lifeSafety) => machine.keep(report, lifeSafety),
  });
  const living = liveHomes({
    ...{ homes, happenings: life.happenings, clock, chance: chance('devices') },
    carry: hostile.overhears(network.carry),
  });
  const commanding = commands
    ? startCommanding({
        ...{ clock, chance: chance('commands'), homes, see, asked, sent, obey: living.obeys },
        send: (command) => machine.send(command),
      })
    : undefined;
  const working = office
    ? startOffice({ clock, chance: chance('office'), homes, see, asked, send: (command) => machine.send(command) })
    : undefined;
  const onDuty = duty
    ? startDuty({
        ...{ clock, chance: chance('duty'), county: `sim${seed}`, stormMs: faults.stormMs },
        ...{ machine, asked, publishes, unwatched, send: (command) => machine.send(command) },
      })
    : undefined;
  const lettingGo = faults.restore
    ? startLettingGo({
        ...{ clock, chance: chance('letting go'), afterMs: faults.restore.backAtMs, see, asked },
        send: (command) => machine.send(command),
      })
    : undefined;
  let isHealed = false;
  return {
    ...{ seed, hours, faults, clock, village, homes, truth: life.truth, publishes, messages, asked },
    ...{
      disk,
      store,
      machine,
      living,
      people,
      sent,
      told,
      texts,
      office,
      telephones,
      duty,
      unwatched,
      hostile: { said, thieves: hostile.thieves },
    },
    heal(): void {
      isHealed = true;
      for (const part of [disk, network, providers, machine, people, ...stores]) part.heal();
      commanding?.heal();
      working?.heal();
      lines?.heal();
      answering?.heal();
      lettingGo?.heal();
      onDuty?.heal();
    },
  };
}
type World = ReturnType<typeof openWorld>;

/** The first start, and the county's registry. Nothing is struck before it is there. */
async function settleIn({ machine, clock, village, office, telephones, duty }: World): Promise<void> {
  machine.start();
  await clock.advance(10_000);
  for (const command of importOf(village, { office, telephones, duty })) {
    // A disk may fail that early: whoever enters the registry tries again when the process is back.
    let said = 'nothing';
    for (let tries = 0; said !== 'ok' && tries < 5; tries++) {
      machine.send(command).then(
        (result) => (said = result.ok ? 'ok' : result.message),
        (error: unknown) => (said = String(error)),
      );
      await clock.advance(5_000);
    }
    if (said !== 'ok') throw new Error(`the registry was not taken: ${said}`);
  }
}

function importOf(
  village: Village,
  { office, telephones, duty }: Pick<World, 'office' | 'telephones' | 'duty'>,
): Command[] {
  const by = { type: 'system', id: 'world' } as const;
  const registry = createRegistry({ state: new FoldState() });
  const receiver = { url: 'https://receiver.example', secret: `whsec_${'A'.repeat(32)}` };
  const plan = planImport({
    ...{ text: registryFile(village, receiver), registry, rules: allRules, unseal: glassVault().unseal },
    credentialFor: () => ({ salt: 'none', hmac: 'none' }),
  });
  if (plan.problems.length > 0) throw new Error(JSON.stringify(plan.problems));
  const importId = 'county';
  const reached = telephones ? withTelephones(plan.changes) : plan.changes;
  const manned = duty ? withDuty(reached) : reached;
  const changes = office ? [...manned, elsewhere(receiver)] : manned;
  return [
    { type: 'registry-part', commandId: 'county-part', by, importId, part: 0, changes },
    { type: 'registry-commit', commandId: 'county-commit', by, importId, parts: 1 },
  ];
}

/** The program that hears of everything. */
function elsewhere(receiver: { url: string; secret: string }): RegistryChange {
  const value = { id: 'feed', name: 'elsewhere', types: [...eventTypes], ...receiver, paused: false };
  return { type: 'put', entity: 'subscription', value };
}

/** Waits, in virtual time, until nothing is left to do; answers what still is when that took too long. */
async function comeToRest(world: World): Promise<string[]> {
  for (let waitedMs = 0; waitedMs < longestRestMs; waitedMs += lookEveryMs) {
    await world.clock.advance(lookEveryMs);
    if (waitedMs >= shortestRestMs && unrest(world).length === 0) return [];
  }
  return unrest(world);
}

function unrest({ machine, living, office }: World): string[] {
  const { alarm, desk, beside } = machine;
  if (!alarm || !desk) return [`${alarm ? 'desk' : 'alarm'} is down`];
  if (office && !beside) return ['nobody is told elsewhere'];
  const { lagRecords, openNotices } = alarm.health();
  const open = [...alarm.incidents.openIncidents()].filter(({ severity }) => severity === 'critical');
  const waiting = {
    'records that the alarm process has not judged': lagRecords,
    'records that desk has not found': alarm.journal.headSequence - desk.reader.headSequence,
    'records that the duty view has not seen': desk.duty.follower.lagRecords(),
    'records that are not in the store': desk.status(0).projection.lagRecords,
    'notices that are not delivered': openNotices,
    'critical incidents that nobody ended': open.length,
    'reports that devices still keep': living.waiting(),
    'events that the feed has not found': beside?.feed.lagRecords() ?? 0,
  };
  return Object.entries(waiting).flatMap(([what, count]) => (count > 0 ? [`${count} ${what}`] : []));
}

async function evidenceOf(world: World, stuck: string[]): Promise<Evidence> {
  const { seed, hours, faults, clock, village, homes, truth } = world;
  const { machine, store, disk, office } = world;
  const { historian, crashes, complaints, troubles, alarm, desk } = machine;
  const records = historian.records;
  const strangers = new Set(world.hostile.said.map(({ deviceId }) => deviceId)).size;
  const tables = createTablePeaks({ devices: strangers + devicesOf(village) });
  const anew = judgeAnew(machine, records, tables.look);
  return {
    ...{ seed, hours, faults, truth, stuck, crashes, complaints },
    ...withoutLostTime(world, faults.restore),
    ...(world.duty && { watch: { unwatched: world.unwatched } }),
    ...{ office, texts: world.texts, account: await accountOn(disk.open({ clock })) },
    waiting: machine.beside?.feed.health('feed').waiting ?? 0,
    ...{ endedAtMs: clock.monotonic(), homes, lost: historian.lost, peaks: [...machine.peaks(), ...tables.peaks()] },
    troubles: troubles.map((trouble) => ({ ...trouble, toMs: Math.min(trouble.toMs, clock.monotonic()) })),
    journal: records.map(({ sequence, receivedAt, atMs, body }) => {
      return { sequence, receivedAt, atMs, record: decodeRecord(body) };
    }),
    live: {
      incidents: alarm ? byId(alarm.incidents.openIncidents()) : [],
      openNotices: alarm?.health().openNotices ?? 0,
    },
    anew,
    duty: {
      live: desk ? byId(desk.duty.view.openIncidents().map(({ incident }) => incident)) : [],
      anew: dutyAnew(records),
    },
    store: { copied: store.everything(), anew: freshFold(records) },
  };
}

async function accountOn(disk: Disk): Promise<string[]> {
  const files = (await disk.list('audit')).filter(({ name }) => name.endsWith('.jsonl'));
  const lines: string[] = [];
  for (const { name } of files.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = `audit/${name}`;
    const text = new TextDecoder().decode(await disk.read(path, 0, (await disk.size(path)) ?? 0));
    lines.push(...text.split('\n').filter((line) => line !== ''));
  }
  return lines;
}

/** The release that runs at the end, over the whole journal, on an empty state. */
function judgeAnew(
  { release }: Machine,
  records: readonly StoredRecord[],
  look: (state: FoldState) => void,
): Evidence['anew'] {
  const { state, judge, incidents, outbox } = createFold(release.version, release.rules);
  let differs = 0;
  for (const record of records) {
    if (judge.step(record).differs) differs += 1;
    look(state);
  }
  return { incidents: byId(incidents.openIncidents()), openNotices: outbox.open(), differs };
}

const devicesOf = ({ homes }: Village) => homes.reduce((sum, { devices }) => sum + devices.length, 0);

function dutyAnew(records: readonly StoredRecord[]) {
  const state = new FoldState();
  const view = createDutyView({ state, registry: createRegistry({ state }) });
  for (const record of records) view.apply(record);
  return byId(view.openIncidents().map(({ incident }) => incident));
}

function byId<T extends { incidentId: string }>(incidents: Iterable<T>): T[] {
  return [...incidents].sort((a, b) => (a.incidentId < b.incidentId ? -1 : 1));
}

const homesInAll = 12;
/** A Sunday evening in spring, so that the first night comes soon. */
const startAt = Date.parse('2027-03-07T18:00:00+08:00');
const lookEveryMs = 60_000;
const shortestRestMs = 5 * 60_000;
/** Longer than any rest of a retry, a claim and a person's patience. */
const longestRestMs = 12 * 3_600_000;
