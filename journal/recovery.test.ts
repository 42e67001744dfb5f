import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  encodeFrame,
  FILE_HEADER_BYTES,
  findFrameHeader,
  frameBytes,
  frameSeed,
  readFrame,
  recordsIn,
} from './frame.ts';
import { everything, openTestJournal, TestDisk, testChance, text, wordsOf } from './journal.test-support.ts';
import { segmentName } from './segments.ts';

const journalId = '00112233445566778899aabbccddeeff';
const seed = frameSeed(journalId);

test('a group reads back as it was written, wherever it stands', () => {
  const record = fc.record({
    sinceMs: fc.integer({ min: 0, max: 200_000_000 }),
    mark: fc.integer({ min: 0, max: 15 }),
    body: fc.uint8Array({ maxLength: 300 }),
  });
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 20 }),
      fc.integer({ min: 1, max: 2 ** 50 }),
      fc.nat(40),
      (made, first, offset) => {
        let receivedAt = Date.UTC(2026, 10, 3);
        const records = made.map(({ sinceMs, mark, body }) => {
          receivedAt += sinceMs;
          return { receivedAt, mark, body };
        });
        const bytes = new Uint8Array(offset + frameBytes(records));
        encodeFrame(bytes.subarray(offset), seed, first, records);
        const read = readFrame(bytes, offset, seed);
        expect(read).toEqual({
          type: 'frame',
          firstSequence: first,
          count: records.length,
          bytes: bytes.length - offset,
        });
        expect([...recordsIn(bytes, offset, records.length)]).toEqual(records);
      },
    ),
    { seed: 1 },
  );
});

test('a group with any byte flipped, or of another journal, is no group', () => {
  const records = [{ receivedAt: 5, mark: 1, body: text('smoke in the kitchen') }];
  const bytes = new Uint8Array(frameBytes(records));
  encodeFrame(bytes, seed, 7, records);
  for (let at = 0; at < bytes.length; at++) {
    const flipped = bytes.slice();
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    expect(readFrame(flipped, 0, seed).type).toBe('bad');
  }
  expect(readFrame(bytes, 0, frameSeed('ff'.repeat(16))).type).toBe('bad');
});

test('a payload that imitates a group is not taken for one', () => {
  const inner = new Uint8Array(frameBytes([{ body: text('fire') }]));
  encodeFrame(inner, 0, 99, [{ receivedAt: 5, mark: 1, body: text('fire') }]);
  const outer = new Uint8Array(frameBytes([{ body: inner }]));
  encodeFrame(outer, seed, 1, [{ receivedAt: 5, mark: 1, body: inner }]);
  expect(findFrameHeader(outer, 1, seed)).toBeUndefined();
});

test('wherever the last write was torn, everything before it is there, and the journal goes on', async () => {
  const disk = await threeGroups();
  const whole = disk.bytesOf(segmentName(1));
  const ends = frameEnds(whole);
  for (let cut = FILE_HEADER_BYTES; cut <= whole.length; cut++) {
    const torn = disk.afterCrash();
    torn.files.set(segmentName(1), whole.slice(0, cut));
    const journal = await openTestJournal({ disk: torn });
    const groups = ends.filter((end) => end <= cut).length;
    expect(journal.headSequence).toBe(groups * 2);
    await journal.append(text('after'), 'essential');
    const records = await everything(journal);
    expect(records.map(({ sequence }) => sequence)).toEqual([...records.keys()].map((index) => index + 1));
    expect(wordsOf(records)).toEqual([...['a1', 'b1', 'a2', 'b2', 'a3', 'b3'].slice(0, groups * 2), 'after']);
    await journal.close();
  }
});

test('a flipped byte before other groups stops the start and names the place; nothing is cut', async () => {
  const disk = await threeGroups();
  const [first = 0, second = 0] = frameEnds(disk.bytesOf(segmentName(1)));
  for (let at = FILE_HEADER_BYTES; at < second; at++) {
    const damaged = disk.afterCrash();
    damaged.flip(segmentName(1), at);
    const before = damaged.bytesOf(segmentName(1));
    await expect(openTestJournal({ disk: damaged })).rejects.toMatchObject({
      code: 'JOURNAL_DAMAGED',
      message: expect.stringContaining(`byte ${at < first ? FILE_HEADER_BYTES : first}`),
    });
    expect(damaged.bytesOf(segmentName(1))).toEqual(before);
  }
});

test('a flipped byte in the last group is a torn write: that group is cut', async () => {
  const disk = await threeGroups();
  const [, second = 0] = frameEnds(disk.bytesOf(segmentName(1)));
  for (let at = second; at < disk.bytesOf(segmentName(1)).length; at++) {
    const torn = disk.afterCrash();
    torn.flip(segmentName(1), at);
    const journal = await openTestJournal({ disk: torn });
    expect(journal.headSequence).toBe(4);
    await journal.close();
  }
});

test('a group that is missing between others stops the start, although every other one is whole', async () => {
  const disk = await threeGroups();
  const whole = disk.bytesOf(segmentName(1));
  const [first = 0, second = 0] = frameEnds(whole);
  disk.files.set(segmentName(1), new Uint8Array([...whole.slice(0, first), ...whole.slice(second)]));
  await expect(openTestJournal({ disk })).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
});

test('zeros behind the last group, as some file systems leave them, are cut', async () => {
  const disk = await threeGroups();
  disk.files.set(segmentName(1), new Uint8Array([...disk.bytesOf(segmentName(1)), ...new Uint8Array(5_000)]));
  const journal = await openTestJournal({ disk });
  expect(wordsOf(await everything(journal))).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3']);
  await journal.close();
});

test('a damaged header and a segment of another journal stop the start', async () => {
  const disk = await threeGroups();
  disk.flip(segmentName(1), 9);
  await expect(openTestJournal({ disk })).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });

  const other = await threeGroups(2);
  other.files.set(segmentName(7), (await threeGroups(3)).bytesOf(segmentName(1)));
  await expect(openTestJournal({ disk: other })).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
});

test('damage in an older segment is found by whoever reads it', async () => {
  const disk = new TestDisk();
  const limits = { segmentBytes: 300, tailBytes: 0 };
  const journal = await openTestJournal({ disk, limits });
  for (let number = 1; number <= 20; number++) await journal.append(text(`record ${number}`), 'telemetry');
  disk.flip(segmentName(1), 100);
  await expect(everything(journal)).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
  await journal.close();
});

test('what was not acknowledged may be lost in a crash, in any part; what was acknowledged is not', async () => {
  for (let kept = 0; kept < 200; kept++) {
    const disk = new TestDisk();
    const journal = await openTestJournal({ disk });
    await journal.append(text('acknowledged'), 'life-safety');
    disk.hang();
    journal.append(text('under way'), 'life-safety').catch(() => {});
    await new Promise<void>((resolve) => setImmediate(resolve));
    const again = await openTestJournal({ disk: disk.afterCrash(kept) });
    const words = wordsOf(await everything(again));
    expect(words[0]).toBe('acknowledged');
    expect(words.slice(1)).toEqual(kept >= (disk.unsynced?.bytes.length ?? 0) ? ['under way'] : []);
    disk.release();
    await Promise.all([journal.close(), again.close()]);
  }
});

/** Three groups of two records. */
async function threeGroups(chance = 1): Promise<TestDisk> {
  const disk = new TestDisk();
  const journal = await openTestJournal({ disk, chance: testChance(chance) });
  for (const number of [1, 2, 3]) {
    await Promise.all([
      journal.append(text(`a${number}`), 'telemetry'),
      journal.append(text(`b${number}`), 'essential'),
    ]);
  }
  await journal.close();
  return disk;
}

function frameEnds(file: Uint8Array): number[] {
  const fileSeed = frameSeed(Buffer.from(file.subarray(8, 24)).toString('hex'));
  const ends: number[] = [];
  for (let at = FILE_HEADER_BYTES; at < file.length; ) {
    const frame = readFrame(file, at, fileSeed);
    if (frame.type !== 'frame') throw new Error(`no frame at ${at}`);
    at += frame.bytes;
    ends.push(at);
  }
  return ends;
}
