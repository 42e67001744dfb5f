import type { Clock } from '../platform/clock.ts';
import type { Disk } from '../platform/disk.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Chance } from '../platform/random.ts';
import { JOURNAL_FOLDER } from './segments.ts';

/** `inUse`: the disk is (nearly) full, and telemetry is refused so that the rest can be kept. */
export type ReserveState = { inUse: boolean; freeBytes: number };
export type ReserveLimits = {
  /** Written ahead, and given up when the disk is full. */
  reserveBytes: number;
  /** With less than this free, telemetry is refused before the disk is full. */
  floorBytes: number;
  /** How often to look at the disk while there is plenty of room. No more than a floor may be written in between. */
  lookEveryMs: number;
};

type Options = {
  disk: Disk;
  clock: Clock;
  chance: Chance;
  log: Log;
  metrics?: Metrics | undefined;
  limits: ReserveLimits;
  /** Passed up what nobody can go on from: the disk itself failed. */
  failed: (error: unknown) => void;
};

/**
 * Room for what must be kept when the disk is full: a file written ahead, which is removed to make room, and written again when
 * there is room for it and the floor. It looks at the disk, seldom while there is plenty of room, and says when it begins and ceases
 * to be needed.
 */
export class Reserve {
  readonly #options: Options;
  readonly #listeners = new Set<(state: ReserveState) => void>();
  #state: ReserveState;
  #heldBytes = 0;
  #filling: Promise<void> = Promise.resolve();
  #givenUp = false;
  /** Undefined while a look is under way. */
  #cancelLook: (() => void) | undefined;
  #closed = false;

  static async open(options: Options): Promise<Reserve> {
    const freeBytes = await options.disk.freeBytes(JOURNAL_FOLDER);
    const reserve = new Reserve(options, { inUse: false, freeBytes });
    reserve.#change({ inUse: freeBytes < options.limits.floorBytes, freeBytes });
    reserve.#heldBytes = (await options.disk.size(FILE)) ?? 0;
    reserve.#lookIn(0);
    return reserve;
  }

  private constructor(options: Options, state: ReserveState) {
    this.#options = options;
    this.#state = state;
  }

  get state(): ReserveState {
    return this.#state;
  }

  onChange(listener: (state: ReserveState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A write found the disk full. Gives up the reserve; answers whether that made room. */
  async giveUp(): Promise<boolean> {
    this.#givenUp = true;
    await this.#filling;
    this.#givenUp = false;
    const made = this.#heldBytes > 0;
    this.#heldBytes = 0;
    await this.#options.disk.remove(FILE);
    this.#change({ inUse: true, freeBytes: await this.#options.disk.freeBytes(JOURNAL_FOLDER) }, made);
    // There was plenty of room when it looked last, perhaps, and the next look would be far away.
    if (this.#cancelLook) this.#lookIn(LOOK_CLOSELY_MS);
    return made;
  }

  close(): void {
    this.#closed = true;
    this.#cancelLook?.();
  }

  async #look(): Promise<void> {
    const { disk, limits } = this.#options;
    const freeBytes = await disk.freeBytes(JOURNAL_FOLDER);
    // A quarter above the floor, so that a disk at its edge does not open and close with every file that comes and goes.
    const enough = limits.floorBytes * 1.25;
    const missing = limits.reserveBytes - this.#heldBytes;
    if (missing > 0 && freeBytes >= enough + missing) {
      this.#filling = this.#fill();
      await this.#filling;
    }
    const whole = this.#heldBytes >= limits.reserveBytes;
    const inUse = this.#state.inUse ? !whole || freeBytes < enough : freeBytes < limits.floorBytes;
    this.#change({ inUse, freeBytes });
  }

  /** Piece by piece, so that groups of records are written in between. Chance, because some disks keep zeros as nothing. */
  async #fill(): Promise<void> {
    const { disk, chance, limits } = this.#options;
    const file = await disk.openAppend(FILE);
    this.#heldBytes = file.bytes;
    while (!this.#closed && !this.#givenUp && file.bytes < limits.reserveBytes) {
      const piece = chance.bytes(Math.min(PIECE_BYTES, limits.reserveBytes - file.bytes));
      if ((await file.append([piece])) === 'full') break;
      this.#heldBytes = file.bytes;
    }
    await file.close();
  }

  /** `gaveUp`: the reserve itself is being used up now, which is said although it was said before that room is short. */
  #change(state: ReserveState, gaveUp = false): void {
    const changed = state.inUse !== this.#state.inUse;
    this.#state = state;
    this.#options.metrics?.journalFreeBytes.set(state.freeBytes);
    this.#options.metrics?.journalReserveInUse.set(Number(state.inUse));
    if (!changed && !gaveUp) return;
    if (gaveUp) this.#options.log.error(state, 'the disk is full: the reserve is given up for what must be kept');
    else if (state.inUse)
      this.#options.log.error(state, 'the disk is nearly full: telemetry is refused until there is room');
    else this.#options.log.info(state, 'there is room on the disk again');
    for (const listener of this.#listeners) listener(state);
  }

  #lookIn(delayMs: number): void {
    if (this.#closed) return;
    this.#cancelLook?.();
    this.#cancelLook = this.#options.clock.after(delayMs, () => {
      this.#cancelLook = undefined;
      this.#look().then(
        () => this.#lookIn(this.#hasPlenty() ? this.#options.limits.lookEveryMs : LOOK_CLOSELY_MS),
        (error) => !this.#closed && this.#options.failed(error),
      );
    });
  }

  /**
   * The journal writes at most 20 MB/s, 200 MB between two looks 10 s apart: less than the floor of 256 MB that then still lies
   * between what is free and "nearly full". Between two close looks it writes less than the reserve. Whoever else fills the disk
   * faster than that is found out by the write that fails, for which the reserve is there.
   */
  #hasPlenty(): boolean {
    return !this.#state.inUse && this.#state.freeBytes > 2 * this.#options.limits.floorBytes;
  }
}

const FILE = `${JOURNAL_FOLDER}/reserve`;
const PIECE_BYTES = 1024 * 1024;
const LOOK_CLOSELY_MS = 1_000;
