import { setImmediate as giveWay } from 'node:timers/promises';
import { createPlan, type Plan, type PlanParts } from '../registry-plan.ts';
import { asksIn, type CellPlace, type Table } from './reading.ts';

/** So many rows are read before others get their turn. */
const rowsInTurn = 200;

/** What the rows of these tables come to together. */
export async function planTables(tables: readonly Table[], parts: PlanParts): Promise<Plan<CellPlace>> {
  const plan = createPlan<CellPlace>(parts);
  let count = 0;
  for (const ask of asksIn(tables, parts)) {
    if (ask.type === 'put') plan.put(ask.entry);
    else if (ask.type === 'remove') plan.remove(ask.entry, ask.id);
    else plan.problem(ask.problem);
    if (++count % rowsInTurn === 0) await giveWay();
  }
  return plan.end({ table: 0, line: 1 });
}
