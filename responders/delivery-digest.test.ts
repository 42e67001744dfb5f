import { expect, test } from 'vitest';
import type { Notice } from '../records/notice.ts';
import { delivered, down, hangs, watch } from './delivery.test-support.ts';
import { closing, notice, SECOND_MS } from './home.test-support.ts';

const fires = (count: number, changes: Partial<Notice> & { contactId?: string } = {}, from = 0) =>
  Array.from({ length: count }, (_, n) =>
    notice(`n${from + n}`, { contactId: 'room-1', incidentId: `i:${from + n}`, ...changes }),
  );
const said = ({ rang }: ReturnType<typeof watch>) =>
  rang.map(({ message: { notice: first, others = [] } }) => [first, ...others].map(({ noticeId }) => noticeId).join());

test('a station with five fires hears of each by itself; with eight, of all in one message, and each counts as told', async () => {
  const five = watch(delivered);
  await five.issue(...fires(5));
  await five.clock.advance(SECOND_MS);
  expect(said(five)).toEqual(['n0', 'n1', 'n2', 'n3', 'n4']);
  const eight = watch(delivered);
  await eight.issue(...fires(8));
  expect(said(eight)).toEqual(['n0,n1,n2,n3,n4,n5,n6,n7']);
  expect(eight.outcomes().map(({ noticeId, result, digestOf }) => [noticeId, result, digestOf])).toEqual([
    ['n0', 'delivered', undefined],
    ...['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7'].map((noticeId) => [noticeId, 'delivered', 'n0']),
  ]);
  expect(eight.outbox.open()).toBe(0);
});

test('what comes while a room does not answer goes together as soon as there is a place, and none waits for more', async () => {
  const home = watch(hangs);
  for (const one of fires(4)) await home.issue(one);
  await home.issue(...fires(30, {}, 4));
  expect(said(home)).toEqual(['n0', 'n1', 'n2', 'n3']);
  await home.clock.advance(16 * SECOND_MS);
  expect(home.rang.slice(4).map(({ after }) => Math.round(after))).toEqual([15, 15]);
  const together = said(home)
    .slice(4)
    .map((ids) => ids.split(','));
  expect(together[0]).toHaveLength(20);
  expect(new Set(together.flat()).size).toBe(together.flat().length);
});

test('a message of many is counted once against a limit', async () => {
  const home = watch(delivered, { limited: { count: 2, perMs: 60 * SECOND_MS } });
  await home.issue(...fires(8));
  await home.issue(...fires(8, {}, 8));
  await home.issue(...fires(8, {}, 16));
  await home.clock.advance(SECOND_MS);
  expect(said(home).map((ids) => ids.split(',').length)).toEqual([8, 8]);
  expect(home.outcomes().filter(({ detail }) => detail === 'budget')).toHaveLength(8);
});

test('one that failed is tried again on the schedule of each notice', async () => {
  const home = watch(down);
  await home.issue(...fires(8));
  await home.clock.advance(20 * SECOND_MS);
  expect(home.rang.map(({ after }) => Math.round(after))).toEqual([0, 5, 15]);
  expect(home.rang.every(({ message }) => message.others?.length === 7)).toBe(true);
  expect(new Set(home.rang.map(({ id }) => id)).size).toBe(1);
});

test('a program that reads incidents one by one gets each, and that something is over is said of each', async () => {
  const home = watch(delivered);
  await home.issue(...fires(8, { contactId: 'gateway-1' }));
  await home.clock.advance(SECOND_MS);
  expect(home.rang).toHaveLength(8);
  const room = watch(delivered);
  await room.issue(
    ...Array.from({ length: 8 }, (_, n) => ({
      ...closing(`over-${n}`, 'all-clear'),
      ...{ incidentId: `i:${n}`, recipient: { type: 'contact', contactId: 'room-1' } as const },
    })),
  );
  await room.clock.advance(SECOND_MS);
  expect(room.rang).toHaveLength(8);
});
