import type { Condition, Severity } from './alert.ts';
import { lifeSafetyConditions } from './alert.ts';
import type { Suppress, Unsuppress } from './command.ts';
import type { FoldState } from './fold-state.ts';

/**
 * What may be kept from people for a while. Never fire, gas, CO, an emergency press and what could not be read; and never what the system
 * says of itself.
 */
export const suppressible = [
  ...(['fall', 'fall-suspected', 'call-care', 'call-service', 'inactivity', 'wandering', 'position-unknown'] as const),
  ...(['water', 'camp-moved', 'cold', 'hot', 'vitals', 'threshold', 'readings-stopped', 'blind'] as const),
  ...(['device-silent', 'battery-low', 'battery-forecast', 'counter-reused', 'signal-weak', 'clock-wrong'] as const),
  ...(['device-fault', 'tamper', 'test-overdue', 'visit-overdue', 'village-outage'] as const),
] as const satisfies readonly Condition[];

/** As it stands; `by`: who asked for it, which need not be who answers for it. Epoch ms. */
export type Suppression = Omit<Suppress, 'type' | 'commandId' | 'by'> & { id: string; by: string; at: number };

/** Why it is refused; `undefined`: it may be. Without an end it is no command at all. */
export function suppressionProblem({ conditions, until }: Suppress, at: number): string | undefined {
  if (until <= at) return 'a suppression ends later than now';
  const isOfLife = conditions.some((condition) => lifeSafetyConditions.has(condition));
  const longestMs = isOfLife ? dayMs : 30 * dayMs;
  if (until <= at + longestMs) return undefined;
  return isOfLife ? 'what may be about a life is suppressed for a day at most' : 'a suppression ends within 30 days';
}

/** When it covers no more: what has become a matter of life and death is kept from people for a day at most, whatever its kind. */
export function coversUntil({ at, until }: Suppression, severity: Severity): number {
  return severity === 'critical' ? Math.min(until, at + dayMs) : until;
}

/** The suppressions that stand. One that is over is forgotten when the next one comes. Bound: `mostSuppressions`. */
export function createSuppressionShelf(state: FoldState) {
  const rows = state.table<Suppression>('suppressions');
  return {
    /** False: there are too many. */
    put({ type: _, commandId: id, by, ...words }: Suppress, at: number): boolean {
      for (const [key, { until }] of [...rows.entries()]) if (until <= at) rows.delete(key);
      if (rows.size >= mostSuppressions) return false;
      rows.set(id, { ...words, id, by: `${by.type}:${by.id}`, at });
      return true;
    },
    /** False: there is none. */
    end({ ends }: Pick<Unsuppress, 'ends'>): boolean {
      if (!rows.has(ends)) return false;
      rows.delete(ends);
      return true;
    },
    get: (id: string): Suppression | undefined => rows.get(id),
    all: (): Suppression[] => [...rows.values()],
  };
}

export type SuppressionShelf = ReturnType<typeof createSuppressionShelf>;

const dayMs = 86_400_000;
const mostSuppressions = 500;
