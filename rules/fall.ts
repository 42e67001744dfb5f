import type { FallReport } from '../firmware-contracts/wearable.ts';
import type { AlertChange, Reason } from '../records/alert.ts';
import {
  alertIdOf,
  type Cause,
  causeOf,
  earliest,
  happenedAt,
  keyOf,
  note,
  personSubject,
  raise,
  unreadReason,
} from './cause.ts';
import type { ReportEvent } from './event.ts';
import type { Rule } from './rule.ts';

/**
 * Each fall of a person, as their device judges it: suspected -> cancelled (on record, nobody is called) or confirmed
 * (critical), or presumed (critical) when the person presses for help or no verdict comes in time. A confirmation
 * without a suspicion is a fall. A verdict after people were called is told as what it is: the alert is strengthened,
 * or its condition cleared, and a person ends the incident. The connection plays no part: silence after a suspicion is
 * no verdict.
 *
 * The window counts from when the fall happened. One that arrives late still waits `lateVerdictMs` for the verdict that
 * was stored behind it.
 */
export const fall: Rule<Falls, FallSettings> = {
  name: 'fall',
  initial: { falls: [] },
  settings: { verdictMs: 60_000, lateVerdictMs: 10_000, rememberMs: 24 * 3_600_000 },
  ranges: { verdictMs: [10_000, 120_000], lateVerdictMs: [0, 60_000], rememberMs: [2 * 60_000, 7 * 24 * 3_600_000] },
  subject(event) {
    const concerns = event.type === 'report' && (event.report.name === 'fall' || event.report.name === 'press');
    return concerns ? keyOf(personSubject(event.where)) : undefined;
  },
  deadline: ({ falls }) => earliest(falls.map(({ until }) => until)),
  step(state, event, settings) {
    if (event.type === 'tick') return onTick(state, event.at, settings);
    if (event.type !== 'report') return [state, []];
    const { report } = event;
    if (report.name === 'press') {
      const asksForHelp = report.call !== 'cancel' && report.call !== 'test';
      return asksForHelp && state.falls.length > 0 ? onPress(state, event, settings) : [state, []];
    }
    if (report.name !== 'fall') return [state, []];
    switch (report.state) {
      case 'suspected':
        return onSuspected(state, event, settings);
      case 'cancelled':
        return onCancelled(state, event, report, settings);
      default:
        return onConfirmed(state, event, report, settings);
    }
  },
};

export type Falls = { readonly falls: readonly Fall[] };
export type FallSettings = {
  /** A suspected fall without a verdict after this time counts as a fall. */
  verdictMs: number;
  /** How long one that arrives late waits for a verdict that was stored behind it. */
  lateVerdictMs: number;
  /** How long a judged fall is remembered, for verdicts that the device stored until it was in reach again. */
  rememberMs: number;
};

/**
 * `until`: for a suspicion when its verdict is due, for a judged fall when it is forgotten. `isUnheralded`: only its verdict is known,
 * which is its cause.
 */
type Fall = {
  phase: 'suspected' | 'presumed' | 'confirmed' | 'cancelled';
  cause: Cause;
  name: string;
  until: number;
  isUnheralded?: true;
};
type Step = [Falls, AlertChange[]];

/** More falls at once than a person can have; what is pushed out unjudged counts as a fall. */
const mostFalls = 8;

function onSuspected(state: Falls, event: ReportEvent, settings: FallSettings): Step {
  const name = nameOf(event);
  // A counter that starts again may give the name of a judged fall to a new one, which is then judged anew.
  // A verdict that overtook its suspicion on the road is of the same minutes; how long the road took is in neither age.
  const isKnown = (one: Fall) =>
    one.cause.causeId === event.causeId ||
    (one.name === name && (one.phase === 'suspected' || isVerdictOn(one, event, settings)));
  if (state.falls.some(isKnown)) return [state, []];
  const until = Math.max(happenedAt(event) + settings.verdictMs, event.at + settings.lateVerdictMs);
  return added(state, { phase: 'suspected', cause: causeOf(event), name, until }, event.at, settings, []);
}

function isVerdictOn({ cause, isUnheralded }: Fall, suspicion: ReportEvent, { verdictMs }: FallSettings): boolean {
  return isUnheralded === true && Math.abs(happenedAt(cause) - happenedAt(suspicion)) <= 2 * verdictMs;
}

function onConfirmed(state: Falls, event: ReportEvent, report: FallReport, settings: FallSettings): Step {
  const one = meantBy(state, event, report, settings);
  const until = event.at + settings.rememberMs;
  const unread = unreadReason(event.unread);
  if (!one || one.phase === 'cancelled') {
    const cause = causeOf(event);
    const raised = raiseFall(cause, event.at, { transition: `${one?.phase ?? 'none'} to confirmed`, ...unread });
    const name = nameOf(event, report.of ?? report.seq);
    return added(state, { phase: 'confirmed', cause, name, until, isUnheralded: true }, event.at, settings, [raised]);
  }
  if (one.phase === 'confirmed') return [state, []];
  const next = changed(state, [one], { phase: 'confirmed', until });
  const reason = { transition: `${one.phase} to confirmed`, ...unread };
  if (one.phase === 'suspected') return [next, [raiseFall(one.cause, event.at, reason)]];
  const alertId = alertIdOf(fall.name, one.cause);
  return [next, [{ type: 'strengthen', alertId, at: event.at, severity: 'critical', reason }]];
}

function onCancelled(state: Falls, event: ReportEvent, report: FallReport, settings: FallSettings): Step {
  const one = meantBy(state, event, report, settings);
  if (one?.phase === 'cancelled') return [state, []];
  const afterMs = one && { afterMs: happenedAt(event) - happenedAt(one.cause) };
  const reason = { transition: `${one?.phase ?? 'none'} to cancelled`, ...afterMs, ...unreadReason(event.unread) };
  const subject = personSubject(event.where);
  const onRecord = note(causeOf(event), { rule: fall.name, what: 'fall-cancelled', subject, reason });
  const until = event.at + settings.rememberMs;
  if (!one) {
    const name = nameOf(event, report.of ?? report.seq);
    const unheralded = { phase: 'cancelled', cause: causeOf(event), name, until, isUnheralded: true } as const;
    return added(state, unheralded, event.at, settings, [onRecord]);
  }
  const next = changed(state, [one], { phase: 'cancelled', until });
  if (one.phase === 'suspected') return [next, [onRecord]];
  return [next, [onRecord, { type: 'clear', alertId: alertIdOf(fall.name, one.cause), at: event.at, reason }]];
}

function onPress(state: Falls, event: ReportEvent, settings: FallSettings): Step {
  const pressedAt = happenedAt(event);
  return presume(state, (one) => happenedAt(one.cause) <= pressedAt, event.at, settings, 'press');
}

function onTick(state: Falls, at: number, settings: FallSettings): Step {
  const [presumed, changes] = presume(state, ({ until }) => until <= at, at, settings, 'no verdict');
  const falls = presumed.falls.filter(({ until }) => until > at);
  return [falls.length === 0 ? fall.initial : { falls }, changes];
}

/** Judges the suspicions that are meant without the device's own verdict, and calls people. */
function presume(
  state: Falls,
  isMeant: (one: Fall) => boolean,
  at: number,
  { verdictMs, rememberMs }: FallSettings,
  because: 'press' | 'no verdict',
): Step {
  const meant = state.falls.filter((one) => one.phase === 'suspected' && isMeant(one));
  if (meant.length === 0) return [state, []];
  const reason: Reason = { transition: `suspected to ${because}`, verdictWithinMs: verdictMs };
  const changes = meant.map(({ cause }) => raiseFall(cause, at, reason));
  return [changed(state, meant, { phase: 'presumed', until: at + rememberMs }), changes];
}

/** The newest come last. */
function added(state: Falls, one: Fall, at: number, settings: FallSettings, changes: AlertChange[]): Step {
  const [oldest, ...others] = state.falls;
  if (!oldest || state.falls.length < mostFalls) return [{ falls: [...state.falls, one] }, changes];
  const [, pushedOut] = presume(state, (each) => each === oldest, at, settings, 'no verdict');
  return [{ falls: [...others, one] }, [...pushedOut, ...changes]];
}

/**
 * The fall that a verdict is about: the one it names, else the same device's latest that it can belong to. A verdict
 * comes within the window; twice that is allowed for, and what is further away is another fall.
 */
function meantBy(
  { falls }: Falls,
  event: ReportEvent,
  report: FallReport,
  { verdictMs }: FallSettings,
): Fall | undefined {
  const own = nameOf(event);
  const named = report.of === undefined ? own : nameOf(event, report.of);
  const verdictAt = happenedAt(event);
  // A counter that starts again gives old names to new falls, which must not pass for judged.
  const isThen = ({ cause }: Fall) => Math.abs(verdictAt - happenedAt(cause)) <= sameFallMs;
  const byName = falls.findLast((one) => (one.name === named || one.name === own) && isThen(one));
  if (byName || report.of !== undefined) return byName;
  return falls.findLast(({ cause }) => {
    const afterMs = verdictAt - happenedAt(cause);
    return cause.where.deviceId === event.where.deviceId && afterMs >= 0 && afterMs <= 2 * verdictMs;
  });
}

/** Longer than a verdict takes, and than the road may hold up what carries no age. */
const sameFallMs = 10 * 60_000;

/** What the device calls the report: `of` names a suspicion by its `seq` in the same boot. */
function nameOf({ where, report, causeId }: ReportEvent, seq = report.seq): string {
  return seq === undefined ? causeId : `${where.deviceId}:${report.boot}:${seq}`;
}

function changed({ falls }: Falls, which: Fall[], change: Pick<Fall, 'phase' | 'until'>): Falls {
  return { falls: falls.map((one) => (which.includes(one) ? { ...one, ...change } : one)) };
}

function raiseFall(cause: Cause, at: number, reason: Reason): AlertChange {
  const subject = personSubject(cause.where);
  return raise(cause, { rule: fall.name, condition: 'fall', severity: 'critical', at, subject, reason });
}
