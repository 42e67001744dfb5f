import type { ReportEvent, TickEvent } from '../event.ts';
import type { Home } from '../home.ts';
import { limitRule } from './limit-rule.ts';
import type { Limit } from './limit-watch.ts';

const everyVital = { rule: 'vitals', condition: 'vitals', severity: 'urgent' } as const satisfies Partial<Limit>;

/**
 * Signs of a body that the National Early Warning Score gives its highest mark, each for itself, when they last: a matter for the desk,
 * which can call. What a wearable says while nobody wears it is about nobody.
 * Sources: docs/thresholds.md.
 */
export const vitals = limitRule<VitalsSettings>({
  name: 'vitals',
  settings: {
    lowPulsePerMin: 41,
    highPulsePerMin: 130,
    lowOxygenPercent: 92,
    lowBreathsPerMin: 9,
    highBreathsPerMin: 24,
    lowSystolicMmHg: 91,
    highSystolicMmHg: 219,
    highDiastolicMmHg: 120,
    holdMs: 10 * 60_000,
    repeats: 3,
    maxGapMs: 70 * 60_000,
    pressureRepeats: 2,
    pressureMaxGapMs: 26 * 3_600_000,
    backPerMin: 5,
    backPercent: 1,
    backBreathsPerMin: 1,
    backMmHg: 5,
  },
  ranges: {
    lowPulsePerMin: [20, 60],
    highPulsePerMin: [90, 220],
    lowOxygenPercent: [70, 96],
    lowBreathsPerMin: [4, 12],
    highBreathsPerMin: [16, 60],
    lowSystolicMmHg: [60, 120],
    highSystolicMmHg: [140, 260],
    highDiastolicMmHg: [90, 160],
    holdMs: [0, 2 * 3_600_000],
    repeats: [2, 20],
    maxGapMs: [5 * 60_000, 6 * 3_600_000],
    pressureRepeats: [1, 10],
    pressureMaxGapMs: [5 * 60_000, 72 * 3_600_000],
    backPerMin: [0, 20],
    backPercent: [0, 4],
    backBreathsPerMin: [0, 4],
    backMmHg: [0, 20],
  },
  reports: new Set(['vitals']),
  limitsOf: ({ limits }) => limits,
  limits(settings) {
    const { holdMs, repeats, maxGapMs, pressureRepeats, pressureMaxGapMs } = settings;
    const { backPerMin, backPercent, backBreathsPerMin, backMmHg } = settings;
    const lasting = { ...everyVital, holdMs, repeats, maxGapMs };
    const pressure = {
      ...{ ...everyVital, hysteresis: backMmHg, holdMs: 0 },
      ...{ repeats: pressureRepeats, maxGapMs: pressureMaxGapMs },
    };
    const { lowPulsePerMin, highPulsePerMin, lowBreathsPerMin, highBreathsPerMin } = settings;
    const { lowSystolicMmHg, highSystolicMmHg } = settings;
    return [
      {
        ...{ ...lasting, key: 'pulse', quantity: 'vitals.pulse', hysteresis: backPerMin },
        ...{ below: lowPulsePerMin, above: highPulsePerMin },
      },
      {
        ...{ ...lasting, key: 'oxygen', quantity: 'vitals.oxygen', hysteresis: backPercent },
        below: settings.lowOxygenPercent,
      },
      {
        ...{ ...lasting, key: 'breaths', quantity: 'vitals.breaths', hysteresis: backBreathsPerMin },
        ...{ below: lowBreathsPerMin, above: highBreathsPerMin },
      },
      { ...pressure, key: 'systolic', quantity: 'vitals.systolic', below: lowSystolicMmHg, above: highSystolicMmHg },
      { ...pressure, key: 'diastolic', quantity: 'vitals.diastolic', above: settings.highDiastolicMmHg },
    ];
  },
  isJudged: ({ event, home }) => isOnBody(event, home),
});

/** Whether what a wearable measures of a body can be one's. A device that does not say is taken at its word. */
export function isOnBody(event: ReportEvent | TickEvent, home: Home): boolean {
  if (event.type === 'report' && event.report.name !== 'vitals') return true;
  const { worn, charging } = home.standing(event.where.deviceId ?? '') ?? {};
  return worn !== 'no' && charging !== true;
}

export type VitalsSettings = {
  /** The lowest and highest that are no matter for the desk. */
  lowPulsePerMin: number;
  highPulsePerMin: number;
  lowOxygenPercent: number;
  lowBreathsPerMin: number;
  highBreathsPerMin: number;
  lowSystolicMmHg: number;
  highSystolicMmHg: number;
  highDiastolicMmHg: number;
  /** For how long, how often, and at most how far apart. */
  holdMs: number;
  repeats: number;
  maxGapMs: number;
  /** Blood pressure is measured now and then. */
  pressureRepeats: number;
  pressureMaxGapMs: number;
  /** So far back inside it is over. */
  backPerMin: number;
  backPercent: number;
  backBreathsPerMin: number;
  backMmHg: number;
};
