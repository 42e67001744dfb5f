import type { Incident } from '../records/incident.ts';
import type { Contact, RegistryView } from '../records/registry.ts';

/** A ladder: its rungs in order, and how it goes on afterwards. Without `repeat` everyone waits for the desk. */
export type Ladders = { rungs: readonly Rung[]; repeat?: Repeat };

/**
 * `afterMs`: how long after the rung before it. `tell`: the nth contact of a role, nearest first, is asked to go.
 * `each`: everyone of the role is asked. `inform`: everyone of the role gets a message for information. `desk`: the desk sounds.
 */
export type Rung = {
  afterMs: number;
  tell: readonly Seat[];
  each?: Contact['role'];
  inform?: Contact['role'];
  desk?: true;
};
export type Seat = { role: Contact['role']; nth: number };

/**
 * Repeats go round the rungs, each round to the next person of a role: `times` at the first pace, then at the second.
 */
export type Repeat = { everyMs: number; times: number; thenEveryMs: number };

const minuteMs = 60_000;

const neighbour = { role: 'neighbour', nth: 1 } as const;
const secondNeighbour = { role: 'neighbour', nth: 2 } as const;
const nightCarer = { role: 'night-carer', nth: 1 } as const;
const station = { role: 'station', nth: 1 } as const;
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
      { afterMs: 0, desk: true, tell: [], each: 'station' },
      { afterMs: 5 * minuteMs, tell: [township, county] },
    ],
  },
  service: { rungs: [] },
} as const satisfies Record<string, Ladders>;

export function ladderOf({ category, severity, where, alerts }: Incident, registry: RegistryView): Ladders {
  if (severity === 'urgent' && alerts[0]?.condition === 'village-outage') return ladders['urgent for a whole area'];
  if (severity !== 'critical') return ladders[severity];
  if (category === 'system') return ladders['critical of the system itself'];
  if (category === 'supervision') return ladders['critical for want of a device'];
  const site = where.siteId === undefined ? undefined : registry.site(where.siteId);
  return site?.kind === 'care-home' ? ladders['critical in a care home'] : ladders.critical;
}

/**
 * Who is on a rung now: `tell` to go, `inform` for information. `asks`: the rung is meant for somebody, so that nobody
 * is news.
 */
export function peopleOn(rung: number, ladder: Ladders, incident: Incident, registry: RegistryView): People {
  const { rungs } = ladder;
  const step = rungs[(rung - 1) % rungs.length];
  if (!step) return { tell: [], inform: [], desk: false, asks: false };
  const round = Math.floor((rung - 1) / rungs.length);
  const contacts = contactsOf(incident, registry);
  const declined = new Set(incident.told.filter(({ answer }) => answer === 'cannot').map(({ contactId }) => contactId));
  const tell = step.tell.flatMap(({ role, nth }) => {
    const ofRole = contacts.filter((contact) => contact.role === role);
    const willing = ofRole.filter(({ id }) => !declined.has(id));
    if (round > 0) return willing[(nth - 1 + round) % Math.max(1, willing.length)] ?? [];
    // The second neighbour stays the second when the first cannot come.
    return willing.filter((contact) => contact === ofRole[nth - 1]);
  });
  if (step.each !== undefined)
    tell.push(...contacts.filter(({ id, role }) => role === step.each && !declined.has(id)).slice(0, mostAsked));
  // Information is for once; a repeat always sounds the desk.
  const asks = step.tell.length > 0 || step.each !== undefined;
  const inform = round > 0 ? [] : contacts.filter(({ role }) => role === step.inform).slice(0, mostInformed);
  return { tell: [...new Set(tell)], inform, desk: step.desk === true || round > 0, asks };
}

/** How long after this rung the next one is due; undefined: there is none. */
export function waitAfter(rung: number, { rungs, repeat }: Ladders): number | undefined {
  const next = rungs[rung];
  if (next) return next.afterMs;
  if (!repeat) return undefined;
  return rung - rungs.length < repeat.times ? repeat.everyMs : repeat.thenEveryMs;
}

export type People = { tell: Contact[]; inform: Contact[]; desk: boolean; asks: boolean };

/** Everybody for every place, and every village, that the incident names; those of its first alert come first. */
function contactsOf({ where, alerts }: Incident, registry: RegistryView): Contact[] {
  const places = new Map([[where.placeId ?? '', where]]);
  for (const alert of alerts) {
    const key = alert.where.placeId ?? '';
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
