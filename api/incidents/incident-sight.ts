import type { Incident } from '../../records/incident.ts';
import type { Access, Permission } from '../../records/rights.ts';
import type { Looked } from '../rights/looks.ts';
import type { Rights } from '../rights/rights.ts';

/** Who sees which incident, and whether names, numbers and the way there are open to them. Its area is where it happened. */
export function createIncidentSight({ rights, now }: { rights: Rights; now: () => number }) {
  return {
    /** In a list or a stream: nothing goes on record. */
    isListed: (access: Access, { where }: Incident): boolean => rights.may(access, 'incident:read', where.areaId),
    /** One that was asked for by its id; a refusal goes on record. */
    sees: (access: Access, incident: Incident): boolean =>
      rights.sees(access, 'incident:read', ofIncident(incident), incident.where.areaId),
    reaches: (access: Access, permission: Permission, incident: Incident): boolean =>
      rights.reaches(access, permission, ofIncident(incident), incident.where.areaId),
    /** Whoever works on it has the need while it is open, and for a day after, for the record. */
    isOpen(access: Access, incident: Incident): boolean {
      const { where, state } = incident;
      const isOfNeed = state.phase !== 'resolved' || now() - state.since < needEndsMs;
      return (
        (isOfNeed && rights.may(access, 'personal:incident', where.areaId)) ||
        rights.isOpen(access, ofIncident(incident), where.areaId)
      );
    },
  };
}

export type IncidentSight = ReturnType<typeof createIncidentSight>;

export const ofIncident = ({ incidentId }: Pick<Incident, 'incidentId'>): Looked => ({
  type: 'incident',
  id: incidentId,
});

const needEndsMs = 24 * 3_600_000;
