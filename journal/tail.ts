import type { StoredRecord } from './frame.ts';

/** How much one read may answer. At least one record comes, however large it is. */
export type BatchLimits = { maxRecords: number; maxBytes: number };

/** The newest groups, contiguous and bounded by bytes, so that a follower at the head never touches the disk. */
export class Tail {
  readonly #maxBytes: number;
  #groups: { first: number; records: readonly StoredRecord[]; bytes: number }[] = [];
  #start = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** `bodyBytes` is the sum of the bodies. */
  push(records: readonly StoredRecord[], bodyBytes: number): void {
    const [first] = records;
    if (!first) return;
    const bytes = bodyBytes + records.length * RECORD_OVERHEAD_BYTES;
    this.#groups.push({ first: first.sequence, records, bytes });
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes) {
      this.#bytes -= this.#groups[this.#start]?.bytes ?? 0;
      this.#start += 1;
    }
    // Forgotten groups are cut off in large pieces: cutting one by one would move all the others every time.
    if (this.#start <= this.#groups.length / 2) return;
    this.#groups = this.#groups.slice(this.#start);
    this.#start = 0;
  }

  /** `undefined` when the tail does not reach back to `from`. */
  read(from: number, { maxRecords, maxBytes }: BatchLimits): StoredRecord[] | undefined {
    let index = this.#find(from);
    if (index === undefined) return undefined;
    const batch: StoredRecord[] = [];
    let bytes = 0;
    for (let group = this.#groups[index]; group; group = this.#groups[++index]) {
      for (let at = Math.max(0, from - group.first); at < group.records.length; at++) {
        const record = group.records[at];
        bytes += record?.body.length ?? 0;
        if (!record || batch.length >= maxRecords || (bytes > maxBytes && batch.length > 0)) return batch;
        batch.push(record);
      }
    }
    return batch;
  }

  /** The group that has the record: the last that does not begin after it. */
  #find(from: number): number | undefined {
    let low = this.#start;
    let high = this.#groups.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#groups[middle]?.first ?? 0) <= from) low = middle + 1;
      else high = middle;
    }
    return low > this.#start ? low - 1 : undefined;
  }
}

/** What a record holds in memory beside its body. */
const RECORD_OVERHEAD_BYTES = 128;
