import type { AlertChange } from '../../records/alert.ts';
import type { ReportEvent } from '../event.ts';
import type { Rule } from '../rule.ts';
import { clearWork, raiseWork } from './device-word.ts';

/**
 * right -> wrong (a report of now shows the device's clock further than `wrongMs` from the journal's) -> right (within `rightMs`). It
 * is work for somebody and nothing else: no rule goes by a device's clock. A report that was stored shows what the clock was then,
 * and says nothing. Where the lateness is unknown only a time in the future proves anything.
 */
export const clockWrong: Rule<ClockWrong, ClockWrongSettings> = {
  name: 'clock-wrong',
  initial: { phase: 'right' },
  conditions: true,
  settings: { wrongMs: 10 * 60_000, rightMs: 5 * 60_000 },
  ranges: { wrongMs: [60_000, 24 * 3_600_000], rightMs: [30_000, 24 * 3_600_000] },
  hears: ['report', 'device-removed'],
  subject(event) {
    if (event.type === 'device-removed') return event.deviceId;
    return event.type === 'report' && event.report.at !== undefined ? event.where.deviceId : undefined;
  },
  deadline: () => undefined,
  rebase: (state) => state,
  step(state, event, { wrongMs, rightMs }) {
    if (event.type === 'device-removed')
      return [clockWrong.initial, over(state, event.at, { transition: 'wrong to removed' })];
    const aheadMs = event.type === 'report' ? aheadBy(event, wrongMs) : undefined;
    if (event.type !== 'report' || aheadMs === undefined) return [state, []];
    const limitMs = state.phase === 'wrong' ? Math.min(rightMs, wrongMs) : wrongMs;
    const isWrong = Math.abs(aheadMs) > limitMs;
    if (isWrong === (state.phase === 'wrong')) return [state, []];
    const reason = { ...(aheadMs < 0 ? { behindMs: -aheadMs } : { aheadMs }), limitMs };
    if (!isWrong) return [clockWrong.initial, over(state, event.at, { ...reason, transition: 'wrong to right' })];
    const { alertId, change } = raiseWork(event, clockWrong.name, 'clock-wrong', {
      ...reason,
      transition: 'right to wrong',
    });
    return [{ phase: 'wrong', alertId }, [change]];
  },
};

export type ClockWrong = { phase: 'right' } | { phase: 'wrong'; alertId: string };
export type ClockWrongSettings = {
  /** Further off than this, ahead or behind, is wrong. */
  wrongMs: number;
  /** Within this it is right again. */
  rightMs: number;
};

/** Undefined: the report says nothing about the clock of now. */
function aheadBy({ report, at, lateMs, clock }: ReportEvent, wrongMs: number): number | undefined {
  if (report.at === undefined) return undefined;
  if (lateMs !== undefined) return lateMs > wrongMs ? undefined : Math.round(report.at - (at - lateMs));
  const aheadMs = Math.round(report.at - at);
  return clock === 'untrusted' && aheadMs > 0 ? aheadMs : undefined;
}

function over(state: ClockWrong, at: number, reason: Parameters<typeof clearWork>[2]): AlertChange[] {
  return state.phase === 'wrong' ? [clearWork(state.alertId, at, reason)] : [];
}
