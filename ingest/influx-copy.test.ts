import { expect, test } from 'vitest';
import { Checkpoint } from '../journal/checkpoint.ts';
import { influxAway } from '../platform/errors.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { encodeRecord } from '../records/record-codec.ts';
import { chanceOf } from '../simulators/seeded-chance.ts';
import { VirtualClock } from '../simulators/virtual-clock.ts';
import { SimulatedDisk } from '../simulators/world/simulated-disk.ts';
import { influxCopy } from './influx-copy.ts';
import type { Stored } from './judge.ts';
import { type Projection, startProjection } from './projection.ts';

// The projection into InfluxDB over a journal in memory, on a virtual clock.

test('every report is a point once, however often it was sent, and nothing else is', async () => {
  const { journal, points, start, clock } = home();
  journal.append(status(1), tick, status(1), status(2));
  await start();
  await clock.advance(1_000);
  expect([...points.keys()]).toEqual(['d1 1', 'd1 4']);
  expect([...points.values()][0]).toContain('report,area=county/village,device=d1,kind=status battery_volts=2.9');
});

test('after a restart it goes on behind the last point', async () => {
  const { journal, points, writes, start, restart, clock } = home();
  journal.append(status(1), status(2));
  await start();
  await clock.advance(10_000);
  await restart();
  journal.append(status(3));
  await clock.advance(10_000);
  expect([...points.keys()]).toEqual(['d1 1', 'd1 2', 'd1 3']);
  expect(writes.flat().length).toBe(3);
});

test('a process that dies between the write and the keeping of its place writes the same points again', async () => {
  const { journal, points, writes, disk, start, restart, clock } = home();
  journal.append(status(1));
  await start();
  await clock.advance(10_000);
  const place = await disk.read('influxdb/position', 0, 9_999);
  journal.append(status(2));
  await clock.advance(1_000);
  await restart(async () => void (await disk.writeWhole('influxdb/position', place)));
  await clock.advance(10_000);
  expect(writes.flat().length).toBe(3);
  expect(points.size).toBe(2);
});

test('while InfluxDB is away it waits and holds its place; then nothing is missing', async () => {
  const { journal, points, away, start, clock, lost } = home();
  journal.append(status(1));
  const projection = await start();
  await clock.advance(1_000);
  away.is = true;
  for (let seq = 2; seq <= 30; seq++) journal.append(status(seq));
  await clock.advance(3_600_000);
  expect(projection.status()).toMatchObject({ phase: 'waiting', why: expect.stringContaining('INFLUX') });
  expect(projection.lag()).toMatchObject({ records: 29 });
  expect(projection.needsFrom()).toBe(1);
  away.is = false;
  await clock.advance(20_000);
  expect(projection.status()).toEqual({ phase: 'running' });
  expect(points.size).toBe(30);
  expect(await lost()).toBe(0);
});

test('what the journal gave up meanwhile is lost to it, counted, and it goes on with what is left', async () => {
  const { journal, points, away, start, clock, lost } = home();
  await start();
  away.is = true;
  for (let seq = 1; seq <= 10; seq++) journal.append(status(seq));
  await clock.advance(60_000);
  for (let seq = 11; seq <= 20; seq++) journal.append(status(seq));
  journal.source.firstSequence = 16;
  away.is = false;
  await clock.advance(60_000);
  // The first ten were in hand when it went away.
  expect([...points.keys()].map((key) => Number(key.split(' ')[1]))).toEqual([
    ...Array.from({ length: 10 }, (_, at) => at + 1),
    ...Array.from({ length: 5 }, (_, at) => at + 16),
  ]);
  expect(await lost()).toBe(5);
});

test('a journal that has been kept for years is copied from where it begins now, and nothing counts as lost', async () => {
  const { journal, points, start, clock, lost } = home();
  for (let seq = 1; seq <= 10; seq++) journal.append(status(seq));
  journal.source.firstSequence = 8;
  const projection = await start();
  await clock.advance(1_000);
  expect([...points.keys()]).toEqual(['d1 8', 'd1 9', 'd1 10']);
  expect(projection.lag()).toEqual({ records: 0, ms: 0 });
  expect(await lost()).toBe(0);
});

test('what it did not come to before it was stopped, and the journal has no more, is lost', async () => {
  const { journal, start, restart, clock, lost } = home();
  journal.append(status(1));
  await start();
  await clock.advance(10_000);
  await restart(async () => {
    for (let seq = 2; seq <= 6; seq++) journal.append(status(seq));
    journal.source.firstSequence = 5;
  });
  await clock.advance(10_000);
  expect(await lost()).toBe(3);
});

test.each([
  ['another bucket', { bucket: 'other' }],
  ['another server', { url: 'http://elsewhere:8086' }],
])('%s is filled from the beginning of the journal', async (_, change) => {
  const { journal, writes, start, restart, clock } = home();
  journal.append(status(1), status(2));
  await start();
  await clock.advance(10_000);
  await restart(async () => {}, change);
  await clock.advance(10_000);
  expect(writes.flat().length).toBe(4);
});

test('a journal that was put back from a backup is copied from its beginning, and nobody has to act', async () => {
  const { journal, writes, disk, start, restart, clock } = home();
  journal.append(status(1), status(2), status(3));
  await start();
  await clock.advance(10_000);
  await restart(async () => {
    journal.records.length = 1;
    for (const { name } of await disk.list('checkpoints/influxdb')) await disk.remove(`checkpoints/influxdb/${name}`);
  });
  journal.append(status(4));
  await clock.advance(10_000);
  expect(writes.flat().map((line) => line.split(' ').at(-1)?.slice(-3))).toEqual(['064', '128', '192', '064', '128']);
});

test('a disk without room for its place makes it wait, not forget', async () => {
  const { journal, points, disk, start, restart, clock } = home();
  const writeWhole = disk.writeWhole.bind(disk);
  disk.writeWhole = async (name, bytes) => (name === 'influxdb/position' ? 'full' : writeWhole(name, bytes));
  journal.append(status(1));
  const projection = await start();
  await clock.advance(10_000);
  expect(projection.status()).toMatchObject({ phase: 'waiting', why: expect.stringContaining('no room') });
  disk.writeWhole = writeWhole;
  await clock.advance(20_000);
  await restart();
  await clock.advance(10_000);
  expect(projection.status()).toEqual({ phase: 'running' });
  expect(points.size).toBe(1);
});

const seeds = Array.from({ length: 30 }, (_, seed) => seed);
test.each(seeds)('whatever happens to it, each report is a point or counted as lost (seed %i)', async (seed) => {
  const chance = chanceOf(seed, 'influxdb');
  const { journal, points, away, start, restart, clock, lost } = home();
  // In every other one.
  const cutsAtMost = seed % 2 === 0 ? 0 : 3;
  await start();
  for (let step = 0, seq = 1; step < 40; step++) {
    const what = chance.fraction();
    if (what < 0.5) for (let more = Math.ceil(chance.fraction() * 30); more > 0; more--) journal.append(status(seq++));
    else if (what < 0.65) away.is = !away.is;
    else if (what < 0.75) away.cuts = Math.ceil(chance.fraction() * cutsAtMost);
    else if (what < 0.85) await restart();
    else {
      const { firstSequence, headSequence } = journal.source;
      journal.source.firstSequence += Math.floor(chance.fraction() * (headSequence - firstSequence + 1) * 0.5);
    }
    await clock.advance(Math.floor(chance.fraction() * 20_000));
  }
  Object.assign(away, { is: false, cuts: 0 });
  await clock.advance(60_000);
  const there = new Set([...points.keys()].map((key) => Number(key.split(' ')[1])));
  const missing = journal.records.filter(({ sequence }) => !there.has(sequence));
  expect(there.size).toBe(points.size);
  // What was taken without a word, and then gone from the journal, counts as lost although it is there.
  expect(await lost()).toBeGreaterThanOrEqual(missing.length);
  if (cutsAtMost === 0) expect(await lost()).toBe(missing.length);
});

const tick = encodeRecord({ kind: 'tick' });
function status(seq: number): Uint8Array {
  const payload = new TextEncoder().encode(JSON.stringify({ v: 1, boot: 1, seq, age: 0, battery: 2.9 }));
  const named = { deviceId: 'd1', standing: 'registered', report: 'status', payload } as const;
  return encodeRecord({ kind: 'report', source: 'mqtt', ...named });
}

type Target = { url: string; org: string; bucket: string };

function home() {
  const clock = new VirtualClock({ startAt: 1_000_000 });
  const disk = new SimulatedDisk().open({ clock });
  const metrics = createMetrics();
  const records: Stored[] = [];
  const listeners = new Set<() => void>();
  const source = {
    id: '5'.repeat(32),
    firstSequence: 1,
    get headSequence() {
      return records.length;
    },
    position: (sequence: number) => `${source.id}/0/${sequence}`,
    // As of a class: it needs itself.
    async readBatch(from: number, { maxRecords }: { maxRecords: number }) {
      return this === source ? records.slice(from - 1, from - 1 + maxRecords) : expect.unreachable();
    },
    onDurable(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const append = (...bodies: Uint8Array[]) => {
    for (const body of bodies) {
      const sequence = records.length + 1;
      records.push({ sequence, receivedAt: clock.now() + sequence, body });
    }
    for (const listener of listeners) listener();
  };
  const points = new Map<string, string>();
  const writes: string[][] = [];
  const away = { is: false, cuts: 0 };
  const influx = {
    async write(lines: readonly string[]) {
      if (lines.length === 0) return;
      if (away.is) throw influxAway({}, 'INFLUX is away');
      writes.push([...lines]);
      for (const line of lines) points.set(keyOf(line), line);
      if (away.cuts > 0) {
        away.cuts -= 1;
        throw influxAway({}, 'INFLUX took them and did not say so');
      }
    },
  };
  let running: Projection | undefined;
  async function start(change: Partial<Target> = {}): Promise<Projection> {
    const target = { url: 'http://influx:8086', org: 'county', bucket: 'homes', ...change };
    const areaPathOf = () => 'county/village';
    const store = influxCopy({ influx, target, source, disk, areaPathOf, log: silentLog, metrics });
    const checkpoint = new Checkpoint({ disk, name: 'influxdb', journalId: source.id, log: silentLog });
    running = startProjection({
      ...{ name: 'influxdb', source, isDurable: () => true, store, checkpoint, clock, log: silentLog, metrics },
      died: (error) => expect.unreachable(String(error)),
    });
    await clock.settled();
    return running;
  }
  /** `meanwhile` happens while no process runs. */
  async function restart(meanwhile: () => Promise<void> = async () => {}, change: Partial<Target> = {}) {
    const stopped = running?.stop();
    await clock.advance(5_000);
    await stopped;
    const done = meanwhile();
    await clock.advance(5_000);
    await done;
    return start(change);
  }
  const lost = async () => (await metrics.influxRecordsLost.get()).values[0]?.value ?? 0;
  return { clock, disk, journal: { records, source, append }, points, writes, away, start, restart, lost };
}

/** Device, and the place in the journal that the time ends with. */
function keyOf(line: string): string {
  return `${/device=([^,]+)/.exec(line)?.[1]} ${Number(line.slice(-6)) / 64}`;
}
