import type { CommandResult, Visit } from './command.ts';
import type { RegistryView } from './registry.ts';

/** What a visit that somebody reports comes to; `at` is journal time. */
export function visitResult(
  registry: Pick<RegistryView, 'household'>,
  { householdId, visitedAt }: Visit,
  at: number,
): CommandResult {
  if (!registry.household(householdId))
    return { ok: false, problem: 'not-found', message: `there is no household "${householdId}"` };
  if (visitedAt > at + clockSlackMs || visitedAt < at - oldestVisitMs)
    return { ok: false, problem: 'invalid', message: 'a visit was within the last 60 days, and not in the future' };
  return { ok: true };
}

const clockSlackMs = 5 * 60_000;
const oldestVisitMs = 60 * 86_400_000;
