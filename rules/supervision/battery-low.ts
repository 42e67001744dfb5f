import type { StatusReport } from '../../firmware-contracts/every-device.ts';
import type { DeviceKind } from '../../firmware-contracts/report.ts';
import type { AlertChange, Reason } from '../../records/alert.ts';
import { alertIdOf, causeOf, deviceSubject, raise } from '../cause.ts';
import type { ReportEvent } from '../event.ts';
import type { Rule } from '../rule.ts';
import { isOvertaken } from './device-word.ts';

/**
 * enough -> low (at or below the low limit, and not charging) -> enough (at or above the higher limit: a new battery,
 * or a charge). Between the two nothing changes, so that a cold night does not raise twice. A state of charge, where a
 * device measures it, says more than a voltage. What is low may turn empty, and is no longer when it is above the low limit or charges:
 * a device that can still say so can do little else, and watches over nobody.
 */
export const batteryLow: Rule<BatteryLow, BatteryLowSettings> = {
  name: 'battery-low',
  conditions: true,
  initial: { phase: 'enough' },
  settings: {
    lowPercent: 20,
    enoughPercent: 40,
    emptyPercent: 2,
    lowCellVolts: 2.6,
    enoughCellVolts: 2.8,
    emptyCellVolts: 2.2,
    lowWearableVolts: 3.5,
    enoughWearableVolts: 3.7,
    emptyWearableVolts: 3.3,
  },
  ranges: {
    lowPercent: [5, 50],
    enoughPercent: [10, 90],
    emptyPercent: [0, 5],
    lowCellVolts: [1, 24],
    enoughCellVolts: [1, 24],
    emptyCellVolts: [0.8, 24],
    lowWearableVolts: [3, 4],
    enoughWearableVolts: [3, 4.2],
    emptyWearableVolts: [2.8, 3.6],
  },
  hears: ['status', 'device-removed'],
  subject(event) {
    if (event.type === 'device-removed') return event.deviceId;
    return event.type === 'report' && event.report.name === 'status' ? event.where.deviceId : undefined;
  },
  deadline: () => undefined,
  rebase: (state) => state,
  step(state, event, settings, home) {
    if (event.type === 'device-removed' && state.phase === 'low')
      return [batteryLow.initial, [clear(state, event.at, { transition: 'low to removed' })]];
    if (event.type !== 'report' || event.report.name !== 'status' || isOvertaken(event, home)) return [state, []];
    const level = levelOf(event.report, event.deviceKind, settings);
    if (!level) return [state, []];
    const reason = { [level.quantity]: level.value, low: level.low, enough: level.enough };
    if (state.phase === 'low') {
      if (level.value < level.enough || level.value <= level.low) return turned(state, event, event.report, level);
      return [batteryLow.initial, [clear(state, event.at, { ...reason, transition: 'low to enough' })]];
    }
    if (level.value > level.low || event.report.charging) return [state, []];
    const { low, change } = raiseLow(event, { ...reason, transition: 'enough to low' });
    const [after, worse] = turned(low, event, event.report, level);
    return [after, [change, ...worse]];
  },
};

export type BatteryLow = { phase: 'enough' } | Low;
export type BatteryLowSettings = {
  lowPercent: number;
  enoughPercent: number;
  emptyPercent: number;
  /** Fixed devices run on 3 V lithium cells that are replaced, wearables on a lithium-ion cell that is charged. */
  lowCellVolts: number;
  enoughCellVolts: number;
  emptyCellVolts: number;
  lowWearableVolts: number;
  enoughWearableVolts: number;
  emptyWearableVolts: number;
};
type Low = { phase: 'low'; alertId: string; isEmpty?: true };
type Level = { quantity: 'chargePercent' | 'batteryVolts'; value: number; low: number; enough: number; empty: number };

function levelOf(
  { charge, battery }: StatusReport,
  kind: DeviceKind | undefined,
  limits: BatteryLowSettings,
): Level | undefined {
  if (charge !== undefined) {
    const { lowPercent: low, enoughPercent: enough, emptyPercent: empty } = limits;
    return { quantity: 'chargePercent', value: charge, low, enough, empty };
  }
  if (battery === undefined) return undefined;
  const [low, enough, empty] =
    kind === 'wearable'
      ? [limits.lowWearableVolts, limits.enoughWearableVolts, limits.emptyWearableVolts]
      : [limits.lowCellVolts, limits.enoughCellVolts, limits.emptyCellVolts];
  return { quantity: 'batteryVolts', value: battery, low, enough, empty };
}

function turned(
  state: Low,
  { at }: ReportEvent,
  { charging }: StatusReport,
  { quantity, value, low, empty }: Level,
): [BatteryLow, AlertChange[]] {
  const { alertId, isEmpty: wasEmpty = false } = state;
  const isEmpty = !charging && value <= (wasEmpty ? low : empty);
  if (isEmpty === wasEmpty) return [state, []];
  const reason = { [quantity]: value, empty, transition: isEmpty ? 'low to empty' : 'empty to low' };
  const change = { type: 'strengthen', alertId, at, severity: 'service', reason } as const;
  return [{ phase: 'low', alertId, ...(isEmpty && { isEmpty }) }, [change]];
}

function raiseLow(event: ReportEvent, reason: Reason): { low: Low; change: AlertChange } {
  const cause = causeOf(event);
  const subject = deviceSubject(event.where);
  const words = {
    rule: batteryLow.name,
    condition: 'battery-low',
    severity: 'service',
    at: event.at,
    subject,
    reason,
  } as const;
  return { low: { phase: 'low', alertId: alertIdOf(batteryLow.name, cause) }, change: raise(cause, words) };
}

function clear({ alertId }: Low, at: number, reason: Reason): AlertChange {
  return { type: 'clear', alertId, at, reason };
}
