import type { AlarmReport, TestReport } from '../firmware-contracts/smoke-detector.ts';
import type { AlertChange, Reason } from '../records/alert.ts';
import {
  alertIdOf,
  type Cause,
  causeOf,
  earliest,
  happenedAt,
  note,
  placeSubject,
  raise,
  unreadReason,
} from './cause.ts';
import type { ReportEvent } from './event.ts';
import type { Rule } from './rule.ts';

/**
 * Smoke, heat, carbon monoxide, gas and water, each for itself: quiet -> on (critical at once) -> hushed or off ->
 * quiet. The alert is latched: `hushed` is on record, `off` says that the condition is gone, and a person ends the
 * incident. An alarm that comes again, or was on, within `sameAlarmMs` of its last word is the same alert; later it is a
 * new one.
 *
 * quiet -> testing (an alarm that happened inside a test window) -> quiet (it went off in time) or on (it outlasted the
 * window). The button on the detector opens a short window for smoke and heat alone: no button test makes carbon
 * monoxide, gas or water, and nobody says that a person stands by. A window that a person declared counts for all. An
 * alarm that is on when a window begins, or that happened before it, is no test.
 */
export const hazard: Rule<Hazard, HazardSettings> = {
  name: 'hazard',
  initial: { alarms: {} },
  settings: { buttonTestMs: 3 * 60_000, sameAlarmMs: 10 * 60_000, rememberMs: 24 * 3_600_000 },
  ranges: {
    buttonTestMs: [0, 10 * 60_000],
    sameAlarmMs: [2 * 60_000, 60 * 60_000],
    rememberMs: [3_600_000, 7 * 24 * 3_600_000],
  },
  hears: ['alarm', 'test', 'test-window'],
  subject(event) {
    switch (event.type) {
      case 'report':
        return event.report.name === 'alarm' || event.report.name === 'test' ? event.where.deviceId : undefined;
      case 'test-window':
        return event.deviceId;
      default:
        return undefined;
    }
  },
  deadline: ({ window, alarms }) => earliest([window?.until, ...Object.values(alarms).map(dueAt)]),
  stoodStill,
  step(state, event, settings) {
    switch (event.type) {
      case 'report':
        if (event.report.name === 'alarm') return onAlarm(state, event, event.report, settings);
        return event.report.name === 'test' ? onTest(state, event, event.report, settings) : [state, []];
      case 'test-window':
        return [{ ...state, window: { from: event.at, until: event.until, by: event.by } }, []];
      case 'tick':
        return onTick(state, event.at, settings);
      default:
        return [state, []];
    }
  },
};

export type Hazard = { window?: TestWindow; alarms: { readonly [S in Source]?: Alarm } };
export type HazardSettings = {
  /** How long after a press of its own test button a detector's smoke and heat count as a test. */
  buttonTestMs: number;
  /** An alarm that is heard again within this time is the same alert. */
  sameAlarmMs: number;
  /** How long an alarm that was heard no more waits for its `off`; the incident waits for a person all the same. */
  rememberMs: number;
};

/** `by`: who declared it; a detector's own button is `device`. */
type TestWindow = { from: number; until: number; by: string };
type Source = AlarmReport['source'];
/** Instants are journal time; `since` is when the alarm began, `lastAt` when it was last known to be on. */
type Alarm =
  | { phase: 'testing'; cause: Cause; reason: Reason; since: number; raiseAt: number }
  | Standing
  | { phase: 'off'; alertId: string; forgetAt: number };
type Standing = { phase: 'on' | 'hushed'; alertId: string; since: number; lastAt: number; forgetAt: number };
type Step = [Hazard, AlertChange[]];

function onAlarm(state: Hazard, event: ReportEvent, report: AlarmReport, settings: HazardSettings): Step {
  if (report.state === 'off') return onOff(state, event, report, settings);
  const known = state.alarms[report.source];
  const alarm = known && isCurrent(known, event, settings) ? known : undefined;
  const reason = reasonOf(event, report);
  if (alarm?.phase === 'testing') return [withAlarm(state, report.source, { ...alarm, reason }), []];
  if (!alarm || (alarm.phase === 'off' && isTest(state.window, event, report))) {
    return begin(state, event, report, reason, settings);
  }

  const { alertId } = alarm;
  const saidAt = happenedAt(event);
  const [since, lastAt] = alarm.phase === 'off' ? [saidAt, event.at] : [alarm.since, Math.max(alarm.lastAt, saidAt)];
  const now = heard({ phase: report.state, alertId, since, lastAt }, event.at, settings);
  const next = withAlarm(state, report.source, now);
  if (alarm.phase === report.state) return [next, []];
  const transition = `${alarm.phase} to ${report.state}`;
  if (alarm.phase === 'on') return [next, [onRecord(event, 'hushed', { ...reason, transition, alertId })]];
  return [
    next,
    [{ type: 'strengthen', alertId, at: event.at, severity: 'critical', reason: { ...reason, transition } }],
  ];
}

/** A first word of an alarm, even when that word is `hushed`: somebody silenced what nobody here has heard of yet. */
function begin(state: Hazard, event: ReportEvent, report: AlarmReport, reason: Reason, settings: HazardSettings): Step {
  const { source } = report;
  const cause = causeOf(event);
  const since = happenedAt(event);
  const window = state.window;
  if (window && isTest(window, event, report)) {
    const testing: Alarm = { phase: 'testing', cause, reason, since, raiseAt: window.until };
    return [withAlarm(state, source, testing), [onRecord(event, 'test', { ...reason, declaredBy: window.by })]];
  }
  const phase = report.state === 'hushed' ? 'hushed' : 'on';
  const alarm = heard({ phase, alertId: alertIdOf(hazard.name, cause), since, lastAt: event.at }, event.at, settings);
  const transition = `quiet to ${phase}`;
  return [withAlarm(state, source, alarm), [raiseAlarm(cause, event.at, source, { ...reason, transition })]];
}

/** An `off` that is older than the alarm says nothing about it: stored reports may arrive after newer ones. */
function onOff(state: Hazard, event: ReportEvent, report: AlarmReport, { sameAlarmMs }: HazardSettings): Step {
  const alarm = state.alarms[report.source];
  if (!alarm || alarm.phase === 'off' || happenedAt(event) < alarm.since) return [state, []];
  if (alarm.phase === 'testing') return [settled(withAlarm(state, report.source, undefined)), []];
  const off: Alarm = { phase: 'off', alertId: alarm.alertId, forgetAt: event.at + sameAlarmMs };
  const lastedMs = happenedAt(event) - alarm.since;
  const reason = { ...reasonOf(event, report), transition: `${alarm.phase} to off`, lastedMs };
  return [withAlarm(state, report.source, off), [{ type: 'clear', alertId: alarm.alertId, at: event.at, reason }]];
}

/** A detector that tests itself makes no alarm; only a hand on its button opens a window, and never a shorter one. */
function onTest(state: Hazard, event: ReportEvent, report: TestReport, { buttonTestMs }: HazardSettings): Step {
  const changes = [
    onRecord(event, 'test', {
      ...(report.result && { result: report.result }),
      by: report.by ?? 'button',
      ...unreadReason(event.unread),
    }),
  ];
  const from = happenedAt(event);
  const until = from + buttonTestMs;
  const isCovered = state.window !== undefined && state.window.until >= until;
  if (report.by === 'self' || until <= event.at || isCovered) return [state, changes];
  return [{ ...state, window: { from, until, by: 'device' } }, changes];
}

function onTick(state: Hazard, at: number, settings: HazardSettings): Step {
  const alarms: { [S in Source]?: Alarm } = {};
  const changes: AlertChange[] = [];
  for (const source of sources) {
    const alarm = state.alarms[source];
    if (!alarm) continue;
    if (dueAt(alarm) > at) alarms[source] = alarm;
    else if (alarm.phase === 'testing') {
      const { cause, reason, since } = alarm;
      const alertId = alertIdOf(hazard.name, cause);
      alarms[source] = heard({ phase: 'on', alertId, since, lastAt: at }, at, settings);
      changes.push(raiseAlarm(cause, at, source, { ...reason, transition: 'testing to on', lastedMs: at - since }));
    }
  }
  const window = state.window && state.window.until > at ? { window: state.window } : {};
  return [settled({ ...window, alarms }), changes];
}

/**
 * An alarm that stood was heard of too long ago for its next word to be the same alert, and that word is no test either; its `off` still
 * clears it.
 */
function stoodStill(state: Hazard): Hazard {
  const alarms: { [S in Source]?: Alarm } = {};
  for (const source of sources) {
    const alarm = state.alarms[source];
    if (alarm) alarms[source] = isStanding(alarm) ? { ...alarm, lastAt: longAgo } : alarm;
  }
  return Object.values(alarms).some(isStanding) ? { alarms } : state;
}

const isStanding = (alarm: Alarm): alarm is Standing => alarm.phase === 'on' || alarm.phase === 'hushed';
const longAgo = 0;

/**
 * What is due is over, even if its tick could not be stepped: nothing that failed may keep an alarm quiet. A word that was
 * stored on the way is of the alarm that stood when it happened, however late it comes, and of the one that began so soon after it
 * that it had been the same in order: its age is of the device's clock, and a journal whose clock is being set right passes less time.
 */
function isCurrent(alarm: Alarm, event: ReportEvent, { sameAlarmMs }: HazardSettings): boolean {
  if (alarm.phase === 'testing' || alarm.phase === 'off') return event.at < dueAt(alarm);
  const saidAt = happenedAt(event);
  const isOfThen = alarm.since - saidAt <= sameAlarmMs && saidAt - alarm.lastAt <= sameAlarmMs;
  return event.at - alarm.lastAt <= sameAlarmMs || isOfThen;
}

/** A window is over at its end, even if the tick that should have closed it could not be stepped. */
function isTest(window: TestWindow | undefined, event: ReportEvent, { source }: AlarmReport): boolean {
  if (!window || event.at >= window.until || happenedAt(event) < window.from) return false;
  return window.by !== 'device' || source === 'smoke' || source === 'heat';
}

/** Instants are fixed when a state is entered, so that settings that change meanwhile cannot move them. */
function heard(alarm: Omit<Standing, 'forgetAt'>, at: number, { rememberMs }: HazardSettings): Standing {
  return { ...alarm, forgetAt: at + rememberMs };
}

const dueAt = (alarm: Alarm): number => (alarm.phase === 'testing' ? alarm.raiseAt : alarm.forgetAt);

function raiseAlarm(cause: Cause, at: number, source: Source, reason: Reason): AlertChange {
  const subject = placeSubject(cause.where);
  return raise(cause, { rule: hazard.name, condition: source, severity: 'critical', at, subject, reason });
}

function onRecord(event: ReportEvent, what: 'test' | 'hushed', reason: Reason): AlertChange {
  return note(causeOf(event), { rule: hazard.name, what, subject: placeSubject(event.where), reason });
}

/** The device's own verdict, with whatever it measured. */
function reasonOf({ unread }: ReportEvent, report: AlarmReport): Reason {
  const { source, state, obscuration, temperature, co, gas } = report;
  return {
    source,
    state,
    ...(obscuration !== undefined && { obscurationDbPerM: obscuration }),
    ...(temperature !== undefined && { celsius: temperature }),
    ...(co !== undefined && { coPpm: co }),
    ...(gas !== undefined && { gasPercentLel: gas }),
    ...unreadReason(unread),
  };
}

function withAlarm(state: Hazard, source: Source, alarm: Alarm | undefined): Hazard {
  const { [source]: _before, ...others } = state.alarms;
  return { ...state, alarms: alarm ? { ...others, [source]: alarm } : others };
}

const settled = (state: Hazard): Hazard =>
  state.window || Object.keys(state.alarms).length > 0 ? state : hazard.initial;

const sources: readonly Source[] = ['smoke', 'heat', 'co', 'gas', 'water'];
