import type {
  Alert,
  AlertChange,
  ClockTrust,
  Condition,
  Note,
  Reason,
  Severity,
  Subject,
  Whereabouts,
} from '../records/alert.ts';
import type { RuleEvent } from './event.ts';

/**
 * What an alert takes from its cause; a rule keeps it while it waits for a verdict. Units: epoch ms, `lateMs` in ms.
 */
export type Cause = {
  causeId: string;
  at: number;
  occurredAt: number;
  clock: ClockTrust;
  lateMs?: number;
  where: Whereabouts;
};

/** The part of an event that outlives it. What could not be read has no time of its own: it counts as now. */
export function causeOf(event: Extract<RuleEvent, { causeId: string }>): Cause {
  const { causeId, at, where } = event;
  if (event.type !== 'report') return { causeId, at, occurredAt: at, clock: 'absent', where };
  const { occurredAt, clock, lateMs } = event;
  return { causeId, at, occurredAt, clock, where, ...(lateMs !== undefined && { lateMs }) };
}

/**
 * When it happened, on the journal's own clock: the device's clock plays no part, and unknown lateness counts as now.
 */
export const happenedAt = ({ at, lateMs = 0 }: { at: number; lateMs?: number }): number => at - Math.max(0, lateMs);

/** The id of the alert that a cause leads to: the same cause, the same alert. */
export const alertIdOf = (rule: string, { causeId }: { causeId: string }): string => `${rule}:${causeId}`;

/** Raises what followed from `cause`, at the journal's time `at`: now, or when a verdict stayed out. */
export function raise(cause: Cause, { at, ...words }: RaiseWords): AlertChange {
  const { occurredAt, clock, where } = cause;
  const late = cause.lateMs === undefined ? {} : { lateMs: at - happenedAt(cause) };
  return {
    type: 'raise',
    alert: { alertId: alertIdOf(words.rule, cause), at, occurredAt, clock, ...late, where, ...words },
  };
}

/** `alertId`: of a second alert that the same cause led to. */
type RaiseWords = Pick<Alert, 'rule' | 'at' | 'subject' | 'reason'> & {
  condition: Condition;
  severity: Severity;
  alertId?: string;
};

/** Puts on record what calls nobody. */
export function note(
  cause: Cause,
  { rule, what, subject, reason }: Pick<Note, 'rule' | 'what' | 'subject' | 'reason'>,
): AlertChange {
  const { at, occurredAt, where } = cause;
  return {
    type: 'note',
    note: { noteId: `${rule}:${what}:${cause.causeId}`, rule, what, at, occurredAt, subject, where, reason },
  };
}

/** What could not be read of a report that was understood all the same; people are told. */
export const unreadReason = (unread: string[]): Reason => (unread.length > 0 ? { unread } : {});

/** Whom a fall or a call is about: the person, else the place, else the device alone. */
export function personSubject(where: Whereabouts): Subject {
  return where.personId === undefined ? placeSubject(where) : { type: 'person', id: where.personId };
}

/** What a fire is about: the place, else the device alone. */
export function placeSubject(where: Whereabouts): Subject {
  return where.placeId === undefined ? deviceSubject(where) : { type: 'place', id: where.placeId };
}

/** A report without a device id does not exist in the journal; the word is for the type alone. */
export const deviceSubject = (where: Whereabouts): Subject => ({ type: 'device', id: where.deviceId ?? 'unknown' });

/** A subject as the key of a rule's state. */
export const keyOf = ({ type, id }: Subject): string => `${type}:${id}`;

/** The earliest of some instants; undefined when there is none. */
export function earliest(instants: Iterable<number | undefined>): number | undefined {
  let first: number | undefined;
  for (const instant of instants)
    if (instant !== undefined && (first === undefined || instant < first)) first = instant;
  return first;
}
