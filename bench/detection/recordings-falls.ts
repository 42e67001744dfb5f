import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import type { MotionWindow, Placement } from '../../rules/fall/motion-grid.ts';

/** A recorded trial: one fall, or one activity. Units: ms, g. What the recording does not say is absent. */
export type FallTrial = {
  readonly id: string;
  readonly subject: string;
  readonly isElderly: boolean;
  readonly isFall: boolean;
  readonly placement?: Placement;
  readonly rangeG?: number;
  readonly window: MotionWindow;
};

const axis = z.array(z.number().nullable());
const line = z.object({
  id: z.string().default(''),
  subj: z.coerce.string().default(''),
  age_group: z.string().default(''),
  fall: z.union([z.boolean(), z.number()]),
  place: z.enum(['wrist', 'waist', 'neck', 'ankle', 'other']).optional().catch('other'),
  unit: z.enum(['g', 'mg', 'm/s2']).default('g'),
  ...{ range: z.number().positive().optional(), range_g: z.number().positive().optional() },
  hz: z.number().positive().optional(),
  t: axis.optional(),
  ...{ x: axis, y: axis, z: axis },
});

/**
 * Reads NDJSON, packed by gzip or not, a trial a line. `hz` is for recordings that say neither when their samples were taken nor how often.
 * Errors: a line that is no trial, by its number.
 */
export async function* fallTrials(file: string, hz?: number): AsyncGenerator<FallTrial> {
  const bytes = createReadStream(file);
  const input = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
  let number = 0;
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (text.trim() === '') continue;
    const read = line.safeParse(JSON.parse(text));
    if (!read.success) throw new Error(`${file}, line ${number}: ${z.prettifyError(read.error)}`);
    yield trialOf(read.data, hz);
  }
}

function trialOf({ t, x, y, z, unit, ...said }: z.infer<typeof line>, usualHz: number | undefined): FallTrial {
  const hz = said.hz ?? usualHz;
  const rangeG = said.range ?? said.range_g;
  if (!t && hz === undefined) throw new Error(`trial ${said.id} says no rate: give one`);
  const inG = (values: (number | null)[]) =>
    Float64Array.from(values, (value) => (value ?? Number.NaN) / unitsInG[unit]);
  const atMs = Float64Array.from(t ?? x, (value, index) => (t ? (value ?? Number.NaN) : (index * 1000) / (hz ?? 1)));
  return {
    ...{ id: said.id, subject: said.subj, isElderly: said.age_group === 'elderly', isFall: Boolean(said.fall) },
    ...(said.place !== undefined && { placement: said.place }),
    ...(rangeG !== undefined && { rangeG }),
    window: { atMs, x: inG(x), y: inG(y), z: inG(z) },
  };
}

const unitsInG = { g: 1, mg: 1000, 'm/s2': 9.80665 };

export const lengthMs = ({ atMs }: MotionWindow): number => Math.max(0, (atMs[atMs.length - 1] ?? 0) - (atMs[0] ?? 0));

/** The same movement as a slower sensor of a smaller range reports it, without a filter of its own. */
export function degraded(window: MotionWindow, { hz, rangeG }: { hz: number; rangeG: number }): MotionWindow {
  const order = Uint32Array.from(window.atMs, (_, index) => index).sort(
    (a, b) => at(window.atMs, a) - at(window.atMs, b),
  );
  const times = Float64Array.from(order, (index) => at(window.atMs, index));
  const startMs = at(times, 0);
  const count = Math.floor((((times.at(-1) ?? 0) - startMs) * hz) / 1000) + 1;
  const atMs = Float64Array.from({ length: count }, (_, index) => startMs + (index * 1000) / hz);
  const axis = (values: ArrayLike<number>) => {
    let before = 0;
    return atMs.map((nowMs) => {
      while (before < times.length - 2 && at(times, before + 1) <= nowMs) before++;
      const [from, to] = [at(values, at(order, before)), at(values, at(order, Math.min(before + 1, order.length - 1)))];
      const stepMs = at(times, before + 1) - at(times, before);
      const share = stepMs > 0 ? Math.min(1, (nowMs - at(times, before)) / stepMs) : 0;
      return Math.max(-rangeG, Math.min(rangeG, from + (to - from) * share));
    });
  };
  return { atMs, x: axis(window.x), y: axis(window.y), z: axis(window.z) };
}

/** What a recording that begins and ends near its highest moment would hold. Units: ms. */
export function cropped(
  window: MotionWindow,
  { beforeMs, afterMs }: { beforeMs: number; afterMs: number },
): MotionWindow {
  let highest = 0;
  const force = (index: number) => Math.hypot(at(window.x, index), at(window.y, index), at(window.z, index));
  for (let index = 1; index < window.atMs.length; index++) if (force(index) > force(highest)) highest = index;
  const middleMs = at(window.atMs, highest);
  const kept: number[] = [];
  for (let index = 0; index < window.atMs.length; index++) {
    const sinceMs = at(window.atMs, index) - middleMs;
    if (sinceMs >= -beforeMs && sinceMs <= afterMs) kept.push(index);
  }
  const some = (values: ArrayLike<number>) => Float64Array.from(kept, (index) => at(values, index));
  return { atMs: some(window.atMs), x: some(window.x), y: some(window.y), z: some(window.z) };
}

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN;
