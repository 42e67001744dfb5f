import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { isLifeSafety } from '../../incidents/correlation.ts';
import type { LastTrack } from '../../rules/wandering/last-track.ts';
import { refuse } from '../problem.ts';
import type { Looks } from '../rights/looks.ts';
import { accessOf } from '../rights/rights.ts';
import type { DutyView } from './duty-view.ts';
import { incidentParams, noIncident } from './incident-page.ts';
import { type IncidentSight, ofIncident } from './incident-sight.ts';

/**
 * Where the person whose life an incident is about was last seen, for whoever works on it while it is open, and for a day after: then as far
 * as its end. It comes from the alarm process, which has it without a database. Errors: ALARM_AWAY, try later.
 */
export const trackRoute: FastifyPluginAsyncZod<TrackParts> = async (api, { view, sight, looks, tracks }) => {
  const config = { permission: 'personal:incident' } as const;
  const schema = { summary: 'Where the person was last seen', tags: ['incidents'], params: incidentParams };
  api.get('/incidents/:incidentId/track', { config, schema }, async (request, reply) => {
    const { incidentId } = request.params;
    const access = accessOf(request);
    const incident = view.incident(incidentId)?.incident;
    if (!incident || !sight.sees(access, incident)) return noIncident(reply, incidentId);
    if (!isLifeSafety(incident)) return refuse(reply, 'forbidden', 'no life is at stake: nobody has to be found');
    if (!sight.isOpen(access, incident))
      return refuse(reply, 'forbidden', 'it is over: nobody has to be found any more');
    await looks.shown(access, ofIncident(incident));
    const { state, where } = incident;
    if (where.personId === undefined) return nobodyKnown;
    const track = await tracks.of(where.personId);
    if (state.phase !== 'resolved') return track;
    return { ...track, fixes: track.fixes.filter(({ at }) => at <= state.since) };
  });
};

export type TrackParts = {
  view: Pick<DutyView, 'incident'>;
  sight: IncidentSight;
  looks: Looks;
  /** Errors: ALARM_AWAY, try later. */
  tracks: { of(personId: string): Promise<LastTrack> };
};

/** A device on a wall called: nobody knows who it was. */
const nobodyKnown: Pick<LastTrack, 'fixes'> = { fixes: [] };
