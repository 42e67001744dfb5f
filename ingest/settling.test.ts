import { expect, test } from 'vitest';
import { VirtualClock } from '../simulators/virtual-clock.ts';
import { createSettling } from './settling.ts';

// Heads of a journal, told as its reader tells them. The clock begins at 1970.

test('a head counts once it was seen for 200 ms, and everything received by the time it was first seen is in it', async () => {
  const { clock, settling, announce } = home(7);
  expect([settling.look(), settling.settlesInMs()]).toEqual([undefined, 200]);
  await clock.advance(150);
  announce(8);
  expect([settling.look(), settling.settlesInMs()]).toEqual([undefined, 50]);
  await clock.advance(50);
  expect([settling.look(), settling.settlesInMs()]).toEqual([{ sequence: 7, at: 0 }, 200]);
  await clock.advance(200);
  expect([settling.look(), settling.settlesInMs()]).toEqual([{ sequence: 8, at: 200 }, undefined]);
});

test('in a quiet journal everything up to now is in the head, without waiting', async () => {
  const { clock, settling } = home(7);
  await clock.advance(200);
  settling.look();
  await clock.advance(60_000);
  expect(settling.look()).toEqual({ sequence: 7, at: 60_200 });
  expect(settling.settlesInMs()).toBeUndefined();
});

test('what comes after a long silence was not there before it was announced', async () => {
  const { clock, settling, announce } = home(7);
  await clock.advance(200);
  settling.look();
  await clock.advance(60_000);
  announce(9);
  await clock.advance(100);
  announce(12);
  expect(settling.look()).toEqual({ sequence: 7, at: 60_200 });
  await clock.advance(100);
  expect(settling.look()).toEqual({ sequence: 9, at: 60_200 });
});

test('a stream that never pauses settles all the same', async () => {
  const { clock, settling, announce } = home(0);
  for (let sequence = 1; sequence <= 100; sequence++) {
    await clock.advance(20);
    announce(sequence);
  }
  expect(settling.look()?.sequence).toBeGreaterThanOrEqual(80);
  expect(settling.look()?.sequence).toBeLessThanOrEqual(90);
});

test('waiting for as long as it says is enough, at any time of day', async () => {
  const { clock, settling, announce } = home(0);
  for (let sequence = 1; sequence <= 1_000; sequence++) {
    await clock.advance(1_000 / 3 + sequence * 0.1);
    announce(sequence);
    for (let waits = 0; settling.settlesInMs() !== undefined; waits++) {
      expect(waits).toBeLessThan(4);
      await clock.advance(settling.settlesInMs() ?? 0);
      settling.look();
    }
    expect(settling.look()?.sequence).toBe(sequence);
  }
});

test('what is not synced does not count, however long that takes', async () => {
  let synced = 7;
  const { clock, settling, announce } = home(7, (sequence) => sequence <= synced);
  await clock.advance(200);
  settling.look();
  announce(8);
  await clock.advance(60_000);
  expect([settling.look()?.sequence, settling.settlesInMs()]).toEqual([7, 200]);
  synced = 8;
  await clock.advance(200);
  expect(settling.look()?.sequence).toBe(8);
});

function home(headSequence: number, isDurable: (sequence: number) => boolean = () => true) {
  const clock = new VirtualClock({ startAt: 0 });
  const source = { headSequence };
  const settling = createSettling({ source, clock, isDurable });
  const announce = (sequence: number) => {
    source.headSequence = sequence;
    settling.look();
  };
  return { clock, settling, announce };
}
