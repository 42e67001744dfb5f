import { expect, test } from 'vitest';
import { type Pin, planRetention } from '../../journal/retention.ts';
import { followDesk } from './desk-followers.ts';

const segments = [1, 11, 21, 31].map((first) => ({ name: `segment-${first}`, first, bytes: 100, marks: [] }));

/** The pins of a journal, and what it would remove by them. */
function started() {
  const pins = new Map<string, Pin>();
  const desk = followDesk({
    pin: (name, sequence, { hard }) => void pins.set(name, { sequence, hard }),
    unpin: (name) => void pins.delete(name),
  });
  const removed = (budgetBytes = 1_000) => planRetention(segments, pins, { keepBytes: 100, budgetBytes });
  return { desk, removed };
}

test('after a start nothing goes that the copy may still need, until desk has said where it stands', () => {
  const { desk, removed } = started();
  expect(removed()).toEqual({ remove: 0, lost: [] });
  desk({ duty: 35 });
  expect(removed()).toEqual({ remove: 0, lost: [] });
  desk({ duty: 35, projection: 22 });
  expect(removed()).toEqual({ remove: 2, lost: [] });
});

test('past the budget the alarm path goes first, and who lost its place is named', () => {
  expect(started().removed(200)).toEqual({ remove: 2, lost: ['desk'] });
});
