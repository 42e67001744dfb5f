import type { AlertChange } from '../records/alert.ts';
import type { FoldState, Table } from '../records/fold-state.ts';
import type { RegistryView } from '../records/registry.ts';
import { DeadlineHeap, type Hint } from './deadline-heap.ts';
import type { RuleEvent } from './event.ts';
import type { AnyRule } from './rule.ts';
import { settingsOf } from './settings.ts';

/**
 * Steps every rule that an event concerns, strictly in the order of its calls, and fires deadlines by (time, subject,
 * rule).
 * Shapes: what a rule knows of a subject is a row of the fold's table `rule:<name>`; everything else here is an index
 * of those rows. The index joins the fold's undo, so that a step which is undone, or only previewed, leaves no trace.
 * Units: epoch ms of journal time. Errors: a rule that throws is a failure in the answer; it does not stop the others.
 * Source: ARCHITECTURE.md, the road of a report.
 */
export function createEngine(parts: EngineParts) {
  const { state } = parts;
  const rows: Rows = new Map(
    parts.rules.map((rule) => [rule.name, { rule, table: state.table<Row>(`rule:${rule.name}`) }]),
  );
  const deadlines = new Deadlines(rows, state);

  return {
    /** One event, in the journal's order. What fell due before it has been fired. */
    step(event: RuleEvent): EngineAnswer {
      const answer: EngineAnswer = { changes: [], failures: [] };
      for (const ruleRows of rows.values()) {
        const subject = ruleRows.rule.subject(event);
        if (subject !== undefined) stepSubject(parts, deadlines, ruleRows, subject, event, answer);
      }
      return answer;
    },

    /**
     * Every deadline up to `at`, each with a tick of its own time; a large number comes in parts: ask `nextDeadline`
     * again.
     */
    fire(at: number): EngineAnswer {
      const answer: EngineAnswer = { changes: [], failures: [] };
      for (let fired = 0; fired < firedAtOnce; fired++) {
        const due = deadlines.earliest();
        const ruleRows = due && rows.get(due.rule);
        if (!ruleRows || due.dueAt > at) break;
        const where = parts.registry.whereabouts(ruleRows.table.get(due.subject)?.deviceId ?? due.subject);
        stepSubject(parts, deadlines, ruleRows, due.subject, { type: 'tick', at: due.dueAt, where }, answer);
      }
      return answer;
    },

    nextDeadline: (): number | undefined => deadlines.earliest()?.dueAt,

    /**
     * Nobody listened for `byMs`, or the clock went forward by it: supervision is as if all had happened later. Call it
     * before anything is fired at the new time; deadlines of life safety stay where they are, and fire.
     */
    rebase(byMs: number): void {
      if (byMs <= 0) return;
      for (const { rule, table } of rows.values()) {
        if (!rule.rebase) continue;
        for (const [subject, row] of table.entries()) {
          const dueAt = row.dueAt === undefined ? {} : { dueAt: row.dueAt + byMs };
          table.set(subject, { ...row, state: rule.rebase(row.state, byMs), ...dueAt });
        }
      }
    },

    /** After a long stop, or where the journal was put back: what goes on is told anew with its next word. */
    stoodStill(): void {
      for (const { rule, table } of rows.values()) {
        if (!rule.stoodStill) continue;
        for (const [subject, row] of [...table.entries()]) {
          const state = rule.stoodStill(row.state);
          if (state === rule.initial) table.delete(subject);
          else if (state !== row.state) table.set(subject, { ...row, state });
        }
      }
    },

    /** Makes the index of deadlines anew, after rows were loaded. */
    rebuild: (): void => deadlines.rebuild(),

    /** How many deadlines are waited for; a few that have moved since may count twice. */
    deadlineCount: (): number => deadlines.size,
  };
}

export type Engine = ReturnType<typeof createEngine>;
export type EngineParts = { rules: readonly AnyRule[]; state: FoldState; registry: RegistryView };
export type EngineAnswer = { changes: AlertChange[]; failures: Failure[] };

/**
 * A rule threw for a subject; its state there is as it was. A deadline that threw, or that would have come again at
 * once, is given up. `lifeSafety`: people must hear that something was not judged.
 */
export type Failure = { rule: string; subject: string; deviceId?: string; lifeSafety: boolean; error: unknown };

/**
 * `deviceId` is the device that stepped the subject last, where that is not the subject itself: its settings apply to a
 * tick.
 */
type Row = { state: unknown; dueAt?: number; deviceId?: string };
type RuleRows = { rule: AnyRule; table: Table<Row> };
type Rows = Map<string, RuleRows>;

/** Bounds the answer; the next call goes on. */
const firedAtOnce = 1000;

function stepSubject(
  { registry }: EngineParts,
  deadlines: Deadlines,
  { rule, table }: RuleRows,
  subject: string,
  event: RuleEvent,
  answer: EngineAnswer,
): void {
  const before = table.get(subject);
  const { deviceId } = event.where;
  try {
    const settings = settingsOf(rule, registry.ruleSettings(rule.name, event.where));
    const old = before ? before.state : rule.initial;
    const [state, changes] = rule.step(old, event, settings);
    const dueAt = state === old ? before?.dueAt : dueFrom(rule.deadline(state, settings), event);
    if (event.type === 'tick' && dueAt !== undefined && dueAt <= event.at) {
      throw new Error('the deadline does not advance');
    }
    if (state === rule.initial) table.delete(subject);
    else if (state !== old) table.set(subject, rowOf(state, dueAt, deviceId === subject ? undefined : deviceId));
    if (dueAt !== undefined && (before?.dueAt === undefined || dueAt < before.dueAt)) {
      deadlines.add({ dueAt, subject, rule: rule.name });
    }
    answer.changes.push(...changes);
  } catch (error) {
    if (event.type === 'tick' && before) table.set(subject, rowOf(before.state, undefined, before.deviceId));
    const device = deviceId === undefined ? {} : { deviceId };
    answer.failures.push({ rule: rule.name, subject, ...device, lifeSafety: rule.rebase === undefined, error });
  }
}

/** What a late event makes due in the past is due now: journal time never goes back. */
function dueFrom(deadline: number | undefined, { type, at }: RuleEvent): number | undefined {
  return deadline === undefined || type === 'tick' ? deadline : Math.max(deadline, at);
}

function rowOf(state: unknown, dueAt: number | undefined, deviceId: string | undefined): Row {
  return { state, ...(dueAt !== undefined && { dueAt }), ...(deviceId !== undefined && { deviceId }) };
}

/**
 * Every row with a deadline has a hint that is not later than it. A deadline that moves later, as it does with every
 * report of a supervised device, costs nothing: its hint is moved when it comes up.
 */
class Deadlines {
  readonly #rows: Rows;
  readonly #state: FoldState;
  #heap = new DeadlineHeap();
  /** A step that added or moved hints was undone: they are made anew when they are next asked for. */
  #isStale = false;

  constructor(rows: Rows, state: FoldState) {
    this.#rows = rows;
    this.#state = state;
    this.rebuild();
  }

  get size(): number {
    return this.#heap.size;
  }

  /** What was left behind, by rows that went or moved earlier, is swept when it outnumbers the rows. */
  add(hint: Hint): void {
    // Its row is there already.
    if (this.#isStale) this.rebuild();
    else this.#heap.add(hint);
    this.#markStaleOnUndo();
    let rowCount = 0;
    for (const { table } of this.#rows.values()) rowCount += table.size;
    if (this.#heap.size > 2 * rowCount + 1000) this.rebuild();
  }

  /** Moves hints to where their rows are by now, until the earliest is true. */
  earliest(): Hint | undefined {
    if (this.#isStale) this.rebuild();
    for (;;) {
      const top = this.#heap.top();
      if (!top) return undefined;
      const dueAt = this.#rows.get(top.rule)?.table.get(top.subject)?.dueAt;
      if (dueAt === top.dueAt) return top;
      this.#heap.takeTop();
      // The row may come back by an undo. Each preview that put its hints back beside those that it moved would double them.
      this.#markStaleOnUndo();
      if (dueAt !== undefined) this.#heap.add({ ...top, dueAt });
    }
  }

  rebuild(): void {
    const hints: Hint[] = [];
    for (const [rule, { table }] of this.#rows) {
      for (const [subject, { dueAt }] of table.entries()) if (dueAt !== undefined) hints.push({ dueAt, subject, rule });
    }
    this.#heap = new DeadlineHeap(hints);
    this.#isStale = false;
    this.#markStaleOnUndo();
  }

  #markStaleOnUndo(): void {
    this.#state.onUndo(() => {
      this.#isStale = true;
    });
  }
}
