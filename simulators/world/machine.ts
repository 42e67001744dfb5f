import { type Alarm, type AlarmPorts, openAlarm } from '../../app/alarm/alarm-core.ts';
import { type Desk, openDesk } from '../../app/desk/desk-core.ts';
import type { DownlinkPort } from '../../broker/downlinks.ts';
import { type Log, silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import type { Vault } from '../../platform/vault.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import type { ReportRecord } from '../../records/journal-record.ts';
import type { ProviderEntry } from '../../records/providers.ts';
import type { Channel } from '../../responders/channel.ts';
import type { WebhookPost } from '../../responders/channels/webhook-post.ts';
import type { Store } from '../../storage/store.ts';
import { chanceOf } from '../seeded-chance.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import { type Beside, keepBeside } from './desk-beside.ts';
import type { Evidence, Trouble } from './evidence.ts';
import type { Crash, FaultPlan, Restore } from './faults.ts';
import { Historian } from './historian.ts';
import { type MachineBackup, standBy, takeBackup } from './machine-backup.ts';
import { ProcessLife } from './process-life.ts';
import { releases } from './releases.ts';
import type { SimulatedDisk } from './simulated-disk.ts';

export type MachineParts = {
  seed: number;
  clock: VirtualClock;
  disk: SimulatedDisk;
  vault: Vault;
  faults: FaultPlan;
  /** What a life of the alarm process sends with, and what one of desk writes to. */
  channels: (life: ProcessLife) => readonly Channel[];
  /** Which of these the installation pays for. */
  providers?: readonly ProviderEntry[] | undefined;
  drill?: AlarmPorts['drill'] | undefined;
  /** The way to devices; without it no device is there. */
  downlink?: DownlinkPort | undefined;
  store: (life: ProcessLife) => Store;
  /** Where one life of desk tells a program elsewhere; without it desk keeps no account of looks either. */
  receiver?: ((life: ProcessLife) => WebhookPost['post']) | undefined;
};

/**
 * The server: one disk, two processes that run the application's own code, a supervisor that starts them again, a wall clock that
 * people set, and a release that they change. Processes are struck at calls of their ports; a power cut takes both, and what
 * the disk had not synced.
 */
export class Machine {
  readonly historian: Historian;
  readonly crashes: Evidence['crashes'][number][] = [];
  readonly complaints: Evidence['complaints'][number][] = [];
  readonly troubles: Trouble[] = [];
  readonly #parts: MachineParts;
  readonly #seats = { alarm: newSeat<Alarm>(), desk: newSeat<Desk>() };
  #wallAheadMs = 0;
  #release: keyof typeof releases = 'present';
  /** How many reasons there are that it has no power. */
  #darknesses = 0;
  #isStopping = false;
  #mostOpenNotices = 0;
  #beside: Beside | undefined;

  constructor(parts: MachineParts) {
    this.#parts = parts;
    const { clock, disk, faults } = parts;
    this.historian = new Historian({ clock });
    disk.onWritten((name) => name.startsWith('journal/') && this.#pokeDeskSoon());
    for (const crash of faults.crashes) clock.after(crash.atMs, () => this.#arm(crash));
    for (const { atMs, byMs } of faults.clockSteps) clock.after(atMs, () => this.stepWall(byMs));
    for (const { atMs, to, inGoodOrder } of faults.releases) clock.after(atMs, () => this.#change(to, inGoodOrder));
    const { restore } = faults;
    if (restore) clock.after(restore.takenAtMs, () => this.#backUp(restore));
  }

  /** Undefined while it is down, or reads what it needs to begin. */
  get alarm(): Alarm | undefined {
    return this.#seats.alarm.process;
  }
  get desk(): Desk | undefined {
    return this.#seats.desk.process;
  }
  get beside(): Beside | undefined {
    return this.desk && this.#beside;
  }
  get release() {
    return releases[this.#release];
  }

  start(): void {
    this.#start('alarm');
  }

  stepWall(byMs: number): void {
    this.#wallAheadMs += byMs;
    // Desk asks for journal time several times a second.
    this.alarm?.journal.now();
  }

  /** From now on nobody strikes anything, and the clock is right again. */
  heal(): void {
    for (const seat of Object.values(this.#seats)) seat.armed = undefined;
    this.#wallAheadMs = 0;
  }

  /** The most that was seen of what is bounded. */
  peaks(): Evidence['peaks'] {
    return [{ what: 'open notices', most: this.#mostOpenNotices, bound: mostNotices }];
  }

  /** A report at the door of the alarm process. Errors: it is down, or its journal does not take it. */
  async keep(report: Omit<ReportRecord, 'kind' | 'source'>, lifeSafety: boolean): Promise<void> {
    if (!this.alarm) throw new Error('nobody listens');
    this.#mostOpenNotices = Math.max(this.#mostOpenNotices, this.alarm.health().openNotices);
    return this.alarm.keep(report, lifeSafety);
  }

  /** What a person asks of the page. Errors: one of the two processes is down. */
  async send(command: Command): Promise<CommandResult> {
    if (!this.alarm || !this.desk) throw new Error('the page is away');
    return this.alarm.send(command);
  }

  #start(name: Name): void {
    const seat = this.#seats[name];
    if (seat.life || this.#darknesses > 0 || this.#isStopping) return;
    const { clock: world, disk } = this.#parts;
    seat.starts += 1;
    const life = new ProcessLife({
      name,
      world,
      wallAheadMs: () => this.#wallAheadMs,
      struck: (at) => this.#strike(name, at),
    });
    seat.life = life;
    if (seat.armed) life.arm(seat.armed.calls);
    if (name === 'alarm') disk.damageNewestSnapshot();
    const opening = name === 'alarm' ? this.#openAlarm(life) : this.#openDesk(life);
    opening.catch((error: unknown) => this.#exit(life, error));
  }

  async #openAlarm(life: ProcessLife): Promise<void> {
    const { seed, vault, channels, providers, drill, disk, faults, downlink } = this.#parts;
    const { starts } = this.#seats.alarm;
    const alarm = await openAlarm({
      ...{ disk: disk.open(life), stateDisk: disk.open(life), clock: life.clock, vault, timeZone: 'Asia/Shanghai' },
      ...this.release,
      chance: chanceOf(seed, `alarm ${starts}`),
      log: this.#log('alarm'),
      metrics: createMetrics(),
      channels: channels(life),
      ...(providers && { providers }),
      ...(drill && { drill }),
      ...(downlink && { downlink: whileAlive(downlink, life) }),
      limits: faults.store.restores.length > 0 ? wholeJournal : smallJournal,
      checkpointEveryMs: keepStateEveryMs,
      snapshotAfterBytes: 60_000,
    });
    if (life.isOver) return;
    alarm.failure.catch((error: unknown) => this.#exit(life, error));
    await this.#chronicle(alarm);
    if (life.isOver) return;
    this.#seats.alarm.process = alarm;
    this.#parts.clock.after(deskWaitsMs, () => this.#start('desk'));
    await alarm.caughtUp;
    if (life.isOver) return;
    this.#over('alarm-down');
    this.#start('desk');
  }

  async #chronicle({ journal }: Alarm): Promise<void> {
    const { clock: world, disk } = this.#parts;
    this.historian.follow(journal);
    await standBy({ world, disk }, ({ reader }) => this.historian.meet(journal, reader));
  }

  /** It goes into another machine when this one is lost. */
  async #backUp({ takenAtMs, lostAtMs, backAtMs }: Restore): Promise<void> {
    const { clock: world, disk } = this.#parts;
    const { historian } = this;
    const backup = await takeBackup({ world, disk, historian, takenAt: world.now() + this.#wallAheadMs });
    world.after(lostAtMs - takenAtMs, () => this.#lose({ backup, takenAtMs, backInMs: backAtMs - lostAtMs }));
  }

  #lose({ backup, takenAtMs, backInMs }: { backup: MachineBackup; takenAtMs: number; backInMs: number }): void {
    const lostAtMs = this.#parts.clock.monotonic();
    this.crashes.push({ atMs: lostAtMs, who: 'power', at: 'the machine is lost' });
    for (const { life } of Object.values(this.#seats)) if (life) this.#end(life);
    // To whoever goes on from the backup it is as if nobody had been there since.
    this.troubles.push({ what: 'alarm-down', fromMs: takenAtMs, toMs: lostAtMs });
    this.#begin('alarm-down');
    this.#parts.disk.putBack(backup.files);
    this.historian.putBack(backup.memory);
    this.#goDark(backInMs);
  }

  async #openDesk(life: ProcessLife): Promise<void> {
    const { disk, store } = this.#parts;
    const desk = await openDesk({
      ...{ disk: disk.open(life), stateDisk: disk.open(life), clock: life.clock, log: this.#log('desk') },
      metrics: createMetrics(),
      fail: (error) => this.#exit(life, error),
      durableHead: () => this.alarm?.journal.headSequence,
      ...{
        lookEveryMs: neverMs,
        snapshotAfterBytes: 60_000,
        sayEveryMs: 5 * 60_000,
        checkpointEveryMs: keepStateEveryMs,
      },
    });
    if (life.isOver) return;
    this.#seats.desk.process = desk;
    desk.project(store(life));
    await this.#keepBeside(life, desk);
    await desk.duty.follower.caughtUp;
    if (!life.isOver) this.#over('desk-down');
  }

  async #keepBeside(life: ProcessLife, desk: Desk): Promise<void> {
    const { seed, disk, receiver } = this.#parts;
    if (!receiver) return;
    const beside = await keepBeside({
      ...{ desk, disk: disk.open(life), clock: life.clock, log: this.#log('desk'), metrics: createMetrics() },
      chance: chanceOf(seed, `desk ${this.#seats.desk.starts}`),
      post: receiver(life),
      durableHead: () => this.alarm?.journal.headSequence,
      send: (command) => this.send(command),
      fail: (error) => this.#exit(life, error),
    });
    this.#beside = life.isOver ? undefined : beside;
  }

  /** The process ends by itself, because only a new start can help. */
  #exit(life: ProcessLife, error: unknown): void {
    if (life.isOver) return;
    this.#complainOfEnd(life.name, error);
    this.#end(life);
    this.#startAgain(life);
  }

  #arm(crash: Crash): void {
    const name = crash.who === 'desk' ? 'desk' : 'alarm';
    const seat = this.#seats[name];
    seat.armed = crash;
    seat.life?.arm(crash.calls);
  }

  #strike(name: Name, at: string): void {
    const seat = this.#seats[name];
    const { life, armed } = seat;
    if (!life || !armed) return;
    seat.armed = undefined;
    this.crashes.push({ atMs: this.#parts.clock.monotonic(), who: armed.who, at });
    const other = this.#seats[name === 'alarm' ? 'desk' : 'alarm'].life;
    this.#end(life);
    if (armed.who === 'power') this.#losePower(other, armed.darkMs);
    else {
      this.#startAgain(life);
      if (armed.who === 'both' && other) {
        this.#end(other);
        this.#startAgain(other);
      }
    }
  }

  #losePower(other: ProcessLife | undefined, darkMs = momentMs): void {
    if (other) this.#end(other);
    this.#parts.disk.powerCut();
    this.#goDark(darkMs);
  }

  #goDark(forMs: number): void {
    this.#darknesses += 1;
    this.#parts.clock.after(forMs, () => {
      this.#darknesses -= 1;
      this.#start('alarm');
    });
  }

  #end(life: ProcessLife): void {
    const seat = this.#seats[life.name];
    life.end();
    seat.life = undefined;
    seat.process = undefined;
    this.#begin(life.name === 'alarm' ? 'alarm-down' : 'desk-down');
  }

  /** As the supervisor does: at once after a long life, with a growing pause after short ones. */
  #startAgain({ name, startedAtMs }: ProcessLife): void {
    const seat = this.#seats[name];
    const { clock } = this.#parts;
    const isCalm = clock.monotonic() - startedAtMs > 30_000;
    seat.pauseMs = isCalm ? 100 : Math.min(5_000, seat.pauseMs * 2);
    clock.after(seat.pauseMs, () => this.#start(name));
  }

  /** The operator puts another release in place. */
  async #change(to: keyof typeof releases, inGoodOrder: boolean): Promise<void> {
    this.#isStopping = true;
    const lives = Object.values(this.#seats).map(({ life }) => life);
    const { alarm, desk, beside } = this;
    if (inGoodOrder) {
      const { promise: patience, resolve } = Promise.withResolvers<void>();
      this.#parts.clock.after(stopPatienceMs, resolve);
      const ending = Promise.all([alarm?.close(), beside?.stop().then(() => desk?.stop()) ?? desk?.stop()]).catch(
        (error) => this.#complainOfEnd('alarm', error),
      );
      await Promise.race([patience, ending]);
    }
    for (const life of lives) if (life && !life.isOver) this.#end(life);
    this.#release = to;
    this.#parts.clock.after(installMs, () => {
      this.#isStopping = false;
      this.#start('alarm');
    });
  }

  #isPokeDue = false;
  /** Desk looks often; here it is told that a look is worth it. */
  #pokeDeskSoon(): void {
    if (this.#isPokeDue || !this.desk) return;
    this.#isPokeDue = true;
    this.#parts.clock.after(deskLooksAfterMs, () => {
      this.#isPokeDue = false;
      this.desk?.reader.poke();
      // As the page tells the alarm process, once a second, what its followers still need.
      this.alarm?.followersAt({ ...this.desk?.positions(), ...this.beside?.positions() });
    });
  }

  #begin(what: Trouble['what']): void {
    const isOpen = this.troubles.some((trouble) => trouble.what === what && trouble.toMs === Infinity);
    if (!isOpen) this.troubles.push({ what, fromMs: this.#parts.clock.monotonic(), toMs: Infinity });
  }
  #over(what: Trouble['what']): void {
    const at = this.troubles.findIndex((trouble) => trouble.what === what && trouble.toMs === Infinity);
    const open = this.troubles[at];
    if (open) this.troubles[at] = { ...open, toMs: this.#parts.clock.monotonic() };
  }

  #log(process: Name): Log {
    const error = (fields: object, message: string) => this.#complain(process, `${message} ${textOf(fields)}`);
    return { ...silentLog, error, child: () => this.#log(process) };
  }
  #complainOfEnd(process: Name, error: unknown): void {
    this.#complain(process, `the process ends: ${error instanceof Error ? error.message : String(error)}`);
  }
  #complain(process: Name, message: string): void {
    if (this.complaints.length < mostComplaints)
      this.complaints.push({ atMs: this.#parts.clock.monotonic(), process, message });
  }
}

type Name = 'alarm' | 'desk';
/** Where one of the two processes runs, or will again. */
type Seat<Process> = {
  life: ProcessLife | undefined;
  process: Process | undefined;
  armed: Crash | undefined;
  starts: number;
  pauseMs: number;
};

function newSeat<Process>(): Seat<Process> {
  return { life: undefined, process: undefined, armed: undefined, starts: 0, pauseMs: 100 };
}

function textOf(fields: object): string {
  return JSON.stringify(fields, (_, value) => (value instanceof Error ? `${value.name}: ${value.message}` : value));
}

/** What a process that is no more still says to devices, none of them hears. */
function whileAlive({ hears, send }: DownlinkPort, life: ProcessLife): DownlinkPort {
  return {
    hears: (...asked) => !life.isOver && hears(...asked),
    send: (...said) => !life.isOver && send(...said),
  };
}

/** Small, so that two days fill segments, meet the budgets and use up the reserve. */
const smallJournal = {
  segmentBytes: 64 * 1024,
  keepBytes: 256 * 1024,
  budgetBytes: 8 * 1024 * 1024,
  reserveBytes: 48 * 1024,
  floorBytes: 64 * 1024,
  lookEveryMs: 60_000,
};
/** Where a database is put back, all of the journal is kept: only then can the copy be whole again. */
const wholeJournal = { ...smallJournal, keepBytes: smallJournal.budgetBytes };
/** Of the world's sparse days: a few records between two saves. */
const keepStateEveryMs = 5 * 60_000;
const deskWaitsMs = 4_000;
const deskLooksAfterMs = 2_000;
const momentMs = 90_000;
const installMs = 20_000;
const stopPatienceMs = 15_000;
const neverMs = 10 ** 12;
const mostComplaints = 1_000;
/** Twelve homes, however often everything happens at once. */
const mostNotices = 500;
