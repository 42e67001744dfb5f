import type { TamperReport } from '../../firmware-contracts/smoke-detector.ts';
import type { AlertChange } from '../../records/alert.ts';
import { happenedAt } from '../cause.ts';
import type { ReportEvent, RuleEvent } from '../event.ts';
import type { Rule } from '../rule.ts';
import { clearWork, raiseWork } from './device-word.ts';

/** in place -> handled (taken off its mount, opened or covered) -> in place (it says so). The newest word counts, whenever it arrives. */
export const tamper: Rule<Tamper, Record<never, never>> = {
  name: 'tamper',
  initial: { phase: 'in-place', saidAt: Number.NEGATIVE_INFINITY },
  conditions: true,
  settings: {},
  ranges: {},
  hears: ['tamper', 'device-removed'],
  subject(event) {
    if (event.type === 'device-removed') return event.deviceId;
    return isTamper(event) ? event.where.deviceId : undefined;
  },
  deadline: () => undefined,
  rebase: (state) => state,
  step(state, event) {
    if (event.type === 'device-removed') return [tamper.initial, over(state, event.at, 'handled to removed')];
    if (!isTamper(event)) return [state, []];
    const saidAt = happenedAt(event);
    if (saidAt < state.saidAt) return [state, []];
    if (event.report.state === 'off')
      return [{ phase: 'in-place', saidAt }, over(state, event.at, 'handled to in place')];
    if (state.phase === 'handled') return [{ ...state, saidAt }, []];
    const { alertId, change } = raiseWork(event, tamper.name, 'tamper', { transition: 'in place to handled' });
    return [{ phase: 'handled', alertId, saidAt }, [change]];
  },
};

/** `saidAt`: what its newest word is of, epoch ms. */
export type Tamper = { phase: 'in-place'; saidAt: number } | { phase: 'handled'; alertId: string; saidAt: number };

function isTamper(event: RuleEvent): event is ReportEvent & { report: TamperReport } {
  return event.type === 'report' && event.report.name === 'tamper';
}

function over(state: Tamper, at: number, transition: string): AlertChange[] {
  return state.phase === 'handled' ? [clearWork(state.alertId, at, { transition })] : [];
}
