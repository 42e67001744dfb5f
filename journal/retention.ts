import type { Segment } from './segments.ts';

/** A follower that has read up to `sequence` needs what comes after it. A soft one may lose its place, past its budget. */
export type Pin = { sequence: number; hard: boolean };
export type RetentionLimits = {
  /** Kept although every follower has read it. */
  keepBytes: number;
  /** The most that is kept, except for hard pins. */
  budgetBytes: number;
};

/**
 * How many of the oldest segments go, and whose place goes with them. The last segment always stays.
 * Units: bytes.
 */
export function planRetention(
  segments: readonly Segment[],
  pins: ReadonlyMap<string, Pin>,
  { keepBytes, budgetBytes }: RetentionLimits,
): { remove: number; lost: string[] } {
  const lost = new Set<string>();
  let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  let remove = 0;
  for (; remove < segments.length - 1; remove++) {
    const nextFirst = segments[remove + 1]?.first ?? 0;
    const holding = [...pins].filter(([, { sequence }]) => sequence + 1 < nextFirst);
    if (bytes <= Math.min(keepBytes, budgetBytes) || holding.some(([, { hard }]) => hard)) break;
    if (holding.length > 0 && bytes <= budgetBytes) break;
    for (const [name] of holding) lost.add(name);
    bytes -= segments[remove]?.bytes ?? 0;
  }
  return { remove, lost: [...lost] };
}
