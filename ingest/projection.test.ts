import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Checkpoint } from '../journal/checkpoint.ts';
import { scaledClock } from '../platform/clock.ts';
import { type Disk, openDisk } from '../platform/disk.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import type { JournalRecord } from '../records/journal-record.ts';
import { encodeRecord } from '../records/record-codec.ts';
import type { RegistryChange } from '../records/registry.ts';
import { query, type ScratchPostgres, startScratchPostgres } from '../storage/scratch-postgres.test-support.ts';
import { createSqlStore } from '../storage/sql-store.ts';
import type { Store } from '../storage/store.ts';
import { alertAt, minute } from '../storage/store-contract.ts';
import type { Stored } from './judge.ts';
import { type Projection, startProjection } from './projection.ts';

let postgres: ScratchPostgres;
let folder: string;
let disk: Disk;
const ends: (() => Promise<void>)[] = [];
beforeAll(async () => {
  postgres = await startScratchPostgres();
  folder = await mkdtemp(join(tmpdir(), 'steppewatch-projection-'));
  disk = openDisk(folder);
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(async () => {
  await postgres.stop();
  await disk.close();
  await rm(folder, { recursive: true, force: true });
});

test('a report is in the database once, however often it is sent', async () => {
  const { journal, url, follow, caughtUp } = await home();
  journal.append(press(1), press(1), presence(2), press(1));
  await follow();
  await caughtUp();
  expect(await query(url, 'select journal_position, state, seq from report order by 1')).toEqual([
    { journal_position: '1', state: 'emergency', seq: '1' },
    { journal_position: '3', state: 'on', seq: '2' },
  ]);
  expect(await query(url, 'select device_id from device')).toEqual([{ device_id: 'd1' }]);
});

test('what cannot be read is a rejection with its reason, and an alarm that cannot be read too', async () => {
  const { journal, url, follow, caughtUp } = await home();
  journal.append(report('status', '{"v":1'), report('alarm', 'smoke!'));
  await follow();
  await caughtUp();
  const rejections = await query(url, 'select reason from rejection order by journal_position');
  expect(rejections).toEqual([{ reason: 'malformed' }, { reason: 'unreadable-alarm' }]);
});

test('the copy goes on after a restart from where it was, and knows what was sent before', async () => {
  const { journal, url, follow, caughtUp, stop } = await home();
  journal.append(press(1), press(2));
  await follow();
  await caughtUp();
  await stop();
  journal.append(press(2), press(3));
  await follow();
  await caughtUp();
  expect(await sequencesIn(url)).toEqual([1, 2, 4]);
});

test('a process that was killed before it kept its state reads again, without writing again', async () => {
  const { journal, url, follow, caughtUp, stop, loseCheckpoint } = await home();
  journal.append(press(1), press(2));
  await follow();
  await caughtUp();
  await stop();
  loseCheckpoint();
  journal.append(press(2), press(3));
  await follow();
  await caughtUp();
  expect(await sequencesIn(url)).toEqual([1, 2, 4]);
  expect(await query(url, 'select sum(reports)::int as reports from received_minute')).toEqual([{ reports: 3 }]);
});

test('with the database away the copy waits and says so; when it is back nothing is missing and nothing is doubled', async () => {
  const { journal, url, follow, caughtUp } = await home();
  journal.append(press(1));
  const projection = await follow();
  await caughtUp();
  await postgres.away(async () => {
    for (let seq = 2; seq <= 50; seq++) journal.append(press(seq), press(seq));
    await expect.poll(() => projection.status(), patience).toMatchObject({ phase: 'waiting' });
    expect(projection.lag()).toMatchObject({ records: 98 });
  });
  await caughtUp();
  expect(projection.status()).toEqual({ phase: 'running' });
  expect((await sequencesIn(url)).length).toBe(50);
});

test('a database that was copied from another journal is named and left alone', async () => {
  const { journal, url, follow, caughtUp, stop, loseCheckpoint } = await home();
  journal.append(press(1));
  await follow();
  await caughtUp();
  await stop();
  loseCheckpoint();
  journal.source.id = 'a'.repeat(32);
  const projection = await follow();
  await expect
    .poll(() => projection.status(), patience)
    .toMatchObject({
      phase: 'stopped',
      why: expect.stringContaining('the database is a copy of it, and this is journal aaaa'),
    });
  expect(await sequencesIn(url)).toEqual([1]);
});

test('a journal that was restored from yesterday under the database of today is named, even when it has grown since', async () => {
  const { journal, follow, caughtUp, stop, loseCheckpoint } = await home();
  journal.append(press(1), press(2), press(3));
  await follow();
  await caughtUp();
  await stop();
  loseCheckpoint();
  journal.records.length = 2;
  const shorter = await follow();
  const ends = { phase: 'stopped', why: expect.stringContaining('the journal ends at') };
  await expect.poll(() => shorter.status(), patience).toMatchObject(ends);
  await stop();
  journal.records.push({ ...(journal.records[1] as Stored), sequence: 3, receivedAt: minute(99) });
  const grown = await follow();
  const restored = { phase: 'stopped', why: expect.stringContaining('restored from a backup') };
  await expect.poll(() => grown.status(), patience).toMatchObject(restored);
});

test('a database that was restored from yesterday, or emptied, is filled again from the journal', async () => {
  const { journal, follow, caughtUp, stop, useDatabase } = await home();
  journal.append(...imported([county]), press(1), press(2));
  await follow();
  await caughtUp();
  await stop();
  const empty = await postgres.createDatabase();
  useDatabase(empty);
  journal.append(press(2));
  await follow();
  await caughtUp();
  expect(await sequencesIn(empty)).toEqual([3, 4]);
  expect(await query(empty, 'select id from area')).toEqual([{ id: 'c1' }]);
});

test('a database that is emptied under a running projection gets its tables and its rows again', async () => {
  const { journal, url, follow, caughtUp } = await home();
  journal.append(...imported([county]), press(1));
  await follow();
  await caughtUp();
  await query(url, 'drop schema public cascade; create schema public');
  journal.append(press(1), press(2));
  await expect.poll(() => sequencesIn(url).catch(() => []), patience).toEqual([3, 5]);
  expect(await query(url, 'select id from area')).toEqual([{ id: 'c1' }]);
  await caughtUp();
});

test('what the journal no longer holds is a gap on record, and the registry is there all the same', async () => {
  const { journal, follow, caughtUp, stop, useDatabase } = await home();
  journal.append(...imported([county]), press(1), press(2), press(3));
  await follow();
  await caughtUp();
  await stop();
  journal.source.firstSequence = 5;
  const empty = await postgres.createDatabase();
  useDatabase(empty);
  await follow();
  await caughtUp();
  expect(await sequencesIn(empty)).toEqual([5]);
  expect(await query(empty, 'select from_sequence, to_sequence from projection_gap')).toEqual([
    { from_sequence: '1', to_sequence: '4' },
  ]);
  expect(await query(empty, 'select id from area')).toEqual([{ id: 'c1' }]);
});

test('one record that the database refuses is a gap on record and holds up nobody', async () => {
  const { journal, url, follow, caughtUp } = await home();
  const impossible = { ...alertAt(1), occurredAt: 1e18 };
  const decided: JournalRecord = {
    kind: 'decided',
    cause: 1,
    version: '1',
    alerts: [{ type: 'raise', alert: impossible }],
  };
  journal.append(press(1), decided, press(2));
  await follow();
  await caughtUp();
  expect(await sequencesIn(url)).toEqual([1, 3]);
  expect(await query(url, 'select from_sequence, to_sequence from projection_gap')).toEqual([
    { from_sequence: '2', to_sequence: '2' },
  ]);
});

test('a record of a newer release is a gap on record and holds up nobody', async () => {
  const { journal, url, follow, caughtUp } = await home();
  journal.append(press(1), press(2), press(3));
  journal.records[1] = { ...(journal.records[1] as Stored), body: Uint8Array.of(200, 1) };
  await follow();
  await caughtUp();
  expect(await sequencesIn(url)).toEqual([1, 3]);
  expect(await query(url, 'select from_sequence from projection_gap')).toEqual([{ from_sequence: '2' }]);
});

test('an import is in the database when it is committed, and not at all when it is refused', async () => {
  const { journal, url, follow, caughtUp } = await home();
  const orphan: RegistryChange = {
    type: 'put',
    entity: 'site',
    value: { id: 's1', areaId: 'nowhere', name: 'x', kind: 'care-home' },
  };
  journal.append(...imported([county]), ...imported([orphan], 'import-two'));
  await follow();
  await caughtUp();
  expect(await query(url, 'select name, level from area')).toEqual([{ name: '白音', level: 'county' }]);
  expect(await query(url, 'select from site')).toEqual([]);
});

test('a quiet journal is still vouched for', async () => {
  const { journal, url, follow, caughtUp } = await home();
  journal.append(press(1));
  await follow();
  await caughtUp();
  const seen = async () =>
    (await query<{ seen_at: Date }>(url, 'select seen_at from projection_position'))[0]?.seen_at.getTime() ?? 0;
  const before = await seen();
  await expect.poll(seen, patience).toBeGreaterThan(before);
});

const patience = { timeout: 20_000, interval: 20 };

/** A journal in memory, a database of its own, and a projection between them whose waits take a twentieth of their time. */
async function home() {
  const records: Stored[] = [];
  const listeners = new Set<() => void>();
  const source = {
    id: '5'.repeat(32),
    firstSequence: 1,
    get headSequence() {
      return records.length;
    },
    // As the journal's own does, it needs to know whose it is.
    position(sequence: number) {
      return `${this.id}/0/${sequence}`;
    },
    async readBatch(from: number, { maxRecords }: { maxRecords: number }) {
      return records.slice(from - 1, from - 1 + maxRecords);
    },
    onDurable(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const append = (...added: JournalRecord[]) => {
    for (const record of added) {
      const sequence = records.length + 1;
      records.push({ sequence, receivedAt: minute(sequence), body: encodeRecord(record) });
    }
    for (const listener of listeners) listener();
  };
  const url = await postgres.createDatabase();
  const clock = scaledClock(20);
  const home = { checkpoint: `p-${url.split('_').at(-1)}`, url };
  let running: { projection: Projection; store: Store } | undefined;
  async function stop(): Promise<void> {
    await running?.projection.stop();
    await running?.store.close();
    running = undefined;
  }
  ends.push(stop);
  return {
    journal: { records, source, append },
    url,
    stop,
    async follow(): Promise<Projection> {
      await stop();
      const store = createSqlStore({ url: home.url, log: silentLog });
      const checkpoint = new Checkpoint({ disk, name: home.checkpoint, journalId: source.id, log: silentLog });
      const projection = startProjection({
        isDurable: () => true,
        source,
        store,
        checkpoint,
        clock,
        log: silentLog,
        metrics: createMetrics(),
        died: (error) => expect.unreachable(String(error)),
      });
      running = { projection, store };
      return projection;
    },
    async caughtUp() {
      await expect.poll(() => running?.projection.status(), patience).toEqual({ phase: 'running' });
      await expect.poll(() => running?.projection.lag().records, patience).toBe(0);
    },
    loseCheckpoint: () => {
      home.checkpoint += '-lost';
    },
    useDatabase: (other: string) => {
      home.url = other;
    },
  };
}

const county: RegistryChange = { type: 'put', entity: 'area', value: { id: 'c1', level: 'county', name: '白音' } };

function imported(changes: RegistryChange[], importId = 'import-one'): JournalRecord[] {
  const by = { type: 'system', id: 'import' } as const;
  return [
    { kind: 'command', command: { type: 'registry-part', commandId: `${importId}-0`, by, importId, part: 0, changes } },
    { kind: 'command', command: { type: 'registry-commit', commandId: `${importId}-1`, by, importId, parts: 1 } },
  ];
}

function report(name: string, payload: string): JournalRecord {
  const common = { source: 'mqtt', deviceId: 'd1', standing: 'registered' } as const;
  return { kind: 'report', ...common, report: name, payload: new TextEncoder().encode(payload) };
}
const press = (seq: number) => report('press', JSON.stringify({ v: 1, boot: 1, seq, age: 0, call: 'emergency' }));
const presence = (seq: number) =>
  report('presence', JSON.stringify({ v: 1, boot: 1, seq, age: 0, source: 'motion', state: 'on' }));

async function sequencesIn(url: string): Promise<number[]> {
  const rows = await query<{ journal_position: string }>(url, 'select journal_position from report order by 1');
  return rows.map(({ journal_position }) => Number(journal_position));
}
