import { expect, test } from 'vitest';
import { Checkpoint } from '../journal/checkpoint.ts';
import type { Clock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { encodeRecord } from '../records/record-codec.ts';
import { VirtualClock } from '../simulators/virtual-clock.ts';
import { MemoryStore } from '../simulators/world/memory-store.ts';
import { SimulatedDisk } from '../simulators/world/simulated-disk.ts';
import type { ProjectionBatch } from '../storage/store.ts';
import type { Stored } from './judge.ts';
import { startProjection } from './projection.ts';

// What the projection does while it has nothing to do, and how soon it is awake again.

test('while nothing comes in, it wakes only to vouch for that', async () => {
  const { clock, commits, timers, append } = await home();
  append();
  await clock.advance(6_000);
  const [commitsBefore, timersBefore] = [commits.length, timers.set];
  await clock.advance(60_000);
  expect(commits.length - commitsBefore).toBe(12);
  expect(timers.set - timersBefore).toBe(12);
});

test('what it vouches for in a quiet time is the present', async () => {
  const { clock, commits, append } = await home();
  append();
  await clock.advance(60_000);
  const last = commits.at(-1);
  expect(last).toMatchObject({ sequence: 1, at: expect.any(Number) });
  expect(last?.trueUntil).toBe(last?.at);
});

test('what comes after a long silence is in the store as soon as it counts', async () => {
  const { clock, commits, append } = await home();
  await clock.advance(61_234);
  append();
  await clock.advance(199);
  expect(commits.at(-1)?.sequence).toBe(0);
  await clock.advance(1);
  expect(commits.at(-1)).toMatchObject({ sequence: 1, at: 61_434, trueUntil: 61_234 });
});

test('after a long silence lag is how long the new record has waited', async () => {
  const { clock, projection, metrics, append } = await home();
  await clock.advance(64_000);
  append();
  await clock.advance(50);
  append();
  await clock.advance(100);
  expect(projection.lag()).toEqual({ records: 2, ms: 150 });
  expect((await metrics.followerLagSeconds.get()).values).toMatchObject([{ value: 0.15 }]);
  await clock.advance(1_000);
  expect(projection.lag()).toEqual({ records: 0, ms: 0 });
});

test('a steady stream is written five times a second, however often it is announced', async () => {
  const { clock, commits, append } = await home();
  for (let step = 0; step < 1_000; step++) {
    append();
    await clock.advance(10);
  }
  expect(commits.length).toBeGreaterThanOrEqual(45);
  expect(commits.length).toBeLessThanOrEqual(50);
});

test('what it keeps of its own state is not written again while nothing changes', async () => {
  const { clock, disk, append } = await home();
  append();
  await clock.advance(11_000);
  const bytes = async () => (await disk.list('checkpoints/projection')).map((file) => file.bytes);
  const before = await bytes();
  expect(before.length).toBe(1);
  await clock.advance(60_000);
  expect(await bytes()).toEqual(before);
});

test('far behind, it reads and folds the next batch while the one before it is written', async () => {
  const { clock, commits, reads, append } = await home({ writeMs: 1_000 });
  for (let count = 0; count < 20_000; count++) append();
  await clock.advance(20_000);
  // The first is waited for, because its state is saved.
  const second = commits.find(({ sequence }) => sequence === 10_000);
  const third = reads.find(({ from }) => from === 10_001);
  expect(third?.at).toBeLessThan(second?.at ?? 0);
  expect([...new Set(commits.map(({ sequence }) => sequence))].slice(-4)).toEqual([5_000, 10_000, 15_000, 20_000]);
});

test('it stops at once while it waits for news', async () => {
  const { clock, projection } = await home();
  await clock.advance(6_000);
  let isStopped = false;
  projection.stop().then(() => {
    isStopped = true;
  });
  await clock.settled();
  expect(isStopped).toBe(true);
});

/** A journal and a store in memory; `timers.set` counts what the projection waited for. A write takes `writeMs`. */
async function home({ writeMs = 0 } = {}) {
  const world = new VirtualClock({ startAt: 0 });
  const timers = { set: 0 };
  const clock: Clock = {
    now: () => world.now(),
    monotonic: () => world.monotonic(),
    turn: () => world.turn(),
    after(delayMs, run) {
      timers.set += 1;
      return world.after(delayMs, run);
    },
  };
  const records: Stored[] = [];
  const listeners = new Set<() => void>();
  const reads: { at: number; from: number }[] = [];
  const source = {
    id: '5'.repeat(32),
    firstSequence: 1,
    get headSequence() {
      return records.length;
    },
    position: (sequence: number) => `${source.id}/0/${sequence}`,
    async readBatch(from: number, { maxRecords }: { maxRecords: number }) {
      reads.push({ at: world.now(), from });
      return records.slice(from - 1, from - 1 + maxRecords);
    },
    onDurable(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const append = () => {
    const body = encodeRecord({ kind: 'tick' });
    records.push({ sequence: records.length + 1, receivedAt: world.now(), body });
    for (const listener of listeners) listener();
  };
  const store = new MemoryStore();
  const commits: { at: number; sequence: number; trueUntil: number }[] = [];
  const write = store.writeBatch.bind(store);
  store.writeBatch = async (batch: ProjectionBatch) => {
    if (writeMs > 0) await new Promise<void>((done) => world.after(writeMs, done));
    await write(batch);
    commits.push({ at: world.now(), sequence: batch.sequence, trueUntil: batch.freshness.trueUntil });
  };
  const disk = new SimulatedDisk().open({ clock: world });
  const metrics = createMetrics();
  const projection = startProjection({
    isDurable: () => true,
    ...{ source, clock, metrics, log: silentLog, store },
    checkpoint: new Checkpoint({ disk, name: 'projection', journalId: source.id, log: silentLog }),
    died: (error) => expect.unreachable(String(error)),
  });
  return { clock: world, projection, metrics, commits, reads, timers, disk, append };
}
