import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import { type Command, type CommandResult, callLog, openCall } from '../../records/command.ts';
import type { CallKind, CallTopic } from '../../records/incident.ts';
import { normalPhone } from '../../records/phone.ts';
import type { Registry } from '../../records/registry-fold.ts';
import type { Access } from '../../records/rights.ts';
import type { Sealer } from '../../records/sealing.ts';
import type { DutyView } from '../incidents/duty-view.ts';
import type { Cards } from '../incidents/incident-card.ts';
import { type IncidentSight, ofIncident } from '../incidents/incident-sight.ts';
import { refuse } from '../problem.ts';
import type { Looks } from '../rights/looks.ts';
import { entityShown } from '../rights/masking.ts';
import { accessOf, type Rights } from '../rights/rights.ts';
import { untilFolded } from '../until-folded.ts';

/**
 * Calls that come in by telephone, for the desk and for a telephone system: whose number it is, a call that becomes work, and one that is
 * only kept. A number names the homes that whoever asks may see, and no others; each such look is on record. Sent again, under
 * the same command or the same call, it is done once.
 */
export const callRoutes: FastifyPluginAsyncZod<CallRouteParts> = async (api, parts) => {
  const { commands, phoneKey, sight, view, looks } = parts;
  const acting = { permission: 'incident:act' } as const;

  const looking = {
    summary: 'Whose number it is',
    tags: ['calls'],
    body: numberAsked,
    response: { 200: callersFound },
  };
  api.post('/calls/look-up', { config: acting, schema: looking }, async (request): Promise<CallersFound> => {
    const access = accessOf(request);
    const found = homesOf(parts, access, request.body.number);
    for (const { householdId } of found) await looks.shown(access, { type: 'household', id: householdId });
    return { homes: found };
  });

  const taking = { summary: 'Take a call that is somebody’s work', tags: ['calls'], body: callTaken };
  api.post('/calls', { config: acting, schema: taking }, async (request, reply) => {
    const access = accessOf(request);
    const { number, ...asked } = request.body;
    const found = number === undefined || isNamed(asked) ? [] : homesOf(parts, access, number);
    // Who lives in two homes, or shares a telephone, is asked; nobody guesses where to send help.
    const [home] = found.length === 1 ? found : [];
    const where = home ? { ...asked, householdId: home.householdId } : asked;
    const problem = placeProblem(parts, access, where);
    if (problem) return refuse(reply, 'not-found', problem);
    const by = access.actor;
    const phone = number === undefined ? {} : { number, phoneKey: phoneKey(number) };
    const result = await commands.apply({ type: 'open-call', ...where, kind: kindOf(where), ...phone, by });
    if (!result.ok) return refuse(reply, result.problem, result.message);
    const { incidentId = '', version = 0 } = result;
    const isHere = () => (view.incident(incidentId)?.incident.version ?? 0) >= version || undefined;
    const isTrueNow = (await untilFolded(parts.clock, isHere)) === true;
    const duty = view.incident(incidentId);
    if (!duty) return reply.code(202).send({ incidentId, version });
    const isOpen = sight.isOpen(access, duty.incident);
    if (isOpen) await looks.shown(access, ofIncident(duty.incident));
    return reply.code(isTrueNow ? 201 : 202).send(parts.cards.card(duty, isOpen));
  });

  const keeping = {
    summary: 'Keep a call that is nobody’s work, or belongs to an incident',
    tags: ['calls'],
    body: callKept,
  };
  api.post('/calls/log', { config: acting, schema: keeping }, async (request, reply) => {
    const access = accessOf(request);
    const { number, ...asked } = request.body;
    const { about } = asked;
    const incident = about === undefined ? undefined : view.incident(about)?.incident;
    if (about !== undefined && !(incident && sight.reaches(access, 'incident:act', incident)))
      return refuse(reply, 'not-found', `there is no incident ${about}`);
    const phone = number === undefined ? {} : { number, phoneKey: phoneKey(number) };
    const result = await commands.apply({ type: 'call-log', ...asked, ...phone, by: access.actor });
    if (!result.ok) return refuse(reply, result.problem, result.message);
    return reply.code(201).send({ commandId: asked.commandId });
  });
};

export type CallRouteParts = {
  view: DutyView;
  registry: Registry;
  rights: Rights;
  looks: Looks;
  sight: IncidentSight;
  cards: Cards;
  unseal: Sealer['unseal'];
  /** By which a number is found without being opened. */
  phoneKey: (phone: string) => string;
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
  clock: Clock;
};

const phoneNumber = z.string().regex(/^\+?[0-9][0-9 -]{1,28}$/, 'a phone number has digits, spaces and "-" only');
const numberAsked = z.strictObject({ number: phoneNumber }).meta({ examples: [{ number: '0479-511-2349' }] });
const callTaken = openCall
  .omit({ type: true, by: true, number: true, phoneKey: true })
  .extend({
    kind: openCall.shape.kind.optional(),
    topic: openCall.shape.topic.default('request'),
    caller: openCall.shape.caller.default('unknown'),
    number: phoneNumber.optional(),
  })
  .meta({
    examples: [
      {
        commandId: '4f0c6e2a-call-1',
        callId: '20261123-0017',
        number: '138-0000-0000',
        kind: 'rescue',
        caller: 'neighbour',
      },
    ],
  });
const callKept = callLog
  .omit({ type: true, by: true, number: true, phoneKey: true })
  .extend({ number: phoneNumber.optional() })
  .meta({ examples: [{ commandId: '4f0c6e2a-call-2', what: 'wrong-number', number: '138-0000-0000' }] });

/** `who`: by whose number the home was found. Names are masked for whoever has no need of them there. */
const callersFound = z
  .object({
    homes: z.array(
      z.object({
        householdId: z.string(),
        placeId: z.string().optional(),
        place: z.string().optional(),
        area: z.string().optional(),
        who: z.object({
          type: z.enum(['person', 'contact']),
          id: z.string(),
          role: z.string().optional(),
          name: z.string().optional(),
        }),
      }),
    ),
  })
  .meta({
    examples: [
      {
        homes: [
          {
            ...{ householdId: 'h-01', placeId: 'dj-01', place: '东井1号，井台西侧', area: '东井嘎查' },
            who: { type: 'contact', id: 'c-daughter-1', role: 'family', name: '阿拉坦' },
          },
        ],
      },
    ],
  });
export type CallersFound = z.infer<typeof callersFound>;

/** Until somebody says what it is: telephones ring by mistake in pockets, and everybody else who calls may need help. */
const kindOf = ({ kind, topic }: { kind?: CallKind | undefined; topic: CallTopic }): CallKind =>
  kind ?? (topic === 'silent' ? 'care' : 'rescue');

const isNamed = (asked: { householdId?: unknown; personId?: unknown; placeId?: unknown; areaId?: unknown }): boolean =>
  [asked.householdId, asked.personId, asked.placeId, asked.areaId].some((id) => id !== undefined);

/** The homes of that number that this account works for: of whoever lives there, and of whom it was entered for as family or neighbour. */
function homesOf(parts: CallRouteParts, access: Access, number: string): CallersFound['homes'] {
  if (normalPhone(number) === '') return [];
  const { registry, phoneKey } = parts;
  const key = phoneKey(number);
  const people = registry.peopleByPhone(key).map((person) => ({
    who: { type: 'person' as const, id: person.id, ...nameOf(parts, access, 'person', person) },
    households: [person.householdId],
  }));
  const contacts = registry.contactsByPhone(key).map((contact) => ({
    who: { type: 'contact' as const, id: contact.id, role: contact.role, ...nameOf(parts, access, 'contact', contact) },
    households: householdsOf(registry, contact.of),
  }));
  const homes = [...people, ...contacts].flatMap(({ who, households }) =>
    households.flatMap((id) => homeOf(parts, access, id, who)),
  );
  return [...new Map(homes.toReversed().map((home) => [home.householdId, home])).values()]
    .toReversed()
    .slice(0, mostHomes);
}
const mostHomes = 20;

/** A station answers for a whole area: its number says nothing of where the call is about. */
function householdsOf(registry: Registry, of: { type: string; id: string }): string[] {
  if (of.type === 'household') return [of.id];
  if (of.type === 'person') return [registry.person(of.id)?.householdId ?? []].flat();
  return of.type === 'place' ? registry.referring('household', 'place', of.id).map(({ id }) => id) : [];
}

function homeOf(
  { registry, rights }: CallRouteParts,
  access: Access,
  householdId: string,
  who: CallersFound['homes'][number]['who'],
): CallersFound['homes'] {
  const household = registry.household(householdId);
  if (!household || !rights.may(access, 'incident:act', household.areaId)) return [];
  const place = registry.place(household.currentPlaceId);
  const area = registry.area(household.areaId)?.name;
  const named = { ...(place && { placeId: place.id, place: place.name }), ...(area !== undefined && { area }) };
  return [{ householdId, ...named, who }];
}

function nameOf<T extends 'person' | 'contact'>(
  { unseal, rights, registry }: CallRouteParts,
  access: Access,
  type: T,
  entity: NonNullable<ReturnType<typeof registry.get<T>>>,
): { name?: string } {
  const isOpen = rights.may(access, 'personal:incident', rights.areaOf(type, entity.id));
  const { name } = entityShown(type, entity, { unseal, isOpen }) as { name?: string };
  return name === undefined ? {} : { name };
}

/** What lies elsewhere is not there. A call about nobody knows where is for whoever answers for a county. */
function placeProblem(
  { registry, rights }: CallRouteParts,
  access: Access,
  {
    personId,
    householdId,
    placeId,
    areaId,
  }: { [id in 'personId' | 'householdId' | 'placeId' | 'areaId']?: string | undefined },
): string | undefined {
  const named = { person: personId, household: householdId, place: placeId, area: areaId } as const;
  for (const type of ['person', 'household', 'place', 'area'] as const) {
    const id = named[type];
    if (id === undefined) continue;
    if (registry.get(type, id) && rights.reaches(access, 'incident:act', { type, id })) continue;
    return `there is no ${type} ${id}`;
  }
  if (Object.values(named).some((id) => id !== undefined) || rights.may(access, 'incident:act', undefined))
    return undefined;
  return 'say where it is: a household, a person, a place, or at least an area of yours';
}
