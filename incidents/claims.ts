import type { Severity } from '../records/alert.ts';

/** How long a claim holds without action, in ms: two minutes where a life is at stake, a shift for the work list. */
export const claimMs: Record<Severity, number> = { critical: 2 * 60_000, urgent: 15 * 60_000, service: 8 * 3_600_000 };
