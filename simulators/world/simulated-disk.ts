import type { Clock } from '../../platform/clock.ts';
import type { AppendFile, Disk, Kept } from '../../platform/disk.ts';
import type { Chance } from '../../platform/random.ts';
import { between, chanceOf } from '../seeded-chance.ts';
import { type FaultPlan, noFaults, type Window, windowAt } from './faults.ts';
import { beginningOf, SimulatedFile } from './simulated-file.ts';
import { SimulatedNames } from './simulated-names.ts';

type DiskFaults = FaultPlan['disk'];

/**
 * One life of a process. `onCall` hears of each operation as it begins, and may end the life there. From its end on nothing
 * that it asked for has an effect, and nothing is answered.
 */
export type DiskUser = {
  readonly clock: Clock;
  readonly onCall?: (what: string) => void;
  whenOver?(run: () => void): void;
};

/**
 * A disk in memory, on which what was synced is safe, and everything else may go wrong as the faults say. Processes come and
 * go, several at a time, on the same files. Windows of faults count from 0 on the monotonic clock of the processes.
 */
export class SimulatedDisk {
  readonly #chance: Chance;
  readonly #callers = new Set<Caller>();
  /** By folder of checkpoints, the snapshot that was damaged last. */
  #damaged = new Map<string, string>();
  readonly #listeners: ((name: string) => void)[] = [];
  #names = new SimulatedNames();
  #faults: DiskFaults;
  /** The window of little room that was seen last, and how many bytes all files may have in it. */
  #tight: { window: Window; bytes: number } | undefined;

  /** What `faults` does not name does not go wrong; by default nothing does, and nothing takes time. */
  constructor({ chance = chanceOf(0, 'disk'), faults = {} }: { chance?: Chance; faults?: Partial<DiskFaults> } = {}) {
    this.#chance = chance;
    this.#faults = { ...noFaults(0).disk, opMs: [0, 0], ...faults };
  }

  /** For one life of a process; what it is struck at is left as a process leaves it that dies in the middle. */
  open(life: DiskUser): Disk {
    const caller = new Caller(life);
    this.#callers.add(caller);
    life.whenOver?.(() => {
      this.#callers.delete(caller);
      caller.end();
    });
    return this.#diskOf(caller);
  }

  /** Calls the listener with the name of each file that appears, or whose bytes change, as processes see it. */
  onWritten(listener: (name: string) => void): void {
    this.#listeners.push(listener);
  }

  /** Nobody who has the disk open goes on. What was not synced is lost, or torn. */
  powerCut(): void {
    for (const caller of this.#callers) caller.end();
    this.#callers.clear();
    this.#names.cutPower(this.#chance, this.#faults);
  }

  /**
   * By chance, in each folder of checkpoints: a byte of the newest snapshot is another. Never of both that are kept: there is an
   * older one, which is not damaged, and the newest came after the last that was. Answers which.
   */
  damageNewestSnapshot(): string[] {
    const folders = new Map<string, string[]>();
    for (const [name] of this.#names.entries()) {
      const folder = /^(checkpoints\/.+)\/\d+\.snapshot$/.exec(name)?.[1];
      if (folder) folders.set(folder, [...(folders.get(folder) ?? []), name]);
    }
    return [...folders].flatMap(([folder, snapshots]) => {
      const [newest = '', older] = snapshots.sort().reverse();
      const damaged = this.#damaged.get(folder) ?? '';
      const isSafe = older !== undefined && older !== damaged && newest > damaged;
      if (!isSafe || this.#chance.fraction() >= this.#faults.damagedSnapshotChance) return [];
      const file = this.#fileOf(newest);
      file.flip(Math.floor(this.#chance.fraction() * file.length));
      this.#damaged.set(folder, newest);
      return [newest];
    });
  }

  /** From now on nothing goes wrong, and operations take their usual time. */
  heal(): void {
    this.#faults = noFaults(0).disk;
  }

  /** The files as processes see them, all of it durable, on a disk without faults. */
  copy({ without = () => false }: { without?: (name: string) => boolean } = {}): SimulatedDisk {
    const disk = new SimulatedDisk();
    disk.#names = this.#names.copy(without);
    disk.#damaged = new Map(this.#damaged);
    return disk;
  }

  /** From now on its files are those of the other disk, which nobody uses any more. Whoever had it open does not go on. */
  putBack(other: SimulatedDisk): void {
    for (const caller of this.#callers) caller.end();
    this.#callers.clear();
    this.#names = other.#names;
    this.#damaged = other.#damaged;
    this.#tight = undefined;
  }

  #diskOf(caller: Caller): Disk {
    const names = this.#names;
    return {
      list: (folder) => caller.inTurn(`list ${folder}`, () => this.#list(folder)),
      size: (name) => caller.inTurn(`size ${name}`, () => names.get(name)?.length),
      read: (name, from, bytes) => caller.inTurn(`read ${name}`, () => this.#fileOf(name).read(from, bytes)),
      openAppend: (name) => caller.inTurn(`open ${name}`, () => this.#openAppend(caller, name)),
      writeWhole: (name, bytes) =>
        caller.inTurn(
          `write ${name}`,
          () => this.#writeWhole(caller, name, bytes),
          () => this.#writePartOf(name, bytes),
        ),
      rename: (from, to) =>
        caller.inTurn(
          `rename ${from}`,
          () => this.#rename(caller, from, to),
          () => this.#perhaps(() => this.#move(from, to)),
        ),
      remove: (name) =>
        caller.atOnce(
          `remove ${name}`,
          () => this.#remove(caller, name),
          () => this.#perhaps(() => names.change([name, undefined])),
        ),
      freeBytes: () => caller.atOnce('free bytes', () => this.#freeBytes(caller.nowMs())),
      close: () => caller.inTurn('close', () => caller.close()),
    };
  }

  async #openAppend(caller: Caller, name: string): Promise<AppendFile> {
    const isNew = this.#names.get(name) === undefined;
    if (isNew) {
      this.#names.change([name, new SimulatedFile()]);
      this.#written(name);
    }
    await this.#syncNames(caller);
    return this.#appendFile(caller, name, this.#fileOf(name));
  }

  #appendFile(caller: Caller, name: string, file: SimulatedFile): AppendFile {
    let bytes = file.length;
    const write = (chunk: Uint8Array) => {
      file.write(bytes, chunk);
      this.#written(name);
    };
    const truncate = (to: number) => {
      file.truncate(to);
      this.#written(name);
    };
    return {
      get bytes() {
        return bytes;
      },
      append: (chunks) =>
        caller.inTurn(
          `append ${name}`,
          async (): Promise<Kept> => {
            const chunk = joined(chunks);
            if (chunk.length > this.#freeBytes(caller.nowMs())) return 'full';
            write(chunk);
            await this.#syncFile(caller, file);
            bytes += chunk.length;
            return 'kept';
          },
          () => write(beginningOf(joined(chunks), this.#chance)),
        ),
      repeat: (from) =>
        caller.inTurn(`repeat ${name}`, () => {
          file.rewrite(from);
          return this.#syncFile(caller, file);
        }),
      truncate: (to) =>
        caller.inTurn(
          `truncate ${name}`,
          async () => {
            truncate(to);
            await this.#syncFile(caller, file);
            bytes = to;
          },
          () => this.#perhaps(() => truncate(to)),
        ),
      close: () => caller.inTurn(`close ${name}`, () => {}),
    };
  }

  async #writeWhole(caller: Caller, name: string, bytes: Uint8Array): Promise<Kept> {
    if (bytes.length > this.#freeBytes(caller.nowMs())) return 'full';
    const part = `${name}.part`;
    const file = this.#writePart(part, bytes);
    try {
      await this.#syncFile(caller, file);
    } catch (error) {
      this.#names.change([part, undefined]);
      throw error;
    }
    await this.#rename(caller, part, name);
    return 'kept';
  }

  #writePart(part: string, bytes: Uint8Array): SimulatedFile {
    const file = new SimulatedFile();
    file.write(0, bytes);
    this.#names.change([part, file]);
    this.#written(part);
    return file;
  }

  /** What a struck process leaves: a part of the part, or the whole under its name, which no sync has made durable. */
  #writePartOf(name: string, bytes: Uint8Array): void {
    const part = `${name}.part`;
    if (this.#chance.fraction() < 0.5) {
      this.#writePart(part, beginningOf(bytes, this.#chance));
      return;
    }
    this.#writePart(part, bytes).sync();
    this.#move(part, name);
  }

  async #rename(caller: Caller, from: string, to: string): Promise<void> {
    this.#move(from, to);
    await this.#syncNames(caller);
  }

  #move(from: string, to: string): void {
    this.#names.change([to, this.#fileOf(from)], [from, undefined]);
    this.#written(to);
  }

  async #remove(caller: Caller, name: string): Promise<void> {
    // What the room of a window is measured from has to be known before something is given back.
    this.#freeBytes(caller.nowMs());
    await caller.pass(between(this.#chance, ...this.#faults.opMs));
    this.#names.change([name, undefined]);
  }

  async #syncFile(caller: Caller, file: SimulatedFile): Promise<void> {
    await this.#sync(caller, () => file.failSync());
    file.sync();
  }

  async #syncNames(caller: Caller): Promise<void> {
    await this.#sync(caller);
    this.#names.sync();
  }

  /** Takes its time, and more when the disk hangs. Errors: EIO when the sync fails. */
  async #sync(caller: Caller, fail = () => {}): Promise<void> {
    const nowMs = caller.nowMs();
    const endsAt = nowMs + between(this.#chance, ...this.#faults.opMs);
    await caller.pass((windowAt(this.#faults.hangs, endsAt)?.toMs ?? endsAt) - nowMs);
    if (this.#chance.fraction() >= this.#faults.failedSyncChance) return;
    fail();
    throw failure('EIO', 'the sync failed');
  }

  #freeBytes(nowMs: number): number {
    const window = windowAt(this.#faults.full, nowMs);
    if (!window) return PLENTY_BYTES;
    let usedBytes = 0;
    for (const [, { length }] of this.#names.entries()) usedBytes += length;
    if (window !== this.#tight?.window) this.#tight = { window, bytes: usedBytes + window.roomBytes };
    return Math.max(0, this.#tight.bytes - usedBytes);
  }

  #list(folder: string): { name: string; bytes: number }[] {
    const start = folder.length + 1;
    return [...this.#names.entries()]
      .filter(([name]) => name.startsWith(`${folder}/`) && !name.includes('/', start))
      .map(([name, { length }]) => ({ name: name.slice(start), bytes: length }));
  }

  #fileOf(name: string): SimulatedFile {
    const file = this.#names.get(name);
    if (!file) throw failure('ENOENT', `no file ${name}`);
    return file;
  }

  #perhaps(leave: () => void): void {
    if (this.#chance.fraction() < 0.5) leave();
  }

  #written(name: string): void {
    for (const listener of this.#listeners) listener(name);
  }
}

/** One that calls: its calls are done one after the other, take time of its clock, and end with it. */
class Caller {
  readonly #life: DiskUser;
  #last: Promise<unknown> = Promise.resolve();
  #phase: 'open' | 'closed' | 'over' = 'open';
  /** What is left of the call that is just beginning, when the life ends there. */
  #leave: (() => void) | undefined;

  constructor(life: DiskUser) {
    this.#life = life;
  }

  nowMs(): number {
    return this.#life.clock.monotonic();
  }

  end(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#leave?.();
  }

  close(): void {
    this.#phase = 'closed';
  }

  inTurn<T>(what: string, work: () => T | Promise<T>, leave?: () => void): Promise<T> {
    const done = this.#last.then(() => {
      if (this.#phase === 'closed') throw new Error('the disk is closed');
      return this.atOnce(what, work, leave);
    });
    this.#last = done.catch(() => {});
    return done;
  }

  async atOnce<T>(what: string, work: () => T | Promise<T>, leave?: () => void): Promise<T> {
    if (this.#isOver()) return never();
    this.#leave = leave;
    this.#life.onCall?.(what);
    this.#leave = undefined;
    return this.#isOver() ? never() : work();
  }

  async pass(ms: number): Promise<void> {
    if (ms > 0) await new Promise<void>((resolve) => this.#life.clock.after(ms, resolve));
    if (this.#isOver()) return never();
  }

  #isOver(): boolean {
    return this.#phase === 'over';
  }
}

const never = <T>() => new Promise<T>(() => {});

function joined(chunks: Uint8Array[]): Uint8Array {
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}

/** The room of a disk that is not full. */
const PLENTY_BYTES = 1_000_000_000_000;
