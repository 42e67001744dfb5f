import type { Clock } from '../platform/clock.ts';
import type { AppendFile, Disk, Kept } from '../platform/disk.ts';
import { silentLog } from '../platform/log.ts';
import type { Chance } from '../platform/random.ts';
import { type Journal, type JournalOptions, openJournal } from './journal.ts';

/** A clock that moves only when a test says so; the wall can be stepped apart from it. */
export function testClock(start = Date.UTC(2026, 10, 3)) {
  const timers = new Set<{ at: number; run: () => void }>();
  let wall = start;
  let monotonic = 0;
  return {
    now: () => wall,
    monotonic: () => monotonic,
    after(delayMs, run) {
      const timer = { at: monotonic + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    turn: () => new Promise<void>((resolve) => setImmediate(resolve)),
    stepWall(byMs: number) {
      wall += byMs;
    },
    /** In small steps, with the event loop turning in between, as time does. */
    async pass(ms: number, everyMs = 50) {
      for (const end = monotonic + ms; monotonic < end; ) {
        const step = Math.min(everyMs, end - monotonic);
        monotonic += step;
        wall += step;
        for (const timer of [...timers]) if (timer.at <= monotonic && timers.delete(timer)) timer.run();
        await settled();
      }
    },
  } satisfies Clock & Record<string, unknown>;
}

/** A disk in memory that can be full, hang, fail, tear, and forget what was not synced. */
export class TestDisk implements Disk {
  readonly files = new Map<string, Uint8Array>();
  /** Bytes that may still be written. */
  room = Number.POSITIVE_INFINITY;
  free = 100_000_000_000;
  failsNextSync = false;
  /** What is being written and not yet synced: after a crash it may be there, in part, or not at all. */
  unsynced: { name: string; bytes: Uint8Array } | undefined;
  #released: PromiseWithResolvers<void> | undefined;

  hang(): void {
    this.#released = Promise.withResolvers<void>();
  }
  release(): void {
    this.#released?.resolve();
    this.#released = undefined;
  }
  /** The disk as another process finds it after this one was killed; `kept` bytes of what was not synced arrived. */
  afterCrash(kept = 0): TestDisk {
    const disk = new TestDisk();
    for (const [name, bytes] of this.files) disk.files.set(name, bytes.slice());
    if (this.unsynced) disk.#put(this.unsynced.name, this.unsynced.bytes.subarray(0, kept));
    return disk;
  }
  bytesOf(name: string): Uint8Array {
    return this.files.get(name) ?? new Uint8Array();
  }
  flip(name: string, at: number): void {
    const bytes = this.bytesOf(name).slice();
    bytes[at] = (bytes[at] ?? 0) ^ 0x40;
    this.files.set(name, bytes);
  }

  async list(folder: string) {
    const inside = [...this.files].filter(([name]) => name.startsWith(`${folder}/`));
    return inside.map(([name, { length }]) => ({ name: name.slice(folder.length + 1), bytes: length }));
  }
  async size(name: string) {
    return this.files.get(name)?.length;
  }
  async read(name: string, from: number, bytes: number) {
    if (!this.files.has(name)) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return this.bytesOf(name).slice(from, from + bytes);
  }
  async openAppend(name: string): Promise<AppendFile> {
    if (!this.files.has(name)) this.files.set(name, new Uint8Array());
    const disk = this;
    return {
      get bytes() {
        return disk.bytesOf(name).length;
      },
      append: (chunks) => disk.#append(name, Buffer.concat(chunks)),
      repeat: async () => {},
      truncate: async (bytes) => void disk.files.set(name, disk.bytesOf(name).slice(0, bytes)),
      close: async () => {},
    };
  }
  async writeWhole(name: string, bytes: Uint8Array): Promise<Kept> {
    if (!this.#takeRoom(bytes)) return 'full';
    this.files.set(name, bytes.slice());
    return 'kept';
  }
  async rename(from: string, to: string) {
    this.files.set(to, this.bytesOf(from));
    this.files.delete(from);
  }
  async remove(name: string) {
    this.room += this.bytesOf(name).length;
    this.files.delete(name);
  }
  async freeBytes() {
    return Math.min(this.free, this.room);
  }
  async close() {}

  async #append(name: string, bytes: Uint8Array): Promise<Kept> {
    if (!this.#takeRoom(bytes)) return 'full';
    this.unsynced = { name, bytes };
    await this.#released?.promise;
    if (this.failsNextSync) throw new Error('EIO: the sync failed');
    this.unsynced = undefined;
    this.#put(name, bytes);
    return 'kept';
  }
  #put(name: string, bytes: Uint8Array): void {
    this.files.set(name, new Uint8Array(Buffer.concat([this.bytesOf(name), bytes])));
  }
  #takeRoom(bytes: Uint8Array): boolean {
    if (bytes.length > this.room) return false;
    this.room -= bytes.length;
    return true;
  }
}

/** The bytes of a seed: the same in every run. */
export function testChance(seed = 1): Chance {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32;
  };
  return { fraction: next, bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(next() * 256)) };
}

export function openTestJournal(options: Partial<JournalOptions> & { disk: Disk }): Promise<Journal> {
  return openJournal({
    clock: testClock(),
    log: silentLog,
    chance: testChance(),
    clockStepBody: (byMs) => text(`clock-step ${byMs}`),
    ...options,
    limits: { reserveBytes: 0, floorBytes: 0, ...options.limits },
  });
}

export const text = (words: string) => new TextEncoder().encode(words);
export const wordsOf = (records: { body: Uint8Array }[]) => records.map(({ body }) => Buffer.from(body).toString());

/** Everything that a journal keeps, read as a follower reads it. */
export async function everything(
  source: Pick<Journal, 'firstSequence' | 'headSequence' | 'readBatch'>,
  from = source.firstSequence,
) {
  const records = [];
  for (let next = from; next <= source.headSequence; ) {
    const batch = await source.readBatch(next, { maxRecords: 7, maxBytes: 10_000 });
    records.push(...batch);
    next += batch.length;
  }
  return records;
}

/** Lets promises and immediates that are due run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
