import type { AlertChange } from '../../records/alert.ts';
import { deviceSubject, happenedAt } from '../cause.ts';
import type { DeviceConditionEvent, ReportEvent, RuleEvent, TickEvent } from '../event.ts';
import type { Home } from '../home.ts';
import type { Rule } from '../rule.ts';
import { clearWork } from './device-word.ts';
import { morningAfter } from './morning.ts';

/**
 * unwatched -> tested (a smoke detector speaks for the first time: its month begins, or it was just tested) -> overdue (`withinMs` without
 * a test that passed) -> tested. A test is its report, by hand or by itself, or its alarm within a test window.
 */
export const testOverdue: Rule<TestOverdue, TestOverdueSettings> = {
  name: 'test-overdue',
  initial: { phase: 'unwatched' },
  settings: { withinMs: 35 * 86_400_000 },
  ranges: { withinMs: [7 * 86_400_000, 400 * 86_400_000] },
  hears: ['test', 'alarm', 'test-window', 'device-condition', 'device-removed'],
  subject(event) {
    if (event.type === 'device-removed' || event.type === 'test-window' || isFirstWord(event)) return event.deviceId;
    return isWord(event) ? event.where.deviceId : undefined;
  },
  deadline: (state) => (state.phase === 'tested' ? state.noticeAt : undefined),
  rebase: (state, byMs) =>
    state.phase === 'tested' ? { ...state, testedAt: state.testedAt + byMs, noticeAt: state.noticeAt + byMs } : state,
  step(state, event, { withinMs }, home) {
    switch (event.type) {
      case 'device-removed':
        return [testOverdue.initial, over(state, event.at, 'overdue to removed')];
      case 'tick':
        return state.phase === 'tested' ? fallsDue(state, event, withinMs, home) : [state, []];
      case 'test-window':
        return state.phase === 'unwatched'
          ? [state, []]
          : [{ ...state, window: { from: event.at, until: event.until } }, []];
      case 'device-condition':
        return [begins(state, event, withinMs, home), []];
      case 'report':
        return heard(state, event, withinMs, home);
      default:
        return [state, []];
    }
  },
};

/** `testedAt`: the last test, or since when it is watched; `noticeAt`: the morning after the next was due (epoch ms). Alarms within `window` are tests. */
export type TestOverdue =
  | { phase: 'unwatched' }
  | { phase: 'tested'; testedAt: number; noticeAt: number; window?: Window }
  | { phase: 'overdue'; alertId: string; testedAt: number; window?: Window };
type Window = { from: number; until: number };
export type TestOverdueSettings = {
  /** A month, and some days for whoever does it on the round. */
  withinMs: number;
};

function isWord(event: RuleEvent): event is ReportEvent {
  if (event.type !== 'report' || event.deviceKind !== 'smoke-detector') return false;
  return event.report.name === 'test' || event.report.name === 'alarm';
}

/** Of any kind of device; the home knows which are detectors. */
function isFirstWord(event: RuleEvent): event is DeviceConditionEvent {
  return event.type === 'device-condition' && event.condition === 'heard';
}

function begins(state: TestOverdue, event: DeviceConditionEvent, withinMs: number, home: Home): TestOverdue {
  const device = home.devices().find(({ id }) => id === event.deviceId);
  if (state.phase !== 'unwatched' || device?.kind !== 'smoke-detector') return state;
  return tested(event.at, withinMs, event, home);
}

function tested(testedAt: number, withinMs: number, { where }: RuleEvent, home: Home) {
  return { phase: 'tested', testedAt, noticeAt: morningAfter(testedAt + withinMs, where.areaId, home) } as const;
}

function heard(state: TestOverdue, event: ReportEvent, withinMs: number, home: Home): [TestOverdue, AlertChange[]] {
  const happened = happenedAt(event);
  const wasTested = isTest(event, state.phase === 'unwatched' ? undefined : state.window);
  if (state.phase === 'unwatched') return [tested(wasTested ? happened : event.at, withinMs, event, home), []];
  if (!wasTested || happened <= state.testedAt) return [state, []];
  const { window } = state;
  return [
    { ...tested(happened, withinMs, event, home), ...(window && { window }) },
    over(state, event.at, 'overdue to tested'),
  ];
}

function isTest(event: ReportEvent, window: Window | undefined): boolean {
  const { report } = event;
  if (report.name === 'test') return report.result !== 'failed';
  const at = happenedAt(event);
  return report.name === 'alarm' && window !== undefined && at >= window.from && at <= window.until;
}

function fallsDue(
  state: Extract<TestOverdue, { phase: 'tested' }>,
  event: TickEvent,
  withinMs: number,
  home: Home,
): [TestOverdue, AlertChange[]] {
  const { at, where } = event;
  // The limit may have changed since it was planned.
  const { noticeAt } = tested(state.testedAt, withinMs, event, home);
  if (noticeAt > at) return [{ ...state, noticeAt }, []];
  const { name } = testOverdue;
  const subject = deviceSubject(where);
  const alertId = `${name}:${subject.id}:${state.testedAt}`;
  const reason = { testedAt: state.testedAt, withinMs, transition: 'tested to overdue' };
  const words = { rule: name, condition: 'test-overdue', severity: 'service', clock: 'trusted' } as const;
  const alert = { alertId, ...words, at, occurredAt: at, subject, where, reason };
  const { testedAt, window } = state;
  return [{ phase: 'overdue', alertId, testedAt, ...(window && { window }) }, [{ type: 'raise', alert }]];
}

function over(state: TestOverdue, at: number, transition: string): AlertChange[] {
  return state.phase === 'overdue' ? [clearWork(state.alertId, at, { transition })] : [];
}
