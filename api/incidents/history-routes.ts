import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Sealer } from '../../records/sealing.ts';
import type { Store } from '../../storage/store.ts';
import type { IncidentPage } from '../answers.ts';
import type { Looks } from '../rights/looks.ts';
import { accessOf, type Rights } from '../rights/rights.ts';
import { type Cards, timelineShown } from './incident-card.ts';
import { incidentCursor, incidentParams, nextOf, noIncident, pageLimit, pageOf } from './incident-page.ts';
import { type IncidentSight, ofIncident } from './incident-sight.ts';

/** Incidents of former times, from the database. Errors: DATABASE_AWAY, try later. */
export const historyRoutes: FastifyPluginAsyncZod<HistoryParts> = async (api, parts) => {
  const { store, cards, sight, rights, looks, now } = parts;
  const config = { permission: 'incident:read' } as const;

  api.get('/history', { config, schema: { querystring } }, async (request): Promise<IncidentPage> => {
    const { limit, cursor } = request.query;
    const access = accessOf(request);
    const seen = rights.seen(access, 'incident:read');
    const incidents = await store.incidentHistory({
      limit: limit + 1,
      ...(cursor && { before: cursor }),
      ...(!seen.all && { within: { areas: [...seen.areas], unplaced: seen.unplaced } }),
    });
    const page = pageOf(
      incidents.map((incident) => ({ incident, attempts: {}, revision: 0 })),
      { limit },
    );
    const shown = page.items.map((duty) => cards.card(duty, sight.isOpen(access, duty.incident)));
    return { at: now(), incidents: shown, ...nextOf(page) };
  });

  api.get('/history/:incidentId', { config, schema: { params: incidentParams } }, async (request, reply) => {
    const { incidentId } = request.params;
    const access = accessOf(request);
    const incident = await store.incident(incidentId);
    const timeline = incident && sight.sees(access, incident) ? await store.incidentTimeline(incidentId) : undefined;
    if (!incident || !timeline) return noIncident(reply, incidentId);
    const isOpen = sight.isOpen(access, incident);
    if (isOpen) await looks.shown(access, ofIncident(incident));
    return { timeline: timelineShown(timeline, { unseal: parts.unseal, isOpen }) };
  });
};

/** It may be away. */
export type IncidentHistory = Pick<Store, 'incidentHistory' | 'incident' | 'incidentTimeline'>;
export type HistoryParts = {
  store: IncidentHistory;
  cards: Cards;
  sight: IncidentSight;
  rights: Rights;
  looks: Looks;
  unseal: Sealer['unseal'];
  now: () => number;
};

const querystring = z.strictObject({ limit: pageLimit, cursor: incidentCursor });
