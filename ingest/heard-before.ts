import { isInstalled } from '../records/registry-links.ts';
import { eventsOf } from '../rules/device-conditions.ts';
import type { DeviceCondition } from '../rules/event.ts';
import type { DeviceStanding } from '../rules/life/life-signs.ts';
import type { DeviceSilent } from '../rules/supervision/device-silent.ts';
import { type Collection, collectRules, type JudgeParts } from './collection.ts';

/**
 * Devices that were heard by a version which kept no account of what they say of themselves. One that never speaks again would be
 * unknown to whatever asks that account: nobody would hear that it watches over its home no longer, and a village could go dark
 * unseen. Each is on it from a start on, and so is the silence that stands; so many at once, and the rest with the ticks that follow.
 */
export function stepHeardBefore(parts: JudgeParts, kind: 'started' | 'tick', at: number, into: Collection): void {
  const { state, registry, decoder, engine } = parts;
  const left = state.table<true>('heard-before');
  if (kind === 'tick' && !left.has('left')) return;
  const standings = state.table<DeviceStanding>('device-standing');
  const silences = state.table<{ state: DeviceSilent }>('rule:device-silent');
  const say = (deviceId: string, condition: DeviceCondition) => {
    for (const event of eventsOf(registry, deviceId, { condition, began: true }, at))
      collectRules(parts, engine.step(event), at, into);
  };
  let count = 0;
  for (const device of registry.devices()) {
    if (!isInstalled(device) || standings.has(device.id) || !decoder.wasHeard(device.id)) continue;
    if (count === mostAtOnce) {
      left.set('left', true);
      return;
    }
    count += 1;
    say(device.id, 'heard');
    if (silences.get(device.id)?.state.phase === 'silent') say(device.id, 'silent');
  }
  left.delete('left');
}

/** Bounds the record of a step. */
const mostAtOnce = 500;
