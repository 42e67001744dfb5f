import type { AppendFile, Disk, Kept } from '../platform/disk.ts';
import { positionUnknown } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { appendChanges, type Change, type ChangesRead, isReadable, readChanges } from './change-file.ts';
import { decodeFileHeader, encodeFileHeader, FILE_HEADER_BYTES, type FileKind } from './frame.ts';
import { formatPosition } from './position.ts';

export type CheckpointOptions = {
  disk: Disk;
  /** Of the follower; also its folder below `checkpoints/`. */
  name: string;
  journalId: string;
  log: Log;
  /** A new snapshot is due when the changes since the last take more than this, and more than it does. */
  minChangeBytes?: number | undefined;
};

/**
 * A follower's state with its position, as a snapshot and the changes since. Generation n is `n.snapshot` and `n.changes`; a
 * snapshot is taken slowly, while changes go on into its own file, so it is valid only with these up to the first save after its
 * end. The two newest snapshots are kept. Files belong to one journal.
 */
export class Checkpoint {
  readonly #options: CheckpointOptions;
  readonly #folder: string;
  /** Snapshots that can be loaded, newest first, each with the sequence that was saved when it began. */
  #kept: { generation: number; base: number }[] = [];
  #generation = 0;
  #changes: AppendFile | undefined;
  #sequence = 0;
  #changeBytes = 0;
  #snapshotBytes = 0;
  #slicing: Promise<void> | undefined;
  #closed = false;
  #sliced: Sliced | undefined;
  /** What could not be saved because the disk was full or failed, by table and key. */
  #held = new Map<string, Change>();
  /** Where the changes end that were kept, while more are written, and when the disk failed at that. */
  #cutTo: number | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: CheckpointOptions) {
    this.#options = options;
    this.#folder = `checkpoints/${options.name}`;
  }

  /** The sequence that the journal must be kept from, so that the older snapshot is of use when the newer is damaged. */
  get reachesBackTo(): number {
    return this.#kept[1]?.base ?? 0;
  }

  /**
   * Gives every change that leads to the newest state that can be trusted, and answers its sequence; 0 when there is none. Once,
   * before anything else.
   * Errors: POSITION_UNKNOWN when the state is of another journal.
   */
  async load(apply: (change: Change) => void): Promise<number> {
    const { disk, log } = this.#options;
    const files = await disk.list(this.#folder);
    const found = { snapshots: generationsOf(files, 'snapshot').reverse(), changes: generationsOf(files, 'changes') };
    for (const generation of [...found.snapshots, 0]) {
      const state = await this.#assemble(generation, found.changes);
      if (state) {
        await this.#goOnFrom(state, found);
        for (const file of state.files) for (const change of file.changes) apply(change);
        return this.#sequence;
      }
      log.error({ follower: this.#options.name, generation }, 'a snapshot is damaged: trying the one before it');
    }
    return 0;
  }

  /** As `load`, and leaves every file as it is: for whoever looks while the follower works. Errors: as `load`. */
  async peek(apply: (change: Change) => void): Promise<number> {
    const files = await this.#options.disk.list(this.#folder);
    const changes = generationsOf(files, 'changes');
    for (const generation of [...generationsOf(files, 'snapshot').reverse(), 0]) {
      const state = await this.#assemble(generation, changes);
      if (!state) continue;
      for (const file of state.files) for (const change of file.changes) apply(change);
      return state.sequence;
    }
    return 0;
  }

  /**
   * Keeps what changed up to `sequence`; nothing of it counts before all of it is on disk. On a full disk it is held, and kept
   * with the next save. Saves wait for each other, so a follower need not wait for them. Nothing is written before `allowed`: state
   * must not reach beyond what its journal has for certain.
   */
  save(sequence: number, changes: readonly Change[], allowed?: Promise<void>): Promise<Kept> {
    // What was sliced by now is covered by this save; a snapshot that ends while it is written is covered by the next.
    const sliced = this.#sliced;
    return this.#inTurn(async () => {
      await allowed;
      const kept = await this.#append(sequence, changes);
      if (kept === 'kept' && sliced && sliced === this.#sliced) await this.#finishSnapshot(sliced);
      return kept;
    });
  }

  /**
   * Begins a snapshot when one is due, and resolves when the state is in it; the save that is asked for after that makes it
   * whole. `entries` is the live state: it is read in slices between which the event loop turns and changes come and go;
   * whatever changes must also come through `save`.
   */
  async snapshotIfDue(entries: () => Iterable<Change>): Promise<void> {
    const dueBytes = Math.max(this.#options.minChangeBytes ?? MIN_CHANGE_BYTES, this.#snapshotBytes);
    if (this.#closed || this.#slicing || this.#sliced || this.#changeBytes < dueBytes) return;
    this.#slicing = this.#slice(entries).finally(() => {
      this.#slicing = undefined;
    });
    await this.#slicing;
  }

  /** After the saves under way; a snapshot under way is given up. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([this.#slicing, this.#queue]);
    await this.#changes?.close();
    await this.#sliced?.file.close();
  }

  /** The state of a snapshot and all changes after it; `undefined` when they do not reach to where it is whole. */
  async #assemble(generation: number, changeFiles: number[]): Promise<State | undefined> {
    const files: ChangesRead[] = [];
    let needs = 0;
    let sequence = 0;
    if (generation > 0) {
      const snapshot = await this.#read(generation, 'snapshot');
      if (!snapshot?.clean) return undefined;
      files.push(snapshot);
      needs = snapshot.sequence;
      sequence = snapshot.base;
    }
    let last: State['last'];
    for (let next = Math.max(1, generation); changeFiles.includes(next); next++) {
      const read = await this.#read(next, 'changes');
      if (read?.base !== sequence) break;
      files.push(read);
      sequence = read.sequence;
      last = { generation: next, end: read.end };
      if (!read.clean) break;
    }
    return sequence < needs ? undefined : { generation, files, sequence, last };
  }

  async #read(generation: number, kind: FileKind): Promise<ChangesRead | undefined> {
    const { disk, journalId, name } = this.#options;
    const read = await readChanges({ disk, name: this.#file(generation, kind), kind });
    if (!read || read.journalId === journalId) return read;
    throw positionUnknown({}, formatPosition(read.journalId, read.sequence), `${name} has state of another journal`);
  }

  /** Removes what is of no use with the state that was chosen, and opens its changes for more. */
  async #goOnFrom(state: State, found: { snapshots: number[]; changes: number[] }): Promise<void> {
    const { disk } = this.#options;
    const lastGeneration = state.last?.generation ?? 0;
    for (const { name } of await disk.list(this.#folder)) {
      if (name.endsWith('.part')) await disk.remove(`${this.#folder}/${name}`);
    }
    for (const generation of found.snapshots) {
      if (generation > state.generation) await disk.remove(this.#file(generation, 'snapshot'));
      else await this.#noteSnapshot(generation);
    }
    for (const generation of found.changes) {
      if (generation > lastGeneration) await disk.remove(this.#file(generation, 'changes'));
    }
    this.#sequence = state.sequence;
    this.#generation = Math.max(lastGeneration, state.generation);
    this.#snapshotBytes = (await disk.size(this.#file(state.generation, 'snapshot'))) ?? 0;
    if (!state.last) return;
    this.#changes = await disk.openAppend(this.#file(lastGeneration, 'changes'));
    if (this.#changes.bytes > state.last.end) await this.#changes.truncate(state.last.end);
    const changeFiles = state.generation > 0 ? state.files.slice(1) : state.files;
    this.#changeBytes = changeFiles.reduce((sum, { end }) => sum + end, 0);
  }

  async #noteSnapshot(generation: number): Promise<void> {
    const bytes = await this.#options.disk.read(this.#file(generation, 'snapshot'), 0, FILE_HEADER_BYTES);
    const header = decodeFileHeader('snapshot', bytes);
    if (header) this.#kept.push({ generation, base: header.firstSequence });
  }

  async #append(sequence: number, changes: readonly Change[]): Promise<Kept> {
    try {
      const isFirst = this.#held.size === 0;
      const all = isFirst ? changes : [...this.#held.values(), ...changes];
      if ((await this.#appendWhole(sequence, all)) === 'kept') return 'kept';
      if (isFirst)
        this.#options.log.error({ follower: this.#options.name }, 'the disk is full: state is held in memory');
    } catch (error) {
      this.#hold(changes);
      throw error;
    }
    this.#hold(changes);
    return 'full';
  }

  #hold(changes: readonly Change[]): void {
    for (const change of changes) {
      const path = `${change.table}\n${change.key}`;
      const before = this.#held.get(path);
      if (change.isLast) this.#held.delete(path);
      this.#held.set(path, before?.isLast ? { ...change, isLast: true } : change);
    }
  }

  async #appendWhole(sequence: number, changes: readonly Change[]): Promise<Kept> {
    if (!this.#changes && (await this.#beginGeneration()) === 'full') return 'full';
    await this.#cut();
    const file = this.#changes;
    if (!file) throw new Error('a generation has no file of changes');
    const before = file.bytes;
    this.#cutTo = before;
    const { journalId } = this.#options;
    if ((await appendChanges(file, { journalId, sequence, isWhole: true }, changes)) === 'full') {
      await this.#cut();
      return 'full';
    }
    this.#cutTo = undefined;
    this.#held.clear();
    this.#sequence = sequence;
    this.#changeBytes += file.bytes - before;
    return 'kept';
  }

  /** What was begun behind the last piece that was kept has no end, or nobody knows whether it has: nothing may follow it. */
  async #cut(): Promise<void> {
    if (this.#cutTo === undefined) return;
    await this.#changes?.truncate(this.#cutTo);
    this.#cutTo = undefined;
  }

  async #beginGeneration(): Promise<Kept> {
    const { disk } = this.#options;
    await this.#cut();
    const name = this.#file(this.#generation + 1, 'changes');
    if ((await disk.writeWhole(name, this.#header('changes', this.#sequence))) === 'full') return 'full';
    await this.#changes?.close();
    this.#changes = await disk.openAppend(name);
    this.#generation += 1;
    this.#changeBytes = 0;
    return 'kept';
  }

  async #slice(entries: () => Iterable<Change>): Promise<void> {
    const { disk, journalId } = this.#options;
    // Its own file of changes comes first, so that no change is in neither.
    const begun = await this.#inTurn(async () => {
      if ((await this.#beginGeneration()) === 'full') return undefined;
      return { generation: this.#generation, base: this.#sequence };
    });
    if (!begun) return;
    const file = await disk.openAppend(`${this.#file(begun.generation, 'snapshot')}.part`);
    const sliced = { ...begun, file };
    const end = { journalId, sequence: begun.base, isWhole: false };
    const isInside =
      (await file.append([this.#header('snapshot', begun.base)])) === 'kept' &&
      (await appendChanges(file, end, entries(), () => this.#closed)) === 'kept';
    if (isInside) this.#sliced = sliced;
    else await this.#abandon(sliced);
  }

  /** The changes now reach beyond the end of slicing: the snapshot gets its end and its name, and the third newest goes. */
  async #finishSnapshot(sliced: Sliced): Promise<void> {
    const { disk, journalId, log, name: follower } = this.#options;
    const { generation, base, file } = sliced;
    this.#sliced = undefined;
    const name = this.#file(generation, 'snapshot');
    const kept = await appendChanges(file, { journalId, sequence: this.#sequence, isWhole: true }, []);
    if (kept === 'full' || !(await isReadable(disk, `${name}.part`, journalId))) return this.#abandon(sliced);
    await file.close();
    await disk.rename(`${name}.part`, name);
    this.#snapshotBytes = file.bytes;
    this.#kept = [{ generation, base }, ...this.#kept].slice(0, 2);
    log.debug({ follower, generation, bytes: file.bytes, sequence: this.#sequence }, 'a snapshot is whole');
    const oldest = this.#kept.length === 2 ? (this.#kept[1]?.generation ?? 0) : 0;
    for (const { name } of await disk.list(this.#folder)) {
      if (Number.parseInt(name, 10) < oldest) await disk.remove(`${this.#folder}/${name}`);
    }
  }

  /** The changes of this generation go on without their snapshot, and the next attempt waits for as many again. */
  async #abandon({ file, generation }: Sliced): Promise<void> {
    const { disk, log, name } = this.#options;
    // One that is cut off by the end of the process is no trouble.
    if (!this.#closed)
      log.error({ follower: name, generation }, 'a snapshot could not be written whole: the one before is kept');
    await file.close();
    await disk.remove(`${this.#file(generation, 'snapshot')}.part`);
  }

  #header(kind: FileKind, base: number): Uint8Array {
    return encodeFileHeader(kind, { journalId: this.#options.journalId, firstSequence: base, begunAt: 0 });
  }

  #file(generation: number, kind: FileKind): string {
    return `${this.#folder}/${String(generation).padStart(8, '0')}.${kind}`;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }
}

type Sliced = { generation: number; base: number; file: AppendFile };
type State = {
  generation: number;
  files: ChangesRead[];
  sequence: number;
  last: { generation: number; end: number } | undefined;
};

function generationsOf(files: { name: string }[], kind: FileKind): number[] {
  const names = files.map(({ name }) => name).filter((name) => name.endsWith(`.${kind}`));
  return names.map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);
}

const MIN_CHANGE_BYTES = 4 * 1024 * 1024;
