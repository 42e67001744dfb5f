/**
 * The slope that half of all pairs of points lie above (Theil and Sen), and how far points scatter around that line: the median of
 * their distances. A third of the points may be wrong without moving it much. For a few dozen points: it looks at every pair.
 */
export function robustTrend(points: readonly { x: number; y: number }[]): { slope: number; spread: number } {
  const slopes = points.flatMap((a, index) =>
    points.slice(index + 1).flatMap((b) => (b.x === a.x ? [] : (b.y - a.y) / (b.x - a.x))),
  );
  const slope = medianOf(slopes);
  const offset = medianOf(points.map(({ x, y }) => y - slope * x));
  return { slope, spread: medianOf(points.map(({ x, y }) => Math.abs(y - slope * x - offset))) };
}

/** Of an empty list 0. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
