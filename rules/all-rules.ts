import { batteryLow } from './battery-low.ts';
import { call } from './call.ts';
import { counterReused } from './counter-reused.ts';
import { deviceSilent } from './device-silent.ts';
import { fall } from './fall.ts';
import { hazard } from './hazard.ts';
import type { AnyRule } from './rule.ts';
import { unreadable } from './unreadable.ts';

/** Every rule that is in force, life safety first; an event steps them in this order. */
export const allRules: readonly AnyRule[] = [hazard, unreadable, call, fall, deviceSilent, batteryLow, counterReused];
