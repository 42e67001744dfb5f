import { expect, test } from 'vitest';
import { everything, openTestJournal, TestDisk, text, wordsOf } from './journal.test-support.ts';
import { repairJournal } from './repair.ts';

const limits = { segmentBytes: 200, tailBytes: 0 };

test('a whole journal is left as it is', async () => {
  const disk = await tenRecords();
  const before = new Map(disk.files);
  expect(await repairJournal(disk)).toEqual([]);
  expect(disk.files).toEqual(before);
});

test('wherever one byte is damaged, the journal opens again with everything else in its place', async () => {
  const whole = await tenRecords();
  const names = (await whole.list('journal')).map(({ name }) => `journal/${name}`);
  expect(names.length).toBeGreaterThan(2);
  for (const name of names) {
    for (let at = 0; at < whole.bytesOf(name).length; at++) {
      const disk = whole.afterCrash();
      disk.flip(name, at);
      const losses = await repairJournal(disk);
      const journal = await openTestJournal({ disk, limits });
      const words = wordsOf(await everything(journal));
      const expected = Array.from({ length: journal.headSequence }, (_, index) => `report ${index + 1}`);
      for (const { from, to } of losses) expected.fill('', from - 1, to);
      expect(words).toEqual(expected);
      expect(expected.filter((one) => one === '').length).toBeLessThanOrEqual(1);
      // The last group alone cannot be told from a torn write.
      expect(journal.headSequence).toBeGreaterThanOrEqual(9);
      await journal.close();
    }
  }
});

test('a segment that is gone leaves empty records, and the damaged file is kept beside', async () => {
  const disk = await tenRecords();
  const names = (await disk.list('journal')).map(({ name }) => `journal/${name}`);
  const [first = '', second = '', third = ''] = names;
  disk.files.delete(second);
  disk.flip(first, 60);
  await expect(openTestJournal({ disk, limits }).then(everything)).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
  const losses = await repairJournal(disk);
  expect(losses).toEqual([
    { segment: first, from: 1, to: 1 },
    { segment: first, from: Number(second.slice(8, 24)), to: Number(third.slice(8, 24)) - 1 },
  ]);
  expect(disk.bytesOf(`${first}.damaged`).length).toBeGreaterThan(0);
  const records = await everything(await openTestJournal({ disk, limits }));
  expect(records.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 10 }, (_, index) => index + 1));
  expect(wordsOf(records).at(-1)).toBe('report 10');
});

test('an end that a follower has seen is lost on record, and its numbers are given to nobody else', async () => {
  const disk = await tenRecords();
  const last =
    (await disk.list('journal'))
      .map(({ name }) => `journal/${name}`)
      .sort()
      .at(-1) ?? '';
  disk.flip(last, disk.bytesOf(last).length - 1);
  expect(await repairJournal(disk, async () => 12)).toEqual([{ segment: last, from: 10, to: 12 }]);
  const journal = await openTestJournal({ disk, limits });
  expect(wordsOf(await everything(journal)).slice(8)).toEqual(['report 9', '', '', '']);
  expect(await journal.append(text('report 13'), 'telemetry')).toMatchObject({ sequence: 13 });
  await journal.close();
  expect(await repairJournal(disk, async () => 13)).toEqual([]);
});

async function tenRecords(): Promise<TestDisk> {
  const disk = new TestDisk();
  const journal = await openTestJournal({ disk, limits });
  for (let number = 1; number <= 10; number++) await journal.append(text(`report ${number}`), 'telemetry');
  await journal.close();
  return disk;
}
