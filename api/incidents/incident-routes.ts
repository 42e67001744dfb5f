import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { isLifeSafety } from '../../incidents/correlation.ts';
import { callClasses } from '../../incidents/desk-commands.ts';
import { severities } from '../../incidents/notices.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Severity } from '../../records/alert.ts';
import { type Command, type CommandResult, command as commandSchema } from '../../records/command.ts';
import type { CallKind, Incident } from '../../records/incident.ts';
import type { Registry } from '../../records/registry-fold.ts';
import type { Access, Permission } from '../../records/rights.ts';
import type { CommandDone, IncidentDetail, IncidentPage } from '../answers.ts';
import { refuse } from '../problem.ts';
import type { Looks } from '../rights/looks.ts';
import { accessOf, type Rights } from '../rights/rights.ts';
import { untilFolded } from '../until-folded.ts';
import type { DutyIncident, DutyView } from './duty-view.ts';
import type { Cards } from './incident-card.ts';
import { incidentCursor, incidentParams, nextOf, noIncident, pageLimit, pageOf } from './incident-page.ts';
import { type IncidentSight, ofIncident } from './incident-sight.ts';

/**
 * Incidents to look at and to act on. A command is answered with what is true after it: 200 when this process has seen it
 * applied, 202 when it was applied and its news is still on the way here, 409 with the incident as it is when it was refused.
 */
export const incidentRoutes: FastifyPluginAsyncZod<IncidentRouteParts> = async (api, parts) => {
  const { view, cards, sight, looks, now } = parts;
  const config = { permission: 'incident:read' } as const;

  api.get('/incidents', { config, schema: { querystring: pageQuery } }, async (request): Promise<IncidentPage> => {
    const access = accessOf(request);
    const { state, limit, cursor } = request.query;
    const chosen = [
      ...(state === 'resolved' ? [] : view.openIncidents()),
      ...(state === 'open' ? [] : view.resolvedIncidents()),
    ].filter(({ incident }) => sight.isListed(access, incident));
    const page = pageOf(chosen, { limit, cursor });
    return { at: now(), incidents: page.items.map((duty) => cardFor(parts, access, duty)), ...nextOf(page) };
  });

  api.get('/incidents/:incidentId', { config, schema: { params: incidentParams } }, async (request, reply) => {
    const { incidentId } = request.params;
    const access = accessOf(request);
    const duty = view.incident(incidentId);
    if (!duty || !sight.sees(access, duty.incident)) return noIncident(reply, incidentId);
    const isOpen = sight.isOpen(access, duty.incident);
    if (isOpen) await looks.shown(access, ofIncident(duty.incident));
    const holds = (permission: Permission) => parts.rights.may(access, permission, duty.incident.where.areaId);
    const may = { act: holds('incident:act'), resolve: holds('incident:resolve') };
    return { ...cards.detail(duty, view.timeline(incidentId), isOpen), may } satisfies IncidentDetail;
  });

  for (const { type, permission, body } of incidentCommands) {
    const asked = { config: { permission }, schema: { params: incidentParams, body } };
    api.post(`/incidents/:incidentId/${type}`, asked, async (request, reply) => {
      const { incidentId } = request.params;
      const access = accessOf(request);
      if (!mayAsk(parts, access, permission, incidentId)) return noIncident(reply, incidentId);
      const command = { ...request.body, type, incidentId, by: access.actor } as Command;
      const refusal = refusalOf(parts, access, incidentId, command);
      if (refusal) return answer(parts, reply, access, incidentId, refusal);
      return answer(parts, reply, access, incidentId, await parts.commands.apply(command));
    });
  }
};

export type IncidentRouteParts = {
  view: DutyView;
  registry: Pick<Registry, 'contact' | 'contactsFor'>;
  cards: Cards;
  sight: IncidentSight;
  looks: Looks;
  rights: Rights;
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
  clock: Clock;
  now: () => number;
};

/** One that is not known here (any more) is for whoever may do it in the whole installation: the alarm process knows. */
function mayAsk(
  { view, sight, rights }: IncidentRouteParts,
  access: Access,
  permission: Permission,
  incidentId: string,
) {
  const duty = view.incident(incidentId);
  return duty ? sight.reaches(access, permission, duty.incident) : rights.may(access, permission, undefined);
}

/** What the incident itself does not judge: whom a command may name, and what takes a person. */
function refusalOf(
  parts: IncidentRouteParts,
  access: Access,
  incidentId: string,
  command: Command,
): Extract<CommandResult, { ok: false }> | undefined {
  const incident = parts.view.incident(incidentId)?.incident;
  if ((command.type === 'accept' || command.type === 'decline') && !mayName(parts, access, incident, command.contactId))
    return { ok: false, problem: 'invalid', message: `there is no contact ${command.contactId}` };
  if (command.type === 'merge' && !mayJoin(parts, access, command.into))
    return { ok: false, problem: 'invalid', message: `there is no other incident ${command.into}` };
  if (command.type === 'reclass' && !mayReclass(parts, access, incident, command.to))
    return { ok: false, problem: 'not-allowed', message: 'less than what was asked for: whoever may end it says so' };
  // One that is not known here may be one of life safety.
  if (command.type !== 'resolve' || command.contact === 'reached' || access.actor.type !== 'api-key') return undefined;
  if (incident && !isLifeSafety(incident)) return undefined;
  const message = 'a program cannot say that nobody was reached: a person has to, and a second one has to agree';
  return { ok: false, problem: 'not-allowed', message };
}

/** What becomes part of another incident is seen by whoever works on that. */
function mayJoin({ view, sight }: IncidentRouteParts, access: Access, into: string): boolean {
  const other = view.incident(into)?.incident;
  return other !== undefined && sight.reaches(access, 'incident:resolve', other);
}

/** More is for everybody who works on it; less silences a ladder. */
function mayReclass(
  { rights }: IncidentRouteParts,
  access: Access,
  incident: Incident | undefined,
  to: CallKind,
): boolean {
  const urgency = (severity: Severity) => severities.indexOf(severity);
  const isMore = incident !== undefined && urgency(callClasses[to].severity) >= urgency(incident.severity);
  return isMore || rights.may(access, 'incident:resolve', incident?.where.areaId);
}

/**
 * Whoever is named becomes known: by name and number to who works on it, and the incident to them. So it is somebody who was told, who
 * answers for where it happened, or whom the caller could have told anyway; others are spoken of as if they were not there.
 */
function mayName(
  { registry, rights }: IncidentRouteParts,
  access: Access,
  incident: Incident | undefined,
  contactId: string,
): boolean {
  if (incident?.told.some((told) => told.contactId === contactId)) return true;
  if (incident && registry.contactsFor(incident.where).some(({ id }) => id === contactId)) return true;
  if (!registry.contact(contactId)) return false;
  return rights.reaches(access, 'incident:act', { type: 'contact', id: contactId });
}

const cardFor = ({ cards, sight }: Pick<IncidentRouteParts, 'cards' | 'sight'>, access: Access, duty: DutyIncident) =>
  cards.card(duty, sight.isOpen(access, duty.incident));

/** What ends an incident, or takes its end back, is for those who answer for it; what is done about it, for everybody who works on it. */
const resolving: readonly string[] = ['resolve', 'reopen', 'let-go', 'merge'];

/** Every command about one incident: its body is the command without what the path and the session say. */
const incidentCommands = commandSchema.options.flatMap((option) =>
  'incidentId' in option.shape
    ? [{ ...permissionOf(option.shape.type.value), body: z.strictObject(withoutKnown(option.shape)) }]
    : [],
);

function permissionOf(type: Command['type']) {
  return { type, permission: resolving.includes(type) ? ('incident:resolve' as const) : ('incident:act' as const) };
}

function withoutKnown({ type: _, by: __, incidentId: ___, ...asked }: z.core.$ZodShape): z.core.$ZodShape {
  return asked;
}

const pageQuery = z.strictObject({
  state: z.enum(['open', 'resolved', 'all']).default('all'),
  limit: pageLimit,
  cursor: incidentCursor,
});

async function answer(
  parts: IncidentRouteParts,
  reply: FastifyReply,
  access: Access,
  incidentId: string,
  result: CommandResult,
) {
  const { view, clock } = parts;
  const isHere = (at: number) => (view.incident(incidentId)?.incident.version ?? 0) >= at;
  const version = result.ok ? result.version : result.currentVersion;
  const isTrueNow = version === undefined || (await untilFolded(clock, () => isHere(version) || undefined)) === true;
  const duty = view.incident(incidentId);
  const incident = duty && cardFor(parts, access, duty);
  // Also a refusal shows the incident that was asked about: whoever asks for it thus looks at it.
  if (duty && parts.sight.isOpen(access, duty.incident)) await parts.looks.shown(access, ofIncident(duty.incident));
  if (!result.ok) return refuse(reply, result.problem, result.message, { ...(incident && { incident }) });
  // What was done is never said not to be there, also where this process has not heard of it yet.
  const done: CommandDone = { incidentId, ...(version !== undefined && { version }) };
  return incident ? reply.code(isTrueNow ? 200 : 202).send(incident) : reply.code(202).send(done);
}
