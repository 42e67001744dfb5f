import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { isLifeSafety } from '../../incidents/correlation.ts';
import type { Incident } from '../../records/incident.ts';
import { type LifeSigns, lifeSignKinds, noSigns } from '../../rules/life/life-signs.ts';
import type { LastTrack } from '../../rules/wandering/last-track.ts';
import { refuse } from '../problem.ts';
import type { Looks } from '../rights/looks.ts';
import { accessOf } from '../rights/rights.ts';
import type { DutyView } from './duty-view.ts';
import { incidentParams, noIncident } from './incident-page.ts';
import { type IncidentSight, ofIncident } from './incident-sight.ts';

/**
 * Where the person whose life an incident is about was last seen, and by what their home last showed that somebody lives there: for whoever
 * works on it while it is open, and for a day after: then as far as its end. It comes from the alarm process, which has it without a
 * database. Errors: ALARM_AWAY, try later.
 */
export const trackRoute: FastifyPluginAsyncZod<TrackParts> = async (api, parts) => {
  const { tracks } = parts;
  const config = { permission: 'personal:incident' } as const;
  const params = incidentParams;

  const following = { summary: 'Where the person was last seen', tags: ['incidents'], params };
  api.get('/incidents/:incidentId/track', { config, schema: following }, async (request, reply) => {
    const incident = await looked(parts, request, request.params, reply);
    if (!incident) return reply;
    const { personId } = incident.where;
    if (personId === undefined) return nobodyKnown;
    const track = await tracks.of(personId);
    return { ...track, fixes: track.fixes.filter(isBeforeItsEnd(incident)) };
  });

  const asking = { summary: 'The last signs of life of the home', tags: ['life'], params, response: { 200: signs } };
  api.get('/incidents/:incidentId/signs-of-life', { config, schema: asking }, async (request, reply) => {
    const incident = await looked(parts, request, request.params, reply);
    if (!incident) return reply;
    const { householdId } = incident.where;
    const { latest } = householdId === undefined ? noSigns : await tracks.signs(householdId);
    return { householdId, signs: latest.filter(isBeforeItsEnd(incident)) };
  });
};

/** The incident, when whoever asks may know, with the look on record; else it was answered why not. */
async function looked(
  { view, sight, looks }: TrackParts,
  request: FastifyRequest,
  { incidentId }: z.infer<typeof incidentParams>,
  reply: FastifyReply,
): Promise<Incident | undefined> {
  const access = accessOf(request);
  const incident = view.incident(incidentId)?.incident;
  if (!incident || !sight.sees(access, incident)) return void noIncident(reply, incidentId);
  if (!isLifeSafety(incident)) return void refuse(reply, 'forbidden', 'no life is at stake: nobody has to be found');
  if (!sight.isOpen(access, incident))
    return void refuse(reply, 'forbidden', 'it is over: nobody has to be found any more');
  await looks.shown(access, ofIncident(incident));
  return incident;
}

const isBeforeItsEnd =
  ({ state }: Incident) =>
  ({ at }: { at: number }): boolean =>
    state.phase !== 'resolved' || at <= state.since;

export type TrackParts = {
  view: Pick<DutyView, 'incident'>;
  sight: IncidentSight;
  looks: Looks;
  /** Errors: ALARM_AWAY, try later. */
  tracks: { of(personId: string): Promise<LastTrack>; signs(householdId: string): Promise<LifeSigns> };
};

/** A device on a wall called: nobody knows who it was. */
const nobodyKnown: Pick<LastTrack, 'fixes'> = { fixes: [] };

const signs = z
  .object({
    householdId: z.string().optional(),
    /** The newest of each kind and person, the newest last. */
    signs: z.array(
      z.object({
        kind: z.enum(lifeSignKinds),
        at: z.int(),
        deviceId: z.string().optional(),
        personId: z.string().optional(),
      }),
    ),
  })
  .meta({
    examples: [{ householdId: 'h-01', signs: [{ kind: 'door', at: 1_795_413_600_000, deviceId: 'door-01' }] }],
  });
