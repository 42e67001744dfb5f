import { expect, test } from 'vitest';
import { type Ended, Slots, slotLimits, type Takers } from './slots.ts';

const bao: Takers = { target: 'webhook https://bao.example/', carrier: 'bao.example' };
const quick: Ended = { result: 'answered', tookMs: 200 };
const failed: Ended = { result: 'failed', tookMs: 15_000 };
const opened = () => new Slots(slotLimits);

/** Takes every place that there is for first attempts. */
function takeAll(slots: Slots, takers: Takers) {
  const places: ((ended: Ended) => void)[] = [];
  while (!slots.isBusy(takers, 0)) places.push(slots.take(takers));
  return places;
}
const end = (places: ((ended: Ended) => void)[], ended: Ended) => {
  for (const release of places) release(ended);
};

test('a receiver that fails after it could take many takes half of that, whoever was under way, and two in the end', () => {
  const slots = opened();
  for (let wave = 0; wave < 5; wave++) end(takeAll(slots, bao), quick);
  const many = takeAll(slots, bao);
  expect(many).toHaveLength(32);
  end(many, failed);
  const fewer = takeAll(slots, bao);
  expect(fewer).toHaveLength(16);
  end(fewer, failed);
  for (let wave = 0; wave < 5; wave++) end(takeAll(slots, bao), failed);
  expect(takeAll(slots, bao)).toHaveLength(2);
});

test('one that is slow and answers keeps what it began with, and a refusal says nothing of it', () => {
  const slots = opened();
  for (let wave = 0; wave < 3; wave++) end(takeAll(slots, bao), { result: 'answered', tookMs: 9_000 });
  end(takeAll(slots, bao), { result: 'unknown', tookMs: 10 });
  expect(takeAll(slots, bao)).toHaveLength(4);
});

test('half of what a receiver can take is for life safety alone', () => {
  const slots = opened();
  for (const _ of [1, 2]) slots.take(bao);
  expect([slots.isBusy(bao, 2), slots.isBusy(bao, 1), slots.isBusy(bao, 0)]).toEqual([true, false, false]);
});

test('behind one gateway a path that hangs holds two places, and the next path is asked', () => {
  const slots = opened();
  for (let wave = 0; wave < 6; wave++) end(takeAll(slots, bao), failed);
  expect(takeAll(slots, bao)).toHaveLength(2);
  expect(takeAll(slots, { target: 'webhook https://bao.example/saran', carrier: 'bao.example' })).toHaveLength(4);
});

test('the log is nobody whom messages could overrun; the places in all are counted', () => {
  const slots = opened();
  for (let number = 0; number < 256; number++) slots.take({});
  expect([slots.isBusy({}, 0), slots.isFull(0)]).toEqual([false, true]);
});
