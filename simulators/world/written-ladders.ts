import type { Incident } from '../../records/incident.ts';

/** The ladders of docs/incidents.md, as they are written there: minutes after each rung, and how often the rungs are told again. */
type Written = { after: readonly number[]; again?: readonly [first: number, then: number] };
const written = {
  critical: { after: [1, 1, 1], again: [2, 15] },
  system: { after: [2], again: [10, 60] },
  device: { after: [10, 20] },
  urgent: { after: [5, 10] },
  area: { after: [5] },
} as const satisfies Record<string, Written>;

function ladderOf({ category, severity, alerts }: Incident): Written {
  if (severity === 'urgent') return alerts[0]?.condition === 'village-outage' ? written.area : written.urgent;
  if (category === 'system') return written.system;
  return category === 'supervision' ? written.device : written.critical;
}

/** How many rungs there are before they are told again. */
export const rungsOf = (incident: Incident): number => ladderOf(incident).after.length + 1;

/** How long after a rung the next one is due, ms; undefined: there is none. */
export function waitAfterMs(incident: Incident, rung: number): number | undefined {
  const { after, again } = ladderOf(incident);
  const minutes = rung <= after.length ? after[rung - 1] : again?.[rung - after.length < 31 ? 0 : 1];
  return minutes === undefined ? undefined : minutes * 60_000;
}
