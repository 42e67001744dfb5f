import type { AlertChange } from '../../records/alert.ts';
import { happenedAt } from '../cause.ts';
import type { ReportEvent, RuleEvent } from '../event.ts';
import type { Home } from '../home.ts';
import type { Rule } from '../rule.ts';
import { clearWork, isOvertaken, raiseWork, statusSubject } from './device-word.ts';

/**
 * sound -> faulty (a status names faults, or a test of its own failed) -> sound (a status without faults, a test that passed). A
 * status that says nothing of faults changes nothing: such a device does not test itself. Other faults than before strengthen.
 */
export const deviceFault: Rule<DeviceFault, Record<never, never>> = {
  name: 'device-fault',
  initial: { phase: 'sound' },
  conditions: true,
  settings: {},
  ranges: {},
  hears: ['status', 'test', 'device-removed'],
  subject: (event) => statusSubject(event, 'faults') ?? (isTest(event) ? event.where.deviceId : undefined),
  deadline: () => undefined,
  rebase: (state) => state,
  step(state, event, _settings, home) {
    if (event.type === 'device-removed') return [deviceFault.initial, over(state, event.at, 'faulty to removed')];
    if (event.type !== 'report' || isOld(state, event, home)) return [state, []];
    const before = state.phase === 'faulty' ? state.faults : [];
    const faults = faultsAfter(event, before);
    const tested = testedAfter(state, event);
    if (faults.length === before.length && faults.every((fault, index) => fault === before[index]))
      return [tested.testedAt === state.testedAt ? state : { ...state, ...tested }, []];
    if (faults.length === 0) return [{ ...deviceFault.initial, ...tested }, over(state, event.at, 'faulty to sound')];
    if (state.phase === 'faulty') {
      const reason = { faults: [...faults], transition: 'other faults' };
      const isNews = faults.some((fault) => !before.includes(fault));
      const strengthen = {
        type: 'strengthen',
        alertId: state.alertId,
        at: event.at,
        severity: 'service',
        reason,
      } as const;
      return [{ ...state, faults, ...tested }, isNews ? [strengthen] : []];
    }
    const reason = { faults: [...faults], transition: 'sound to faulty' };
    const { alertId, change } = raiseWork(event, deviceFault.name, 'device-fault', reason);
    return [{ phase: 'faulty', alertId, faults, ...tested }, [change]];
  },
};

/** `faults`: the maker's codes, at most the eight of a status and our own. `testedAt`: when its newest test with a result was (epoch ms). */
export type DeviceFault = { testedAt?: number } & (
  | { phase: 'sound' }
  | { phase: 'faulty'; alertId: string; faults: readonly string[] }
);

const testFailed = 'test-failed';

function isTest(event: RuleEvent): event is ReportEvent {
  return event.type === 'report' && event.report.name === 'test';
}

/** What was stored on the way: a status is overtaken by a newer one, a test by a newer test alone. */
function isOld({ testedAt }: DeviceFault, event: ReportEvent, home: Home): boolean {
  if (event.report.name === 'status') return isOvertaken(event, home);
  return testedAt !== undefined && happenedAt(event) < testedAt;
}

function testedAfter({ testedAt }: DeviceFault, event: ReportEvent): Pick<DeviceFault, 'testedAt'> {
  const hasResult = event.report.name === 'test' && event.report.result !== undefined;
  const at = hasResult ? happenedAt(event) : testedAt;
  return at === undefined ? {} : { testedAt: at };
}

function faultsAfter({ report }: ReportEvent, before: readonly string[]): readonly string[] {
  if (report.name === 'status') {
    if (!report.faults) return before;
    return [
      ...new Set(report.faults),
      ...before.filter((fault) => fault === testFailed && !report.faults?.includes(fault)),
    ].sort();
  }
  if (report.name !== 'test' || report.result === undefined) return before;
  const others = before.filter((fault) => fault !== testFailed);
  return report.result === 'failed' ? [...others, testFailed].sort() : others;
}

function over(state: DeviceFault, at: number, transition: string): AlertChange[] {
  return state.phase === 'faulty' ? [clearWork(state.alertId, at, { transition })] : [];
}
