import type { Whereabouts } from '../../records/alert.ts';
import type {
  Actor,
  Incident,
  IncidentAlert,
  IncidentState,
  TimelineEntry,
  Told,
  Transfer,
} from '../../records/incident.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { openText, openTexts } from '../../records/sealed-text.ts';
import type { Sealer } from '../../records/sealing.ts';
import { transfersOf } from '../../records/transfer.ts';
import { explain } from '../../rules/explain/explain.ts';
import type { LocalTime } from '../../rules/local-time.ts';
import type {
  AlertShown,
  ContactShown,
  HomeShown,
  IncidentCard,
  IncidentDetail,
  NamedActor,
  StateShown,
  ToldShown,
  TransferShown,
  WhereShown,
} from '../answers.ts';
import { entityShown, withoutVitals } from '../rights/masking.ts';
import type { DutyIncident, Timeline } from './duty-view.ts';

/** Puts names to the ids of an incident: places, rooms, call names, who was told, who has it. */
export function createCards({ local, ...ports }: NameParts & { local: Local }) {
  const alertsShown = (alerts: IncidentAlert[], isOpen: boolean) =>
    alerts.map((alert) => alertShown({ ...ports, isOpen, local }, alert));
  return {
    /** As lists show it: without what somebody wrote. Unless `isOpen`, names are masked. */
    card: (duty: DutyIncident, isOpen: boolean): IncidentCard =>
      cardOf({ ...ports, isOpen }, duty, alertsShown(shownAlerts(duty.incident), isOpen)),
    /** With what only somebody who opens it needs: telephone numbers, the address, the household's note. Masked unless `isOpen`. */
    detail(duty: DutyIncident, { entries, earlier }: Timeline, isOpen: boolean): Omit<IncidentDetail, 'may'> {
      const { incident } = duty;
      const parts = { ...ports, isOpen };
      const ids = new Set([...incident.told.map(({ contactId }) => contactId), ...entries.flatMap(contactsNamed)]);
      const card = cardOf(parts, duty, alertsShown(incident.alerts, isOpen));
      return {
        ...{ ...card, state: withNote(parts, card.state, incident.state) },
        masked: !isOpen,
        timeline: timelineShown(entries, parts).map(({ by, ...entry }) => ({
          ...entry,
          ...(by && { by: named(parts, by) }),
        })),
        earlierEntries: earlier,
        ...home(parts, incident.where),
        contacts: Object.fromEntries([...ids].flatMap((id) => contactEntry(parts, id))),
      };
    },
  };
}

export type Cards = ReturnType<typeof createCards>;
/** What the county's clock shows. */
type Local = (at: number) => LocalTime;
export type NameParts = { registry: Registry; unseal: Sealer['unseal'] };
/** `isOpen`: names and numbers are shown as they are. */
type CardParts = NameParts & { isOpen: boolean };

const mostAlertsOnCard = 12;
const mostPeopleShown = 12;

/** What opened it, and the latest. */
function shownAlerts({ alerts }: Incident): IncidentAlert[] {
  return alerts.length <= mostAlertsOnCard ? alerts : [...alerts.slice(0, 1), ...alerts.slice(1 - mostAlertsOnCard)];
}

function cardOf(parts: CardParts, { incident, attempts, revision, saidAt }: DutyIncident, alerts: AlertShown[]) {
  const { incidentId, version, code, category, severity, openedAt, lastAlertAt, ladder, closing } = incident;
  const [transferred, ...transfers] = transfersOf(incident).map((one) => transferShown(parts, one));
  return {
    ...{ incidentId, version, code, category, severity, openedAt, lastAlertAt, revision },
    ...(saidAt !== undefined && { saidAt }),
    where: whereShown(parts, incident.where),
    alerts,
    moreAlerts: incident.alerts.length - alerts.length + (incident.moreAlerts ?? 0),
    state: stateShown(parts, incident.state),
    ladder: {
      phase: ladder.phase,
      ...('rung' in ladder && { rung: ladder.rung }),
      ...('nextAt' in ladder && { nextAt: ladder.nextAt }),
      ...('dropped' in ladder && { dropped: ladder.dropped }),
    },
    told: incident.told.map((told) => toldShown(parts, told, attempts)),
    ...(closing && { closing: closingShown(parts, closing) }),
    ...wholeShown(incident),
    ...(transferred && { transferred }),
    ...(transfers.length > 0 && { transfers }),
    ...withoutAbsent({ level: incident.level, mergedInto: incident.mergedInto, report: incident.report }),
  };
}

function closingShown(parts: CardParts, { by, askedAt, asked }: NonNullable<Incident['closing']>) {
  return { by: named(parts, by), askedAt, ...(asked && { asked }) };
}

/** What they call it there was written by somebody: it stands in the timeline. */
function transferShown(parts: CardParts, { reference: _, ...transferred }: Transfer): TransferShown {
  return { ...transferred, by: named(parts, transferred.by) };
}

/** What became part of it, and the call that it began with. */
function wholeShown({ merged, call }: Incident) {
  return {
    ...(merged && { merged: merged.map(({ incidentId, code }) => ({ incidentId, code })) }),
    ...(call && { call: { kind: call.kind, topic: call.topic, caller: call.caller } }),
  };
}

/** Entries with what somebody wrote into them, or without. */
export function timelineShown(
  entries: TimelineEntry[],
  { unseal, isOpen }: Omit<CardParts, 'registry'>,
): TimelineEntry[] {
  if (isOpen) return entries.map((entry) => ({ ...entry, details: openTexts(entry.details, { unseal }) }));
  return entries.map(({ details, ...entry }) => ({
    ...entry,
    details: Object.fromEntries(Object.entries(details).filter(([name]) => !written.has(name))),
  }));
}

const written: ReadonlySet<string> = new Set(['note', 'action', 'reason', 'reference', 'words', 'number', 'text']);

function whereShown(parts: CardParts, where: Whereabouts): WhereShown {
  const { deviceId, personId, householdId, placeId, siteId, areaId, unregistered } = where;
  const { registry } = parts;
  const person = personId === undefined ? undefined : personShown(parts, personId);
  const name = {
    site: siteId === undefined ? undefined : registry.site(siteId)?.name,
    place: placeId === undefined ? undefined : registry.place(placeId)?.name,
    room: deviceId === undefined ? undefined : registry.device(deviceId)?.room,
    person: person?.callName ?? person?.name,
    ...{ deviceId, householdId, personId },
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

function alertShown(
  { registry, isOpen, local }: Omit<CardParts, 'unseal'> & { local: Local },
  alert: IncidentAlert,
): AlertShown {
  const { rule: _, subject: __, where, ...rest } = alert;
  const shown = { ...rest, reason: isOpen ? alert.reason : withoutVitals(alert.reason) };
  const { siteId, placeId, deviceId } = where;
  const site = siteId === undefined ? undefined : registry.site(siteId)?.name;
  const place = placeId === undefined ? undefined : registry.place(placeId)?.name;
  const room = deviceId === undefined ? undefined : registry.device(deviceId)?.room;
  const why = { 'zh-CN': explain(shown, { language: 'zh-CN', local }), en: explain(shown, { language: 'en', local }) };
  return { ...shown, why, ...withoutAbsent({ site, place, room, deviceId, round: roundShown(registry, alert) }) };
}

/** The homes to be visited, in their order, with what messages call them. */
function roundShown(registry: Registry, { reason: { round, signAts } }: IncidentAlert): HomeShown[] | undefined {
  if (!Array.isArray(round)) return undefined;
  return round.map((householdId, index) => {
    const placeId = registry.household(householdId)?.currentPlaceId;
    const place = placeId === undefined ? undefined : registry.place(placeId);
    const area = place === undefined ? undefined : registry.area(place.areaId)?.name;
    const signAt = Array.isArray(signAts) ? Number(signAts[index]) : Number.NaN;
    return { householdId, ...withoutAbsent({ place: place?.name, area, signAt: signAt > 0 ? signAt : undefined }) };
  });
}

function stateShown(parts: CardParts, state: IncidentState): StateShown {
  if (state.phase === 'open') return state;
  const shown = { ...state, by: named(parts, state.by) };
  if (shown.phase !== 'resolved') return shown;
  const { note: _, ...ended } = shown;
  return ended;
}

function withNote(parts: CardParts, shown: StateShown, state: IncidentState): StateShown {
  if (shown.phase !== 'resolved' || state.phase !== 'resolved' || state.note === undefined || !parts.isOpen)
    return shown;
  const note = openText(state.note, parts);
  return note === undefined ? shown : { ...shown, note };
}

function toldShown(parts: CardParts, { noticeId, ...told }: Told, attempts: DutyIncident['attempts']): ToldShown {
  const { role, name } = contactShown(parts, told.contactId) ?? {};
  return { ...told, ...withoutAbsent({ role, name, attempt: attempts[noticeId] }) };
}

function named(parts: CardParts, actor: Actor): NamedActor {
  return { type: actor.type, id: actor.id, ...withoutAbsent({ name: nameOf(parts, actor) }) };
}

function nameOf(parts: CardParts, { type, id }: Actor): string | undefined {
  if (type === 'account') return accountName(parts, id);
  if (type === 'contact') return contactShown(parts, id)?.name;
  return type === 'api-key' ? parts.registry.get('apiKey', id)?.name : undefined;
}

/** Staff sign what they do: their names are never masked. Undefined: there is no such account, or its name cannot be opened. */
export function accountName({ registry, unseal }: NameParts, id: string): string | undefined {
  const account = registry.account(id);
  return account && entityShown('account', account, { unseal, isOpen: true }).name;
}

function contactShown({ registry, unseal, isOpen }: CardParts, contactId: string): ContactShown | undefined {
  const contact = registry.contact(contactId);
  if (!contact) return undefined;
  const { name, phone } = entityShown('contact', contact, { unseal, isOpen });
  return { role: contact.role, ...withoutAbsent({ name, phone }) };
}

function contactEntry(parts: CardParts, contactId: string): [string, ContactShown][] {
  const contact = contactShown(parts, contactId);
  return contact ? [[contactId, contact]] : [];
}

function personShown({ registry, unseal, isOpen }: CardParts, personId: string): PersonShown | undefined {
  const person = registry.person(personId);
  if (!person) return undefined;
  const { name, callName } = entityShown('person', person, { unseal, isOpen });
  return withoutAbsent({ name, callName });
}

/** Who lives there, the way there, and what to know before one goes. */
function home(parts: CardParts, { placeId, householdId, personId }: Whereabouts) {
  const { registry } = parts;
  const place = placeId === undefined ? undefined : registry.place(placeId);
  const household = householdId === undefined ? undefined : registry.household(householdId);
  const ids = householdId === undefined ? [personId] : peopleOf(registry, householdId);
  return {
    people: ids.flatMap((id) => (id === undefined ? [] : (personShown(parts, id) ?? []))),
    ...withoutAbsent({
      address: place && entityShown('place', place, parts).address,
      directions: place && entityShown('place', place, parts).directions,
      householdNote: household && entityShown('household', household, parts).note,
    }),
  };
}

function contactsNamed({ details }: TimelineEntry): string[] {
  const { contactId, contacts, told, informed } = details;
  return [contactId, contacts, told, informed].flat().filter((id) => typeof id === 'string');
}

const peopleOf = (registry: Registry, householdId: string): string[] =>
  Iterator.from(registry.list('person'))
    .filter((person) => person.householdId === householdId)
    .map(({ id }) => id)
    .take(mostPeopleShown)
    .toArray();

type PersonShown = IncidentDetail['people'][number];
type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
const withoutAbsent = <T extends object>(value: T): Present<T> =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Present<T>;
