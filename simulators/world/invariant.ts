import type { Evidence } from './evidence.ts';

/**
 * A promise that holds in every world, whatever goes wrong in it. `name` is a fact; `promise` is the number of the promise that it
 * stands for, `rest` what all of them rest on. It is judged by the evidence alone.
 */
export type Invariant = { name: string; promise: number | 'rest'; holds(evidence: Evidence): Violation[] };

/** What was not kept, in words, and where to look: a home or an incident, a record of the journal, a moment (ms since the start). */
export type Violation = {
  says: string;
  homeId?: string | undefined;
  incidentId?: string | undefined;
  sequence?: number | undefined;
  atMs?: number | undefined;
};

/** The first few say enough. */
const mostViolations = 5;

/** `find` is asked for violations one by one, and no longer than somebody reads them. */
export function invariant(
  promise: Invariant['promise'],
  name: string,
  find: (evidence: Evidence) => Iterable<Violation>,
): Invariant {
  return { name, promise, holds: (evidence) => Iterator.from(find(evidence)).take(mostViolations).toArray() };
}
