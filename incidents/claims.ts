import type { Severity } from '../records/alert.ts';
import type { IncidentState } from '../records/incident.ts';
import type { Turn } from './turn.ts';

/** How long a claim holds without action, in ms: two minutes where a life is at stake, a shift for the work list. */
export const claimMs: Record<Severity, number> = { critical: 2 * 60_000, urgent: 15 * 60_000, service: 8 * 3_600_000 };

/** A claim of something that became more urgent lasts no longer than a claim of that would; undefined: nobody has claimed it. */
export function shortenedClaim({ incident: { state, severity }, at }: Turn): IncidentState | undefined {
  if (state.phase !== 'claimed') return undefined;
  return { ...state, expiresAt: Math.min(state.expiresAt, at + claimMs[severity]) };
}
