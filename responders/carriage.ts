import type { FoldState } from '../records/fold-state.ts';
import { Budgets } from './budgets.ts';
import { Receipts } from './receipts.ts';

/** What providers were given, as a fold of attempts and outcomes: their limits, and which message a receipt speaks of. */
export function createCarriage({ state }: { state: FoldState }) {
  const budgets = new Budgets({ state });
  const receipts = new Receipts({ state });
  return {
    budgets,
    receipts,
    attempting: budgets.attempting.bind(budgets),
    outcome: receipts.outcome.bind(receipts),
  };
}

export type Carriage = ReturnType<typeof createCarriage>;
