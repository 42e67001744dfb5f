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
  readonly records: Known[] = [];
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

  /** What a backup of the journal holds, of which `reader` is. */
  async memoryOf(reader: JournalReader): Promise<Memory> {
    const atMs = this.#clock.monotonic();
    const known = this.records.slice(0, reader.headSequence);
    const more = await everyRecord(reader, known.length + 1, reader.headSequence);
    return [...known, ...more.map((record) => ({ ...record, atMs }))];
  }

  /** The journal is what it was when its backup was taken. */
  putBack(memory: Memory): void {
    this.records.length = 0;
    for (const record of memory) this.records.push(record);
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

type Known = StoredRecord & { atMs: number };
export type Memory = readonly Known[];

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
