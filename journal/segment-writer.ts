import type { AppendFile, Disk, Kept } from '../platform/disk.ts';
import {
  encodeFileHeader,
  encodeFrame,
  FILE_HEADER_BYTES,
  type FramedRecord,
  frameBytes,
  frameSeed,
  type StoredRecord,
} from './frame.ts';
import { markPlace, type Segments, segmentName } from './segments.ts';

type Options = {
  disk: Disk;
  journalId: string;
  segments: Segments;
  active: AppendFile;
  limits: { segmentBytes: number; groupBytes: number };
};

/** Writes groups to the last segment, and begins the next one when it is full. One call at a time. */
export class SegmentWriter {
  readonly #options: Options;
  readonly #seed: number;
  /** Shared with the disk's thread, which writes from it while nobody changes it. */
  readonly #buffer: Uint8Array;
  #active: AppendFile;

  constructor(options: Options) {
    this.#options = options;
    this.#seed = frameSeed(options.journalId);
    this.#buffer = sharedBytes(options.limits.groupBytes * 2);
    this.#active = options.active;
  }

  /** Resolves when the group is synced, or when there was no room and nothing has changed. */
  async append(group: readonly (StoredRecord & FramedRecord)[]): Promise<Kept> {
    const { segments, limits } = this.#options;
    const [first] = group;
    if (!first) return 'kept';
    const bytes = frameBytes(group);
    const isFull = this.#active.bytes + bytes > limits.segmentBytes && this.#active.bytes > FILE_HEADER_BYTES;
    if (isFull && (await this.#beginSegment(first)) === 'full') return 'full';
    const buffer = bytes <= this.#buffer.length ? this.#buffer : sharedBytes(bytes);
    encodeFrame(buffer, this.#seed, first.sequence, group);
    const at = this.#active.bytes;
    if ((await this.#active.append([buffer.subarray(0, bytes)])) === 'full') return 'full';
    const segment = segments.list.at(-1);
    if (segment) {
      segment.bytes = this.#active.bytes;
      markPlace(segment, first.sequence, at);
    }
    return 'kept';
  }

  close(): Promise<void> {
    return this.#active.close();
  }

  async #beginSegment({ sequence, receivedAt }: StoredRecord): Promise<Kept> {
    const { disk, journalId, segments } = this.#options;
    const name = segmentName(sequence);
    const header = encodeFileHeader('journal', { journalId, firstSequence: sequence, begunAt: receivedAt });
    if ((await disk.writeWhole(name, header)) === 'full') return 'full';
    const next = await disk.openAppend(name);
    await this.#active.close();
    this.#active = next;
    segments.list.push({ name, first: sequence, bytes: next.bytes, marks: [] });
    return 'kept';
  }
}

function sharedBytes(bytes: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(bytes));
}
