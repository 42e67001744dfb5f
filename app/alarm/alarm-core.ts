import { type DownlinkPort, DownlinkSender } from '../../broker/downlinks.ts';
import { type ShiftNow, shiftsNow } from '../../incidents/hand-overs.ts';
import { createIncidents, type Incidents } from '../../incidents/incidents.ts';
import { createDecoder } from '../../ingest/decoder.ts';
import { createDownlinks } from '../../ingest/downlinks.ts';
import { createJudge, type Judgement, type Stored } from '../../ingest/judge.ts';
import { type UplinkWord, uplinkWord } from '../../ingest/uplink.ts';
import { withoutWithheld } from '../../ingest/withheld.ts';
import { Checkpoint } from '../../journal/checkpoint.ts';
import { runFollower } from '../../journal/follower.ts';
import { type JournalLimits, openJournal } from '../../journal/journal.ts';
import { assertKept } from '../../journal/position.ts';
import type { ReserveState } from '../../journal/reserve.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Disk } from '../../platform/disk.ts';
import { localTimeIn } from '../../platform/local-time.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Chance } from '../../platform/random.ts';
import type { Vault } from '../../platform/vault.ts';
import type { Condition } from '../../records/alert.ts';
import type { CarrierProducts } from '../../records/carrier-products.ts';
import type { DrillPlan } from '../../records/command.ts';
import { type Unproved, unprovedContacts } from '../../records/contact-proofs.ts';
import { watchedNow } from '../../records/desk-watch.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { Incident } from '../../records/incident.ts';
import type { JournalRecord, ReportRecord } from '../../records/journal-record.ts';
import { type ProviderEntry, providersOf } from '../../records/providers.ts';
import { encodeRecord } from '../../records/record-codec.ts';
import { createRegistry, type Registry } from '../../records/registry-fold.ts';
import { createCarriage } from '../../responders/carriage.ts';
import type { Channel } from '../../responders/channel.ts';
import { startDelivery } from '../../responders/delivery.ts';
import { openInbound } from '../../responders/inbound.ts';
import { createOutbox } from '../../responders/outbox.ts';
import { createPageCodes } from '../../responders/page-code.ts';
import { allRules } from '../../rules/all-rules.ts';
import { createEngine } from '../../rules/engine.ts';
import { createLedger } from '../../rules/life/ledger.ts';
import type { LifeSigns } from '../../rules/life/life-signs.ts';
import type { AnyRule } from '../../rules/rule.ts';
import { type LastTrack, lastTrackOf } from '../../rules/wandering/last-track.ts';
import { addressBook } from '../address-book.ts';
import { restoredFile, restoredMark } from '../backup/restored-mark.ts';
import { blindIndex } from '../blind-index.ts';
import { commandDesk } from '../desk/command-desk.ts';
import { checkpointing, tickSource, watchDisk, wayOfOwnRecords } from '../journal-keepers.ts';
import { keyEraser } from '../person/key-eraser.ts';
import { Cries } from './cries.ts';
import { attendDesk } from './desk-attendance.ts';
import { followDesk } from './desk-followers.ts';
import { overdueMs } from './full-path.ts';
import { ladderPlan, type PlanRequest } from './ladder-plan.ts';
import { planDrill } from './nightly-drill.ts';
import { fillPhoneKeys } from './phone-keys.ts';

/** What the alarm path needs of the world. Everything else it makes itself, so that a virtual world can run the same code. */
export type AlarmPorts = {
  /** Where the journal lives. */
  disk: Disk;
  /** Where checkpoints live: the same folder over a thread of its own, so that no alarm waits behind a snapshot. */
  stateDisk: Disk;
  clock: Clock;
  chance: Chance;
  log: Log;
  metrics: Metrics;
  vault: Vault;
  channels: readonly Channel[];
  /** What of them providers carry, in the order of preference, without their secrets. */
  providers?: readonly ProviderEntry[];
  /** Where people reach the page from outside; without it messages hold no links. */
  pageAddress?: string;
  /** What events are judged by; a test of the system plants one that is broken. */
  rules?: readonly AnyRule[];
  /** Asked when everything up to the journal's end is known, before anything goes out; what it throws `caughtUp` rejects with. */
  admit?: (registry: Registry) => void;
  version: string;
  timeZone: string;
  /** The simulated button that is tried each night; without it none is. */
  drill?: (journalId: string) => NonNullable<DrillPlan['plan']>;
  /** The way to devices; without it nobody hears a command. */
  downlink?: DownlinkPort;
  /** Called with each device whose registry entry changed: its connection, if it has one, must show its credential again. */
  reauthenticate?: (deviceId: string) => void;
  limits?: Partial<JournalLimits>;
  /** How far a crash may make the next start look back, ms. */
  checkpointEveryMs?: number;
  /** How much has to change before a snapshot is taken. */
  snapshotAfterBytes?: number;
};

/**
 * The alarm path without a network: journal, judge and delivery on their ports.
 * Errors: JOURNAL_DAMAGED, JOURNAL_FULL, POSITION_UNKNOWN at the start; later ones come through `failure`.
 */
export async function openAlarm(ports: AlarmPorts) {
  const { disk, clock, chance, log, metrics, vault } = ports;
  const journal = await openJournal({
    ...{ disk, clock, chance, log, metrics },
    ...(ports.limits && { limits: ports.limits }),
    clockStepBody: (byMs, wallAt) => encodeRecord({ kind: 'clock-step', byMs, wallAt }),
  });
  const headAtStart = journal.headSequence;
  const append = async (record: JournalRecord) => void (await journal.append(encodeRecord(record), 'essential'));
  const appendOwn = wayOfOwnRecords({ journal, clock });
  const { state, registry, outbox, judge, incidents, engine, downlinks, decoder, carriage } = createFold(
    ports.version,
    ports.rules,
    ports.timeZone,
  );
  const checkpoint = new Checkpoint({
    ...{ disk: ports.stateDisk, name: 'alarm', journalId: journal.id, log },
    minChangeBytes: ports.snapshotAfterBytes,
  });
  const loaded = await checkpoint.load((change) => state.load(change));
  // Before anything is appended: a journal from before its state would grow past it, and skip what comes until then.
  assertKept(loaded, journal);
  journal.pin('alarm', checkpoint.reachesBackTo, { hard: true });
  const followersAt = followDesk(journal);
  judge.rebuild();

  const failing = Promise.withResolvers<never>();
  failing.promise.catch(() => {});
  let isClosing = false;
  let heardAt = Number.NEGATIVE_INFINITY;
  // What the journal refuses because it is being closed is no failure: the next start finds what was decided.
  const fail = (error: unknown) => {
    if (!isClosing) failing.reject(error);
  };
  journal.failed.then(fail);
  // The first record of every run: supervision must know that nobody listened before it judges what comes next.
  const restored = await restoredMark(disk);
  const startFolded = Promise.withResolvers<void>();
  const started = { kind: 'started', version: ports.version, downMs: journal.openedAfterMs } as const;
  // A mark that stays is heard once all the same.
  const unmark = () =>
    restored && disk.remove(restoredFile).catch((error) => log.error({ err: error }, 'the mark of the restore stays'));
  appendOwn({ ...started, ...(restored && { restored }) }).then(unmark, fail);

  const tellReserve = ({ inUse, freeBytes }: ReserveState) =>
    void appendOwn({ kind: 'reserve', inUse, freeBytes }).catch(fail);

  const book = addressBook({ contact: registry.contact, person: registry.person, vault });
  const delivery = startDelivery({
    ...{ outbox, registry, clock, log, metrics, channels: ports.channels, record: append },
    ...{ budgets: carriage.budgets, providers: () => providersOf(state), blind: blindIndex(vault).target },
    pageCodes: createPageCodes({ pepper: vault.pepper() }),
    ...(ports.pageAddress !== undefined && { pageAddress: ports.pageAddress }),
    addressBook: book,
    now: () => journal.now(),
    timeZone: ports.timeZone,
  });
  // A command that finds no room stays where it is: the journal's last room is for life safety, and for what people ask.
  const sender = new DownlinkSender({
    ...{ fold: downlinks, port: ports.downlink ?? nobodyHears, clock, metrics, fail },
    record: (record) => journal.append(encodeRecord(record), 'telemetry'),
    headSequence: () => journal.headSequence,
    now: () => journal.now(),
  });
  const tellKeys = ({ isWritten }: { isWritten: boolean }) => {
    const commandId = `keys-disk-${Buffer.from(chance.bytes(12)).toString('base64url')}`;
    const command = { type: 'keys-disk', commandId, by: { type: 'system', id: 'keys' }, isWritten } as const;
    void appendOwn({ kind: 'command', command }).catch(fail);
  };
  const eraser = keyEraser({ vault, registry, clock, log, metrics, tell: tellKeys });
  const commands = commandDesk({ append, vault, registry, incidents, onKeysRefused: () => eraser.retry() });
  const unique = () => Buffer.from(chance.bytes(12)).toString('base64url');
  const inbound = openInbound({
    ...{ channels: ports.channels, receipts: carriage.receipts, clock, log, metrics, unique },
    ...{ record: append, send: commands.send, phoneKey: blindIndex(vault).phoneKey, now: () => journal.now() },
    phoneOf: (contactId) => book.contact(contactId)?.phone,
  });
  const attendance = attendDesk({ clock, chance, watchedNow: () => watchedNow(state), append: appendOwn, fail });
  const ticks = tickSource({ clock, now: () => journal.now(), due: judge.nextDeadline, append: appendOwn, fail });
  const saving = checkpointing({ checkpoint, state, clock, everyMs: ports.checkpointEveryMs ?? 5_000, fail });

  let swallowed: Promise<void> | 'recorded' | undefined;
  /** What the last process decided and did not record. Decisions stand in the order of their causes: before anything newer. */
  async function recordSwallowed(): Promise<void> {
    swallowed ??= appendAll(judge.unrecorded(headAtStart));
    await swallowed;
    swallowed = 'recorded';
  }
  async function appendAll(all: JournalRecord[]): Promise<void> {
    for (let from = 0; from < all.length; from += 500) await Promise.all(all.slice(from, from + 500).map(appendOwn));
  }

  function take(stored: Stored): void {
    const judgement = judge.step(stored);
    if (judgement.differs) log.error(judgement.differs, 'this version would have decided otherwise: history is kept');
    count(metrics, judgement);
    // Also of what was read before the end was known: the doors are open by then, and somebody may be in with what was taken away.
    for (const deviceId of judgement.devices) ports.reauthenticate?.(deviceId);
    if (stored.sequence <= headAtStart) return void eraser.leftBefore(judgement.removed);
    for (const record of judgement.followUps) appendOwn(record).catch(fail);
    if (judgement.result) commands.answer(judgement.result);
    if (judgement.downlinks.length > 0) sender.decided(judgement.downlinks);
    if (judgement.removed.length > 0) eraser.forget(judgement.removed);
  }

  const follower = runFollower({
    ...{ name: 'alarm', source: journal, from: loaded + 1, clock, metrics },
    handle(stored) {
      if (stored.sequence <= headAtStart || swallowed === 'recorded') return take(stored);
      return recordSwallowed().then(() => take(stored));
    },
    afterBatch(sequence) {
      if (sequence > headAtStart) {
        ticks.arm();
        startFolded.resolve();
      }
      delivery.reached(sequence);
      sender.reached(sequence);
      cries.clear();
      saving.maybe(sequence, () => journal.pin('alarm', checkpoint.reachesBackTo, { hard: true }));
      metrics.deadlines.set(engine.deadlineCount() + incidents.deadlineCount());
      for (const [severity, open] of Object.entries(incidents.openCounts()))
        metrics.incidentsOpen.set({ severity }, open);
    },
    died: ({ sequence, error }) => fail(new Error(`the alarm follower died at record ${sequence}`, { cause: error })),
  });

  const begun = follower.caughtUp.then(async () => {
    ports.admit?.(registry);
    // What is held is known when the start itself was folded; until then what was put back looks like what goes on.
    if (restored) await startFolded.promise;
    // Only when everything that was decided is on record does anything go out.
    await recordSwallowed();
    // The disk may have filled up, or been cleared, while nobody looked.
    if (journal.reserve.inUse !== isTold('journal-reserve', incidents)) tellReserve(journal.reserve);
    if (isTold('keys-unwritten', incidents)) eraser.retry({ isTold: true });
    // What a crash kept from being erased is erased now, unless somebody is just entering it again.
    eraser.sweep({ everybody: commands.isIdle() });
    const providers = [...(ports.providers ?? [])];
    if (JSON.stringify(providersOf(state)) !== JSON.stringify(providers))
      appendOwn({ kind: 'providers', table: providers }).catch(fail);
    fillPhoneKeys({ registry, send: commands.send, unique }).catch((err) =>
      log.warn({ err }, 'numbers without keys stay so until the next start'),
    );
    planDrill({ wanted: ports.drill?.(journal.id), drills: incidents.drills, append: appendOwn, unique }).catch(fail);
    delivery.begin();
    attendance.begin();
    ticks.arm();
  });
  // What keeps it from beginning is a failure; and none when it is closed meanwhile: then it never begins.
  const caughtUp = begun.catch((error): Promise<never> => {
    fail(error);
    return new Promise(() => {});
  });

  const cries = new Cries();
  function notifyProvisionally(stored: Stored): void {
    const { notices, alerts } = judge.preview(stored);
    const critical = notices.filter(({ severity }) => severity === 'critical');
    if (critical.length === 0 || !cries.isNews(alerts)) return;
    for (const notice of critical) delivery.provisional(notice, stored.sequence);
  }
  const watch = watchDisk({ clock, journal, notifyProvisionally });
  journal.onReserve(tellReserve);

  return {
    registry,
    journal,
    incidents,
    /** Resolves when the journal was read to its end and messages go out; never rejects. */
    caughtUp,
    /** Rejects when only a restart and recovery can help. */
    failure: failing.promise,

    /** Resolves when the report is on disk. Errors: those of the journal. */
    async keep(report: Kept, lifeSafety: boolean): Promise<void> {
      heardAt = clock.monotonic();
      if (lifeSafety) sender.calledForHelp(report.deviceId);
      const kept = withoutWithheld(report, decoder.withheld(report.deviceId), lifeSafety);
      if (kept !== report) metrics.reportsWithheld.inc();
      const body = encodeRecord({ kind: 'report', source: 'mqtt', ...kept });
      try {
        await journal.append(body, lifeSafety ? 'life-safety' : 'telemetry');
      } catch (error) {
        // Nothing could be written: people are told all the same, and the device, without a PUBACK, keeps its report.
        if (lifeSafety) notifyProvisionally({ sequence: journal.headSequence + 1, receivedAt: journal.now(), body });
        throw error;
      }
    },

    /** The device that sent it has its PUBACK, and listens: what waits for it may be sent. */
    acknowledged: (report: Pick<ReportRecord, 'deviceId' | 'payload'>, lifeSafety: boolean): void =>
      sender.acknowledged(report, lifeSafety),

    /** The products of carriers are read by this from here on, in every replay too. Errors: those of the journal. */
    adoptProducts: (table: CarrierProducts): Promise<void> => append({ kind: 'carrier-products', table }),

    /** What is on record of the host which stands for our uplink. */
    uplink: (): UplinkWord => uplinkWord(state),
    /** What is so now, when it changed. It waits while the journal is busy. Errors: those of the journal. */
    tellUplink: (word: UplinkWord, probe: string): Promise<void> =>
      appendOwn({
        kind: 'uplink',
        reachable: word === 'answers',
        probe,
        ...(word === 'unanswered' && { heard: true }),
      }),
    /** How long ago a device was heard last by this process, whatever it said, ms; Infinity: none was yet. */
    heardMsAgo: (): number => clock.monotonic() - heardAt,

    /** Where somebody was last seen. */
    trackOf: (personId: string): LastTrack => lastTrackOf({ state, registry }, personId),
    /** When and by what a household was last known to be alive, the newest last. */
    signsOf: (householdId: string): LifeSigns =>
      createLedger({ state, registry }).life(registry.whereaboutsOf({ type: 'household', id: householdId })),

    /** Who would be told of something that happens in a home; undefined: there is no such household. */
    planFor: (request: PlanRequest) => ({
      plan: ladderPlan({ state, registry, localTime: localTimeIn(ports.timeZone) }, request),
    }),

    /** Who is on duty by each roster now, and which shift nobody has taken over yet. */
    dutyNow: (): ShiftNow[] => shiftsNow({ registry, handOvers: incidents.handOvers, at: journal.now() }),

    /** Whom to call before they are needed. */
    unprovedNow: (): Unproved[] => unprovedContacts(state, registry.list('contact'), journal.now()),

    /** What desk says of itself every few seconds: who watches there. */
    deskHeard: attendance.heard,
    followersAt,

    /** Answers when the command was applied. Errors: those of the journal. */
    send: commands.send,

    health: () => ({
      journalId: journal.id,
      now: journal.now(),
      headSequence: journal.headSequence,
      position: follower.position(),
      lagRecords: follower.lagRecords(),
      lagMs: follower.lagMs(journal.now()),
      hungForMs: journal.hungForMs(),
      reserveInUse: journal.reserve.inUse,
      openNotices: outbox.open(),
      overdueMs: overdueMs(outbox, journal.now()),
      deskHeardMsAgo: attendance.heardMsAgo(),
      drills: incidents.drills.report(),
    }),

    /** Attempts under way get a moment, and the checkpoint spares the next start its catching up. */
    async close(): Promise<void> {
      isClosing = true;
      watch.stop();
      attendance.stop();
      inbound.stop();
      ticks.stop();
      eraser.stop();
      await delivery.stop();
      await follower.stop();
      await saving.last(follower.position());
      await journal.close();
    },
  };
}

/** Without a `source` it came over MQTT. */
type Kept = Omit<ReportRecord, 'kind' | 'source'> & Partial<Pick<ReportRecord, 'source'>>;
export type Alarm = Awaited<ReturnType<typeof openAlarm>>;

const nobodyHears: DownlinkPort = { hears: () => false, send: () => false };

function isTold(what: Condition, { openIncidents }: Pick<Incidents, 'openIncidents'>): boolean {
  const stands = ({ condition, clearedAt }: Incident['alerts'][number]) =>
    condition === what && clearedAt === undefined;
  return Iterator.from(openIncidents()).some(({ alerts }) => alerts.some(stands));
}

/** The fold of the alarm process, on an empty state. */
export function createFold(version: string, rules: readonly AnyRule[] = allRules, timeZone = 'Asia/Shanghai') {
  const state = new FoldState();
  const registry = createRegistry({ state });
  const outbox = createOutbox({ state, registry });
  const engine = createEngine({ rules, state, registry, localTime: localTimeIn(timeZone) });
  const incidents = createIncidents({ state, registry, localTime: localTimeIn(timeZone) });
  const decoder = createDecoder({ state, registry });
  const downlinks = createDownlinks({ state, registry, decoder, incidents });
  const carriage = createCarriage({ state });
  const judge = createJudge({ state, registry, outbox, engine, incidents, decoder, downlinks, carriage, version });
  return { state, registry, outbox, engine, incidents, downlinks, decoder, carriage, judge };
}

function count(metrics: Metrics, { rejections, followUps, downlinks }: Judgement): void {
  for (const { ask, state } of downlinks)
    metrics.downlinks.inc({ command: ask.name, outcome: state.phase === 'waiting' ? 'asked' : state.phase });
  for (const { reason } of rejections) metrics.reportsRejected.inc({ reason });
  for (const record of followUps) {
    if (record.kind === 'quarantined') metrics.quarantined.inc({ follower: record.follower });
    else
      for (const change of record.alerts ?? [])
        if (change.type === 'raise') metrics.alerts.inc({ rule: change.alert.rule });
  }
}
