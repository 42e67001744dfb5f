import { expect, test } from 'vitest';
import { settled, TestDisk, testClock } from '../journal/journal.test-support.ts';
import { silentLog } from '../platform/log.ts';
import type { AuditDraft } from '../records/audit.ts';
import { checkAudit } from './audit-check.ts';
import { linesBefore, linesOf } from './audit-lines.ts';
import { findAudit } from './audit-reading.ts';
import { openAuditTrail } from './audit-trail.ts';

// In Shanghai, where the month begins eight hours before it does in Greenwich.
const lastOfOctober = Date.parse('2026-10-31T23:59:00+08:00');
const minuteMs = 60_000;

test('entries lie in a file for each month of the county, and are one chain', async () => {
  const { disk, write } = await account();
  await write(entryAt(lastOfOctober), entryAt(lastOfOctober + 2 * minuteMs), entryAt(lastOfOctober + 3 * minuteMs));
  expect([...disk.files.keys()]).toEqual(['audit/2026-10.jsonl', 'audit/2026-11.jsonl']);
  expect(await verdict(disk)).toMatchObject({ entries: 3, files: 2, end: { n: 3 }, torn: false });
  expect((await verdict(disk)).wrong).toBeUndefined();
});

test('a line that a power cut left half written is cut, and the chain goes on where it was whole', async () => {
  const { disk, write } = await account();
  await write(entryAt(lastOfOctober), entryAt(lastOfOctober + 1));
  const whole = disk.bytesOf(october);
  disk.files.set(october, whole.slice(0, -40));
  expect(await verdict(disk)).toMatchObject({ entries: 1, torn: true });
  const again = await account(disk);
  expect(again.trail.last).toMatchObject({ n: 1 });
  await again.write(entryAt(lastOfOctober + 1));
  expect(disk.bytesOf(october)).toEqual(whole);
});

test('of several lines that a power cut left in any shape, those behind the first hole are cut', async () => {
  const { disk, trail, write } = await account();
  await write(entryAt(lastOfOctober));
  await trail.keepPlace({ journal: 'j', sequence: 1, read: 1 });
  const first = disk.bytesOf(october).length;
  await write(entryAt(lastOfOctober + 1), entryAt(lastOfOctober + 2), entryAt(lastOfOctober + 3));
  const whole = disk.bytesOf(october);
  disk.files.set(october, whole.slice().fill(0, first + 10, whole.length - 100));
  const again = await account(disk);
  expect(disk.bytesOf(october)).toEqual(whole.slice(0, first));
  await again.write(entryAt(lastOfOctober + 1), entryAt(lastOfOctober + 2), entryAt(lastOfOctober + 3));
  expect(disk.bytesOf(october)).toEqual(whole);
});

test('with no room on the disk an entry waits, and is written once there is', async () => {
  const { disk, trail, clock } = await account();
  disk.room = 100;
  let isWritten = false;
  trail.append([entryAt(lastOfOctober)]).then((kept) => {
    isWritten = kept;
  });
  await clock.pass(60_000);
  expect(isWritten).toBe(false);
  disk.room = 1_000_000;
  await clock.pass(6_000);
  expect(isWritten).toBe(true);
  expect(await verdict(disk)).toMatchObject({ entries: 1 });
});

test.for([
  {
    does: 'a letter is changed',
    wrong: 'audit/2026-10.jsonl, line 2: it was changed',
    to: swap('account:li', 'account:lo', 2),
  },
  {
    does: 'a line is taken out',
    wrong: 'audit/2026-10.jsonl, line 2: entry 2 is missing before it',
    to: lines(([a, , c]) => [a, c]),
  },
  { does: 'two lines change places', wrong: 'line 2: entry 2 is missing', to: lines(([a, b, c]) => [a, c, b]) },
  {
    does: 'a line is there twice',
    wrong: 'line 3: entry 2 comes after entry 2',
    to: lines(([a, b, c]) => [a, b, b, c]),
  },
])('$does, and the first wrong line is named', async ({ to, wrong }) => {
  const { disk, write } = await account();
  await write(...[1, 2, 3].map((ms) => entryAt(lastOfOctober + ms)));
  const text = Buffer.from(disk.bytesOf(october)).toString();
  disk.files.set(october, Buffer.from(to(text)));
  expect((await verdict(disk)).wrong).toContain(wrong);
});

test('a whole chain that was written anew is not the one that was marked', async () => {
  const first = await account();
  await first.write(entryAt(lastOfOctober), entryAt(lastOfOctober + 1));
  const marked = first.trail.end();
  const second = await account();
  await second.write({ ...entryAt(lastOfOctober), by: 'account:wang' }, entryAt(lastOfOctober + 1));
  expect((await checkAudit({ disk: second.disk, marks: [marked] })).wrong).toContain('the account was rewritten');
});

test('a month that is gone, and an end that was cut off, are named', async () => {
  const { disk, write, trail } = await account();
  const monthMs = 31 * 24 * 60 * minuteMs;
  await write(
    ...[0, 1, 2].flatMap((month) => [
      entryAt(lastOfOctober + month * monthMs),
      entryAt(lastOfOctober + month * monthMs),
    ]),
  );
  const mark = trail.end();
  const all = new Map(disk.files);
  disk.files.delete('audit/2026-12.jsonl');
  expect((await verdict(disk)).wrong).toBe('audit/2027-01.jsonl, line 1: entries 3 to 4 are missing before it');
  disk.files.set('audit/2026-12.jsonl', all.get('audit/2026-12.jsonl') ?? new Uint8Array());
  disk.files.delete('audit/2027-01.jsonl');
  expect((await verdict(disk)).wrong).toBeUndefined();
  expect((await checkAudit({ disk, marks: [mark] })).wrong).toBe(
    'the end is cut off: it reached entry 6, and ends at 4',
  );
});

test('a later file is believed about what came before it, when it is asked for alone', async () => {
  const { disk, write } = await account();
  await write(entryAt(lastOfOctober), entryAt(lastOfOctober + 2 * minuteMs));
  disk.files.delete(october);
  expect((await verdict(disk)).wrong).toContain('entry 1 is missing before it');
  expect(await checkAudit({ disk, from: '2026-11.jsonl', marks: [] })).toMatchObject({ entries: 1, end: { n: 2 } });
});

test('lines come the same from either end, however long a file is', async () => {
  const { disk, write } = await account();
  const long = { details: { settings: 'x'.repeat(3_000) } };
  await write(...Array.from({ length: 400 }, (_, ms) => ({ ...entryAt(lastOfOctober + ms), ...long })));
  const forward: string[] = [];
  for await (const { text } of linesOf(disk, '2026-10.jsonl')) forward.push(text);
  const backward: string[] = [];
  for await (const { text } of linesBefore(disk, '2026-10.jsonl', disk.bytesOf(october).length)) backward.push(text);
  expect(forward.length).toBe(400);
  expect(backward.reverse()).toEqual(forward);
});

test('the newest come first, by whom and about what is asked, page after page', async () => {
  const { disk, write } = await account();
  await write(
    ...Array.from({ length: 30 }, (_, index) => ({
      ...entryAt(lastOfOctober + index * minuteMs),
      by: index % 3 === 0 ? 'account:wang' : 'account:li',
      of: { type: 'person', id: `p${index % 2}` },
    })),
  );
  const isSeen = () => true;
  const pages: number[][] = [];
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const found = await findAudit(disk, { by: 'wang', of: 'person:p0', limit: 2, cursor, isSeen });
    pages.push(found.entries.map(({ n }) => n));
    cursor = found.next;
  }
  expect(pages.flat()).toEqual([25, 19, 13, 7, 1]);
  expect((await findAudit(disk, { limit: 50, since: lastOfOctober + 28 * minuteMs, isSeen })).entries.length).toBe(2);
  expect((await findAudit(disk, { limit: 50, isSeen: ({ of }) => of.id === 'p9' })).entries).toEqual([]);
});

const october = 'audit/2026-10.jsonl';

async function account(disk = new TestDisk()) {
  const clock = testClock(lastOfOctober);
  const trail = await openAuditTrail({ disk, clock, log: silentLog, timeZone: 'Asia/Shanghai' });
  const write = async (...drafts: AuditDraft[]) => {
    expect(await trail.append(drafts)).toBe(true);
    await settled();
  };
  return { disk, clock, trail, write };
}

const entryAt = (at: number): AuditDraft => ({
  ...{ at, journal: 'j1', sequence: 7, by: 'account:li', what: 'shown', of: { type: 'person', id: 'p1' } },
});
const verdict = (disk: TestDisk) => checkAudit({ disk, marks: [] });

function swap(one: string, other: string, line: number) {
  return lines((all) => all.map((text, index) => (index === line - 1 ? text?.replace(one, other) : text)));
}
function lines(edit: (all: (string | undefined)[]) => (string | undefined)[]) {
  return (text: string) => `${edit(text.trimEnd().split('\n')).join('\n')}\n`;
}
