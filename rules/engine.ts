import type { AlertChange, Whereabouts } from '../records/alert.ts';
import type { FoldState, Table } from '../records/fold-state.ts';
import type { RegistryView, RuleSetting } from '../records/registry.ts';
import { Deadlines } from './deadlines.ts';
import { createDeviceConditions } from './device-conditions.ts';
import type { RuleEvent } from './event.ts';
import { createHearers } from './hearers.ts';
import { createHome, type Home } from './home.ts';
import { createLedger } from './life/ledger.ts';
import type { LocalTime } from './local-time.ts';
import type { AnyRule } from './rule.ts';
import { settingsOf } from './settings.ts';
import { followShadows, shadowWord } from './shadows.ts';

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
    parts.rules.map((rule) => [rule.name, { key: rule.name, rule, table: state.table<Row>(`rule:${rule.name}`) }]),
  );
  const deadlines = new Deadlines(rows, state);
  const ledger = createLedger(parts);
  const conditions = createDeviceConditions(parts);
  const { home, moveTo } = createHome({ ...parts, ledger });
  const stepping = { ...parts, deadlines, home };
  const hearers = createHearers(rows);
  const follow = followShadows(parts, rows, (live, trial, at) => copyRows(stepping, live, trial, at));
  const followTrials = (at: number): void => {
    if (follow(at)) hearers.forget();
  };

  /** What it says about devices is stepped right after it, by every rule but those that say so themselves. */
  function stepAll(event: RuleEvent, answer: EngineAnswer): void {
    let derived: readonly RuleEvent[] = ledger.note(event);
    moveTo(event.where);
    for (const ruleRows of hearers.of(event)) {
      const { rule } = ruleRows;
      const subject = rule.subject(event);
      if (subject === undefined) continue;
      const changes = stepSubject(stepping, ruleRows, subject, event, answer);
      if (changes.length > 0) derived = [...derived, ...derivedFrom(rule, changes, event)];
    }
    for (const one of derived) stepAll(one, answer);
  }

  function derivedFrom(rule: AnyRule, changes: readonly AlertChange[], { at, where }: RuleEvent): RuleEvent[] {
    if (rule.conditions) return conditions.of(changes, at);
    // What may cost a life there is news to whoever plans visits.
    return !rule.rebase && where.householdId !== undefined && changes.some(isEmergency)
      ? [{ type: 'emergency', at, where }]
      : [];
  }

  return {
    /** One event, in the journal's order. What fell due before it has been fired. */
    step(event: RuleEvent): EngineAnswer {
      followTrials(event.at);
      const answer: EngineAnswer = { changes: [], failures: [] };
      stepAll(event, answer);
      return answer;
    },

    /**
     * Every deadline up to `at`, each with a tick of its own time; a large number comes in parts: ask `nextDeadline`
     * again.
     */
    fire(at: number): EngineAnswer {
      followTrials(at);
      const answer: EngineAnswer = { changes: [], failures: [] };
      for (let fired = 0; fired < firedAtOnce; fired++) {
        const due = deadlines.earliest(at);
        const ruleRows = due && rows.get(due.rule);
        if (!ruleRows) break;
        const { subject, dueAt } = due;
        const where = whereNow(parts.registry, subject, ruleRows.table.get(subject)?.deviceId);
        moveTo(where);
        const tick = { type: 'tick', at: dueAt, where } as const;
        const changes = stepSubject(stepping, ruleRows, subject, tick, answer);
        for (const derived of derivedFrom(ruleRows.rule, changes, tick)) stepAll(derived, answer);
      }
      return answer;
    },

    /** When the next deadline is due (epoch ms), if that is by `by`: to ask for no more than that costs next to nothing. */
    nextDeadline: (by?: number): number | undefined => deadlines.earliest(by)?.dueAt,

    /**
     * Nobody listened for `byMs`, or the clock went forward by it: supervision is as if all had happened later. Call it
     * before anything is fired at the new time; deadlines of life safety stay where they are, and fire. `isMeant`: for
     * which rules it is so.
     */
    rebase(byMs: number, isMeant: (rule: string) => boolean = () => true): void {
      if (byMs <= 0) return;
      for (const { rule, table } of rows.values()) {
        if (!rule.rebase || !isMeant(rule.name)) continue;
        for (const [subject, row] of table.entries()) {
          const state = rule.rebase(row.state, byMs);
          // What is left as it is is due when it was.
          if (state === row.state) continue;
          const dueAt = row.dueAt === undefined ? {} : { dueAt: row.dueAt + byMs };
          table.set(subject, { ...row, state, ...dueAt });
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

    /** Which settings are only tried may have changed at `at`: each begins with what its rule knows, and what was known under one that went is forgotten. */
    followShadows: followTrials,

    /** Makes the index of deadlines anew, after rows were loaded. */
    rebuild(): void {
      followTrials(0);
      deadlines.rebuild();
    },

    /** How many deadlines are waited for; a few that have moved since may count twice. */
    deadlineCount: (): number => deadlines.size,
  };
}

export type Engine = ReturnType<typeof createEngine>;
export type EngineParts = {
  rules: readonly AnyRule[];
  state: FoldState;
  registry: RegistryView;
  /** What the county's clock shows at a moment (epoch ms). */
  localTime: (at: number) => LocalTime;
};
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
/** `shadow`: the rows are of a copy of the rule that is only tried under that setting. `key`: by which they stand among all. */
type RuleRows = { key: string; rule: AnyRule; table: Table<Row>; shadow?: RuleSetting };
type Rows = Map<string, RuleRows>;

type Stepping = { registry: RegistryView; deadlines: Deadlines; home: Home };

/** Bounds the answer; the next call goes on. */
const firedAtOnce = 1000;
const nothing: readonly AlertChange[] = [];

function isEmergency(change: AlertChange): boolean {
  if (change.type === 'raise') return change.alert.severity === 'critical';
  return change.type === 'strengthen' && change.severity === 'critical';
}

/** Where the subject of a deadline is by now: where the device is that stepped it last, unless that went to somebody else. */
function whereNow(registry: RegistryView, subject: string, deviceId: string | undefined): Whereabouts {
  const [, type, id = ''] = /^(person|household|place):(.*)$/.exec(subject) ?? [];
  if (type !== 'person' && type !== 'household' && type !== 'place') return registry.whereabouts(deviceId ?? subject);
  const where: Whereabouts = deviceId === undefined ? {} : registry.whereabouts(deviceId);
  return where[`${type}Id`] === id ? where : registry.whereaboutsOf({ type, id });
}

/** What the rule says is in the answer, and is answered. */
function stepSubject(
  { registry, deadlines, home }: Stepping,
  { key, rule, table, shadow }: RuleRows,
  subject: string,
  event: RuleEvent,
  answer: EngineAnswer,
): readonly AlertChange[] {
  const before = table.get(subject);
  // What it watches it sees to the end, also by what comes from outside of its scope.
  if (shadow && !before && !registry.isWithin(shadow.scope, rule.isOfAll ? {} : event.where)) return nothing;
  const { deviceId } = event.where;
  // Whichever device it heard of last.
  const where = rule.isOfAll ? {} : event.where;
  try {
    const settings = settingsOf(rule, registry.ruleSettings(rule.name, where, shadow && [shadow]));
    const old = before ? before.state : rule.initial;
    const [state, changes] = rule.step(old, event, settings, home);
    const dueAt = state === old ? before?.dueAt : dueFrom(rule.deadline(state, settings), event);
    if (event.type === 'tick' && dueAt !== undefined && dueAt <= event.at) {
      throw new Error('the deadline does not advance');
    }
    if (state !== old) {
      if (state === rule.initial) table.delete(subject);
      else table.set(subject, rowOf(state, dueAt, deviceId === subject ? undefined : deviceId));
    }
    if (dueAt !== undefined && (before?.dueAt === undefined || dueAt < before.dueAt)) {
      deadlines.add({ dueAt, subject, rule: key });
    }
    if (shadow) {
      for (const change of changes) answer.changes.push(shadowWord(shadow, event.at, change));
      return nothing;
    }
    if (changes.length > 0) answer.changes.push(...changes);
    return changes;
  } catch (error) {
    if (shadow) {
      table.delete(subject);
      answer.changes.push(
        shadowWord(shadow, event.at, { type: 'failed', subject, error: String(error).slice(0, 300) }),
      );
      return nothing;
    }
    if (event.type === 'tick' && before) table.set(subject, rowOf(before.state, undefined, before.deviceId));
    const device = deviceId === undefined ? {} : { deviceId };
    answer.failures.push({ rule: rule.name, subject, ...device, lifeSafety: rule.rebase === undefined, error });
    return [];
  }
}

/** A trial begins with what the rule in force knows within its scope: what it learned, and what it was told when devices came. */
function copyRows(
  { registry, deadlines }: Stepping,
  live: RuleRows,
  { key, rule, table, shadow }: RuleRows,
  at: number,
) {
  if (!shadow) return;
  for (const [subject, row] of live.table.entries()) {
    const where = whereNow(registry, subject, row.deviceId);
    if (!registry.isWithin(shadow.scope, where)) continue;
    const deadline = rule.deadline(row.state, settingsOf(rule, registry.ruleSettings(rule.name, where, [shadow])));
    const dueAt = deadline === undefined ? undefined : Math.max(deadline, at);
    table.set(subject, rowOf(row.state, dueAt, row.deviceId));
    if (dueAt !== undefined) deadlines.add({ dueAt, subject, rule: key });
  }
}

/** What a late event makes due in the past is due now: journal time never goes back. */
function dueFrom(deadline: number | undefined, { type, at }: RuleEvent): number | undefined {
  return deadline === undefined || type === 'tick' ? deadline : Math.max(deadline, at);
}

function rowOf(state: unknown, dueAt: number | undefined, deviceId: string | undefined): Row {
  if (deviceId === undefined) return dueAt === undefined ? { state } : { state, dueAt };
  return dueAt === undefined ? { state, deviceId } : { state, dueAt, deviceId };
}
