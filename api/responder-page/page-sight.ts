import { isDrill } from '../../records/drill.ts';
import { wgs84ToGcj02 } from '../../records/geodesy.ts';
import type { Incident } from '../../records/incident.ts';
import type { Contact } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { type Sealer, unsealEntity } from '../../records/sealing.ts';
import { homeWords } from '../../records/texts/home-words.ts';
import { recordTexts } from '../../records/texts/texts.ts';
import type { LocalTime } from '../../rules/local-time.ts';
import type { AlertShown, IncidentDetail } from '../answers.ts';
import type { Timeline } from '../incidents/duty-view.ts';
import type { Cards } from '../incidents/incident-card.ts';
import { entityShown } from '../rights/masking.ts';
import type { Visitor } from './page-visitor.ts';
import { type PageWords, pageWords } from './page-words.ts';

/** What one responder sees of their incident, ready to be written; every text is as it stands in the registry. */
export type PageSight = {
  isDrill: boolean;
  code: string;
  what: string[];
  why: string[];
  toDo: string;
  where: string[];
  /** Only for who goes: the way, who lives there, numbers. */
  open?: { way: string[]; before: string[]; people: string[] };
  calls: { whom: string; phone: string }[];
  state: string[];
  may: { go: boolean; cannot: boolean; arrive: boolean; help: boolean; done: boolean; agree: boolean };
  isGoing: boolean;
};

/**
 * What is personal is shown to whoever said that they go, while it lasts: `isOpen`, which is a look that goes on record. Without it there
 * are the place by its name, the village, and the duty desk's own number.
 */
export function pageSight({ duty, contact, told }: Visitor, parts: SightParts): PageSight {
  const { registry, cards, timeline, toDo, local } = parts;
  const { incident } = duty;
  const words = pageWords[contact.language];
  const isOpen = isOpenTo({ duty, told });
  const detail = cards.detail(duty, timeline, isOpen);
  const conditions = recordTexts[contact.language].conditions;
  const alerts = detail.alerts.slice(0, mostAlerts);
  return {
    isDrill: isDrill(incident, registry),
    code: incident.code,
    what: [...new Set(alerts.map(({ condition }) => conditions[condition]))],
    why: alerts.map(({ why }) => why[contact.language]),
    toDo: alerts[0] === undefined ? '' : toDo(alerts[0].condition, contact.language),
    where: whereLines(detail),
    ...(isOpen && { open: openPart(detail, duty, parts, contact.language) }),
    calls: callsOf({ duty, told }, isOpen, parts, words),
    state: stateLines(detail, contact, local, words),
    may: mayDo({ duty, contact, told }),
    isGoing: told.answer === 'going',
  };
}

/** The way there in words first, what to know before one goes in, and who is inside. No illness. */
function openPart(
  { address, householdNote, people }: Omit<IncidentDetail, 'may'>,
  { incident: { where } }: Visitor['duty'],
  parts: SightParts,
  language: Contact['language'],
): NonNullable<PageSight['open']> {
  const { registry } = parts;
  const { list } = pageWords[language];
  const words = homeWords[language];
  const known = where.placeId === undefined ? undefined : registry.place(where.placeId);
  const place = known && entityShown('place', known, { unseal: parts.unseal, isOpen: true });
  const inside = where.householdId === undefined ? [] : registry.referring('person', 'household', where.householdId);
  const needs = [...new Set(inside.flatMap(({ rescueNeeds = [] }) => rescueNeeds))].map((need) => words.needs[need]);
  const home = [
    place?.heating && words.heating[place.heating],
    ...(place?.hazards ?? []).map((one) => words.hazards[one]),
  ];
  const names = people.map(({ callName, name }) => callName ?? name);
  return {
    way: present([place?.directions, address, place?.position && positionText(place.position)]),
    before: present([householdNote, present(home).join(list)]),
    people: present([present(names).join(list), needs.join(list)]),
  };
}

/** Who said that they go sees what is personal until it is over. */
export const isOpenTo = ({ duty: { incident }, told }: Pick<Visitor, 'duty' | 'told'>): boolean =>
  told.answer === 'going' && incident.state.phase !== 'resolved';

type SightParts = {
  registry: Registry;
  unseal: Sealer['unseal'];
  cards: Cards;
  timeline: Timeline;
  toDo: (condition: AlertShown['condition'], language: Contact['language']) => string;
  /** What the county's clock shows. */
  local: (at: number) => LocalTime;
};

function whereLines({ where, alerts }: Omit<IncidentDetail, 'may'>): string[] {
  const units = alerts.map(({ site, place, room }) => present([site, place, room]).join(' · '));
  const named = [...new Set(units)].filter((unit) => unit !== '').slice(0, mostUnits);
  return [
    ...(named.length > 0 ? named : present([where.site, where.place])),
    where.areas.slice(0, 2).join(' · '),
  ].filter((line) => line !== '');
}

function stateLines(
  { state, told }: Omit<IncidentDetail, 'may'>,
  { id }: Contact,
  local: SightParts['local'],
  words: PageWords,
): string[] {
  const isMine = 'by' in state && state.by.type === 'contact' && state.by.id === id;
  const isBackup = told.some(({ contactId, answer }) => contactId === id && answer === 'going');
  switch (state.phase) {
    case 'open':
    case 'claimed':
      return [words.state[state.phase]];
    case 'responding': {
      const time = clockText(local(state.expectedAt));
      if (isMine) return [words.state.yourWay(time)];
      return present([words.state.responding(time), isBackup ? words.state.backup : undefined]);
    }
    case 'on-scene':
      return [isMine ? words.state.youAreThere : words.state['on-scene']];
    case 'resolved':
      return [words.state.resolved(outcomeText(state.outcome, words))];
  }
}

const outcomeText = (outcome: string, { outcomes }: PageWords): string =>
  Object.hasOwn(outcomes, outcome) ? outcomes[outcome as keyof typeof outcomes] : outcome;

const clockText = ({ minuteOfDay }: LocalTime): string =>
  `${String(Math.floor(minuteOfDay / 60)).padStart(2, '0')}:${String(minuteOfDay % 60).padStart(2, '0')}`;

/** In both grids, because maps in the county use either. */
function positionText(position: { lat: number; lon: number }): string {
  const text = ({ lat, lon }: { lat: number; lon: number }) => `${lat.toFixed(5)}, ${lon.toFixed(5)}`;
  return `WGS-84 ${text(position)} / GCJ-02 ${text(wgs84ToGcj02(position))}`;
}

/** The desk first, for everybody; who else goes, and the person themselves, for who goes. */
function callsOf({ duty, told }: Pick<Visitor, 'duty' | 'told'>, isOpen: boolean, parts: SightParts, words: PageWords) {
  const { registry } = parts;
  const { where, told: everybody } = duty.incident;
  const around = registry.contactsFor(where);
  const phoneOf = (one: Contact) => unsealEntity('contact', one, parts).phone;
  const desk = around
    .filter(({ role }) => role === 'desk')
    .map((one) => ({ whom: words.roles.desk, phone: phoneOf(one) }));
  const ownLines = around.filter(({ role }) => role === 'self');
  const going = everybody.flatMap(({ contactId, answer }) =>
    answer === 'going' && contactId !== told.contactId ? (registry.contact(contactId) ?? []) : [],
  );
  const others = [...ownLines, ...going].map((one) => ({ whom: words.roles[one.role], phone: phoneOf(one) }));
  const person = where.personId === undefined ? undefined : registry.person(where.personId);
  const theirs = person ? [{ whom: words.theirPhone, phone: unsealEntity('person', person, parts).phone }] : [];
  const all = [...desk.slice(0, 1), ...(isOpen ? [...theirs, ...others] : [])];
  const known = all.flatMap(({ whom, phone }) => (typeof phone === 'string' ? [{ whom, phone }] : []));
  return [...new Map(known.map((one) => [one.phone, one])).values()].slice(0, mostCalls);
}

function mayDo({ duty: { incident }, contact, told }: Visitor): PageSight['may'] {
  const { state } = incident;
  const isOver = state.phase === 'resolved';
  const isThere = (state.phase === 'on-scene' && state.by.id === contact.id) || told.arrived === true;
  const isGoing = told.answer === 'going';
  return {
    go: !isOver && !isThere,
    cannot: !isOver && !isThere && told.answer !== 'cannot',
    arrive: !isOver && isGoing && !isThere,
    help: !isOver && (isGoing || isThere),
    done: !isOver && isThere,
    agree: !isOver && isAskedToAgree(incident, contact),
  };
}

/** Whom the incident lets agree; by its own account it is asked about, and what is answered is judged there. */
function isAskedToAgree({ closing, told }: Incident, { id, role }: Contact): boolean {
  if (!closing || closing.by.id === id) return false;
  const isGoing = told.some(({ contactId, answer }) => contactId === id && answer === 'going');
  return isGoing || role === 'township' || role === 'county' || closing.asked?.includes(id) === true;
}

function present(texts: readonly (string | undefined)[]): string[] {
  return texts.filter((text) => text !== undefined && text !== '') as string[];
}

const mostAlerts = 4;
const mostUnits = 8;
const mostCalls = 5;
