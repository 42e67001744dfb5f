import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { expectedCrew } from '../../incidents/crew.ts';
import { ladderOf, peopleOn } from '../../incidents/ladder.ts';
import { localTimeIn } from '../../platform/local-time.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import type { Incident } from '../../records/incident.ts';
import type { Contact } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import type { Access } from '../../records/rights.ts';
import type { HeldIncident, HoldingAnswer, HoldingPage, WouldTell } from '../answers.ts';
import { accessOf } from '../rights/rights.ts';
import type { DutyIncident, DutyView } from './duty-view.ts';
import type { Cards } from './incident-card.ts';
import type { IncidentSight } from './incident-sight.ts';

/**
 * What the system holds since it stood still for hours or was put back from a backup: which incidents, how old they are, and who would be
 * told. One is let go by `POST /incidents/:incidentId/let-go`; here all of them, each as a command of its own.
 */
export const holdingRoutes: FastifyPluginAsyncZod<HoldingRouteParts> = async (api, parts) => {
  const { view, sight, now } = parts;
  const heldFor = (isIn: (incident: Incident) => boolean) =>
    view.openIncidents().filter(({ incident }) => isHeld(incident) && isIn(incident));

  api.get('/holding', { config: { permission: 'incident:read' } }, async (request): Promise<HoldingPage> => {
    const access = accessOf(request);
    const held = heldFor((incident) => sight.isListed(access, incident));
    const shown = held.slice(0, mostShown).map((duty) => heldShown(parts, access, duty));
    return { at: now(), held: shown, more: held.length - shown.length };
  });

  const asked = { config: { permission: 'incident:resolve' }, schema: { body: allBody } } as const;
  api.post('/holding/all', asked, async (request): Promise<HoldingAnswer> => {
    const access = accessOf(request);
    const { choice, commandId } = request.body;
    const held = heldFor((incident) => parts.rights.may(access, 'incident:resolve', incident.where.areaId));
    const refused: HoldingAnswer['refused'] = [];
    for (let from = 0; from < held.length; from += atOnce) {
      const results = held.slice(from, from + atOnce).map(async ({ incident }) => {
        const { incidentId, code, version: expectedVersion } = incident;
        // Sent again, it is the same command about the same incident.
        const about = { commandId: `${commandId}-${code}`, incidentId, expectedVersion, by: access.actor };
        const result = await parts.commands.apply({ type: 'let-go', choice, ...about });
        if (!result.ok) refused.push({ incidentId, code, problem: result.problem, message: result.message });
      });
      await Promise.all(results);
    }
    return { letGo: held.length - refused.length, refused };
  });
};

export type HoldingRouteParts = {
  view: DutyView;
  registry: Registry;
  cards: Cards;
  sight: IncidentSight;
  rights: { may(access: Access, permission: 'incident:resolve', areaId: string | undefined): boolean };
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
  now: () => number;
  timeZone: string;
};

/** What a person dropped is held no more. */
export const isHeld = ({ state, ladder }: Incident): boolean =>
  state.phase !== 'resolved' && ladder.phase === 'held' && !ladder.dropped;

const allBody = z.strictObject({ choice: z.enum(['send', 'drop']), commandId: z.string().min(8).max(50) });
const mostShown = 200;
const atOnce = 50;

function heldShown(
  { cards, sight, registry, now, timeZone }: HoldingRouteParts,
  access: Access,
  duty: DutyIncident,
): HeldIncident {
  const { incident } = duty;
  const crew = expectedCrew(registry, localTimeIn(timeZone));
  // It would begin to climb now.
  const [at, beganAt] = [now(), now()];
  const ladder = ladderOf(incident, registry, crew, beganAt);
  const people = peopleOn(1, ladder, { incident, registry, crew, beganAt, at });
  const would = (contacts: Contact[], purpose: 'alarm' | 'information'): WouldTell[] =>
    contacts.map(({ id, role, channels }) => ({
      contactId: id,
      role,
      purpose,
      channels: channels.map(({ type }) => type),
    }));
  return {
    incident: cards.card(duty, sight.isOpen(access, incident)),
    ageMs: Math.max(0, now() - incident.lastAlertAt),
    desk: people.desk,
    would: [...would(people.tell, 'alarm'), ...would(people.inform, 'information')],
  };
}
