import { expect, test } from 'vitest';
import { Checkpoint } from '../journal/checkpoint.ts';
import { type Log, silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import type { JournalRecord } from '../records/journal-record.ts';
import { encodeRecord } from '../records/record-codec.ts';
import type { RegistryChange } from '../records/registry.ts';
import { chanceOf, oneOf } from '../simulators/seeded-chance.ts';
import { VirtualClock } from '../simulators/virtual-clock.ts';
import type { Rows } from '../simulators/world/evidence.ts';
import { type FaultPlan, noFaults } from '../simulators/world/faults.ts';
import { type FaultyStore, faultyStore } from '../simulators/world/faulty-store.ts';
import { freshFold, MemoryStore } from '../simulators/world/memory-store.ts';
import { SimulatedDisk } from '../simulators/world/simulated-disk.ts';
import type { EntityChange } from '../storage/store.ts';
import { batchOf, minute } from '../storage/store-contract.ts';
import type { Stored } from './judge.ts';
import { type Projection, startProjection } from './projection.ts';

test('a commit whose answer is lost is there once', async () => {
  const home = openHome({ lostAnswerChance: 0.5 });
  home.follow();
  for (let seq = 1; seq <= 40; seq++) {
    home.append(press(seq), press(seq));
    await home.clock.advance(2_000);
  }
  await home.caughtUp();
  home.expectWhole();
});

test('a database that is put back under a running projection is filled again from where it stands', async () => {
  const home = openHome();
  home.append(...imported([area('c1')]), press(1), press(2));
  home.follow();
  await home.caughtUp();
  const yesterday = home.store.copyAt();
  home.append(press(2), press(3), ...imported([area('c2')], 'two'));
  await home.caughtUp();
  home.store.restore(yesterday);
  home.append(press(3), press(4));
  await home.caughtUp();
  home.expectWhole();
});

test('a database that is put back while nothing comes in is noticed all the same, and its age is told', async () => {
  const home = openHome();
  home.append(press(1));
  home.follow();
  await home.caughtUp();
  const yesterday = home.store.copyAt();
  await home.clock.advance(86_400_000);
  home.append(press(2));
  await home.caughtUp();
  home.store.restore(yesterday);
  home.plan.opMs = [10_000, 10_001];
  await home.clock.advance(21_000);
  expect(home.projection.lag()).toMatchObject({ records: 1 });
  expect(home.projection.lag().ms).toBeGreaterThan(86_400_000);
  await home.caughtUp();
  home.expectWhole();
});

test('a database that is emptied under a running projection is filled from the beginning', async () => {
  const home = openHome();
  const empty = home.store.copyAt();
  home.append(...imported([area('c1')]), press(1));
  home.follow();
  await home.caughtUp();
  home.store.restore(empty);
  await home.caughtUp();
  home.expectWhole();
});

test('a commit of the process before, which is made only after its end, is not made again', async () => {
  const home = openHome();
  home.append(press(1), press(2));
  home.follow();
  await home.caughtUp();
  home.append(press(2), press(3), press(4), press(5));
  // The dead process had read two of them.
  const { reports } = freshFold(home.records);
  const rows = { reports: reports.filter(({ sequence }) => sequence === 4) };
  await home.store.writeBatch(batchOf({ ...home.at(4), after: 2, ...rows }));
  await home.caughtUp();
  home.expectWhole();
});

test('a database of another history, or of none that the journal knows, is named and left alone until its own is put back', async () => {
  for (const stranger of [{ journalId: 'another' }, { sequence: 9 }, { receivedAt: minute(99) }]) {
    const home = openHome();
    home.append(press(1), press(2), press(3));
    home.follow();
    await home.caughtUp();
    const own = home.store.copyAt();
    home.store.restore({ ...own, position: { ...home.at(2), ...stranger } });
    home.append(press(4));
    await home.clock.advance(20_000);
    expect(home.projection.status()).toMatchObject({
      phase: 'stopped',
      why: expect.stringContaining('is not in this journal'),
    });
    expect(home.store.everything().reports.length).toBe(3);
    home.store.restore(own);
    await home.caughtUp();
    expect(home.projection.status()).toEqual({ phase: 'running' });
    home.expectWhole();
  }
});

test('a process that is killed while it copies again goes on with it at its next start', async () => {
  for (let killAtMs = 0; killAtMs < 8_000; killAtMs += 500) {
    const home = openHome();
    home.append(...imported([area('c1')]), press(1));
    home.follow();
    await home.caughtUp();
    const yesterday = home.store.copyAt();
    for (let seq = 2; seq < 8; seq++) {
      home.append(press(seq), ...imported([area(`village-${seq}`)], `import-${seq}`));
      await home.clock.advance(3_000);
    }
    home.store.restore(yesterday);
    await home.clock.advance(killAtMs);
    home.append(press(7), press(8));
    home.kill();
    home.follow();
    await home.caughtUp();
    home.expectWhole();
    expect(home.complaints).toEqual([]);
  }
});

test('what the journal no longer holds is a gap on record, and the registry is what it is now', async () => {
  const home = openHome();
  home.append(...imported([area('c1'), area('c2')]), press(1));
  home.follow();
  await home.caughtUp();
  const yesterday = home.store.copyAt();
  const orphan: RegistryChange = {
    type: 'put',
    entity: 'site',
    value: { id: 's1', areaId: 'c3', name: 'x', kind: 'care-home' },
  };
  home.append(...imported([{ type: 'remove', entity: 'area', id: 'c2' }], 'two'), press(2));
  home.append(...imported([orphan], 'refused'), ...imported([area('c3')], 'four'), press(3));
  await home.caughtUp();
  home.source.firstSequence = 6;
  home.store.restore(yesterday);
  await home.caughtUp();
  const rows = home.store.everything();
  expect(rows.gaps).toEqual([{ from: 4, to: 5 }]);
  expect(rows.reports.map(({ sequence }) => sequence)).toEqual([3, 6, 11]);
  expect(home.registry()).toEqual(['c1', 'c3']);
  home.append(...imported([area('c4')], 'five'));
  await home.caughtUp();
  expect(home.registry()).toEqual(['c1', 'c3', 'c4']);
  const wholes = home.store.everything().entities.filter(({ change }) => change.entity === 'every');
  expect(wholes.length).toBe(1);
});

test('a registry that the journal no longer tells in full survives a crash while it is copied again', async () => {
  const home = openHome();
  home.append(...imported([area('c1')]), press(1));
  home.follow();
  await home.caughtUp();
  const yesterday = home.store.copyAt();
  for (let seq = 2; seq < 30; seq++) {
    home.append(press(seq));
    await home.clock.advance(6_000);
  }
  home.source.firstSequence = 3;
  home.plan.opMs = [4_000, 4_001];
  home.store.restore(yesterday);
  await home.clock.advance(20_000);
  home.kill();
  home.follow();
  await home.caughtUp();
  expect(home.store.everything().reports).toEqual(freshFold(home.records).reports);
  home.append(...imported([area('c2')], 'two'));
  await home.caughtUp();
  expect(home.registry()).toEqual(['c1', 'c2']);
  expect(home.complaints).toEqual([]);
});

const seeds = Array.from({ length: 20 }, (_, index) => index + 1);

test.each(seeds)(
  'whatever happens to database and process, in the end every row is there once (seed %i)',
  async (seed) => {
    const home = openHome({ opMs: [1, 800], lostAnswerChance: 0.2 }, seed);
    await storm(home, seed, () => {});
    home.expectWhole();
    expect(home.complaints).toEqual([]);
  },
);

test.each(seeds)(
  'and what a shortened journal cannot tell any more is a gap, or said again (seed %i)',
  async (seed) => {
    const home = openHome({ opMs: [1, 800], lostAnswerChance: 0.2 }, seed);
    await storm(home, seed, () => {
      home.source.firstSequence = Math.max(home.source.firstSequence, home.projection.needsFrom() - 5);
    });
    const whole = freshFold(home.records);
    const { gaps, reports } = home.store.everything();
    const isGone = ({ sequence }: { sequence: number }) =>
      gaps.some(({ from, to }) => from <= sequence && sequence <= to);
    const sequences = reports.map(({ sequence }) => sequence);
    expect(sequences).toEqual([...new Set(sequences)]);
    const said = new Set(reports.map(({ report }) => report.seq));
    expect(whole.reports.filter((row) => !isGone(row) && !said.has(row.report.seq))).toEqual([]);
    expect(home.registry()).toEqual(registryOf(whole));
  },
);

type Home = ReturnType<typeof openHome>;

/** Ten minutes in which reports and imports come in while the database is away, put back and slow, and the process is killed. */
async function storm(home: Home, seed: number, between: () => void): Promise<void> {
  const chance = chanceOf(seed, 'storm');
  home.follow();
  const backups = [home.store.copyAt()];
  for (let step = 1; step <= 120; step++) {
    const drawn = chance.fraction();
    if (drawn < 0.5) home.append(press(step), press(Math.max(1, step - Math.floor(30 * chance.fraction()))));
    else if (drawn < 0.6) home.append(...imported([oneOf(chance, [area, noArea])(`a${step % 5}`)], `import-${step}`));
    else if (drawn < 0.67) backups.push(home.store.copyAt());
    else if (drawn < 0.72) home.store.restore(oneOf(chance, backups));
    else if (drawn < 0.8) {
      home.kill();
      home.follow();
    } else if (drawn < 0.85) {
      const fromMs = home.clock.monotonic();
      home.plan.away = [{ fromMs, toMs: fromMs + chance.fraction() * 100_000 }];
    }
    between();
    await home.clock.advance(Math.floor(chance.fraction() * 8_000));
  }
  home.heal();
  await home.caughtUp();
}

/** A journal in memory, a database in memory, and a projection between them, on a clock that is moved by hand. */
function openHome(faults: Partial<FaultPlan['store']> = {}, seed = 1) {
  const records: Stored[] = [];
  const heard = new Set<() => void>();
  const source = {
    id: '5'.repeat(32),
    firstSequence: 1,
    get headSequence() {
      return records.length;
    },
    position: (sequence: number) => `journal/0/${sequence}`,
    async readBatch(from: number, { maxRecords }: { maxRecords: number }) {
      return records.slice(from - 1, from - 1 + maxRecords);
    },
    onDurable(listener: () => void) {
      heard.add(listener);
      return () => void heard.delete(listener);
    },
  };
  const clock = new VirtualClock({ startAt: minute(0) });
  const store = new MemoryStore();
  const disk = new SimulatedDisk();
  const complaints: string[] = [];
  const plan = { ...noFaults(0).store, ...faults } as {
    -readonly [K in keyof FaultPlan['store']]: FaultPlan['store'][K];
  };
  let starts = 0;
  let running: { projection: Projection; faulty: FaultyStore; end: () => void } | undefined;
  const home = {
    ...{ records, source, clock, store, plan, complaints },
    get projection(): Projection {
      if (!running) throw new Error('nothing runs');
      return running.projection;
    },
    append(...added: JournalRecord[]): void {
      for (const record of added) {
        const sequence = records.length + 1;
        records.push({ sequence, receivedAt: Math.round(clock.now()), body: encodeRecord(record) });
      }
      for (const listener of heard) listener();
    },
    follow(): void {
      const { clock: own, end } = clock.ofProcess();
      starts += 1;
      const parts = { clock: own, chance: chanceOf(seed, `store ${starts}`), faults: plan, onCall: () => {} };
      const faulty = faultyStore({ store, ...parts });
      const log = complainingLog(complaints);
      const projection = startProjection({
        isDurable: () => true,
        ...{ source, store: faulty, clock: own, log },
        checkpoint: new Checkpoint({
          ...{ disk: disk.open({ clock: own }), name: 'projection' },
          ...{ journalId: source.id, log, minChangeBytes: 2_000 },
        }),
        metrics: createMetrics(),
        died: (error) => complaints.push(String(error)),
      });
      running = { projection, faulty, end };
    },
    kill(): void {
      running?.end();
      heard.clear();
    },
    heal: () => running?.faulty.heal(),
    at: (sequence: number) => ({ journalId: source.id, sequence, receivedAt: records[sequence - 1]?.receivedAt ?? 0 }),
    async caughtUp(): Promise<void> {
      await clock.advance(120_000);
      expect(home.projection.status()).toEqual({ phase: 'running' });
      expect(home.projection.lag().records).toBe(0);
    },
    expectWhole: () => expect(store.everything()).toEqual(freshFold(records)),
    registry: () => registryOf(store.everything()),
  };
  return home;
}

function complainingLog(complaints: string[]): Log {
  const error = (fields: object, message: string) => void complaints.push(`${message} ${JSON.stringify(fields)}`);
  return { ...silentLog, error, child: () => complainingLog(complaints) };
}

const area = (id: string): RegistryChange => ({
  type: 'put',
  entity: 'area',
  value: { id, level: 'county', name: '白音' },
});

const noArea = (id: string): RegistryChange => ({ type: 'remove', entity: 'area', id });

function registryOf({ entities }: Rows): string[] {
  const standing = new Map<string, EntityChange>();
  for (const { change } of entities) {
    if (change.entity === 'every') standing.clear();
    else standing.set(change.id, change);
  }
  return [...standing.values()].flatMap(({ id, value }) => (value ? [id] : [])).sort();
}

function imported(changes: RegistryChange[], importId = 'one'): JournalRecord[] {
  const by = { type: 'system', id: 'import' } as const;
  return [
    { kind: 'command', command: { type: 'registry-part', commandId: `${importId}-0`, by, importId, part: 0, changes } },
    { kind: 'command', command: { type: 'registry-commit', commandId: `${importId}-1`, by, importId, parts: 1 } },
  ];
}

function press(seq: number): JournalRecord {
  const payload = new TextEncoder().encode(JSON.stringify({ v: 1, boot: 1, seq, age: 0, call: 'emergency' }));
  return { kind: 'report', source: 'mqtt', deviceId: 'd1', standing: 'registered', report: 'press', payload };
}
