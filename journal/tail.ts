import type { StoredRecord } from './frame.ts';

/** How much one read may answer. At least one record comes, however large it is. */
export type BatchLimits = { maxRecords: number; maxBytes: number };

/** The newest records, contiguous and bounded by bytes, so that a follower at the head never touches the disk. */
export class Tail {
  readonly #maxBytes: number;
  #records: StoredRecord[] = [];
  #start = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(records: readonly StoredRecord[]): void {
    for (const record of records) {
      this.#records.push(record);
      this.#bytes += cost(record);
    }
    while (this.#bytes > this.#maxBytes) {
      const oldest = this.#records[this.#start];
      if (!oldest) break;
      this.#bytes -= cost(oldest);
      this.#start += 1;
    }
    // Forgotten records are cut off in large pieces: cutting one by one would move all the others every time.
    if (this.#start > this.#records.length / 2) {
      this.#records = this.#records.slice(this.#start);
      this.#start = 0;
    }
  }

  /** `undefined` when the tail does not reach back to `from`. */
  read(from: number, { maxRecords, maxBytes }: BatchLimits): StoredRecord[] | undefined {
    const first = this.#records[this.#start];
    if (!first || from < first.sequence) return undefined;
    const begin = this.#start + from - first.sequence;
    let end = begin;
    let bytes = 0;
    while (end < this.#records.length && end - begin < maxRecords) {
      bytes += this.#records[end]?.body.length ?? 0;
      if (bytes > maxBytes && end > begin) break;
      end += 1;
    }
    return this.#records.slice(begin, end);
  }
}

/** What a record holds in memory beside its body. */
const RECORD_OVERHEAD_BYTES = 128;
const cost = (record: StoredRecord) => record.body.length + RECORD_OVERHEAD_BYTES;
