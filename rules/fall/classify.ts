import { fallScorecard } from './fall-scorecard.ts';
import { type Features, featuresAt, impactsIn } from './motion-features.ts';
import { gridHz, type MotionGrid, type MotionWindow, motionGrid, type Unusable, type Wearing } from './motion-grid.ts';
import { pointsOf, reachOf, type Scorecard, whereOf } from './scorecard.ts';

/**
 * Whether a movement looks like a fall. Every moment of the window that may be an impact is looked at with 2 s before and 6 s after it, as far
 * as the window reaches; the one that looks most like a fall counts.
 * Units: `confidence` from 0 to 1, and a fall is more likely than not from 0.5 on; `impactMs` on the window's own clock. A window without
 * any impact has no features. Errors: a window that tells nothing is `unusable`, with the reason.
 * Source: docs/detection.md, how the points were found and what they were measured on.
 */
export function classifyMotion(window: MotionWindow, wearing: Wearing): Verdict {
  const grid = motionGrid(window, wearing);
  if (typeof grid === 'string') return { type: 'unusable', why: grid };
  const { points, base } = fallScorecard;
  const likeliest = likeliestImpact(grid, points);
  if (!likeliest) return { type: 'judged', confidence: 0, isFall: false };
  const { features, impactMs } = likeliest;
  const score = base[whereOf(wearing.placement)][reachOf(wearing.rangeG)] + likeliest.points;
  return { type: 'judged', confidence: 1 / (1 + Math.exp(-score)), isFall: score >= 0, features, impactMs };
}

export type Verdict =
  | { type: 'judged'; confidence: number; isFall: boolean; features?: Features; impactMs?: number }
  | { type: 'unusable'; why: Unusable };

/** Of all moments that may be an impact, the one with the most points. */
function likeliestImpact(grid: MotionGrid, points: Scorecard['points']): Likeliest | undefined {
  let likeliest: Likeliest | undefined;
  for (const impact of impactsIn(grid)) {
    const features = featuresAt(grid, impact);
    const own = pointsOf(points, features);
    if (!likeliest || own > likeliest.points) {
      likeliest = { points: own, features, impactMs: grid.startMs + (impact * 1000) / gridHz };
    }
  }
  return likeliest;
}

type Likeliest = { points: number; features: Features; impactMs: number };
