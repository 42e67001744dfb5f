import type { Whereabouts } from '../records/alert.ts';
import type { Seat } from '../records/escalation.ts';
import type { Incident } from '../records/incident.ts';
import type { Contact, Policy, RegistryView } from '../records/registry.ts';
import { type Crew, isNight } from './crew.ts';
import { deskFirst, ladderBy, policyFor, profileFor } from './policies.ts';
import { minutesOfTravel } from './travel.ts';

/**
 * A ladder: its rungs in order, and how it goes on afterwards. Without `repeat` everyone waits for the desk. `inOrder`: also at night.
 * `policyId`, `profileId`: what of the registry made it.
 */
export type Ladders = {
  rungs: readonly Rung[];
  repeat?: Repeat;
  inOrder?: true;
  policyId?: string;
  profileId?: string;
};

/**
 * `afterMs`: how long after the rung before it. `tell`: who is asked to go. `inform`: everyone of the role gets a message for
 * information. `desk`: the desk sounds. `channels`: ways that come first.
 */
export type Rung = {
  afterMs: number;
  tell: readonly Seat[];
  inform?: Contact['role'];
  desk?: true;
  channels?: Channels;
};
export type Channels = NonNullable<Policy['rungs'][number]['channels']>;

/**
 * Repeats go round the rungs, each round to the next person of a role: `times` at the first pace, then at the second.
 */
export type Repeat = { everyMs: number; times: number; thenEveryMs: number };

const minuteMs = 60_000;

const neighbour = { role: 'neighbour', nth: 1 } as const;
const secondNeighbour = { role: 'neighbour', nth: 2 } as const;
const nightCarer = { role: 'night-carer', nth: 1 } as const;
const station = { role: 'station', nth: 1 } as const;
const firePost = { role: 'fire-post', nth: 1 } as const;
const deskTelephone = { role: 'desk', nth: 1 } as const;
const township = { role: 'township', nth: 1 } as const;
const county = { role: 'county', nth: 1 } as const;

/**
 * An hour at two minutes, then four an hour until somebody acts: an emergency that nobody answered does not go away.
 */
const untilAnswered: Repeat = { everyMs: 2 * minuteMs, times: 30, thenEveryMs: 15 * minuteMs };

/** The default ladders, as docs/incidents.md shows them. Source: docs/decisions/0009-incidents.md. */
export const ladders = {
  critical: {
    rungs: [
      { afterMs: 0, desk: true, tell: [neighbour, station], inform: 'family' },
      { afterMs: minuteMs, tell: [secondNeighbour, deskTelephone] },
      { afterMs: minuteMs, tell: [township] },
      { afterMs: minuteMs, tell: [county] },
    ],
    repeat: untilAnswered,
  },
  'critical in a care home': {
    rungs: [
      { afterMs: 0, desk: true, tell: [nightCarer], inform: 'family' },
      { afterMs: minuteMs, tell: [neighbour, station, deskTelephone] },
      { afterMs: minuteMs, tell: [township] },
      { afterMs: minuteMs, tell: [county] },
    ],
    repeat: untilAnswered,
  },
  'critical of a fire': {
    rungs: [
      { afterMs: 0, desk: true, tell: [neighbour, station, firePost], inform: 'family' },
      { afterMs: minuteMs, tell: [secondNeighbour, deskTelephone] },
      { afterMs: minuteMs, tell: [township] },
      { afterMs: minuteMs, tell: [county] },
    ],
    repeat: untilAnswered,
  },
  /** A shift that nobody took over, or a desk at which nobody watches: whoever stands above hears at once. */
  'critical of a watch that nobody keeps': {
    rungs: [
      { afterMs: 0, desk: true, tell: [deskTelephone, { each: 'township' }] },
      { afterMs: 2 * minuteMs, tell: [county, { role: 'desk', nth: 2 }] },
    ],
    repeat: { everyMs: 10 * minuteMs, times: 30, thenEveryMs: 60 * minuteMs },
  },
  'critical of the system itself': {
    rungs: [
      { afterMs: 0, desk: true, tell: [deskTelephone, county] },
      {
        afterMs: 2 * minuteMs,
        tell: [
          { role: 'desk', nth: 2 },
          { role: 'county', nth: 2 },
        ],
      },
    ],
    repeat: { everyMs: 10 * minuteMs, times: 30, thenEveryMs: 60 * minuteMs },
  },
  /** Nothing has happened yet: whoever can look after devices and people today is told once, and no family of another home. */
  'critical for want of a device': {
    rungs: [
      { afterMs: 0, desk: true, tell: [station] },
      { afterMs: 10 * minuteMs, tell: [neighbour] },
      { afterMs: 20 * minuteMs, tell: [township] },
    ],
  },
  urgent: {
    rungs: [
      { afterMs: 0, desk: true, tell: [] },
      { afterMs: 5 * minuteMs, tell: [station] },
      { afterMs: 10 * minuteMs, tell: [township] },
    ],
  },
  'urgent for a whole area': {
    rungs: [
      { afterMs: 0, desk: true, tell: [{ each: 'station' }] },
      { afterMs: 5 * minuteMs, tell: [township, county] },
    ],
  },
  service: { rungs: [] },
} as const satisfies Record<string, Ladders>;

/** The ladder of an incident that began to climb then (epoch ms): a policy's, or a default. What was agreed of frequent calls comes before it. */
export function ladderOf(incident: Incident, registry: RegistryView, crew: Crew, beganAt: number): Ladders {
  const policy = policyFor(incident, registry, crew.local(beganAt));
  const usual = policy ? ladderBy(policy, repeatOf(policy)) : defaultOf(incident, registry);
  const profile = incident.severity === 'critical' ? profileFor(incident, registry, beganAt) : undefined;
  return profile ? deskFirst(usual, profile.id) : usual;
}

/** What is critical goes on until somebody acts, whatever a policy forgot. */
const repeatOf = ({ severity }: Policy): Repeat | undefined => (severity === 'critical' ? untilAnswered : undefined);

export function defaultOf({ category, severity, where, alerts }: Incident, registry: RegistryView): Ladders {
  const [first] = alerts;
  if (severity === 'urgent' && first?.condition === 'village-outage') return ladders['urgent for a whole area'];
  if (severity !== 'critical') return ladders[severity];
  if (first?.condition === 'desk-empty' || first?.condition === 'hand-over-open')
    return ladders['critical of a watch that nobody keeps'];
  if (category === 'system') return ladders['critical of the system itself'];
  if (category === 'supervision') return ladders['critical for want of a device'];
  const site = where.siteId === undefined ? undefined : registry.site(where.siteId);
  if (site?.kind === 'care-home') return ladders['critical in a care home'];
  return category === 'fire' ? ladders['critical of a fire'] : ladders.critical;
}

/** Of one incident at one time: `beganAt` is when its ladder did, both epoch ms. */
export type Scene = { incident: Incident; registry: RegistryView; crew: Crew; beganAt: number; at: number };

/**
 * Who is on a rung now: `tell` to go, `inform` for information. `asks`: the rung is meant for somebody, so that nobody
 * is news.
 */
export function peopleOn(rung: number, ladder: Ladders, scene: Scene): People {
  const { rungs } = ladder;
  const step = rungs[(rung - 1) % rungs.length];
  if (!step) return { tell: [], inform: [], desk: false, asks: false };
  const { incident, registry, beganAt, at } = scene;
  const round = Math.floor((rung - 1) / rungs.length);
  // The first pass keeps the order in which it began: who comes on duty or is called elsewhere meanwhile makes nobody skipped.
  const candidates: Candidates = {
    all: contactsOf(incident, registry),
    declined: new Set(incident.told.filter(({ answer }) => answer === 'cannot').map(({ contactId }) => contactId)),
    asOf: round === 0 ? beganAt : at,
    inOrder: ladder.inOrder === true,
    round,
  };
  const tell = [...step.tell, ...atAnEmptyDesk(rung, step, scene)].flatMap((seat) => seated(seat, candidates, scene));
  const inform = round > 0 ? [] : candidates.all.filter(({ role }) => role === step.inform).slice(0, mostInformed);
  // Information is for once; a repeat always sounds the desk.
  const desk = step.desk === true || round > 0;
  const { channels } = step;
  return { tell: [...new Set(tell)], inform, desk, asks: step.tell.length > 0, ...(channels && { channels }) };
}

/** How long after this rung the next one is due; undefined: there is none. */
export function waitAfter(rung: number, { rungs, repeat }: Ladders): number | undefined {
  const next = rungs[rung];
  if (next) return next.afterMs;
  if (!repeat) return undefined;
  return rung - rungs.length < repeat.times ? repeat.everyMs : repeat.thenEveryMs;
}

export type People = { tell: Contact[]; inform: Contact[]; desk: boolean; asks: boolean; channels?: Channels };

type Candidates = {
  all: readonly Contact[];
  declined: ReadonlySet<string>;
  /** Of rosters and nights, epoch ms. */
  asOf: number;
  inOrder: boolean;
  round: number;
};

/** Where nobody watches, the desk's own telephone rings at once, and the township hears of what is critical. */
function atAnEmptyDesk(rung: number, { desk }: Rung, { incident, crew }: Scene): readonly Seat[] {
  if (rung > 1 || !desk || incident.category === 'system' || !crew.isDeskEmpty(incident.where.areaId)) return [];
  return incident.severity === 'critical' ? [deskTelephone, township] : [deskTelephone];
}

function seated(seat: Seat, candidates: Candidates, scene: Scene): Contact[] {
  const { all, declined, round } = candidates;
  const isWilling = ({ id }: Contact) => !declined.has(id);
  if ('contactId' in seat || 'rosterId' in seat) {
    const ids = 'contactId' in seat ? [seat.contactId] : scene.crew.onDuty(seat.rosterId, scene.at);
    return ids
      .flatMap((id) => scene.registry.contact(id) ?? [])
      .filter(isWilling)
      .slice(0, mostAsked);
  }
  if ('each' in seat)
    return all
      .filter(({ role }) => role === seat.each)
      .filter(isWilling)
      .slice(0, mostAsked);
  const ofRole = 'nearest' in seat ? nearest(seat.role, candidates, scene) : inTurn(seat.role, candidates, scene);
  const nth = 'nearest' in seat ? seat.nearest : seat.nth;
  const willing = ofRole.filter(isWilling);
  if (round > 0) return willing.slice((nth - 1 + round) % Math.max(1, willing.length)).slice(0, 1);
  // The second neighbour stays the second when the first cannot come.
  return willing.filter((contact) => contact === ofRole[nth - 1]);
}

/** By minutes of travel; whose way is not known comes after, and who is on the way elsewhere not at all. */
function nearest(role: Contact['role'], { all }: Candidates, { incident, registry, crew }: Scene): Contact[] {
  const isTold = new Set(incident.told.map(({ contactId }) => contactId));
  return all
    .filter((one) => one.role === role && (isTold.has(one.id) || !crew.isElsewhere(one.id, incident.incidentId)))
    .map((contact) => ({
      contact,
      minutes: minutesOfTravel(contact, incident.where, registry) ?? Number.POSITIVE_INFINITY,
    }))
    .sort((a, b) => (a.minutes === b.minutes ? 0 : a.minutes - b.minutes))
    .map(({ contact }) => contact);
}

/**
 * In the order of the registry; but among those who answer for the same in the same role, whoever is off duty by every roster that names
 * them comes later. At night, among those of the same order, those who are there sooner by minutes that count come first, then whoever
 * was called less in the seven nights before. Nobody is left out by any of it.
 */
function inTurn(role: Contact['role'], candidates: Candidates, { incident, registry, crew }: Scene): Contact[] {
  const ofRole = candidates.all.filter((contact) => contact.role === role);
  if (ofRole.length < 2) return ofRole;
  const { asOf, inOrder } = candidates;
  const isFair = !inOrder && isNight(crew.local(asOf));
  const minutes = isFair ? ofRole.map((contact) => minutesOfTravel(contact, incident.where, registry) ?? 0) : [];
  const groups = ofRole.map(({ of }) => ofRole.findIndex((one) => one.of.type === of.type && one.of.id === of.id));
  const ranks = ofRole.map((contact, at) => {
    const known = minutes.filter((one, other) => one > 0 && groups[other] === groups[at]);
    const isFar = (minutes[at] ?? 0) > Math.min(...known) + minutesThatCount;
    return [
      groups[at] ?? 0,
      Number(isOffDuty(contact, registry, crew, asOf)),
      contact.order,
      Number(isFair && isFar),
      isFair ? crew.nightCalls(contact.id, asOf) : 0,
      at,
    ];
  });
  return ranks.sort(byRank).flatMap((rank) => ofRole[rank.at(-1) ?? 0] ?? []);
}

function byRank(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((rank, index) => rank !== b[index]);
  return (a[at] ?? 0) - (b[at] ?? 0);
}

function isOffDuty({ id }: Contact, registry: RegistryView, crew: Crew, at: number): boolean {
  const rosters = registry.referring('roster', 'contact', id);
  return rosters.length > 0 && rosters.every((roster) => !crew.onDuty(roster.id, at).includes(id));
}

/** Everybody for every place, and every village, that the incident names; those of its first alert come first. */
function contactsOf({ where, alerts }: Incident, registry: RegistryView): Contact[] {
  const keyOf = ({ placeId, areaId }: Whereabouts) => `${placeId ?? ''}/${placeId === undefined ? (areaId ?? '') : ''}`;
  const places = new Map([[keyOf(where), where]]);
  for (const alert of alerts) {
    const key = keyOf(alert.where);
    if (places.size < mostPlaces && !places.has(key)) places.set(key, alert.where);
  }
  const villages = alerts.flatMap(({ reason: { villageIds } }) => (Array.isArray(villageIds) ? villageIds : []));
  const everywhere = [...places.values(), ...villages.slice(0, mostAsked).map((areaId) => ({ areaId }))];
  const contacts = everywhere.flatMap((place) => registry.contactsFor(place));
  return [...new Map(contacts.map((contact) => [contact.id, contact])).values()];
}

const mostInformed = 10;
/** Stations of an outage; the list of who hears the end has room for them. */
const mostAsked = 50;
const mostPlaces = 20;
/** Whoever is quicker there by less is an equal. */
const minutesThatCount = 5;
