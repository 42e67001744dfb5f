import type { AlertChange, Condition, Reason, Severity, Subject, Whereabouts } from '../../records/alert.ts';
import { isVital, measured, type Quantity } from '../../records/threshold.ts';
import { causeOf, deviceSubject, happenedAt, personSubject, placeSubject, raise } from '../cause.ts';
import type { ReportEvent, TickEvent } from '../event.ts';

/**
 * What a device's readings come to under one limit: undefined (inside) -> pending (a reading beyond) -> beyond (seen `repeats` times and
 * for `holdMs`: people are told) -> undefined (a reading that is `hysteresis` back inside). Readings more than `maxGapMs` apart prove
 * nothing between them: what is pending begins anew. When nothing more comes, pending or beyond -> unknown: what was told is taken
 * back, because missing data is never still true, and that the readings stopped is told instead. A reading leaves unknown.
 *
 * A reading that is older than what is known can break what is pending and does nothing else. So what a device stored, and sent late
 * or in any order, raises nothing that the same readings in their order would not prove.
 */
export function stepReading(before: LimitWatch | undefined, reading: Reading, limit: Limit): Outcome {
  const { event, observed } = reading;
  const at = happenedAt(event);
  const position = positionOf(observed, limit, before?.side);
  if (reading.isOld) return { watch: before && withOld(before, position, at), changes: [] };
  const isConnected = before !== undefined && at - before.lastAt <= limit.maxGapMs;
  // Neither beyond nor back: it shows that the device still measures, and holds together what it follows on.
  if (position === 'between' && before && (isConnected || before.phase === 'beyond')) {
    const run = isConnected ? {} : { sinceAt: at, count: 0 };
    return { watch: { ...before, ...run, lastAt: at, staleAt: staleAfter(event, limit) }, changes: [] };
  }
  if (before?.side === position) return withBeyond(before, isConnected, reading, limit);

  const changes = before ? endWatch(before, event.at, { transition: `${before.phase} to within` }) : [];
  if (position !== 'below' && position !== 'above') return { watch: undefined, changes };
  const begun = { phase: 'pending', side: position, quantity: limit.quantity, ...newRun(reading) } as const;
  const outcome = settled({ ...begun, staleAt: staleAfter(event, limit) }, reading, limit);
  return { watch: outcome.watch, changes: [...changes, ...outcome.changes] };
}

/** Nothing came in time. A gap is noticed by what arrives: stored readings that are under way are no gap. */
export function stepGap({ alertId, ...watch }: LimitWatch, at: number): { watch: LimitWatch; changes: AlertChange[] } {
  const changes: AlertChange[] =
    alertId === undefined ? [] : [{ type: 'clear', alertId, at, reason: { transition: 'beyond to unknown' } }];
  return { watch: { ...watch, phase: 'unknown' }, changes };
}

/** That the readings of a device stopped, after which one; once for a quantity, whichever of its limits was waiting. */
export function raiseStopped(watch: LimitWatch, { at, where }: TickEvent, limit: Limit): Raised {
  const subject = deviceSubject(where);
  const name = idPart(limit, limit.quantity, `${subject.id}:${watch.lastAt}`);
  const alertId = `readings-stopped:${limit.rule}:${name}:${subject.id}:${watch.lastAt}`;
  const gap = { lastSeenAt: watch.lastAt, maxGapMinutes: limit.maxGapMs / minuteMs };
  const reason = { ...reasonOf(watch, limit), ...gap, transition: `${watch.phase} to unknown` };
  const words = { rule: limit.rule, condition: 'readings-stopped', severity: 'service', subject, where } as const;
  const times = { at, occurredAt: at, clock: 'trusted' } as const;
  return { type: 'raise', alert: { alertId, ...words, ...times, reason } };
}

/** It is over, or nobody asks any more; what was told of it is cleared. */
export const endWatch = ({ alertId }: Pick<LimitWatch, 'alertId'>, at: number, reason: Reason): AlertChange[] =>
  alertId === undefined ? [] : [{ type: 'clear', alertId, at, reason }];

/** One reading says how it was then; two that are close enough together say that it is known again. */
export const isLone = ({ sinceAt, lastAt }: LimitWatch): boolean => sinceAt === lastAt;

/** When a gap has to be noticed, epoch ms of journal time. */
export const gapDueAt = ({ phase, staleAt }: LimitWatch): number | undefined =>
  phase === 'unknown' ? undefined : staleAt;

export const isBeyond = (observed: number | undefined, { below, above }: Limit): boolean =>
  observed !== undefined && ((below !== undefined && observed < below) || (above !== undefined && observed > above));

/** `key`: its name among the limits of its rule, for ever. `named`: what else its alerts say of it. */
export type Limit = {
  rule: string;
  key: string;
  condition: Condition;
  severity: Severity;
  quantity: Quantity;
  below?: number | undefined;
  above?: number | undefined;
  hysteresis: number;
  holdMs: number;
  maxGapMs: number;
  repeats: number;
  named?: Reason;
};

/**
 * Instants are of the journal's clock: `sinceAt` when the first of `count` readings beyond was taken, `lastAt` the newest of all, `staleAt`
 * when nothing more is told as a gap. `observed`: the newest value beyond. `alertId`: what was told and stands.
 */
export type LimitWatch = {
  phase: 'pending' | 'beyond' | 'unknown';
  side: Side;
  quantity: Quantity;
  sinceAt: number;
  lastAt: number;
  count: number;
  observed: number;
  staleAt: number;
  alertId?: string;
};

/** `isOld`: a newer one of the same kind of report is known. */
export type Reading = { event: ReportEvent; observed: number; isOld: boolean };
export type Outcome = { watch: LimitWatch | undefined; changes: AlertChange[] };
type Side = 'below' | 'above';
type Raised = Extract<AlertChange, { type: 'raise' }>;

const minuteMs = 60_000;

/**
 * A reading of the very last moment still counts, and a deadline comes before what is stamped with its time. On the quarter of an hour: where
 * a village falls silent in the heat, its list of work is written once and not once a device.
 */
const staleAfter = ({ at }: ReportEvent, { maxGapMs }: Limit): number =>
  Math.ceil((at + maxGapMs + 1) / quarterMs) * quarterMs;
const quarterMs = 15 * minuteMs;

/** `between`: back from the side on which it was, and not far enough to be over. */
function positionOf(observed: number, limit: Limit, held: Side | undefined): Side | 'between' | 'within' {
  const { below, above, hysteresis } = limit;
  if (below !== undefined && observed < below) return 'below';
  if (above !== undefined && observed > above) return 'above';
  if (held === 'below' && below !== undefined && observed < below + hysteresis) return 'between';
  return held === 'above' && above !== undefined && observed > above - hysteresis ? 'between' : 'within';
}

function withOld(before: LimitWatch, position: ReturnType<typeof positionOf>, at: number): LimitWatch {
  const breaks = before.phase !== 'beyond' && at > before.sinceAt && position !== before.side && position !== 'between';
  return breaks ? { ...before, sinceAt: before.lastAt, count: 1 } : before;
}

const newRun = ({ event, observed }: Reading) => {
  const at = happenedAt(event);
  return { sinceAt: at, lastAt: at, count: 1, observed };
};

function withBeyond(before: LimitWatch, isConnected: boolean, reading: Reading, limit: Limit): Outcome {
  const { event, observed } = reading;
  const at = happenedAt(event);
  const staleAt = staleAfter(event, limit);
  // The same moment twice is one reading.
  const count = before.count + (at > before.lastAt ? 1 : 0);
  const run = isConnected && before.count > 0 ? { lastAt: at, count, observed } : newRun(reading);
  if (before.phase === 'beyond') return { watch: { ...before, ...run, staleAt }, changes: [] };
  return settled({ ...before, ...run, phase: 'pending', staleAt }, reading, limit);
}

/** People are told once it was seen often and for long enough. */
function settled(watch: LimitWatch, { event }: Reading, limit: Limit): Outcome {
  if (watch.count < limit.repeats || watch.lastAt - watch.sinceAt < limit.holdMs) return { watch, changes: [] };
  const cause = causeOf(event);
  const named = { ...cause, causeId: `${idPart(limit, limit.key, cause.causeId)}:${cause.causeId}` };
  const { rule, condition, severity } = limit;
  const reason = { ...reasonOf(watch, limit), transition: 'pending to beyond' };
  const raised = raise(named, {
    rule,
    condition,
    severity,
    at: event.at,
    subject: subjectOf(limit, event.where),
    reason,
  });
  const alertId = `${rule}:${named.causeId}`;
  return { watch: { ...watch, phase: 'beyond', alertId }, changes: [raised] };
}

/**
 * A limit in the id of an alert. Ids are shown to everybody who may see the incident, and what is measured of a body is not: there a
 * number stands for it, another in each alert (FNV-1a).
 */
function idPart({ quantity }: Limit, name: string, cause: string): string {
  if (!isVital(quantity)) return name;
  let hash = 0x811c9dc5;
  for (const character of `${name}:${cause}`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0).toString(36);
}

function reasonOf({ side, observed, sinceAt, count }: LimitWatch, limit: Limit): Reason {
  const { quantity, holdMs, named } = limit;
  return {
    ...{ quantity, observed, unit: measured(quantity).unit, side, limit: limit[side] ?? observed, sinceAt },
    ...{ readings: count, holdMinutes: holdMs / minuteMs, ...named },
  };
}

function subjectOf({ quantity }: Limit, where: Whereabouts): Subject {
  const { about } = measured(quantity);
  if (about === 'person') return personSubject(where);
  return about === 'place' ? placeSubject(where) : deviceSubject(where);
}
