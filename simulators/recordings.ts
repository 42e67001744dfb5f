import type { MotionReport } from '../firmware-contracts/wearable.ts';
import type { Fields } from './device.ts';

/** One recorded report: when it happened in the recording's own time, epoch ms, and what its device would have said. */
export type Recorded = { deviceId: string; room?: string; at: number; name: 'presence' | 'motion'; fields: Fields };

/**
 * WSU-CASAS: a line an event, `date time room sensor ON|OFF|OPEN|CLOSE activity`, in the order of time. Each sensor is a device.
 * Light switches are movements of the hand that used them. Errors: a line that is no event, by its number.
 */
export function casasEvents(text: string): Recorded[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const [date = '', time = '', room = '', sensor = '', value = ''] = line.split(/\s+/);
    const at = Date.parse(`${date}T${time.slice(0, 12)}Z`);
    const state = casasStates[value];
    if (Number.isNaN(at) || sensor === '' || state === undefined)
      throw new Error(`line ${index + 1} is no event: ${line}`);
    const source = /door|closet/i.test(sensor) ? 'door' : 'motion';
    return { deviceId: `casas-${sensor}`, room, at, name: 'presence' as const, fields: { source, state } };
  });
}

/** One trial of the recordings of falls: acceleration in g, evenly sampled at `hz` or at the instants `t`, in ms. */
export type Trial = {
  ds: string;
  id: string;
  subj: string;
  place: MotionReport['placement'];
  hz?: number;
  t?: number[];
  x: number[];
  y: number[];
  z: number[];
};

export const wearableOf = ({ ds, subj }: Pick<Trial, 'ds' | 'subj'>): string => `${ds}-${subj}`;

/**
 * The window that a wearable would have sent: 2 s before the highest acceleration to 6 s after it, in parts of at most
 * 4 s, as milli-g in int16. Instants that step back are put in order.
 */
export function motionWindow(trial: Trial): Fields[] {
  const { hz, place, t } = trial;
  const moments = trial.x
    .map((x, index) => ({
      atMs: t?.[index] ?? (index * 1000) / (hz ?? 1),
      axes: [x, trial.y[index] ?? 0, trial.z[index] ?? 0],
    }))
    .sort((a, b) => a.atMs - b.atMs);
  const force = ({ axes }: (typeof moments)[number]) => Math.hypot(...axes);
  const triggerMs = moments.reduce((peak, one) => (force(one) > force(peak) ? one : peak), moments[0] ?? noMoment).atMs;
  const window = moments.filter(({ atMs }) => atMs >= triggerMs - beforeMs && atMs <= triggerMs + afterMs);
  const parts = Math.ceil(window.length / partMoments);
  return Array.from({ length: parts }, (_, index) => {
    const some = window.slice(index * partMoments, (index + 1) * partMoments);
    const dt = some.slice(1).map(({ atMs }, before) => atMs - (some[before]?.atMs ?? 0));
    return {
      t0: Math.round((some[0]?.atMs ?? 0) - triggerMs),
      ...(hz === undefined ? { dt } : { rate: hz }),
      range: place === 'waist' ? 16 : 4,
      placement: place,
      samples: some.flatMap(({ axes }) => axes.map(milliG)),
      ...{ part: index + 1, parts },
    };
  });
}

const casasStates: Record<string, 'on' | 'off'> = { ON: 'on', OFF: 'off', OPEN: 'on', CLOSE: 'off' };
const beforeMs = 2_000;
const afterMs = 6_000;
const partMoments = 200;
const noMoment = { atMs: 0, axes: [0, 0, 0] };
const milliG = (g: number): number => Math.max(-32_768, Math.min(32_767, Math.round(g * 1000)));
