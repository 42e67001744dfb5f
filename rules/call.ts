import type { PressReport } from '../firmware-contracts/call-button.ts';
import type { AlertChange, Reason, Severity } from '../records/alert.ts';
import { alertIdOf, causeOf, earliest, happenedAt, keyOf, note, personSubject, raise, unreadReason } from './cause.ts';
import type { ReportEvent } from './event.ts';
import type { Rule } from './rule.ts';

/**
 * The three calls of a person (of a place, where nobody is named), each for itself: quiet -> called -> quiet. Presses
 * within `sameCallMs` of the first are that call, and on record; who goes on pressing calls again. `cancel` takes back
 * calls for care and service. An emergency stands: only a person who has looked ends it, so that a cancel is no more
 * than on record.
 */
export const call: Rule<Calls, CallSettings> = {
  name: 'call',
  initial: {},
  settings: { sameCallMs: 60_000, takeBackMs: 30 * 60_000 },
  ranges: { sameCallMs: [5000, 5 * 60_000], takeBackMs: [5 * 60_000, 24 * 3_600_000] },
  hears: ['press'],
  subject(event) {
    return event.type === 'report' && event.report.name === 'press' ? keyOf(personSubject(event.where)) : undefined;
  },
  deadline: (calls) => earliest(Object.values(calls).map(({ forgetAt }) => forgetAt)),
  step(calls, event, settings) {
    if (event.type === 'tick') return [remaining(calls, ({ forgetAt }) => forgetAt > event.at), []];
    if (event.type !== 'report' || event.report.name !== 'press') return [calls, []];
    switch (event.report.call) {
      case 'cancel':
        return onCancel(calls, event);
      case 'test':
        return [calls, [onRecord(event, 'call-test', {})]];
      case 'care':
      case 'service':
        return onCall(calls, event, event.report.call, settings);
      default:
        return onCall(calls, event, 'emergency', settings);
    }
  },
};

export type Calls = { readonly [kind in CallKind]?: Call };
export type CallSettings = {
  /** Presses this close to a call's first press are that call. */
  sameCallMs: number;
  /** How long a call for care or service can be taken back from the button. */
  takeBackMs: number;
};

type CallKind = Exclude<PressReport['call'], 'cancel' | 'test'>;
type Call = { alertId: string; pressedAt: number; forgetAt: number };

const severities: { readonly [kind in CallKind]: Severity } = {
  emergency: 'critical',
  care: 'urgent',
  service: 'service',
};

function onCall(calls: Calls, event: ReportEvent, kind: CallKind, settings: CallSettings): [Calls, AlertChange[]] {
  const cause = causeOf(event);
  const alertId = alertIdOf(call.name, cause);
  const pressedAt = happenedAt(event);
  const before = calls[kind];
  if (before?.alertId === alertId) return [calls, []];
  if (before && Math.abs(pressedAt - before.pressedAt) < settings.sameCallMs) {
    const reason = { call: kind, alertId: before.alertId, afterMs: pressedAt - before.pressedAt };
    return [calls, [onRecord(event, 'call-repeated', reason)]];
  }
  const reason: Reason = { call: kind, ...unreadReason(event.unread) };
  const subject = personSubject(event.where);
  const words = {
    rule: call.name,
    condition: `call-${kind}`,
    severity: severities[kind],
    at: event.at,
    subject,
    reason,
  } as const;
  const forgetAt = event.at + Math.max(settings.sameCallMs, settings.takeBackMs);
  return [{ ...calls, [kind]: { alertId, pressedAt, forgetAt } }, [raise(cause, words)]];
}

/** A cancel that was stored on the way does not reach calls that were made after it. */
function onCancel(calls: Calls, event: ReportEvent): [Calls, AlertChange[]] {
  const meant = Object.entries(calls).filter(([, { pressedAt }]) => pressedAt <= happenedAt(event));
  const takenBack = meant.filter(([kind]) => kind !== 'emergency').map(([, { alertId }]) => alertId);
  const clears = takenBack.map((alertId): AlertChange => {
    return { type: 'clear', alertId, at: event.at, reason: { transition: 'called to taken back' } };
  });
  const reason = { calls: meant.map(([kind]) => kind), alertIds: meant.map(([, { alertId }]) => alertId) };
  const next = clears.length === 0 ? calls : remaining(calls, ({ alertId }) => !takenBack.includes(alertId));
  return [next, [onRecord(event, 'call-cancelled', reason), ...clears]];
}

function onRecord(
  event: ReportEvent,
  what: 'call-cancelled' | 'call-test' | 'call-repeated',
  reason: Reason,
): AlertChange {
  return note(causeOf(event), { rule: call.name, what, subject: personSubject(event.where), reason });
}

function remaining(calls: Calls, stays: (call: Call) => boolean): Calls {
  const kept = Object.entries(calls).filter(([, one]) => stays(one));
  return kept.length === 0 ? call.initial : Object.fromEntries(kept);
}
