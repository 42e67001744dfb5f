import type { Alert, AlertChange } from '../records/alert.ts';
import type { CommandResult, Suppress, Unsuppress } from '../records/command.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { RegistryView } from '../records/registry.ts';
import { createSuppressionShelf, suppressionProblem } from '../records/suppression.ts';
import { inLine } from './silences.ts';

/**
 * What a person keeps from people for a while. An alert that is suppressed is on record and waits: what still stands when that ends is
 * work then. What somebody said to the desk is never suppressed. Bound: `mostWaiting` alerts; past it they call people.
 */
export function createSuppressions({ state, registry }: { state: FoldState; registry: RegistryView }) {
  const shelf = createSuppressionShelf(state);
  const waiting = state.table<Waiting>('suppressed-alerts');
  /** By suppression: how many alerts it holds. */
  const held = state.table<number>('suppressions-holding', { derived: true });

  function count(by: string, change: 1 | -1): void {
    const after = (held.get(by) ?? 0) + change;
    if (after > 0) held.set(by, after);
    else held.delete(by);
  }

  function keep(alert: Alert, by: string): void {
    drop(alert.alertId);
    waiting.set(alert.alertId, { alert, by });
    count(by, 1);
  }

  function drop(alertId: string): boolean {
    const row = waiting.get(alertId);
    if (!row) return false;
    waiting.delete(alertId);
    count(row.by, -1);
    return true;
  }

  const endOf = (by: string): number => shelf.get(by)?.until ?? 0;

  function covering({ condition, rule, where }: Alert, at: number): string | undefined {
    if (rule === 'telephone') return undefined;
    const covers = shelf
      .all()
      .find(
        ({ conditions, scope, until }) =>
          until > at &&
          conditions.some((one) => one === condition) &&
          isOf(scope, where) &&
          registry.isWithin(scope, where),
      );
    return covers?.id;
  }

  /** What waits for an end that has come, or that of one command, and is covered by no other. */
  function release(at: number): Alert[] {
    const due = [...waiting.values()].filter(({ by }) => endOf(by) <= at);
    const released = due.flatMap(({ alert }) => {
      const by = covering(alert, at);
      if (by === undefined) drop(alert.alertId);
      else keep(alert, by);
      return by === undefined ? [alert] : [];
    });
    return released.sort(inLine);
  }

  return {
    has: (alertId: string): boolean => waiting.has(alertId),

    /** Whether it waits from now on. */
    take(alert: Alert, at: number): boolean {
      if (waiting.size >= mostWaiting) return false;
      const by = covering(alert, at);
      if (by !== undefined) keep(alert, by);
      return by !== undefined;
    },
    drop,
    strengthen({ alertId, severity, reason }: Extract<AlertChange, { type: 'strengthen' }>): boolean {
      const row = waiting.get(alertId);
      if (row)
        waiting.set(alertId, {
          ...row,
          alert: { ...row.alert, severity, reason: { ...row.alert.reason, ...reason } },
        });
      return row !== undefined;
    },

    begin(command: Suppress, at: number): CommandResult {
      const problem = suppressionProblem(command, at);
      if (problem !== undefined) return { ok: false, problem: 'invalid', message: problem };
      if (shelf.put(command, at)) return { ok: true };
      return { ok: false, problem: 'not-allowed', message: 'too many suppressions stand already: end one first' };
    },
    end(command: Unsuppress): CommandResult {
      if (shelf.end(command)) return { ok: true };
      return { ok: false, problem: 'not-found', message: `nothing is suppressed by the name ${command.ends}` };
    },
    release,

    /** When the first of those that hold something ends. */
    nextDeadline(): number | undefined {
      let earliest: number | undefined;
      for (const by of held.keys()) earliest = Math.min(endOf(by), earliest ?? Number.POSITIVE_INFINITY);
      return earliest;
    },

    rebuild(): void {
      for (const by of [...held.keys()]) held.delete(by);
      for (const { by } of waiting.values()) count(by, 1);
    },
  };
}

/** Where somebody else lives, too, what nobody can say of whom it is may be about them. */
const isOf = ({ type, id }: Suppress['scope'], { personId, householdId }: Alert['where']): boolean =>
  (type !== 'person' || id === personId) && (type !== 'household' || id === householdId);

type Waiting = { alert: Alert; by: string };

export type Suppressions = ReturnType<typeof createSuppressions>;

const mostWaiting = 5_000;
