import type { StoredRecord } from './frame.ts';

/** How much one read may answer. At least one record comes, however large it is. */
export type BatchLimits = { maxRecords: number; maxBytes: number };

/**
 * The newest records, contiguous and bounded by bytes, so that a follower at the head never touches the disk. They are copied into
 * blocks: as they come, bodies are views that keep alive whatever large piece they were read in, several times what they are.
 */
export class Tail {
  readonly #maxBytes: number;
  #blocks: Block[] = [];
  #bytes = 0;
  #next = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What does not follow what is here begins the tail anew: a reader far behind remembers the newest alone. */
  push(records: readonly StoredRecord[]): void {
    for (const record of records) {
      if (record.sequence !== this.#next) this.#forget();
      this.#next = record.sequence + 1;
      write(this.#blockWithRoom(HEADER_BYTES + record.body.length, record.sequence), record);
    }
    while (this.#bytes > this.#maxBytes) this.#bytes -= this.#blocks.shift()?.bytes.length ?? 0;
  }

  /** `undefined` when the tail does not reach back to `from`. Bodies are views into memory that is never written again. */
  read(from: number, { maxRecords, maxBytes }: BatchLimits): StoredRecord[] | undefined {
    let index = this.#blocks.findLastIndex(({ first }) => first <= from);
    if (index === -1) return undefined;
    const batch: StoredRecord[] = [];
    let bytes = 0;
    for (let block = this.#blocks[index]; block; block = this.#blocks[++index]) {
      for (const record of recordsFrom(block, from)) {
        bytes += record.body.length;
        if (batch.length >= maxRecords || (bytes > maxBytes && batch.length > 0)) return batch;
        batch.push(record);
      }
    }
    return batch;
  }

  #blockWithRoom(bytes: number, sequence: number): Block {
    const last = this.#blocks.at(-1);
    if (last && last.bytes.length - last.used >= bytes) return last;
    const memory = new Uint8Array(Math.max(Math.min(BLOCK_BYTES, this.#maxBytes / 8), bytes));
    const block = { first: sequence, count: 0, used: 0, bytes: memory, view: new DataView(memory.buffer) };
    this.#blocks.push(block);
    this.#bytes += memory.length;
    return block;
  }

  #forget(): void {
    this.#blocks = [];
    this.#bytes = 0;
  }
}

/** Records one after the other: body length (32 bits), `receivedAt` (64-bit float), body. */
type Block = {
  readonly first: number;
  count: number;
  used: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
};

function write(block: Block, { receivedAt, body }: StoredRecord): void {
  const { bytes, view, used } = block;
  view.setUint32(used, body.length);
  view.setFloat64(used + 4, receivedAt);
  bytes.set(body, used + HEADER_BYTES);
  block.used += HEADER_BYTES + body.length;
  block.count += 1;
}

function* recordsFrom({ first, count, bytes, view }: Block, from: number): IterableIterator<StoredRecord> {
  let at = 0;
  for (let sequence = first; sequence < first + count; sequence++) {
    const end = at + HEADER_BYTES + view.getUint32(at);
    if (sequence >= from)
      yield { sequence, receivedAt: view.getFloat64(at + 4), body: bytes.subarray(at + HEADER_BYTES, end) };
    at = end;
  }
}

const HEADER_BYTES = 12;
const BLOCK_BYTES = 64 * 1024;
