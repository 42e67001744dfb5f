import { expect, test } from 'vitest';
import type { Store } from '../../storage/store.ts';
import { batchOf, minute, statusAt } from '../../storage/store-contract.ts';
import { chanceOf } from '../seeded-chance.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { type FaultPlan, noFaults } from './faults.ts';
import { faultyStore, restoreAsPlanned } from './faulty-store.ts';
import { MemoryStore } from './memory-store.ts';

const first = batchOf({ sequence: 1, reports: [statusAt(1)] });
const second = batchOf({ after: 1, sequence: 2, reports: [statusAt(2)] });

test('what is asked of a slow database takes its time', async () => {
  const { clock, asked } = home({ opMs: [1_000, 1_001] });
  const written = asked((store) => store.writeBatch(first));
  await clock.advance(999);
  expect(written).toEqual({});
  await clock.advance(2);
  expect(written).toEqual({ value: undefined });
});

test('a database that is away takes nothing, and then everything again', async () => {
  const { clock, store, asked } = home({ away: [{ fromMs: 0, toMs: 5_000 }] });
  const refused = asked((one) => one.writeBatch(first));
  await clock.advance(1_000);
  expect(refused).toMatchObject({ error: { code: 'DATABASE_AWAY', retry: 'later' } });
  expect(await store.position()).toBeUndefined();
  await clock.advance(5_000);
  const taken = asked((one) => one.writeBatch(first));
  await clock.advance(1_000);
  expect(taken).toEqual({ value: undefined });
});

test('a commit whose answer is lost was made all the same', async () => {
  const { clock, store, asked } = home({ lostAnswerChance: 1 });
  const written = asked((one) => one.writeBatch(first));
  await clock.advance(1_000);
  expect(written).toMatchObject({ error: { code: 'DATABASE_AWAY' } });
  expect(await store.position()).toMatchObject({ sequence: 1 });
});

test('a database that goes away in the middle of a commit has it as a whole or not at all', async () => {
  for (const [fromMs, sequence] of [
    [30, undefined],
    [70, 1],
  ] as const) {
    const { clock, store, asked } = home({ opMs: [100, 100.001], away: [{ fromMs, toMs: fromMs + 1 }] });
    const written = asked((one) => one.writeBatch(first));
    await clock.advance(1_000);
    expect(written).toMatchObject({ error: { code: 'DATABASE_AWAY' } });
    expect((await store.position())?.sequence).toBe(sequence);
  }
});

test('a process that is struck before or after a commit hears no more of it, and writes nothing afterwards', async () => {
  for (const [strike, sequence] of [
    ['store: write', undefined],
    ['store: write done', 1],
  ] as const) {
    const { clock, store, asked } = home({}, strike);
    const written = asked((one) => one.writeBatch(first));
    await clock.advance(60_000);
    expect(written).toEqual({});
    expect((await store.position())?.sequence).toBe(sequence);
  }
});

test('a database is put back to what it was, and connections that were open break', async () => {
  const { clock, store, asked } = home({ opMs: [100, 100.001], restores: [{ atMs: 1_030, toMs: 500 }] });
  await store.writeBatch(first);
  await clock.advance(600);
  await store.writeBatch(second);
  await clock.advance(400);
  const interrupted = asked((one) => one.position());
  await clock.advance(200);
  expect(interrupted).toMatchObject({ error: { code: 'DATABASE_AWAY' } });
  expect(await store.position()).toEqual({ journalId: 'steppe', sequence: 1, receivedAt: minute(1) });
});

test('a database that was healed is there at once', async () => {
  const { clock, faulty, asked } = home({
    opMs: [5_000, 9_000],
    away: [{ fromMs: 0, toMs: 9e9 }],
    lostAnswerChance: 1,
  });
  faulty.heal();
  const written = asked((one) => one.writeBatch(first));
  await clock.advance(20);
  expect(written).toEqual({ value: undefined });
});

/** A database, and one process that uses it; `strikeAt`: the call at which that process ends. */
function home(faults: Partial<FaultPlan['store']>, strikeAt?: string) {
  const world = new VirtualClock({ startAt: minute(0) });
  const store = new MemoryStore();
  const plan = { ...noFaults(0).store, ...faults };
  restoreAsPlanned({ store, clock: world, restores: plan.restores });
  const { clock, end } = world.ofProcess();
  const onCall = (what: string) => {
    if (what === strikeAt) end();
  };
  const faulty = faultyStore({ store, clock, chance: chanceOf(1, 'store'), faults: plan, onCall });
  const asked = <T>(ask: (store: Store) => Promise<T>) => {
    const answer: { value?: T; error?: unknown } = {};
    ask(faulty).then(
      (value) => Object.assign(answer, { value }),
      (error: unknown) => Object.assign(answer, { error }),
    );
    return answer;
  };
  return { clock: world, store, faulty, asked };
}
