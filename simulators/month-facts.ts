import type { Home } from './home.ts';

export type Resident = { home: Home; index: number; areaId: string };
export type MonthPlan = {
  seed: number;
  homes: readonly Resident[];
  startsAt: number;
  endsAt: number;
  thinning: number;
  /** The village whose mast a storm took for some hours. */
  stormyArea: string;
};

export const monthDays = 30;
export const dayMs = 86_400_000;
export const hourMs = 3_600_000;

/** What is different about a home, by its number. */
export const homeFacts = (index: number) => ({
  /** The detector in its kitchen says nothing any more, three days before the month's end. */
  kitchenSilent: index % 97 === 5,
  /** Its battery falls in a straight line, by a quarter of a volt in the month. */
  battery: index % 53 === 7 ? ('empty' as const) : index % 53 === 9 ? ('falling' as const) : ('good' as const),
  chamberDirty: index % 71 === 3,
  tested: index % 29 !== 11,
});
export const silentBeforeEndMs = 3 * dayMs;
export const testedBeforeEndMs = 20 * dayMs;
export const stormAfterStartMs = 12 * dayMs;
export const stormMs = 6 * hourMs;

/** `elapsed`: how much of the month is over, 0 to 1. */
export function kitchenVolts(battery: ReturnType<typeof homeFacts>['battery'], elapsed: number): number {
  if (battery === 'good') return 3.05;
  return (battery === 'empty' ? 2.8 : 2.95) - 0.25 * elapsed;
}

/** Every third home calls once, is answered, reached and helped; a few calls stand open at the month's end. */
export const callFacts = (index: number) => ({
  calls: index % 3 === 0,
  category: (['fire', 'fall', 'call'] as const)[index % 9 === 0 ? 0 : index % 9 === 3 ? 1 : 2],
  severity: index % 2 === 0 ? ('critical' as const) : ('urgent' as const),
  claimedAfterMs: (20 + (index % 100)) * 1_000,
  acceptedAfterMs: (120 + (index % 100)) * 1_000,
  arrivedAfterMs: (900 + 10 * (index % 100)) * 1_000,
  outcome: index % 15 === 0 ? ('false-alarm' as const) : ('helped' as const),
  /** Opened ten minutes before the month's end, and nobody took it yet. */
  standsOpen: index % 249 === 0,
});

/** Every home but one in eight is visited once; of these some are found empty, and some are helped. */
export const visitFacts = (plan: Pick<MonthPlan, 'endsAt'>, index: number) => ({
  result:
    index % 8 === 0
      ? undefined
      : index % 8 === 1
        ? ('nobody-there' as const)
        : index % 16 === 2
          ? ('helped' as const)
          : ('well' as const),
  visitedAt: plan.endsAt - (1 + (index % 25)) * dayMs,
});
