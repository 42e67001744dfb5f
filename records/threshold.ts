import type { Threshold } from './registry.ts';

/**
 * What a limit can be put to: a reading by the report that carries it (firmware-contracts/readings.ts names the same, with the same
 * units), between which values a limit makes sense, and whom it is about. `mayBeCritical`: it can threaten life within minutes.
 */
export const quantities = {
  'status.temperature': of('place', 'status', 'temperature', '°C', [-50, 90]),
  'status.battery': of('device', 'status', 'battery', 'V', [0, 60]),
  'status.charge': of('device', 'status', 'charge', '%', [0, 100]),
  'status.rsrp': of('device', 'status', 'rsrp', 'dBm', [-160, -20]),
  'status.snr': of('device', 'status', 'snr', 'dB', [-40, 60]),
  'alarm.obscuration': { ...of('place', 'alarm', 'obscuration', 'dB/m', [0, 100]), mayBeCritical: true },
  'alarm.temperature': { ...of('place', 'alarm', 'temperature', '°C', [-50, 200]), mayBeCritical: true },
  'alarm.co': { ...of('place', 'alarm', 'co', 'ppm', [0, 10_000]), mayBeCritical: true },
  'alarm.gas': { ...of('place', 'alarm', 'gas', '%LEL', [0, 100]), mayBeCritical: true },
  'position.speed': of('person', 'position', 'speed', 'm/s', [0, 100]),
  'vitals.pulse': { ...of('person', 'vitals', 'pulse', '1/min', [10, 300]), mayBeCritical: true },
  'vitals.oxygen': { ...of('person', 'vitals', 'oxygen', '%', [30, 100]), mayBeCritical: true },
  'vitals.temperature': of('person', 'vitals', 'temperature', '°C', [10, 50]),
  'vitals.systolic': of('person', 'vitals', 'systolic', 'mmHg', [40, 300]),
  'vitals.diastolic': of('person', 'vitals', 'diastolic', 'mmHg', [20, 200]),
  'vitals.breaths': { ...of('person', 'vitals', 'breaths', '1/min', [1, 100]), mayBeCritical: true },
} as const satisfies { [quantity: string]: Measured };
export type Quantity = keyof typeof quantities;
export const quantityNames = Object.keys(quantities) as [Quantity, ...Quantity[]];
export const measured = (quantity: Quantity): Measured => quantities[quantity];
/** True only while the device is worn. */
export const isVital = (quantity: Quantity): boolean => measured(quantity).report === 'vitals';

/** `field`: of the report. */
type Measured = {
  report: 'status' | 'alarm' | 'position' | 'vitals';
  field: string;
  unit: string;
  range: readonly [number, number];
  about: 'person' | 'place' | 'device';
  mayBeCritical?: true;
};

function of(
  about: Measured['about'],
  report: Measured['report'],
  field: string,
  unit: string,
  range: Measured['range'],
): Measured {
  return { report, field, unit, range, about };
}

/** What is wrong with a threshold as a whole, in words that say what would be right; empty when it can be put in force. */
export function thresholdProblems(threshold: Threshold): ThresholdProblem[] {
  return [...limitProblems(threshold), ...severityProblems(threshold), ...hourProblems(threshold)];
}
export type ThresholdProblem = { field: string; problem: string; zh: string };

function limitProblems({ quantity, below, above, hysteresis }: Threshold): ThresholdProblem[] {
  const problems: ThresholdProblem[] = [];
  const { unit, range } = quantities[quantity];
  const [lowest, highest] = range;
  if (below === undefined && above === undefined) problems.push(noLimit);
  for (const [field, limit, back] of [
    ['below', below, hysteresis],
    ['above', above, -hysteresis],
  ] as const) {
    if (limit === undefined) continue;
    const problem = `${field} is a limit of ${quantity} from ${lowest} to ${highest} ${unit}`;
    const zh = `${quantity} 的限值应在 ${lowest} 至 ${highest} ${unit} 之间`;
    if (limit < lowest || limit > highest) problems.push({ field, problem, zh });
    // What could never come back would stand for ever.
    else if (limit + back < lowest || limit + back > highest) problems.push({ field: 'hysteresis', ...tooWide });
  }
  if (below === undefined || above === undefined) return problems;
  if (below >= above) problems.push(crossed);
  else if (below + hysteresis > above - hysteresis) problems.push({ field: 'hysteresis', ...tooWide });
  return problems;
}

const noLimit = { field: 'below', problem: 'give below, above, or both', zh: '请填写下限、上限，或两者都填' };
const crossed = {
  field: 'below',
  problem: 'below and above name the range that is well: below has to be less than above',
  zh: '下限与上限之间为正常范围，下限应小于上限',
};
const tooWide = {
  problem: 'hysteresis leaves no value at which it would be over: make it smaller',
  zh: '回差过大，读数无法恢复正常，请改小',
};

/** Nobody is called out at once for one odd reading of a sensor on a wrist. */
function severityProblems({ quantity, severity, holdMinutes, repeats }: Threshold): ThresholdProblem[] {
  if (severity !== 'critical') return [];
  if (!measured(quantity).mayBeCritical) return [{ field: 'severity', ...neverCritical }];
  const isSustained = holdMinutes >= criticalHoldMinutes && repeats >= criticalRepeats;
  return isVital(quantity) && !isSustained ? [{ field: 'severity', ...unsustained }] : [];
}

const criticalHoldMinutes = 5;
const criticalRepeats = 3;
const neverCritical = {
  problem: 'this quantity cannot be critical: choose urgent or service',
  zh: '此读数不能设为“危急”，请选择“紧急”或“一般”',
};
const unsustained = {
  problem: `a vital sign is critical only when it lasts: holdMinutes of ${criticalHoldMinutes} and repeats of ${criticalRepeats} at least`,
  zh: `生命体征持续异常才可设为“危急”：持续至少${criticalHoldMinutes}分钟，次数至少${criticalRepeats}次`,
};

function hourProblems({ hours }: Threshold): ThresholdProblem[] {
  return hours?.from === hours?.to && hours !== undefined ? [{ field: 'hours', ...wholeDay }] : [];
}
const wholeDay = { problem: 'leave hours out for the whole day', zh: '全天有效时请不要填写时段' };

/** Minutes since midnight of a clock like "22:00". */
export function minuteOfDay(clock: string): number {
  const [hour = 0, minute = 0] = clock.split(':').map(Number);
  return hour * 60 + minute;
}
