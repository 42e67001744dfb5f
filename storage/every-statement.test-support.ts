import { deviceKeyStatements } from './device-keys.ts';
import { selectDeviceReports } from './report-rows.ts';
import { rollUpStatements } from './roll-ups.ts';
import { coverageStatements } from './sql-coverage.ts';
import { decisionStatements } from './sql-decisions.ts';
import { upsertDeviceState } from './sql-device-state.ts';
import { historyStatements } from './sql-history.ts';
import { upsertMinute } from './sql-pipeline.ts';
import { rebuildStatements } from './sql-rebuild.ts';
import { reportStatements } from './sql-reports.ts';
import { shadowStatements } from './sql-shadows.ts';
import { selectVisitedMonth } from './sql-statistics.ts';
import { storeStatements } from './sql-store.ts';
import { visitStatements } from './sql-visits.ts';

/** What the store asks of its database, by name. */
export const everyStatement: Readonly<Record<string, string>> = {
  ...{ ...deviceKeyStatements, ...reportStatements, upsertDeviceState, ...decisionStatements, ...visitStatements },
  ...coverageStatements,
  ...historyStatements,
  ...shadowStatements,
  ...{
    ...storeStatements,
    ...rollUpStatements,
    ...rebuildStatements,
    selectVisitedMonth,
    selectDeviceReports,
    upsertMinute,
  },
};

/** Those that the database would not even begin, each with its reason. */
export async function unpreparable(ask: (sql: string) => Promise<unknown>): Promise<string[]> {
  const refused: string[] = [];
  for (const [name, text] of Object.entries(everyStatement)) {
    try {
      await ask(`prepare "${name}" as ${text}; deallocate "${name}"`);
    } catch (error) {
      refused.push(`${name}: ${(error as Error).message}`);
    }
  }
  return refused;
}
