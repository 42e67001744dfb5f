import type { AlertChange, Condition } from '../records/alert.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { RegistryView } from '../records/registry.ts';
import type { DeviceCondition, DeviceConditionEvent } from './event.ts';

/** What alerts of rules that watch over devices say about them, as events for the other rules. */
export function createDeviceConditions({ state, registry }: ConditionParts) {
  /** By alert: what ends with it. */
  const standing = state.table<{ deviceId: string; condition: DeviceCondition }>('device-conditions');

  return {
    of(changes: readonly AlertChange[], at: number): DeviceConditionEvent[] {
      return changes.flatMap((change) => {
        if (change.type === 'raise') {
          const { alertId, where } = change.alert;
          const condition = conditions[change.alert.condition];
          if (condition === undefined || where.deviceId === undefined) return [];
          standing.set(alertId, { deviceId: where.deviceId, condition });
          return eventsOf(registry, where.deviceId, { condition, began: true }, at);
        }
        if (change.type === 'strengthen') {
          const turn = batteryTurns[String(change.reason.transition)];
          const of = turn && standing.get(change.alertId);
          return turn && of?.condition === 'battery-low' ? eventsOf(registry, of.deviceId, turn, at) : [];
        }
        const ended = change.type === 'clear' ? standing.get(change.alertId) : undefined;
        if (change.type !== 'clear' || !ended) return [];
        standing.delete(change.alertId);
        return eventsOf(registry, ended.deviceId, { condition: ended.condition, began: false }, at);
      });
    },
  };
}

export type Found = { condition: DeviceCondition; began: boolean };
type ConditionParts = { state: FoldState; registry: ConditionRegistry };
type ConditionRegistry = Pick<RegistryView, 'whereabouts' | 'referring'>;

/** The device is where it is; where several households live there, each of them hears of it. */
export function eventsOf(
  registry: ConditionRegistry,
  deviceId: string,
  found: Found,
  at: number,
): DeviceConditionEvent[] {
  const where = registry.whereabouts(deviceId);
  const event = { type: 'device-condition' as const, at, where, deviceId, ...found };
  if (where.householdId !== undefined || where.placeId === undefined) return [event];
  const households = registry.referring('household', 'place', where.placeId);
  if (households.length === 0) return [event];
  return households.map(({ id: householdId }) => ({ ...event, where: { ...where, householdId } }));
}

/** A battery that is low is empty for as long as its alert says so, at most until that ends. */
const batteryTurns: { readonly [transition: string]: Found } = {
  'low to empty': { condition: 'battery-empty', began: true },
  'empty to low': { condition: 'battery-empty', began: false },
};

const conditions: { readonly [C in Condition]?: DeviceCondition } = {
  'device-silent': 'silent',
  'battery-low': 'battery-low',
  'device-fault': 'fault',
  tamper: 'tamper',
  'signal-weak': 'signal-weak',
  'clock-wrong': 'clock-wrong',
};
