import type { Alert, AlertChange, Severity } from '../records/alert.ts';
import type { CommandResult, Suppress, Unsuppress } from '../records/command.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { RegistryView } from '../records/registry.ts';
import { coversUntil, createSuppressionShelf, suppressionProblem } from '../records/suppression.ts';
import { inLine } from './silences.ts';

/**
 * What a person keeps from people for a while. An alert that is suppressed is on record and waits: what still stands when that ends is
 * work then. What somebody said to the desk is never suppressed. Bound: `mostWaiting` alerts; past it they call people.
 */
export function createSuppressions({ state, registry }: { state: FoldState; registry: RegistryView }) {
  const shelf = createSuppressionShelf(state);
  const waiting = state.table<Waiting>('suppressed-alerts');
  /** By severity and suppression: how many alerts it holds. */
  const held = state.table<number>('suppressions-holding', { derived: true });

  function count({ alert, by }: Waiting, change: 1 | -1): void {
    const key = `${alert.severity} ${by}`;
    const after = (held.get(key) ?? 0) + change;
    if (after > 0) held.set(key, after);
    else held.delete(key);
  }

  function keep(alert: Alert, by: string): void {
    drop(alert.alertId);
    const row = { alert, by };
    waiting.set(alert.alertId, row);
    count(row, 1);
  }

  function drop(alertId: string): boolean {
    const row = waiting.get(alertId);
    if (!row) return false;
    waiting.delete(alertId);
    count(row, -1);
    return true;
  }

  function endOf(severity: Severity, by: string): number {
    const standing = shelf.get(by);
    return standing ? coversUntil(standing, severity) : 0;
  }

  function covering({ condition, severity, rule, where }: Alert, at: number): string | undefined {
    if (rule === 'telephone') return undefined;
    const covers = shelf
      .all()
      .find(
        (standing) =>
          coversUntil(standing, severity) > at &&
          standing.conditions.some((one) => one === condition) &&
          isOf(standing.scope, where) &&
          registry.isWithin(standing.scope, where),
      );
    return covers?.id;
  }

  /** What waits for an end that has come, or that of one command, and is covered by no other. */
  function release(at: number): Alert[] {
    const due = [...waiting.values()].filter(({ alert, by }) => endOf(alert.severity, by) <= at);
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
      if (row) keep({ ...row.alert, severity, reason: { ...row.alert.reason, ...reason } }, row.by);
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
      for (const key of held.keys()) {
        const space = key.indexOf(' ');
        const dueAt = endOf(key.slice(0, space) as Severity, key.slice(space + 1));
        earliest = Math.min(dueAt, earliest ?? Number.POSITIVE_INFINITY);
      }
      return earliest;
    },

    rebuild(): void {
      for (const key of [...held.keys()]) held.delete(key);
      for (const row of waiting.values()) count(row, 1);
    },
  };
}

/** Where somebody else lives, too, what nobody can say of whom it is may be about them. */
const isOf = ({ type, id }: Suppress['scope'], { personId, householdId }: Alert['where']): boolean =>
  (type !== 'person' || id === personId) && (type !== 'household' || id === householdId);

type Waiting = { alert: Alert; by: string };

export type Suppressions = ReturnType<typeof createSuppressions>;

const mostWaiting = 5_000;
