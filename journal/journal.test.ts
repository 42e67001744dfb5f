import { expect, test } from 'vitest';
import { createMetrics } from '../platform/metrics.ts';
import { everything, openTestJournal, settled, TestDisk, testClock, text, wordsOf } from './journal.test-support.ts';
import { isAfter } from './position.ts';

test('what is acknowledged is on disk, in call order, with sequences from 1', async () => {
  const disk = new TestDisk();
  const journal = await openTestJournal({ disk });
  const order: number[] = [];
  const appended = Array.from({ length: 50 }, (_, index) =>
    journal.append(text(`report ${index}`), 'telemetry').then(({ sequence }) => {
      expect(journal.headSequence).toBeGreaterThanOrEqual(sequence);
      order.push(sequence);
    }),
  );
  await Promise.all(appended);
  expect(order).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  await journal.close();
  const again = await openTestJournal({ disk: disk.afterCrash() });
  expect(wordsOf(await everything(again))).toEqual(Array.from({ length: 50 }, (_, index) => `report ${index}`));
  expect(again.id).toBe(journal.id);
});

test('nobody is told before the sync, and what comes meanwhile is one group', async () => {
  const disk = new TestDisk();
  const journal = await openTestJournal({ disk });
  const written: number[] = [];
  journal.onDurable(() => written.push(journal.headSequence));
  disk.hang();
  let isTold = false;
  const first = journal.append(text('first'), 'telemetry').then(() => (isTold = true));
  await settled();
  const rest = Array.from({ length: 9 }, () => journal.append(text('more'), 'telemetry'));
  await settled();
  expect(isTold).toBe(false);
  expect(journal.headSequence).toBe(0);
  expect(await journal.readBatch(1, { maxRecords: 10, maxBytes: 1_000 })).toEqual([]);
  disk.release();
  await Promise.all([first, ...rest]);
  expect(written).toEqual([1, 10]);
});

test('how much the journal keeps is known before its first segment is full', async () => {
  const metrics = createMetrics();
  const journal = await openTestJournal({ disk: new TestDisk(), metrics });
  await journal.append(text('x'.repeat(5_000)), 'telemetry');
  expect((await metrics.journalBytes.get()).values[0]?.value).toBeGreaterThan(5_000);
});

test('when the disk hangs, it is known for how long, and which alarms wait', async () => {
  const disk = new TestDisk();
  const clock = testClock();
  const journal = await openTestJournal({ disk, clock });
  disk.hang();
  const appended = [journal.append(text('status'), 'telemetry'), journal.append(text('smoke'), 'life-safety')];
  await clock.pass(1_500);
  appended.push(journal.append(text('fall'), 'life-safety'));
  await clock.pass(1_000);
  expect(journal.hungForMs()).toBe(2_500);
  expect(wordsOf(journal.waitingLifeSafety())).toEqual(['smoke', 'fall']);
  expect(journal.waitingLifeSafety().map(({ sequence }) => sequence)).toEqual([2, 3]);
  disk.release();
  expect((await Promise.all(appended)).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  expect(journal.hungForMs()).toBe(0);
  expect(journal.waitingLifeSafety()).toEqual([]);
});

test('a flood of telemetry is refused while a command and an alarm still find room', async () => {
  const disk = new TestDisk();
  const journal = await openTestJournal({ disk, limits: { waitingRecords: 10 } });
  disk.hang();
  const kept = [journal.append(text('under way'), 'telemetry')];
  await settled();
  for (let count = 0; count < 7; count++) kept.push(journal.append(text('status'), 'telemetry'));
  await expect(journal.append(text('status'), 'telemetry')).rejects.toMatchObject({
    code: 'JOURNAL_BUSY',
    retry: 'later',
  });
  for (let count = 0; count < 2; count++) kept.push(journal.append(text('claim'), 'essential'));
  await expect(journal.append(text('claim'), 'essential')).rejects.toMatchObject({ code: 'JOURNAL_BUSY' });
  kept.push(journal.append(text('smoke'), 'life-safety'));
  await expect(journal.append(text('smoke'), 'life-safety')).rejects.toMatchObject({ code: 'JOURNAL_BUSY' });
  disk.release();
  expect((await Promise.all(kept)).map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: 11 }, (_, i) => i + 1),
  );
});

test('what waits is bounded by bytes too', async () => {
  const disk = new TestDisk();
  const journal = await openTestJournal({ disk, limits: { waitingBytes: 1_000 } });
  disk.hang();
  journal.append(new Uint8Array(10), 'life-safety');
  await settled();
  journal.append(new Uint8Array(900), 'life-safety');
  await expect(journal.append(new Uint8Array(200), 'life-safety')).rejects.toMatchObject({ code: 'JOURNAL_BUSY' });
  disk.release();
});

test('a failed sync is final: everything that waits is refused, and nothing is taken again', async () => {
  const disk = new TestDisk();
  const journal = await openTestJournal({ disk });
  await journal.append(text('kept'), 'essential');
  disk.hang();
  const waiting = [journal.append(text('a'), 'life-safety'), journal.append(text('b'), 'telemetry')];
  await settled();
  waiting.push(journal.append(text('c'), 'essential'));
  disk.failsNextSync = true;
  disk.release();
  for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'JOURNAL_FAILED', retry: 'never' });
  await expect(journal.append(text('d'), 'life-safety')).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
  await expect(journal.failed).resolves.toMatchObject({ code: 'JOURNAL_FAILED' });
  expect(journal.headSequence).toBe(1);
});

test('a full disk costs telemetry first; alarms and commands live on the reserve, and it all comes back by itself', async () => {
  const disk = new TestDisk();
  const clock = testClock();
  const journal = await openTestJournal({ disk, clock, limits: { reserveBytes: 5_000, floorBytes: 1_000 } });
  const told: boolean[] = [];
  journal.onReserve(({ inUse }) => told.push(inUse));
  await clock.pass(100);
  expect(disk.bytesOf('journal/reserve').length).toBe(5_000);
  disk.room = 0;
  await journal.append(text('the one that found the disk full'), 'telemetry');
  expect(journal.reserve.inUse).toBe(true);
  await expect(journal.append(text('status'), 'telemetry')).rejects.toMatchObject({
    code: 'JOURNAL_FULL',
    retry: 'later',
  });
  await journal.append(text('smoke'), 'life-safety');
  await journal.append(text('claim'), 'essential');
  disk.room = 1_000_000;
  await clock.pass(3_000);
  await journal.append(text('status'), 'telemetry');
  expect(disk.bytesOf('journal/reserve').length).toBe(5_000);
  expect(told).toEqual([true, false]);
  expect(wordsOf(await everything(journal)).slice(1)).toEqual(['smoke', 'claim', 'status']);
});

test('with the reserve used up everything is held, and goes on when there is room', async () => {
  const disk = new TestDisk();
  const clock = testClock();
  const journal = await openTestJournal({ disk, clock });
  disk.room = 0;
  let isKept = false;
  const smoke = journal.append(text('smoke'), 'life-safety').then(() => (isKept = true));
  await clock.pass(10_000);
  expect(isKept).toBe(false);
  expect(journal.hungForMs()).toBeGreaterThanOrEqual(9_900);
  expect(wordsOf(journal.waitingLifeSafety())).toEqual(['smoke']);
  disk.room = 10_000;
  await clock.pass(3_000);
  await smoke;
  expect(wordsOf(await everything(journal))).toEqual(['smoke']);
});

test('telemetry is refused before the disk is full', async () => {
  const disk = new TestDisk();
  const clock = testClock();
  const journal = await openTestJournal({ disk, clock, limits: { floorBytes: 1_000 } });
  disk.free = 900;
  await clock.pass(1_100);
  await expect(journal.append(text('status'), 'telemetry')).rejects.toMatchObject({ code: 'JOURNAL_FULL' });
  await journal.append(text('smoke'), 'life-safety');
  disk.free = 1_100;
  await clock.pass(1_100);
  await expect(journal.append(text('status'), 'telemetry')).rejects.toMatchObject({ code: 'JOURNAL_FULL' });
  disk.free = 1_300;
  await clock.pass(1_100);
  await journal.append(text('status'), 'telemetry');
});

test('a disk with plenty of room is asked seldom, one with less than twice the floor closely', async () => {
  const disk = new TestDisk();
  const clock = testClock();
  const asked = { times: 0 };
  const freeBytes = disk.freeBytes.bind(disk);
  disk.freeBytes = () => {
    asked.times += 1;
    return freeBytes();
  };
  const during = async (ms: number) => {
    const before = asked.times;
    await clock.pass(ms);
    return asked.times - before;
  };
  const journal = await openTestJournal({ disk, clock, limits: { floorBytes: 1_000 } });
  await clock.pass(100);
  expect(await during(60_000)).toBe(6);
  disk.free = 2_000;
  await clock.pass(10_000);
  expect(await during(10_000)).toBe(10);
  expect(journal.reserve.inUse).toBe(false);
  disk.free = 999;
  await clock.pass(1_000);
  expect(journal.reserve.inUse).toBe(true);
  await journal.close();
});

test('a write that finds the disk full is followed by a close look, although there was plenty of room before', async () => {
  const disk = new TestDisk();
  const clock = testClock();
  const journal = await openTestJournal({ disk, clock, limits: { reserveBytes: 5_000, floorBytes: 1_000 } });
  await clock.pass(1_000);
  disk.room = 0;
  await journal.append(text('the one that found the disk full'), 'telemetry');
  expect(journal.reserve.inUse).toBe(true);
  disk.room = 1_000_000;
  await clock.pass(1_100);
  expect(journal.reserve.inUse).toBe(false);
});

test('whoever watches the disk hears of the first record that waits, and of each that is life safety', async () => {
  const disk = new TestDisk();
  const journal = await openTestJournal({ disk });
  const heard: boolean[] = [];
  const stopListening = journal.onWaiting(() => heard.push(journal.isWaiting));
  expect(journal.isWaiting).toBe(false);
  disk.hang();
  const kept = [journal.append(text('status'), 'telemetry'), journal.append(text('status'), 'telemetry')];
  expect(heard).toEqual([true]);
  kept.push(journal.append(text('smoke'), 'life-safety'));
  await settled();
  kept.push(journal.append(text('smoke'), 'life-safety'));
  expect(heard).toEqual([true, true, true]);
  disk.release();
  await Promise.all(kept);
  await settled();
  expect(journal.isWaiting).toBe(false);
  await journal.append(text('status'), 'telemetry');
  expect(heard.length).toBe(4);
  stopListening();
  await journal.append(text('smoke'), 'life-safety');
  expect(heard.length).toBe(4);
});

test('closing on a full disk refuses what waits instead of waiting for ever', async () => {
  const disk = new TestDisk();
  const clock = testClock();
  const journal = await openTestJournal({ disk, clock });
  disk.room = 0;
  const smoke = expect(journal.append(text('smoke'), 'life-safety')).rejects.toMatchObject({ code: 'JOURNAL_FULL' });
  await clock.pass(500);
  const closed = journal.close();
  await clock.pass(3_000);
  await Promise.all([smoke, closed]);
});

test('a step of the clock is on record right before the next record', async () => {
  const clock = testClock();
  const journal = await openTestJournal({ disk: new TestDisk(), clock });
  await journal.append(text('before'), 'telemetry');
  clock.stepWall(86_400_000);
  const after = await journal.append(text('after'), 'telemetry');
  const records = await everything(journal);
  expect(wordsOf(records)).toEqual(['before', 'clock-step 86400000', 'after']);
  expect(records[1]?.receivedAt).toBe(after.receivedAt);
  expect(after.receivedAt).toBe(clock.now());
});

test('a restart with the clock in 1970 goes on from the last record; downtime is known otherwise', async () => {
  const disk = new TestDisk();
  const clock = testClock();
  const journal = await openTestJournal({ disk, clock });
  const { receivedAt } = await journal.append(text('before'), 'telemetry');
  await journal.close();
  const lost = await openTestJournal({ disk: disk.afterCrash(), clock: testClock(1_000) });
  expect(lost.openedAfterMs).toBe(0);
  expect((await lost.append(text('after'), 'telemetry')).receivedAt).toBe(receivedAt);
  expect(wordsOf(await everything(lost))).toEqual(['before', `clock-step ${1_000 - receivedAt}`, 'after']);
  const later = await openTestJournal({ disk: disk.afterCrash(), clock: testClock(receivedAt + 7_200_000) });
  expect(later.openedAfterMs).toBe(7_200_000);
});

test('a journal of many segments reads the same from memory, from disk, and after a restart', async () => {
  const disk = new TestDisk();
  const limits = { segmentBytes: 1_000, tailBytes: 2_000 };
  const journal = await openTestJournal({ disk, limits });
  const words = Array.from({ length: 300 }, (_, index) => `report ${index} ${'x'.repeat(index % 40)}`);
  for (let from = 0; from < words.length; from += 3) {
    await Promise.all(words.slice(from, from + 3).map((one) => journal.append(text(one), 'telemetry')));
  }
  expect((await disk.list('journal')).length).toBeGreaterThan(10);
  expect(wordsOf(await everything(journal))).toEqual(words);
  expect(wordsOf(await everything(journal, 137))).toEqual(words.slice(136));
  await journal.close();
  const again = await openTestJournal({ disk: disk.afterCrash(), limits });
  expect(wordsOf(await everything(again))).toEqual(words);
});

test('a record larger than a group, and than a segment, is kept like any other', async () => {
  const disk = new TestDisk();
  const journal = await openTestJournal({ disk, limits: { groupBytes: 1_000, segmentBytes: 5_000, tailBytes: 0 } });
  const large = new Uint8Array(2_000_000).fill(9);
  await Promise.all([
    journal.append(text('small'), 'essential'),
    journal.append(large, 'essential'),
    journal.append(text('last'), 'essential'),
  ]);
  const records = await everything(journal);
  expect(records.map(({ body }) => body.length)).toEqual([5, 2_000_000, 4]);
});

test('old segments go when they are past the budget, never those that a hard follower needs', async () => {
  const disk = new TestDisk();
  const limits = { segmentBytes: 1_000, tailBytes: 0, keepBytes: 3_000, budgetBytes: 6_000 };
  const journal = await openTestJournal({ disk, limits });
  journal.pin('alarm', 0, { hard: true });
  journal.pin('projection', 0, { hard: false });
  const fill = async () => {
    for (let count = 0; count < 100; count++) await journal.append(text(`report ${'x'.repeat(50)}`), 'telemetry');
  };
  await fill();
  expect(journal.firstSequence).toBe(1);
  journal.pin('alarm', journal.headSequence, { hard: true });
  await journal.retain();
  const kept = async () => (await disk.list('journal')).reduce((sum, { bytes }) => sum + bytes, 0);
  expect(await kept()).toBeLessThanOrEqual(6_000);
  expect(await kept()).toBeGreaterThan(4_000);
  const first = journal.firstSequence;
  expect(first).toBeGreaterThan(1);
  await expect(journal.readBatch(1, { maxRecords: 1, maxBytes: 1 })).rejects.toMatchObject({
    code: 'POSITION_UNKNOWN',
  });
  expect((await journal.readBatch(first, { maxRecords: 1, maxBytes: 1 })).length).toBe(1);
  await journal.retain();
  expect(await kept()).toBeLessThanOrEqual(3_000);
});

test('a position of another journal, or out of what is kept, is refused by name', async () => {
  const journal = await openTestJournal({ disk: new TestDisk() });
  await journal.append(text('one'), 'telemetry');
  await journal.append(text('two'), 'telemetry');
  expect(journal.sequenceOf(journal.position(2))).toBe(2);
  expect(journal.sequenceOf(journal.position(0))).toBe(0);
  expect(isAfter(journal.position(10), journal.position(9))).toBe(true);
  const foreign = journal.position(1).replace(journal.id, 'f'.repeat(32));
  for (const position of [foreign, journal.position(3), `${journal.id}/1/1`, '', 'x/0/1']) {
    expect(() => journal.sequenceOf(position)).toThrow(expect.objectContaining({ code: 'POSITION_UNKNOWN' }));
  }
  expect(() => isAfter(foreign, journal.position(1))).toThrow(expect.objectContaining({ code: 'POSITION_UNKNOWN' }));
  await expect(journal.readBatch(4, { maxRecords: 1, maxBytes: 1 })).rejects.toMatchObject({
    code: 'POSITION_UNKNOWN',
  });
});
