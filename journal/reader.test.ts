import { expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { encodeFileHeader } from './frame.ts';
import { everything, openTestJournal, TestDisk, testChance, testClock, text, wordsOf } from './journal.test-support.ts';
import { openJournalReader } from './reader.ts';
import { segmentName } from './segments.ts';

const one = { maxRecords: 1, maxBytes: 1 };

test('a reader announces what was written after it opened, over segments, once', async () => {
  const { disk, clock, journal, reader } = await world({ segmentBytes: 500 });
  let announced = 0;
  reader.onDurable(() => announced++);
  for (let number = 1; number <= 30; number++) await journal.append(text(`report ${number}`), 'telemetry');
  expect(reader.headSequence).toBe(0);
  await clock.pass(40, 10);
  expect(announced).toBe(1);
  expect(wordsOf(await everything(reader))).toEqual(Array.from({ length: 30 }, (_, index) => `report ${index + 1}`));
  expect(reader.position(5)).toBe(journal.position(5));
  expect((await disk.list('journal')).length).toBeGreaterThan(3);
  await clock.pass(100, 10);
  expect(announced).toBe(1);
});

test('the newest segments that fit into so many bytes begin there; the last one always counts', async () => {
  const { clock, journal, reader, disk } = await world({ segmentBytes: 500 });
  for (let number = 1; number <= 30; number++) await journal.append(text(`report ${number}`), 'telemetry');
  await clock.pass(40, 10);
  const segments = (await disk.list('journal')).sort((a, b) => (a.name < b.name ? 1 : -1));
  const firsts = segments.map(({ name }) => Number.parseInt(name, 10));
  const lastTwo = (segments[0]?.bytes ?? 0) + (segments[1]?.bytes ?? 0);
  expect(reader.firstWithin(0)).toBe(firsts[0]);
  expect(reader.firstWithin(lastTwo - 1)).toBe(firsts[0]);
  expect(reader.firstWithin(lastTwo)).toBe(firsts[1]);
  expect(reader.firstWithin(10 ** 9)).toBe(1);
});

test('a poke finds it at once', async () => {
  const { journal, reader } = await world();
  await journal.append(text('smoke'), 'life-safety');
  await reader.poke();
  expect(wordsOf(await reader.readBatch(1, one))).toEqual(['smoke']);
});

test('what is synced for certain is what another group or segment stands behind', async () => {
  const { disk, journal, reader } = await world();
  await Promise.all([journal.append(text('one'), 'telemetry'), journal.append(text('two'), 'telemetry')]);
  await reader.poke();
  expect([reader.headSequence, reader.syncedSequence]).toEqual([2, 0]);
  await journal.append(text('three'), 'telemetry');
  await reader.poke();
  expect([reader.headSequence, reader.syncedSequence]).toEqual([3, 2]);
  const opened = await openJournalReader({ disk, clock: testClock(), log: silentLog });
  expect([opened.headSequence, opened.syncedSequence]).toEqual([3, 2]);
});

test('a segment that is begun says that the one before it is synced', async () => {
  const { disk, clock, journal, reader } = await world();
  await journal.append(text('one'), 'telemetry');
  const header = encodeFileHeader('journal', { journalId: journal.id, firstSequence: 2, begunAt: clock.now() });
  await disk.writeWhole(segmentName(2), header);
  await reader.poke();
  expect([reader.headSequence, reader.syncedSequence]).toEqual([1, 1]);
});

test('a group that is half written is not read, and read when it is whole', async () => {
  const { disk, journal, reader } = await world();
  await journal.append(text('first'), 'telemetry');
  const before = disk.bytesOf(segmentName(1));
  await journal.append(text('second'), 'telemetry');
  const after = disk.bytesOf(segmentName(1));
  for (let cut = before.length; cut < after.length; cut++) {
    disk.files.set(segmentName(1), after.slice(0, cut));
    await reader.poke();
    expect(reader.headSequence).toBe(1);
  }
  disk.files.set(segmentName(1), after);
  await reader.poke();
  expect(wordsOf(await everything(reader))).toEqual(['first', 'second']);
});

test('a torn end that the next start cuts and writes over is followed', async () => {
  const { disk, journal, reader } = await world();
  await journal.append(text('first'), 'telemetry');
  await journal.close();
  disk.files.set(segmentName(1), new Uint8Array([...disk.bytesOf(segmentName(1)), 1, 2, 3, 4, 5, 6, 7, 8]));
  await reader.poke();
  expect(reader.headSequence).toBe(1);
  const again = await openTestJournal({ disk });
  await again.append(text('second'), 'telemetry');
  await reader.poke();
  expect(wordsOf(await everything(reader))).toEqual(['first', 'second']);
});

test('a reader that is behind what is kept is told so', async () => {
  const { journal, reader } = await world({ segmentBytes: 300, keepBytes: 600 }, 0);
  for (let number = 1; number <= 50; number++) {
    await journal.append(text(`report ${number}`), 'telemetry');
    await reader.poke();
  }
  await expect(reader.readBatch(1, one)).rejects.toMatchObject({ code: 'POSITION_UNKNOWN' });
  expect(wordsOf(await everything(reader, journal.firstSequence)).at(-1)).toBe('report 50');
  await reader.poke();
  expect(reader.firstSequence).toBe(journal.firstSequence);
});

test('a segment that retention takes while it is being read costs the place, and nothing else', async () => {
  const { journal, reader } = await world({ segmentBytes: 300 }, 0);
  for (let number = 1; number <= 20; number++) await journal.append(text(`report ${number}`), 'telemetry');
  await reader.poke();
  expect((await reader.readBatch(1, one)).length).toBe(1);
  const trimmed = await openTestJournal({ disk: reader.disk, limits: { segmentBytes: 300, keepBytes: 600 } });
  await trimmed.retain();
  await expect(reader.readBatch(2, one)).rejects.toMatchObject({ code: 'POSITION_UNKNOWN' });
  expect(reader.firstSequence).toBe(trimmed.firstSequence);
});

test('another journal in the place of this one is noticed and never read on', async () => {
  const { disk, journal, reader } = await world();
  await journal.append(text('first'), 'telemetry');
  await reader.poke();
  disk.files.clear();
  await openTestJournal({ disk, chance: testChance(9) });
  await reader.poke();
  await expect(reader.failed).resolves.toMatchObject({ code: 'POSITION_UNKNOWN' });
});

async function world(limits: object = {}, tailBytes = 100_000) {
  const disk = new TestDisk();
  const clock = testClock();
  const journal = await openTestJournal({ disk, limits: { tailBytes: 0, ...limits } });
  const reader = await openJournalReader({ disk, clock, log: silentLog, lookEveryMs: 20, tailBytes });
  return { disk, clock, journal, reader: Object.assign(reader, { disk }) };
}
