import { expect, test } from 'vitest';
import type { JournalRecord } from '../../records/journal-record.ts';
import { chanceOf } from '../../simulators/seeded-chance.ts';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import { attendDesk } from './desk-attendance.ts';

function process(watchedBefore: string[] = []) {
  const clock = new VirtualClock({ startAt: 0 });
  const said: { watched: string[]; why: string }[] = [];
  const attendance = attendDesk({
    ...{ clock, chance: chanceOf(1, 'desk'), watchedNow: () => watchedBefore },
    async append(record: JournalRecord) {
      if (record.kind !== 'command' || record.command.type !== 'desk-presence') throw new Error('not a presence');
      const { watched, why } = record.command;
      said.push({ watched, why });
    },
    fail: (error) => {
      throw error;
    },
  });
  return { clock, said, attendance };
}
const watching = { watched: ['county'], why: 'no-page' };

test('that somebody watches is on record once, however often desk says so', async () => {
  const { clock, said, attendance } = process();
  attendance.begin();
  for (let n = 0; n < 100; n++) {
    attendance.heard(watching);
    await clock.advance(5_000);
  }
  expect(said).toEqual([watching]);
});

test('a desk whose process is silent for a minute is empty, and watches again when it speaks', async () => {
  const { clock, said, attendance } = process();
  attendance.begin();
  attendance.heard(watching);
  await clock.advance(59_999);
  expect(said).toHaveLength(1);
  await clock.advance(1);
  expect(said[1]).toEqual({ watched: [], why: 'desk-silent' });
  await clock.advance(3_600_000);
  expect(said).toHaveLength(2);
  attendance.heard(watching);
  expect(said[2]).toEqual(watching);
});

test('a page on a bad line is missed once, and again only when it is gone for minutes', async () => {
  const { clock, said, attendance } = process();
  attendance.begin();
  const away = { watched: [] as string[], why: 'no-page' };
  const speak = async (words: typeof away, forMs: number) => {
    for (const until = clock.monotonic() + forMs; clock.monotonic() < until; await clock.advance(5_000))
      attendance.heard(words);
  };
  await speak(watching, 60_000);
  await speak(away, 10_000);
  expect(said).toEqual([watching, away]);
  for (let n = 0; n < 20; n++) {
    await speak(watching, 20_000);
    await speak(away, 80_000);
  }
  expect(said).toEqual([watching, away, watching]);
  await speak(watching, 20_000);
  await speak(away, 4 * 60_000 + 5_000);
  expect(said.slice(3)).toEqual([away]);
  // Half an hour without a gap, and it is a desk like any other.
  await speak(watching, 31 * 60_000);
  await speak(away, 5_000);
  expect(said.slice(4)).toEqual([watching, away]);
});

test('a desk process that dies again soon after it was missed is missed within five minutes', async () => {
  const { clock, said, attendance } = process();
  attendance.begin();
  attendance.heard(watching);
  await clock.advance(60_000);
  attendance.heard(watching);
  expect(said).toHaveLength(3);
  await clock.advance(60_000);
  expect(said).toHaveLength(3);
  await clock.advance(4 * 60_000);
  expect(said[3]).toEqual({ watched: [], why: 'desk-silent' });
});

test('a restart in which desk died is noticed, and one of a place where nobody ever watched is no news', async () => {
  const restarted = process(['county']);
  restarted.attendance.begin();
  await restarted.clock.advance(60_000);
  expect(restarted.said).toEqual([{ watched: [], why: 'desk-silent' }]);
  const never = process();
  never.attendance.begin();
  never.attendance.heard({ watched: [], why: 'no-page' });
  await never.clock.advance(3_600_000);
  expect(never.said).toEqual([]);
});

test('before the journal was read nothing is said, and what is no heartbeat is refused', () => {
  const { said, attendance } = process();
  attendance.heard(watching);
  expect(said).toEqual([]);
  expect(() => attendance.heard({ watched: 'county' })).toThrow();
});

test('a desk at which nobody watches is heard all the same, as long as its process speaks', async () => {
  const { clock, attendance } = process();
  attendance.begin();
  expect(attendance.heardMsAgo()).toBe(Number.POSITIVE_INFINITY);
  attendance.heard({ watched: [], why: 'no-page' });
  await clock.advance(30_000);
  expect(attendance.heardMsAgo()).toBe(30_000);
});
