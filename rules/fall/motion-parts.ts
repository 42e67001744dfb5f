import type { MotionReport } from '../../firmware-contracts/wearable.ts';
import { type Cause, causeOf } from '../cause.ts';
import type { ReportEvent } from '../event.ts';
import type { MotionWindow, Wearing } from './motion-grid.ts';

/**
 * What has come of a window that a device sends in parts; `cause` is that of the part that came first, `until` when it is
 * judged as it is then. Units: epoch ms; samples in milli-g, as they were sent.
 */
export type PartedWindow = {
  readonly name: string;
  readonly cause: Cause;
  readonly until: number;
  readonly count: number;
  readonly parts: readonly Part[];
};
type Part = Pick<MotionReport, 't0' | 'rate' | 'dt' | 'samples' | 'range' | 'placement'> & { readonly part: number };

/**
 * Takes in one report. `ready`: windows that are complete, or that have to make room; `waiting`: what still misses a part. A part
 * that came before changes nothing.
 */
export function withPart(
  waiting: readonly PartedWindow[],
  event: ReportEvent,
  report: MotionReport,
  partsMs: number,
): { waiting: readonly PartedWindow[]; ready: PartedWindow[] } {
  const name = windowName(event, report);
  const { t0, rate, dt, samples, range, placement, part = 1, parts = 1 } = report;
  const known = waiting.find((one) => one.name === name);
  if (known?.parts.some((one) => one.part === part)) return { waiting, ready: [] };
  const own: Part = {
    ...{ part, t0, samples },
    ...(rate !== undefined && { rate }),
    ...(dt !== undefined && { dt }),
    ...(range !== undefined && { range }),
    ...(placement !== undefined && { placement }),
  };
  const fuller: PartedWindow = {
    name,
    cause: known?.cause ?? causeOf(event),
    until: known?.until ?? event.at + partsMs,
    count: Math.max(known?.count ?? 1, parts, part),
    parts: [...(known?.parts ?? []), own],
  };
  const others = waiting.filter((one) => one !== known);
  const heldNumbers = fuller.parts.reduce((sum, one) => sum + one.samples.length, 0);
  if (fuller.parts.length === fuller.count || heldNumbers > mostNumbers) return { waiting: others, ready: [fuller] };
  const [oldest, ...younger] = others;
  if (!oldest || others.length < mostWaiting) return { waiting: [...others, fuller], ready: [] };
  return { waiting: [...younger, fuller], ready: [oldest] };
}

/** Windows of one person that wait for parts at once. */
const mostWaiting = 2;
/** Numbers of one window that are kept, three a moment: twenty seconds at 200 Hz. */
const mostNumbers = 12_000;

/** By the fall report that the same trigger made, else by the first of the reports that it made itself. */
function windowName({ where, causeId }: ReportEvent, { boot, seq, of, part = 1 }: MotionReport): string {
  const first = of ?? (seq === undefined ? undefined : seq - part + 1);
  return first === undefined ? causeId : `${where.deviceId}:${boot}:${first}`;
}

/** All moments that came, in the order of time, in g; a device that does not say where it is worn is taken for a watch. */
export function windowOf({ parts }: PartedWindow): { window: MotionWindow; wearing: Wearing } {
  const atMs: number[] = [];
  const axes: [number[], number[], number[]] = [[], [], []];
  for (const { t0, rate = 1, dt, samples } of parts.toSorted((one, other) => one.t0 - other.t0)) {
    let nowMs = t0;
    for (let index = 0; index < samples.length / 3; index++) {
      atMs.push(nowMs);
      for (const [which, axis] of axes.entries()) axis.push((samples[3 * index + which] ?? 0) / 1000);
      nowMs += dt ? (dt[index] ?? 0) : 1000 / rate;
    }
  }
  const [x, y, z] = axes;
  const placement = parts.find((one) => one.placement !== undefined)?.placement ?? 'wrist';
  const rangeG = parts.find((one) => one.range !== undefined)?.range ?? likelyRange(axes);
  return { window: { atMs, x, y, z }, wearing: { placement, rangeG } };
}

/** Of a device that does not say: 2 g where that is what its values stop at again and again, else as far as sensors reach. */
function likelyRange(axes: readonly (readonly number[])[]): number {
  const forces = axes.flat().map(Math.abs);
  const isCut = forces.every((g) => g <= 2.05) && forces.filter((g) => g >= 1.98).length >= 3;
  return isCut ? 2 : 16;
}
