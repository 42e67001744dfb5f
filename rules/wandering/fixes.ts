import type { PositionReport } from '../../firmware-contracts/wearable.ts';
import type { Position } from '../../records/geodesy.ts';
import { metersBetween } from './geodesy.ts';

/**
 * Where somebody was. `at`: when, on the journal's clock (epoch ms); `accuracy` (m): 68 % of such circles hold the true place; `speed`: m/s;
 * `outsideMeters`: beyond the edge of where they were expected when it came, negative inside. `isUnworn`: nobody wore the device.
 */
export type Fix = Position & {
  at: number;
  source: 'gnss' | 'wifi' | 'cell';
  accuracy?: number;
  speed?: number;
  outsideMeters?: number;
  isUnworn?: true;
};

/** What a report says of a place; undefined where it found none. `at`: when it happened, on the journal's clock. */
export function fixOf(report: PositionReport, at: number): Fix | undefined {
  const { source, lat, lon, accuracy, speed } = report;
  if (source === 'none' || lat === undefined || lon === undefined) return undefined;
  return { at, lat, lon, source, ...(accuracy !== undefined && { accuracy }), ...(speed !== undefined && { speed }) };
}

/** The radius (m) that a fix is taken to have. One that does not say is no better than a usual one among buildings. */
export function radiusOf({ accuracy, source }: Fix): number {
  return Math.max(accuracy ?? (source === 'gnss' ? 50 : source === 'wifi' ? 100 : 5_000), leastRadiusMeters);
}
/** What a receiver without a view of its own errors claims at best. */
const leastRadiusMeters = 3;

/**
 * How far (m) the true place may be from the fix, as far as one dares to call somebody out: the circle itself while it is of the size that
 * an open sky gives. A wider one comes from walls and slopes that reflect, whose errors reach further than it says: up to three times.
 */
export function doubtMeters(fix: Fix, fineMeters: number): number {
  const radius = radiusOf(fix);
  return radius * Math.min(3, Math.max(1, radius / fineMeters));
}

/** Whether a fix is good enough to be judged by. */
export const isFine = (fix: Fix, coarseMeters: number): boolean =>
  fix.source !== 'cell' && !fix.isUnworn && radiusOf(fix) <= coarseMeters;

/** With one fix more, by the time at which they were taken; the same value where it is known, or older than all that are kept. */
export function withFix(fixes: readonly Fix[], fix: Fix): readonly Fix[] {
  const after = fixes.findLastIndex(({ at }) => at <= fix.at);
  const before = fixes[after];
  if (before?.at === fix.at && before.lat === fix.lat && before.lon === fix.lon) return fixes;
  const all = fixes.toSpliced(after + 1, 0, fix);
  return all.length <= mostFixes ? all : thinned(all);
}

/** Without the fix that is missed least: among the older ones, the one whose neighbours are the closest in time. */
function thinned(fixes: readonly Fix[]): readonly Fix[] {
  let [least, gone] = [Number.POSITIVE_INFINITY, 1];
  for (let index = 1; index < fixes.length - newestKept; index++) {
    const gapMs = (fixes[index + 1]?.at ?? 0) - (fixes[index - 1]?.at ?? 0);
    if (gapMs < least) [least, gone] = [gapMs, index];
  }
  return fixes.toSpliced(gone, 1);
}

/** Of those in the order of time, the ones to judge by: fine, and no jump that nothing can make, unless the next one is there too. */
export function trusted(fixes: readonly Fix[], { coarseMeters, jumpMetersPerSecond }: Trust): Fix[] {
  const fine = fixes.filter((fix) => isFine(fix, coarseMeters));
  const kept: Fix[] = [];
  for (const [index, fix] of fine.entries()) {
    const before = kept.at(-1);
    const next = fine[index + 1];
    const isJump =
      before !== undefined &&
      mostSpeed(before, fix) > jumpMetersPerSecond &&
      leastSpeed(before, fix) > jumpMetersPerSecond;
    if (
      !isJump ||
      (next && leastSpeed(fix, next) <= jumpMetersPerSecond && leastSpeed(before, next) > jumpMetersPerSecond)
    )
      kept.push(fix);
  }
  return kept;
}
type Trust = { coarseMeters: number; jumpMetersPerSecond: number };

/** How fast (m/s) somebody can have gone at most from one fix to the next: most are near each other, and this is told in no time. */
function mostSpeed(from: Fix, to: Fix): number {
  const meters = metersPerDegree * (Math.abs(to.lat - from.lat) + Math.abs(to.lon - from.lon));
  return meters / Math.max(1, Math.abs(to.at - from.at) / 1000);
}
/** Nowhere more, also of latitude near the poles. */
const metersPerDegree = 111_700;

/** How fast (m/s) somebody must have gone at least from one fix to the next. */
function leastSpeed(from: Fix, to: Fix): number {
  const meters = metersBetween(from, to) - radiusOf(from) - radiusOf(to);
  return Math.max(0, meters) / Math.max(1, Math.abs(to.at - from.at) / 1000);
}

/** Of a day's way home enough for whoever searches. */
export const mostFixes = 48;
/** They stay as they came: where somebody went last says where they are. */
const newestKept = 16;
