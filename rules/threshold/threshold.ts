import type { Severity } from '../../records/alert.ts';
import type { Threshold } from '../../records/registry.ts';
import { isVital, measured, minuteOfDay, quantityNames, thresholdProblems } from '../../records/threshold.ts';
import type { Home } from '../home.ts';
import type { LocalTime } from '../local-time.ts';
import { type Counting, limitRule } from './limit-rule.ts';
import type { Limit } from './limit-watch.ts';
import { isOnBody } from './vitals.ts';

/** The limits that a county has entered (the registry's thresholds), each where, when and for whom it counts. */
export const threshold = limitRule<ThresholdSettings>({
  name: 'threshold',
  settings: {},
  ranges: {},
  reports: new Set(quantityNames.map((quantity) => measured(quantity).report)),
  limitsOf(counting) {
    const { home, at } = counting;
    const entered = home.thresholds();
    if (entered.length === 0) return none;
    const local = home.local(at);
    return entered
      .filter((one) => countsAt(one, local) && thresholdProblems(one).length === 0)
      .map((one) => limitOf(one, counting));
  },
  isJudged: ({ event, home }) => isOnBody(event, home),
});

export type ThresholdSettings = Record<never, number>;

const none: readonly Limit[] = [];
const minuteMs = 60_000;

function limitOf(entered: Threshold, { home, event }: Counting): Limit {
  const { id, quantity, below, above, hysteresis, holdMinutes, maxGapMinutes, repeats } = entered;
  return {
    ...{
      rule: 'threshold',
      key: id,
      condition: 'threshold',
      severity: severityOf(entered, home, event.where.deviceId),
    },
    ...{ quantity, below, above, hysteresis, repeats },
    ...{ holdMs: holdMinutes * minuteMs, maxGapMs: maxGapMinutes * minuteMs, named: { thresholdId: id } },
  };
}

/** A body is worth a call at any hour only where the device says that it is on it. */
function severityOf({ severity, quantity }: Threshold, home: Home, deviceId: string | undefined): Severity {
  if (severity !== 'critical' || !isVital(quantity)) return severity;
  return home.standing(deviceId ?? '')?.worn === 'yes' ? 'critical' : 'urgent';
}

/** Hours over midnight belong to the weekday on which they begin. */
export function countsAt(
  { hours, weekdays, months }: Threshold,
  { minuteOfDay: now, weekday, month }: LocalTime,
): boolean {
  const [from, to] = hours ? [minuteOfDay(hours.from), minuteOfDay(hours.to)] : [0, 24 * 60];
  const isPastMidnight = to < from && now < to;
  if (!(from <= to ? now >= from && now < to : now >= from || isPastMidnight)) return false;
  const day = isPastMidnight ? ((weekday + 5) % 7) + 1 : weekday;
  return (weekdays?.includes(day) ?? true) && (months?.includes(month) ?? true);
}
