import type { Whereabouts } from '../records/alert.ts';
import type { Actor, Incident, IncidentAlert, IncidentState, TimelineEntry, Told } from '../records/incident.ts';
import type { Sealed } from '../records/registry.ts';
import type { Registry } from '../records/registry-fold.ts';
import { type Sealer, unsealEntity } from '../records/sealing.ts';
import type {
  AlertShown,
  ContactShown,
  IncidentCard,
  IncidentDetail,
  NamedActor,
  StateShown,
  ToldShown,
  WhereShown,
} from './answers.ts';
import type { DutyIncident, Timeline } from './duty-view.ts';

/** Puts names to the ids of an incident: places, rooms, call names, who was told, who has it. */
export function createCards(parts: CardParts) {
  return {
    card: (duty: DutyIncident): IncidentCard => cardOf(parts, duty, shownAlerts(duty.incident)),
    /** With what only somebody who opens it needs: telephone numbers, the address, the household's note. */
    detail(duty: DutyIncident, { entries, earlier }: Timeline): IncidentDetail {
      const { incident } = duty;
      const ids = new Set([...incident.told.map(({ contactId }) => contactId), ...entries.flatMap(contactsNamed)]);
      return {
        ...cardOf(parts, duty, incident.alerts),
        timeline: entries.map(({ by, ...entry }) => ({ ...entry, ...(by && { by: named(parts, by) }) })),
        earlierEntries: earlier,
        ...home(parts, incident.where),
        contacts: Object.fromEntries([...ids].flatMap((id) => contactEntry(parts, id))),
      };
    },
  };
}

export type Cards = ReturnType<typeof createCards>;
type CardParts = { registry: Registry; unseal: Sealer['unseal'] };

const mostAlertsOnCard = 12;
const mostPeopleShown = 12;

/** What opened it, and the latest. */
function shownAlerts({ alerts }: Incident): IncidentAlert[] {
  return alerts.length <= mostAlertsOnCard ? alerts : [...alerts.slice(0, 1), ...alerts.slice(1 - mostAlertsOnCard)];
}

function cardOf(parts: CardParts, { incident, attempts, revision }: DutyIncident, alerts: IncidentAlert[]) {
  const { incidentId, version, code, category, severity, openedAt, lastAlertAt, ladder, closing } = incident;
  return {
    ...{ incidentId, version, code, category, severity, openedAt, lastAlertAt, revision },
    where: whereShown(parts, incident.where),
    alerts: alerts.map((alert) => alertShown(parts, alert)),
    moreAlerts: incident.alerts.length - alerts.length + (incident.moreAlerts ?? 0),
    state: stateShown(parts, incident.state),
    ladder: {
      phase: ladder.phase,
      ...('rung' in ladder && { rung: ladder.rung }),
      ...('nextAt' in ladder && { nextAt: ladder.nextAt }),
    },
    told: incident.told.map((told) => toldShown(parts, told, attempts)),
    ...(closing && { closing: { by: named(parts, closing.by), askedAt: closing.askedAt } }),
  };
}

function whereShown({ registry, unseal }: CardParts, where: Whereabouts): WhereShown {
  const { deviceId, personId, placeId, siteId, areaId, unregistered } = where;
  const person = personId === undefined ? undefined : personShown({ registry, unseal }, personId);
  const name = {
    site: siteId === undefined ? undefined : registry.site(siteId)?.name,
    place: placeId === undefined ? undefined : registry.place(placeId)?.name,
    room: deviceId === undefined ? undefined : registry.device(deviceId)?.room,
    person: person?.callName ?? person?.name,
    deviceId,
    unregistered,
  };
  return { areas: areaNames(registry, areaId), ...withoutAbsent(name) };
}

function areaNames(registry: Registry, areaId: string | undefined): string[] {
  const names: string[] = [];
  for (let id = areaId; id !== undefined && names.length < 3; ) {
    const area = registry.area(id);
    if (area) names.push(area.name);
    id = area?.parentId;
  }
  return names;
}

function alertShown({ registry }: CardParts, alert: IncidentAlert): AlertShown {
  const { rule: _, subject: __, where, ...shown } = alert;
  const place = where.placeId === undefined ? undefined : registry.place(where.placeId)?.name;
  const room = where.deviceId === undefined ? undefined : registry.device(where.deviceId)?.room;
  return { ...shown, ...withoutAbsent({ place, room }) };
}

function stateShown(parts: CardParts, state: IncidentState): StateShown {
  return state.phase === 'open' ? state : { ...state, by: named(parts, state.by) };
}

function toldShown(parts: CardParts, { noticeId, ...told }: Told, attempts: DutyIncident['attempts']): ToldShown {
  const { role, name } = contactShown(parts, told.contactId) ?? {};
  return { ...told, ...withoutAbsent({ role, name, attempt: attempts[noticeId] }) };
}

function named({ registry, unseal }: CardParts, actor: Actor): NamedActor {
  const name =
    actor.type === 'account'
      ? accountName({ registry, unseal }, actor.id)
      : actor.type === 'contact'
        ? contactShown({ registry, unseal }, actor.id)?.name
        : undefined;
  return { type: actor.type, id: actor.id, ...withoutAbsent({ name }) };
}

/** Undefined: there is no such account, or its name cannot be opened. */
export function accountName({ registry, unseal }: CardParts, id: string): string | undefined {
  const account = registry.account(id);
  return account && openText(unsealEntity('account', account, { unseal }).name);
}

function contactShown({ registry, unseal }: CardParts, contactId: string): ContactShown | undefined {
  const contact = registry.contact(contactId);
  if (!contact) return undefined;
  const { name, phone, role } = unsealEntity('contact', contact, { unseal, withSecrets: false });
  return { role, ...withoutAbsent({ name: openText(name), phone: openText(phone) }) };
}

function contactEntry(parts: CardParts, contactId: string): [string, ContactShown][] {
  const contact = contactShown(parts, contactId);
  return contact ? [[contactId, contact]] : [];
}

function personShown({ registry, unseal }: CardParts, personId: string): IncidentDetail['people'][number] | undefined {
  const person = registry.person(personId);
  if (!person) return undefined;
  const { name, callName } = unsealEntity('person', person, { unseal });
  return withoutAbsent({ name: openText(name), callName: openText(callName) });
}

/** Who lives there, the way there, and what to know before one goes. */
function home(parts: CardParts, { placeId, householdId, personId }: Whereabouts) {
  const { registry, unseal } = parts;
  const place = placeId === undefined ? undefined : registry.place(placeId);
  const household = householdId === undefined ? undefined : registry.household(householdId);
  const ids = householdId === undefined ? [personId] : peopleOf(registry, householdId);
  return {
    people: ids.flatMap((id) => (id === undefined ? [] : (personShown(parts, id) ?? []))),
    ...withoutAbsent({
      address: place && openText(unsealEntity('place', place, { unseal }).address),
      householdNote: household && openText(unsealEntity('household', household, { unseal }).note),
    }),
  };
}

function contactsNamed({ details }: TimelineEntry): string[] {
  const { contactId, contacts, told, informed } = details;
  return [contactId, contacts, told, informed].flat().filter((id) => typeof id === 'string');
}

/** Text, when it could be opened. */
const openText = (field: string | Sealed | undefined): string | undefined =>
  typeof field === 'string' ? field : undefined;

const peopleOf = (registry: Registry, householdId: string): string[] =>
  Iterator.from(registry.list('person'))
    .filter((person) => person.householdId === householdId)
    .map(({ id }) => id)
    .take(mostPeopleShown)
    .toArray();

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
const withoutAbsent = <T extends object>(value: T): Present<T> =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Present<T>;
