import type { StoredRecord } from '../../journal/frame.ts';
import type { Journal } from '../../journal/journal.ts';
import type { JournalReader } from '../../journal/reader.ts';
import type { Clock } from '../../platform/clock.ts';

/**
 * Writes down what the journal said was durable, the moment it said so, outside every process. So it knows the whole journal,
 * also what retention has removed, and notices what is there no more, or is not as it was.
 */
export class Historian {
  /** By sequence from 1. `atMs`: when it was first known to be durable, ms since the start of the world. */
  readonly records: (StoredRecord & { atMs: number })[] = [];
  /** What was durable and then was not, in words. */
  readonly lost: string[] = [];
  readonly #clock: Pick<Clock, 'monotonic'>;
  #reading: Promise<void> = Promise.resolve();

  constructor({ clock }: { clock: Pick<Clock, 'monotonic'> }) {
    this.#clock = clock;
  }

  /** A process has opened the journal: what it found is compared. `reader` is of the same files, and nobody else's. */
  async meet(journal: Journal, reader: JournalReader): Promise<void> {
    const known = this.records.length;
    if (journal.headSequence < known) {
      this.lost.push(`records ${journal.headSequence + 1} to ${known} were durable, and are gone`);
      this.records.length = journal.headSequence;
    }
    const from = Math.max(journal.firstSequence, this.records.length - mostCompared + 1);
    for (const found of await everyRecord(reader, from, journal.headSequence)) {
      const before = this.records[found.sequence - 1];
      if (before && !isSame(before, found)) this.lost.push(`record ${found.sequence} was durable, and is another now`);
      this.records[found.sequence - 1] = { ...found, atMs: before?.atMs ?? this.#clock.monotonic() };
    }
  }

  /** What the journal keeps from now on. */
  follow(journal: Journal): void {
    journal.onDurable(() => {
      this.#reading = this.#reading.then(async () => {
        const next = this.records.length + 1;
        if (next > journal.headSequence) return;
        const atMs = this.#clock.monotonic();
        for (const record of await journal.readBatch(next, wholeBatch)) this.records.push({ ...record, atMs });
      });
    });
  }
}

const mostCompared = 500;
const wholeBatch = { maxRecords: 10_000, maxBytes: 64 * 1024 * 1024 };

async function everyRecord(reader: JournalReader, from: number, to: number): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  for (let next = from; next <= to; next = (records.at(-1)?.sequence ?? next) + 1) {
    records.push(...(await reader.readBatch(next, wholeBatch)));
  }
  return records.filter(({ sequence }) => sequence <= to);
}

function isSame(a: StoredRecord, b: StoredRecord): boolean {
  return a.receivedAt === b.receivedAt && Buffer.compare(a.body, b.body) === 0;
}
