import type { StatusReport } from '../../firmware-contracts/every-device.ts';
import type { AlertChange } from '../../records/alert.ts';
import { happenedAt } from '../cause.ts';
import type { Rule } from '../rule.ts';
import { clearWork, isOvertaken, isStatus, raiseWork, type StatusEvent, statusSubject } from './device-word.ts';
import { medianOf, robustTrend } from './trend.ts';

const dayMs = 86_400_000;

/**
 * steady -> fading (by the trend of its last weeks the battery is empty within `horizonMs`, so before the round after the next) -> steady (a
 * new battery, or a trend that leaves twice as long). Words are gathered to one point in `pointMs`; a voltage in the cold is
 * first put to where it would be at 20 °C, so that a winter is not taken for an empty cell. A wearable is charged every few
 * days and what hangs on mains needs no forecast: they are not judged.
 */
export const batteryForecast: Rule<BatteryForecast, BatteryForecastSettings> = {
  name: 'battery-forecast',
  initial: { points: [], count: 0 },
  settings: {
    horizonMs: 45 * dayMs,
    leastMs: 14 * dayMs,
    pointMs: 3 * dayMs,
    emptyPercent: 10,
    emptyCellVolts: 2.6,
    coldVoltsPerDegree: 0.004,
    renewedPercent: 25,
    renewedVolts: 0.2,
  },
  ranges: {
    horizonMs: [7 * dayMs, 200 * dayMs],
    leastMs: [7 * dayMs, 60 * dayMs],
    pointMs: [dayMs, 14 * dayMs],
    emptyPercent: [0, 50],
    emptyCellVolts: [1, 24],
    coldVoltsPerDegree: [0, 0.02],
    renewedPercent: [5, 100],
    renewedVolts: [0.05, 12],
  },
  hears: ['status', 'device-removed'],
  subject: (event) =>
    event.type === 'report' && event.deviceKind === 'wearable' ? undefined : statusSubject(event, 'charge', 'battery'),
  deadline: () => undefined,
  rebase: (state) => state,
  step(state, event, settings, home) {
    if (event.type === 'device-removed') return [batteryForecast.initial, over(state, event.at, 'fading to removed')];
    if (!isStatus(event) || isOvertaken(event, home) || event.report.mains || event.report.charging) return [state, []];
    const level = levelOf(event.report, settings);
    if (!level) return [state, []];
    const before = state.unit === level.unit ? state : { ...batteryForecast.initial, ...alertOf(state) };
    const isRenewed = before.points.length > 0 && level.value - recent(before.points) >= level.renewed;
    const points = isRenewed ? batteryForecast.initial : before;
    const after = {
      ...alertOf(state),
      unit: level.unit,
      ...gathered(points, happenedAt(event), level.value, settings),
    };
    if (isRenewed) return [without(after), over(state, event.at, 'fading to renewed')];
    // The trend is looked at when a point is complete: a device that speaks every minute costs no more than one that speaks every day.
    return after.count > 1 ? [after, []] : judged(after, event, level, settings);
  },
};

/**
 * `points`: pairs of when (epoch ms) and the mean level since then, the oldest first, in one list because there are so many devices;
 * `count`: of how many words the newest is the mean; `unit`: theirs.
 */
export type BatteryForecast = { points: readonly number[]; count: number; unit?: Level['unit']; alertId?: string };
export type BatteryForecastSettings = {
  /** A battery that lasts less than this is worth a place on the next round. */
  horizonMs: number;
  /** A trend over less says nothing. */
  leastMs: number;
  /** Words within this are one point. */
  pointMs: number;
  emptyPercent: number;
  emptyCellVolts: number;
  /** What a cell's voltage loses with each degree below 20 °C. */
  coldVoltsPerDegree: number;
  /** A rise by this much is a new battery. */
  renewedPercent: number;
  renewedVolts: number;
};
type Level = { unit: 'percent' | 'volts'; value: number; empty: number; renewed: number };

/** Sixteen points of three days: seven weeks. */
const mostPoints = 16;
const fewestPoints = 4;
const warmCelsius = 20;
/** Below it cells are outside of what they are made for, and a thermometer that says so may be broken. */
const coldestCelsius = -40;

function levelOf({ charge, battery, temperature }: StatusReport, settings: BatteryForecastSettings): Level | undefined {
  if (charge !== undefined)
    return { unit: 'percent', value: charge, empty: settings.emptyPercent, renewed: settings.renewedPercent };
  if (battery === undefined) return undefined;
  const coldBy = temperature === undefined ? 0 : Math.max(0, warmCelsius - Math.max(coldestCelsius, temperature));
  const value = battery + coldBy * settings.coldVoltsPerDegree;
  return { unit: 'volts', value, empty: settings.emptyCellVolts, renewed: settings.renewedVolts };
}

function gathered(
  { points, count }: Pick<BatteryForecast, 'points' | 'count'>,
  at: number,
  level: number,
  { pointMs }: BatteryForecastSettings,
): Pick<BatteryForecast, 'points' | 'count'> {
  const [lastAt, mean] = [points.at(-2), points.at(-1)];
  if (lastAt === undefined || mean === undefined || at - lastAt >= pointMs)
    return { points: [...points, at, level].slice(-2 * mostPoints), count: 1 };
  return { points: points.with(-1, mean + (level - mean) / (count + 1)), count: count + 1 };
}

const levelsOf = (points: readonly number[]): number[] => points.filter((_, index) => index % 2 === 1);

/** Of the last three points: one odd reading is none of them. */
const recent = (points: readonly number[]): number => medianOf(levelsOf(points.slice(-6)));

const alertOf = ({ alertId }: BatteryForecast) => (alertId === undefined ? {} : { alertId });

function judged(
  state: BatteryForecast,
  event: StatusEvent,
  { unit, empty }: Level,
  { horizonMs, leastMs }: BatteryForecastSettings,
): [BatteryForecast, AlertChange[]] {
  // The newest point has just begun.
  const points = state.points.slice(0, -2);
  const [firstAt = 0] = points;
  const spanMs = (points.at(-2) ?? 0) - firstAt;
  if (points.length < 2 * fewestPoints || spanMs < leastMs) return [state, []];
  const level = recent(points);
  const trend = robustTrend(
    levelsOf(points).map((y, index) => ({ x: ((points[2 * index] ?? 0) - firstAt) / dayMs, y })),
  );
  const isFalling = trend.slope < 0 && -trend.slope * (spanMs / dayMs) > 2 * trend.spread;
  const lastsMs = isFalling ? Math.max(0, (level - empty) / -trend.slope) * dayMs : Number.POSITIVE_INFINITY;
  if (state.alertId !== undefined)
    return lastsMs > 2 * horizonMs ? [without(state), over(state, event.at, 'fading to steady')] : [state, []];
  if (lastsMs > horizonMs) return [state, []];
  const reason = {
    [unit === 'percent' ? 'chargePercent' : 'batteryVolts']: rounded(level),
    [unit === 'percent' ? 'emptyPercent' : 'emptyVolts']: empty,
    daysLeft: Math.round(lastsMs / dayMs),
    horizonDays: Math.round(horizonMs / dayMs),
    fallingSinceAt: firstAt,
    transition: 'steady to fading',
  };
  const { alertId, change } = raiseWork(event, batteryForecast.name, 'battery-forecast', reason);
  return [{ ...state, alertId }, [change]];
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

function without({ alertId: _, ...state }: BatteryForecast): BatteryForecast {
  return state;
}

function over({ alertId }: BatteryForecast, at: number, transition: string): AlertChange[] {
  return alertId === undefined ? [] : [clearWork(alertId, at, { transition })];
}
