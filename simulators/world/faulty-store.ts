import type { Clock } from '../../platform/clock.ts';
import { databaseAway } from '../../platform/errors.ts';
import type { Chance } from '../../platform/random.ts';
import type { Store } from '../../storage/store.ts';
import { between } from '../seeded-chance.ts';
import { type FaultPlan, noFaults, windowAt } from './faults.ts';
import type { MemoryStore } from './memory-store.ts';

/**
 * A database as one process has it, over connections that take their time and break. What it asks for happens half-way
 * through that time, so that a crash or a window comes before it or between it and its answer.
 * `clock` and `chance` are of the process; `onCall` hears of every call twice: before anything, and when it is done but not
 * answered.
 * Errors: DATABASE_AWAY in a window, when a window or a restore comes in between, and instead of an answer that is lost.
 */
export function faultyStore({ store, clock, chance, faults, onCall }: FaultyStoreParts): FaultyStore {
  let plan = faults;

  async function ask<T>(what: string, work: () => Promise<T>): Promise<T> {
    onCall(`store: ${what}`);
    const askedAt = clock.monotonic();
    const halfMs = between(chance, ...plan.opMs) / 2;
    await passed(halfMs);
    refuseIfBroken(askedAt);
    const answer = await work();
    const isLost = chance.fraction() < plan.lostAnswerChance;
    onCall(`store: ${what} done`);
    await passed(halfMs);
    refuseIfBroken(askedAt);
    if (isLost) throw databaseAway({}, connectionLost);
    return answer;
  }

  const passed = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));

  function refuseIfBroken(askedAt: number): void {
    const now = clock.monotonic();
    if (windowAt(plan.away, now)) throw databaseAway({}, 'connect ECONNREFUSED');
    const begins = [...plan.away.map(({ fromMs }) => fromMs), ...plan.restores.map(({ atMs }) => atMs)];
    if (begins.some((at) => askedAt < at && at <= now)) throw databaseAway({}, connectionLost);
  }

  return {
    position: () => ask('position', () => store.position()),
    writeBatch: (batch) => ask('write', () => store.writeBatch(batch)),
    maintain: (at) => ask('maintain', () => store.maintain(at)),
    incidentHistory: (query) => ask('history', () => store.incidentHistory(query)),
    incident: (incidentId) => ask('incident', () => store.incident(incidentId)),
    incidentTimeline: (incidentId) => ask('timeline', () => store.incidentTimeline(incidentId)),
    deviceReports: (query) => ask('reports', () => store.deviceReports(query)),
    close: async () => {},
    heal() {
      plan = noFaults(0).store;
    },
  };
}

export type FaultyStoreParts = {
  store: Store;
  clock: Clock;
  chance: Chance;
  faults: FaultPlan['store'];
  onCall: (what: string) => void;
};
export type FaultyStore = Store & { heal(): void };

/** Puts the database back to what it was, at the times of the plan. `clock` is of the world, and at its beginning. */
export function restoreAsPlanned({ store, clock, restores }: RestoreParts): void {
  for (const { atMs, toMs } of restores) {
    clock.after(toMs, () => {
      const copy = store.copyAt();
      clock.after(atMs - toMs, () => store.restore(copy));
    });
  }
}

type RestoreParts = { store: MemoryStore; clock: Clock; restores: FaultPlan['store']['restores'] };

const connectionLost = 'Connection terminated unexpectedly';
