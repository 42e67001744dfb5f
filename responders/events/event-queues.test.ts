import { expect, test } from 'vitest';
import { FoldState } from '../../records/fold-state.ts';
import type { OutgoingEvent } from '../../records/outgoing-event.ts';
import { createEventQueues, isGap } from './event-queues.ts';

const event = (number: number): OutgoingEvent => ({
  ...{ type: 'visit.recorded', cause: `visit ${number}`, of: `household ${number}`, at: number },
  said: { householdId: `h-${number}`, visitedAt: number, why: 'round', result: 'well', areas: [] },
});

function queues({ each = 3, all = 100, state = new FoldState() } = {}) {
  const made = createEventQueues({ state, limits: { each, all } });
  made.rebuild();
  return {
    ...{ ...made, state },
    offer: (id: string, ...sequences: number[]) => {
      for (const sequence of sequences) made.offer(id, event(sequence), sequence, 0);
    },
    told: (id: string) =>
      Array.from(made.rows(id), (row) =>
        isGap(row) ? [row.event.from, row.event.to, row.event.missed] : row.sequence,
      ),
  };
}

test('what does not fit leaves one gap in its place, which grows', () => {
  const some = queues();
  some.begin('a', 0);
  some.offer('a', 1, 2, 3);
  expect(some.told('a')).toEqual([1, 2, 3]);
  some.offer('a', 4);
  expect(some.told('a')).toEqual([[1, 2, 2], 3, 4]);
  some.offer('a', 5, 6);
  expect(some.told('a')).toEqual([[1, 4, 4], 5, 6]);
  expect(some.lane('a')?.missed).toBe(4);
});

test('a gap spans what was dropped, in whatever order, and stops counting when nobody knows', () => {
  const some = queues();
  some.begin('a', 0);
  some.missed('a', { from: 20, to: 29, missed: 2 }, 0);
  some.missed('a', { from: 5, to: 8, missed: 1 }, 0);
  expect(some.told('a')).toEqual([[5, 29, 3]]);
  some.missed('a', { from: 7, to: 40 }, 0);
  some.missed('a', { from: 41, to: 41, missed: 1 }, 0);
  expect(some.told('a')).toEqual([[5, 41, undefined]]);
});

test('a gap that was told is not told again with the next one', () => {
  const some = queues();
  some.begin('a', 0);
  some.offer('a', 1, 2, 3, 4);
  const [gap] = some.rows('a');
  some.remove('a', gap?.key ?? '');
  some.offer('a', 5, 6);
  expect(some.told('a')).toEqual([[3, 4, 2], 5, 6]);
});

test('what another process kept is the same queue, in the same order', () => {
  const first = queues({ each: 20 });
  for (const id of ['a', 'a-b', 'b']) first.begin(id, 7);
  for (let sequence = 1; sequence <= 25; sequence++) first.offer('a', sequence);
  first.offer('a-b', 1);
  const [row] = first.rows('a-b');
  if (row) first.failed('a-b', { ...row, attempts: 2, dueAt: 99 });
  const state = new FoldState();
  for (const change of [...first.state.entries()].reverse()) state.load(structuredClone(change));
  const second = queues({ each: 20, state });
  for (const id of ['a', 'a-b', 'b']) {
    expect([...second.rows(id)]).toEqual([...first.rows(id)]);
    expect(second.lane(id)).toEqual(first.lane(id));
  }
  second.offer('a', 26);
  expect(second.told('a').at(-1)).toBe(26);
});

test('who ends leaves nothing', () => {
  const some = queues();
  some.begin('a', 0);
  some.offer('a', 1, 2);
  some.end('a');
  expect([some.ids(), some.waitingInAll(), [...some.state.entries()]]).toEqual([[], 0, []]);
});
