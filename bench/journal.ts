import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '../journal/journal.ts';
import { systemClock } from '../platform/clock.ts';
import { type AppendFile, type Disk, openDisk } from '../platform/disk.ts';
import { silentLog } from '../platform/log.ts';
import { systemChance } from '../platform/random.ts';

/**
 * The append path against the same waiting promises and group commit without header and checksum, on the same thread and disk.
 * `journal`: median of the ratios of 7 interleaved pairs of 10 s (BENCH_SECONDS); bound 0.8.
 */
export async function run(report: (name: string, value: number, unit: string) => void): Promise<void> {
  const seconds = Number(process.env.BENCH_SECONDS ?? 10);
  const root = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), 'bench-journal-'));
  const disk = openDisk(root);
  try {
    const journal = await openJournal({
      disk,
      clock: systemClock,
      log: silentLog,
      chance: systemChance,
      clockStepBody: () => new Uint8Array(),
      limits: { keepBytes: FILE_BYTES, waitingRecords: 2 * WAITING },
    });
    const bare = await openBareLog(disk);
    const appendTo = {
      journal: (body: Uint8Array) => journal.append(body, 'telemetry'),
      bare: (body: Uint8Array) => bare.append(body),
    };
    await rate(appendTo.journal, 1);
    await rate(appendTo.bare, 1);
    const pairs: { journal: number; bare: number }[] = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      // Who goes first changes, so that a disk that gets slower or faster favours neither.
      const order = pair % 2 === 0 ? (['journal', 'bare'] as const) : (['bare', 'journal'] as const);
      const measured = { journal: 0, bare: 0 };
      for (const name of order) measured[name] = await rate(appendTo[name], seconds);
      pairs.push(measured);
    }
    await journal.close();
    report('journal', median(pairs.map((pair) => pair.journal / pair.bare)), 'x');
    report('journal-records-per-second', Math.round(median(pairs.map((pair) => pair.journal))), 'records/s');
    report('journal-bare-records-per-second', Math.round(median(pairs.map((pair) => pair.bare))), 'records/s');
  } finally {
    await disk.close();
    rmSync(root, { recursive: true });
  }
}

/** Records a second, with that many callers of whom each appends again when its record is on disk. */
async function rate(append: (body: Uint8Array) => Promise<unknown>, seconds: number): Promise<number> {
  const bodies = Array.from({ length: WAITING }, (_, index) => new Uint8Array(BODY_BYTES).fill(index));
  const start = performance.now();
  const end = start + seconds * 1_000;
  let records = 0;
  await Promise.all(
    bodies.map(async (body) => {
      while (performance.now() < end) {
        await append(body);
        records += 1;
      }
    }),
  );
  return (records / (performance.now() - start)) * 1_000;
}

/**
 * The reference: promises that wait for their record's sequence, groups, one sync a group, a new file when one is full; and nothing that
 * could be read back.
 */
async function openBareLog(disk: Disk) {
  const buffer = new Uint8Array(new SharedArrayBuffer(2 * 1024 * 1024));
  let waiting: { record: BareRecord; resolve: (record: BareRecord) => void }[] = [];
  let sequence = 0;
  let isWriting = false;
  let number = 0;
  let file: AppendFile = await disk.openAppend('bare/0');

  async function write(): Promise<void> {
    await undefined;
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      let at = 0;
      for (const { record } of group) {
        const { body } = record;
        buffer.set(body, at);
        at += body.length;
      }
      if (file.bytes + at > FILE_BYTES) await beginFile();
      await file.append([buffer.subarray(0, at)]);
      for (const { resolve, record } of group) resolve(record);
      await undefined;
    }
    isWriting = false;
  }
  async function beginFile(): Promise<void> {
    await file.close();
    await disk.remove(`bare/${number}`);
    number += 1;
    file = await disk.openAppend(`bare/${number}`);
  }
  return {
    append(body: Uint8Array): Promise<BareRecord> {
      const { promise, resolve } = Promise.withResolvers<BareRecord>();
      sequence += 1;
      waiting.push({ record: { sequence, body }, resolve });
      if (!isWriting) {
        isWriting = true;
        write();
      }
      return promise;
    },
  };
}

type BareRecord = { sequence: number; body: Uint8Array };

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

const PAIRS = 7;
/** Callers at a time, and the size of what they append: the clients of the puback bench, and a publish of 200 bytes as a record. */
const WAITING = 200;
const BODY_BYTES = 250;
const FILE_BYTES = 64 * 1024 * 1024;
