import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { openDisk } from '../platform/disk.ts';
import { silentLog } from '../platform/log.ts';
import { systemChance } from '../platform/random.ts';
import { everything, wordsOf } from './journal.test-support.ts';
import { type Journal, openJournal } from './journal.ts';
import { openJournalReader } from './reader.ts';

let root = '';
let children: ChildProcess[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'journal-'));
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  rmSync(root, { recursive: true });
});

test('killed while it appends, three times: every acknowledged record is there, once, in its place', async () => {
  let acknowledged = 0;
  for (let round = 0; round < 3; round++) {
    const child = appender('0');
    acknowledged = await lastAcknowledged(child, acknowledged + 2_000);
    const { journal, close } = await open();
    expect(journal.headSequence).toBeGreaterThanOrEqual(acknowledged);
    const records = await everything(journal);
    expect(records.map(({ sequence }) => sequence)).toEqual(records.map((_, index) => index + 1));
    expect(new Set(wordsOf(records)).size).toBe(records.length);
    expect(records.every(({ receivedAt }, index) => receivedAt >= (records[index - 1]?.receivedAt ?? 0))).toBe(true);
    await close();
  }
});

test('another process reads what is written while it is written, over many segments, whole and in order', async () => {
  const disk = openDisk(root);
  const opening = openJournalReader({ disk, clock: systemClock, log: silentLog, lookEveryMs: 5, tailBytes: 1_000 });
  const child = appender('1');
  const reader = await opening;
  const records = [];
  while (records.length < 5_000) {
    const batch = await reader.readBatch(records.length + 1, { maxRecords: 100, maxBytes: 100_000 });
    records.push(...batch);
    if (batch.length === 0) await new Promise<void>((resolve) => reader.onDurable(resolve));
  }
  expect(records.map(({ sequence }) => sequence)).toEqual(records.map((_, index) => index + 1));
  expect(new Set(wordsOf(records)).size).toBe(records.length);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await reader.close();
  await disk.close();
});

function appender(pauseMs: string): ChildProcess {
  const script = join(import.meta.dirname, 'appender.test-support.ts');
  const child = spawn(process.execPath, [script, root, pauseMs], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

/** Kills the child once it has acknowledged that many, and answers the last that it had. */
async function lastAcknowledged(child: ChildProcess, atLeast: number): Promise<number> {
  let said = '';
  child.stdout?.on('data', (bytes) => {
    said = (said + bytes).slice(-1_000);
    if (Number(said.split('\n').at(-2)) >= atLeast) child.kill('SIGKILL');
  });
  await once(child, 'close');
  expect(child.signalCode).toBe('SIGKILL');
  return Number(said.split('\n').at(-2));
}

async function open(): Promise<{ journal: Journal; close: () => Promise<void> }> {
  const disk = openDisk(root);
  const options = { clock: systemClock, log: silentLog, chance: systemChance, clockStepBody: () => new Uint8Array() };
  const journal = await openJournal({ disk, ...options, limits: { segmentBytes: 100_000, reserveBytes: 1_000_000 } });
  return {
    journal,
    async close() {
      await journal.close();
      await disk.close();
    },
  };
}
