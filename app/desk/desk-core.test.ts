import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Checkpoint } from '../../journal/checkpoint.ts';
import { openJournal } from '../../journal/journal.ts';
import { openJournalReader } from '../../journal/reader.ts';
import type { Disk } from '../../platform/disk.ts';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { encodeRecord } from '../../records/record-codec.ts';
import { chanceOf } from '../../simulators/seeded-chance.ts';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import { openCounty } from '../../simulators/virtual-county.ts';
import { MemoryStore } from '../../simulators/world/memory-store.ts';
import { SimulatedDisk } from '../../simulators/world/simulated-disk.ts';
import { type Desk, type DeskPorts, openDesk } from './desk-core.ts';

// Desk's folds beside a county on a virtual clock, over the same disk in memory.

const registryText = readFileSync(new URL('../../scenarios/county.yaml', import.meta.url), 'utf8');
const startAt = Date.parse('2026-11-22T20:00:00Z');

test('what the alarm process decides is on the page, and in a store as soon as there is one', async () => {
  const { county, open } = await home();
  const desk = await open();
  county.does('sarna-kitchen', 'alarm');
  await county.clock.advance(1_000);
  const live = [...county.alarm.incidents.openIncidents()];
  expect(live.map(({ category }) => category)).toEqual(['fire']);
  expect(incidentsOf(desk)).toEqual(live);
  expect(desk.duty.registry.device('sarna-kitchen')).toEqual(county.alarm.registry.device('sarna-kitchen'));
  const unbegun = { phase: 'starting', lagRecords: 0, lagMs: 0 };
  expect(desk.status(county.clock.now())).toMatchObject({
    duty: { caughtUp: true, lagRecords: 0 },
    projection: unbegun,
  });
  expect(desk.positions()).toEqual({ duty: 0 });

  const store = new MemoryStore();
  desk.project(store);
  await county.clock.advance(1_000);
  const { headSequence } = county.alarm.journal;
  expect(await store.position()).toMatchObject({ sequence: headSequence });
  expect(await store.incidentHistory({ limit: 10 })).toEqual(live);
  expect(desk.status(county.clock.now()).projection).toEqual({ phase: 'running', lagRecords: 0, lagMs: 0 });
  expect(Object.keys(desk.positions())).toEqual(['duty', 'projection']);
});

test('desk waits until there is a journal', async () => {
  const clock = new VirtualClock({ startAt });
  const disk = new SimulatedDisk().open({ clock });
  let isOpen = false;
  openDesk({ ...portsOver(disk), clock }).then(() => {
    isOpen = true;
  });
  await clock.advance(60_000);
  expect(isOpen).toBe(false);
  const other = await home();
  for (const { name } of await other.disk.list('journal')) {
    await disk.writeWhole(`journal/${name}`, await other.disk.read(`journal/${name}`, 0, 10 ** 6));
  }
  await clock.advance(1_000);
  expect(isOpen).toBe(true);
});

test('a desk that was stopped goes on from where it was, and its copy too', async () => {
  const { county, disk, open } = await home();
  const store = new MemoryStore();
  const first = await open();
  first.project(store);
  county.does('sarna-kitchen', 'alarm');
  await county.clock.advance(90_000);
  await first.stop();
  const { headSequence, id: journalId } = county.alarm.journal;
  const keptOf = (name: string) => new Checkpoint({ disk, name, journalId, log: silentLog }).load(() => {});
  expect(await keptOf('projection')).toBe(headSequence);
  expect(await keptOf('duty')).toBe(headSequence);

  county.does('bator-button', 'emergency');
  await county.clock.advance(1_000);
  expect((await store.position())?.sequence).toBe(headSequence);
  const second = await open();
  second.project(store);
  await county.clock.advance(1_000);
  expect(incidentsOf(second)).toEqual([...county.alarm.incidents.openIncidents()]);
  expect(incidentsOf(second)).toHaveLength(2);
  expect(await store.position()).toMatchObject({ sequence: county.alarm.journal.headSequence });
});

test('a view that was kept never knows what a power cut took from the journal', async () => {
  const seeds = Array.from({ length: 60 }, (_, index) => index + 1);
  const cuts = await Promise.all(seeds.map(cutAfterQuiet));
  expect(cuts.filter(({ seen, left }) => seen > left).length).toBeGreaterThan(10);
  expect(cuts.filter(({ kept, left }) => kept > left)).toEqual([]);
  expect(cuts.filter(({ kept }) => kept > 0).length).toBe(cuts.length);
});

test('a snapshot is taken after as much change as the ports say, and the journal is needed from the older one on', async () => {
  const { county, disk, open } = await home();
  const desk = await open({ snapshotAfterBytes: 1, checkpointEveryMs: 500 });
  expect(desk.positions()).toEqual({ duty: 0 });
  for (const home of ['sarna', 'bator', 'tuya']) {
    county.does(`${home}-kitchen`, 'alarm');
    await county.clock.advance(600_000);
  }
  const files = (await disk.list('checkpoints/duty')).map(({ name }) => name);
  expect(files.filter((name) => name.endsWith('.snapshot'))).toHaveLength(2);
  expect(desk.positions().duty).toBeGreaterThan(0);
});

test('in a county where nothing happens, desk waits for nothing but its time to vouch for the copy', async () => {
  const { county, open } = await home();
  const timers = { set: 0 };
  const clock: DeskPorts['clock'] = {
    now: () => county.clock.now(),
    monotonic: () => county.clock.monotonic(),
    turn: () => county.clock.turn(),
    after(delayMs, run) {
      timers.set += 1;
      return county.clock.after(delayMs, run);
    },
  };
  const desk = await open({ clock, lookEveryMs: 10 ** 12, sayEveryMs: 60_000 });
  desk.project(new MemoryStore());
  await county.clock.advance(60_000);
  timers.set = 0;
  await county.clock.advance(3_600_000);
  expect(timers.set).toBe(60);
});

test('a copy beside the database holds back the journal, but no more of it than it may', async () => {
  const clock = new VirtualClock({ startAt });
  const disk = new SimulatedDisk().open({ clock });
  const parts = { disk, clock, log: silentLog, chance: chanceOf(1, 'journal'), clockStepBody: () => new Uint8Array() };
  const limits = { reserveBytes: 0, floorBytes: 0, segmentBytes: 500 };
  const journal = await inTime(clock, openJournal({ ...parts, limits }));
  for (let record = 0; record < 60; record++)
    await inTime(clock, journal.append(encodeRecord({ kind: 'tick' }), 'essential'));
  const away = { position: () => new Promise<never>(() => {}), writeBatch: async () => {} };
  const heldBy = async (holdsBytes: number) => {
    const desk = await inTime(clock, openDesk({ ...portsOver(disk), clock }));
    desk.copyBeside({ name: 'influxdb', store: away, holdsBytes, log: silentLog });
    return desk.positions().influxdb;
  };
  expect(await heldBy(1_000_000)).toBe(0);
  const tight = (await heldBy(1_000)) ?? 0;
  expect(tight).toBeGreaterThan(20);
  expect(tight).toBeLessThan(60);
});

test('after a way back the page passes over what it cannot read, says so, and shows everything else', async () => {
  const { county, open } = await home();
  const said: object[] = [];
  const log = { ...silentLog, error: (fields: object) => void said.push(fields) };
  const desk = await open({ log });
  for (const body of [Uint8Array.of(200, 1, 0x7b, 0x7d), Uint8Array.of(6, 9, 0x7b, 0x7d)]) {
    const appended = county.alarm.journal.append(body, 'essential');
    await county.clock.advance(100);
    await appended;
  }
  county.does('sarna-kitchen', 'alarm');
  await county.clock.advance(1_000);
  expect(incidentsOf(desk).map(({ category }) => category)).toContain('fire');
  expect(said).toMatchObject([{ sequence: expect.any(Number) }, { sequence: expect.any(Number) }]);
  const quarantined = incidentsOf(desk).find(({ category }) => category === 'system');
  expect(quarantined?.alerts.map(({ condition }) => condition)).toEqual(['record-quarantined', 'record-quarantined']);
});

test('a copy beside the database that dies of a record takes nothing else with it', async () => {
  const { county, open } = await home();
  const desk = await open();
  const said: string[] = [];
  const log = { ...silentLog, error: (_: object, message: string) => said.push(message) };
  const store = {
    position: async () => undefined,
    writeBatch: () => Promise.reject(new TypeError('a record that nobody thought of')),
  };
  desk.copyBeside({ name: 'influxdb', store, holdsBytes: 1_000_000, log });
  desk.project(new MemoryStore());
  county.does('sarna-kitchen', 'alarm');
  await county.clock.advance(10_000);
  expect(said).toEqual(['this copy stands still until desk is started again']);
  expect(desk.status(county.clock.now()).projection).toEqual({ phase: 'running', lagRecords: 0, lagMs: 0 });
});

const incidentsOf = (desk: Desk) => desk.duty.view.openIncidents().map(({ incident }) => incident);

function portsOver(disk: Disk) {
  const fail = (error: unknown) => expect.unreachable(String(error));
  const durableHead = () => undefined;
  return { disk, stateDisk: disk, log: silentLog, metrics: createMetrics(), fail, durableHead };
}

async function home() {
  const files = new SimulatedDisk();
  const county = await openCounty({ startAt, seed: 7, registryText, disk: files });
  const disk = files.open(county);
  const durableHead = () => county.alarm.journal.headSequence;
  const open = (ports: Partial<DeskPorts> = {}) =>
    openDesk({ ...portsOver(disk), clock: county.clock, durableHead, ...ports });
  return { county, disk, open };
}

/** A slow disk, four records with a silence between them, and a power cut soon after the last: what desk had seen and kept, and what is left. */
async function cutAfterQuiet(seed: number) {
  const clock = new VirtualClock({ startAt });
  const files = new SimulatedDisk({ chance: chanceOf(seed, 'disk'), faults: { opMs: [1, 400] } });
  const journal = await inTime(
    clock,
    openJournal({
      ...{
        disk: files.open({ clock }),
        clock,
        log: silentLog,
        chance: chanceOf(seed, 'journal'),
        clockStepBody: () => new Uint8Array(),
      },
      limits: { reserveBytes: 0, floorBytes: 0 },
    }),
  );
  const append = () => void journal.append(encodeRecord({ kind: 'tick' }), 'essential').catch(() => {});
  append();
  const desk = await inTime(
    clock,
    openDesk({ ...portsOver(files.open({ clock })), stateDisk: files.open({ clock }), clock }),
  );
  for (let record = 0; record < 2; record++) {
    append();
    await clock.advance(10_000);
  }
  append();
  await clock.advance(50 + chanceOf(seed, 'cut').fraction() * 350);
  const seen = desk.duty.follower.position();
  files.powerCut();

  const after = files.open({ clock });
  const reader = await inTime(clock, openJournalReader({ disk: after, clock, log: silentLog }));
  const kept = new Checkpoint({ disk: after, name: 'duty', journalId: reader.id, log: silentLog }).load(() => {});
  return { seen, kept: await inTime(clock, kept), left: reader.headSequence };
}

async function inTime<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  await clock.advance(5_000);
  return work;
}
