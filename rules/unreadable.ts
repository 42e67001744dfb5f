import { causeOf, personSubject, placeSubject, raise } from './cause.ts';
import type { UnreadableEvent } from './event.ts';
import type { Rule } from './rule.ts';

/**
 * An alarm, fall or press that could not be read: the topic is enough to call people. readable -> unreadable (critical
 * at once) -> readable (nothing like it for `sameAlarmMs`). A device resends what is not acknowledged and repeats an
 * alarm that lasts, and whatever cannot be read has no name to know it again by: within that time it is the same alert.
 */
export const unreadable: Rule<Unreadable, UnreadableSettings> = {
  name: 'unreadable',
  initial: { phase: 'readable' },
  settings: { sameAlarmMs: 10 * 60_000 },
  ranges: { sameAlarmMs: [2 * 60_000, 60 * 60_000] },
  hears: ['unreadable'],
  subject: (event) => (event.type === 'unreadable' ? `${event.where.deviceId}:${event.reportName}` : undefined),
  deadline: (state) => (state.phase === 'unreadable' ? state.forgetAt : undefined),
  stoodStill: () => unreadable.initial,
  step(state, event, { sameAlarmMs }) {
    if (event.type === 'tick') return [unreadable.initial, []];
    if (event.type !== 'unreadable') return [state, []];
    const next: Unreadable = { phase: 'unreadable', forgetAt: event.at + sameAlarmMs };
    return [next, state.phase === 'unreadable' ? [] : [raiseUnread(event)]];
  },
};

export type Unreadable = { phase: 'readable' } | { phase: 'unreadable'; forgetAt: number };
export type UnreadableSettings = {
  /** Unreadable reports of one name that follow within this time are one alert. */
  sameAlarmMs: number;
};

function raiseUnread(event: UnreadableEvent) {
  const { reportName, problem, where, at } = event;
  const subject = reportName === 'alarm' ? placeSubject(where) : personSubject(where);
  const reason = { report: reportName, unread: [problem] };
  return raise(causeOf(event), {
    rule: unreadable.name,
    condition: 'unreadable',
    severity: 'critical',
    at,
    subject,
    reason,
  });
}
