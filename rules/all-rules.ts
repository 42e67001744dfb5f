import { call } from './call.ts';
import { fall } from './fall/fall.ts';
import { hazard } from './hazard.ts';
import { inactivity } from './inactivity/inactivity.ts';
import { coverage } from './life/coverage.ts';
import type { AnyRule } from './rule.ts';
import { batteryForecast } from './supervision/battery-forecast.ts';
import { batteryLow } from './supervision/battery-low.ts';
import { clockWrong } from './supervision/clock-wrong.ts';
import { counterReused } from './supervision/counter-reused.ts';
import { deviceFault } from './supervision/device-fault.ts';
import { deviceSilent } from './supervision/device-silent.ts';
import { signalWeak } from './supervision/signal-weak.ts';
import { tamper } from './supervision/tamper.ts';
import { testOverdue } from './supervision/test-overdue.ts';
import { villageOutage } from './supervision/village-outage.ts';
import { visitOverdue } from './supervision/visit-overdue.ts';
import { climate } from './threshold/climate.ts';
import { threshold } from './threshold/threshold.ts';
import { vitals } from './threshold/vitals.ts';
import { unreadable } from './unreadable.ts';
import { campMoved } from './wandering/camp-moved.ts';
import { positionUnknown } from './wandering/position-unknown.ts';
import { wandering } from './wandering/wandering.ts';

/** Every rule that is in force, life safety first; an event steps them in this order. */
export const allRules: readonly AnyRule[] = [
  hazard,
  unreadable,
  call,
  fall,
  inactivity,
  wandering,
  positionUnknown,
  campMoved,
  deviceSilent,
  batteryLow,
  counterReused,
  coverage,
  batteryForecast,
  signalWeak,
  clockWrong,
  deviceFault,
  tamper,
  testOverdue,
  visitOverdue,
  villageOutage,
  threshold,
  vitals,
  climate,
];
