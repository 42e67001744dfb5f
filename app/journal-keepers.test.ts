import { expect, test } from 'vitest';
import { Checkpoint } from '../journal/checkpoint.ts';
import { everything, openTestJournal, settled, TestDisk, testClock } from '../journal/journal.test-support.ts';
import { silentLog } from '../platform/log.ts';
import { FoldState } from '../records/fold-state.ts';
import { decodeRecord } from '../records/record-codec.ts';
import { VirtualClock } from '../simulators/virtual-clock.ts';
import { SimulatedDisk } from '../simulators/world/simulated-disk.ts';
import { checkpointing, watchDisk, wayOfOwnRecords } from './journal-keepers.ts';

test('a disk on which nothing waits is not watched', async () => {
  const { clock, watched } = disk();
  await clock.advance(3_600_000);
  expect(watched.looks).toBe(0);
});

test('a disk that answers is looked at once in two seconds, however much is written', async () => {
  const { clock, watched, waits, answers } = disk();
  for (let write = 0; write < 1_000; write++) {
    waits();
    await clock.advance(5);
    answers();
    await clock.advance(5);
  }
  expect(watched.looks).toBe(4);
});

test('what waits when the disk has hung for two seconds is told once', async () => {
  const { clock, told, waits } = disk();
  waits(4);
  await clock.advance(2_000);
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(told).toEqual([4]);
  await clock.advance(60_000);
  expect(told).toEqual([4]);
});

test('smoke that comes while the disk hangs is told at once', async () => {
  const { clock, told, waits } = disk();
  waits();
  await clock.advance(30_123);
  waits(7);
  waits(8);
  await clock.settled();
  await clock.advance(0);
  expect(told).toEqual([7, 8]);
});

test('a disk that hangs again, before it was ever without work, is noticed as soon', async () => {
  const { clock, told, waits, goesOn } = disk();
  waits(1);
  await clock.advance(10_000);
  goesOn(2);
  await clock.advance(2_000);
  expect(told).toEqual([1]);
  await clock.advance(2);
  expect(told).toEqual([1, 2]);
});

test('nobody is told after the watch has ended', async () => {
  const { clock, told, waits, watch } = disk();
  waits(1);
  watch.stop();
  waits(2);
  await clock.advance(10_000);
  expect(told).toEqual([]);
});

test('after a save that failed the next one is made', async () => {
  const clock = new VirtualClock({ startAt: 0 });
  const failures: unknown[] = [];
  const checkpoint = new Checkpoint({
    disk: new SimulatedDisk().open({ clock }),
    name: 'test',
    journalId: '1'.repeat(32),
    log: silentLog,
  });
  const save = checkpoint.save.bind(checkpoint);
  const saved: number[] = [];
  checkpoint.save = async (sequence, changes) => {
    if (sequence === 1) throw new Error('EIO');
    saved.push(sequence);
    return save(sequence, changes);
  };
  const fail = (error: unknown) => void failures.push(error);
  const saving = checkpointing({ checkpoint, state: new FoldState(), clock, everyMs: 1_000, fail });
  for (const sequence of [1, 2]) {
    await clock.advance(1_000);
    saving.maybe(sequence, () => {});
    await clock.settled();
  }
  expect([failures.length, saved]).toEqual([1, [2]]);
});

test('a decision that finds no room waits, what comes later stays behind it, and both are on record when there is room', async () => {
  const [disk, clock] = [new TestDisk(), testClock()];
  const journal = await openTestJournal({ disk, clock, limits: { waitingBytes: 1_000 } });
  const append = wayOfOwnRecords({ journal, clock });
  disk.hang();
  const kept = [journal.append(new Uint8Array(10), 'life-safety')];
  await settled();
  kept.push(journal.append(new Uint8Array(800), 'life-safety'));
  // The first is too large for what is left, the second would fit.
  const own = [append({ kind: 'decided', cause: 1, version: 'x'.repeat(300) }), append({ kind: 'tick' })];
  await clock.pass(1_000);
  disk.release();
  await clock.pass(200);
  await Promise.all([...kept, ...own]);
  const bodies = (await everything(journal)).slice(2).map(({ body }) => decodeRecord(body).kind);
  expect(bodies).toEqual(['decided', 'tick']);
  await journal.close();
  await expect(append({ kind: 'tick' })).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
});

/** A journal whose disk hangs and answers as the test says, and what was told of it. Sequences are of life-safety records. */
function disk() {
  const clock = new VirtualClock({ startAt: 0 });
  const watched = { looks: 0 };
  const told: number[] = [];
  const listeners = new Set<() => void>();
  let waiting: number[] = [];
  let since: number | undefined;
  const journal = {
    get isWaiting() {
      return since !== undefined;
    },
    hungForMs() {
      watched.looks += 1;
      return since === undefined ? 0 : clock.monotonic() - since;
    },
    waitingLifeSafety: () => waiting.map((sequence) => ({ sequence, receivedAt: 0, body: new Uint8Array() })),
    onWaiting(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const waits = (...sequences: number[]) => {
    since ??= clock.monotonic();
    waiting.push(...sequences);
    for (const listener of listeners) listener();
  };
  const answers = () => {
    since = undefined;
    waiting = [];
  };
  /** It answers, and what came meanwhile is written next. */
  const goesOn = (...sequences: number[]) => {
    since = clock.monotonic();
    waiting = sequences;
  };
  const watch = watchDisk({ clock, journal, notifyProvisionally: ({ sequence }) => void told.push(sequence) });
  return { clock, watched, told, waits, answers, goesOn, watch };
}
