import type { Whereabouts } from '../../records/alert.ts';
import type { Person } from '../../records/registry.ts';
import { happenedAt } from '../cause.ts';
import type { ReportEvent } from '../event.ts';
import type { Home } from '../home.ts';
import type { LifeSign } from '../life/life-signs.ts';
import { isAbsent } from '../wandering/expected-places.ts';
import { metersBetween } from '../wandering/geodesy.ts';
import type { InactivitySettings } from './inactivity-settings.ts';

/** How many presence sensors a home has, and how many of them may hear nothing: silent, or behind the interval they promised. */
export function hearing(home: Home, at: number, { overdueMs }: InactivitySettings): { sensors: number; deaf: number } {
  const sensors = home.devices().filter(({ kind }) => kind === 'presence-sensor');
  const deaf = sensors.filter(({ id, intervalMinutes }) => {
    const standing = home.standing(id);
    return !standing || standing.silent || at - standing.lastAt > intervalMinutes * 60_000 + overdueMs;
  });
  return { sensors: sensors.length, deaf: deaf.length };
}

/** Since when no presence sensor can be heard: since the last of them was behind its interval, whatever it said before. */
export function deafSince(home: Home, at: number, { overdueMs }: InactivitySettings): number {
  let since = 0;
  for (const { id, kind, intervalMinutes } of home.devices()) {
    const standing = kind === 'presence-sensor' ? home.standing(id) : undefined;
    if (standing) since = Math.max(since, standing.lastAt + intervalMinutes * 60_000 + overdueMs);
  }
  return Math.min(at, since);
}

/**
 * Since when the whole village was silent for so long that `missedWords` reports should have come: the network is out, or the power, and one
 * home's silence says nothing. It shows long before a single device counts as silent. Undefined: the village can be heard.
 */
export function muteSince(
  home: Home,
  { areaId }: Whereabouts,
  at: number,
  { missedWords }: InactivitySettings,
): number | undefined {
  if (areaId === undefined) return undefined;
  let [heardAt, wordsAnHour] = [0, 0];
  for (const { id, intervalMinutes } of home.areas.devicesIn(areaId)) {
    const standing = home.standing(id);
    if (!standing || standing.silent) continue;
    heardAt = Math.max(heardAt, standing.lastAt);
    wordsAnHour += 60 / intervalMinutes;
  }
  if (wordsAnHour === 0) return undefined;
  const since = heardAt + (missedWords / wordsAnHour) * 3_600_000;
  return since <= at ? since : undefined;
}

/** When a presence sensor was last heard: a sensor that speaks while nobody moves is no sensor that died. */
export function heardAt(home: Home): number | undefined {
  const times = home.devices().flatMap(({ id, kind }) => {
    const standing = kind === 'presence-sensor' ? home.standing(id) : undefined;
    return standing ? [standing.lastAt] : [];
  });
  return times.length > 0 ? Math.max(...times) : undefined;
}

/** Who is not in hospital, with family or on a journey: whose silence counts. */
export const presentPeople = (home: Home, at: number): Person[] =>
  home.people().filter((person) => !isAbsent(person, at));

/** Somebody whom the registry has elsewhere made that sign: it proves nothing of who is home. */
export function isOfAbsent(home: Home, { personId }: LifeSign, at: number): boolean {
  return personId !== undefined && home.people().some((person) => person.id === personId && isAbsent(person, at));
}

/** Everybody who lives there is in hospital, with family or travels; `until`: the first of them is expected back. */
export function absenceOf(home: Home, at: number): { until?: number } | undefined {
  const people = home.people();
  if (people.length === 0 || presentPeople(home, at).length > 0) return undefined;
  const until = Math.min(...people.map(({ absence }) => absence?.until ?? Number.POSITIVE_INFINITY));
  return Number.isFinite(until) ? { until } : {};
}

/**
 * A door, and then nothing inside later than `doorMs`: who is out makes no sign. Where both stand at the very same moment, as in counts
 * by the hour, nobody knows which came first. In a home that has no door sensor nobody is seen to leave.
 */
export function leftBy(home: Home, { doorMs }: InactivitySettings): 'surely' | 'perhaps' | undefined {
  let door = Number.NEGATIVE_INFINITY;
  let inside = Number.NEGATIVE_INFINITY;
  for (const { kind, at } of home.life().latest) {
    if (kind === 'door') door = Math.max(door, at);
    else if (kind === 'motion' || kind === 'bed' || kind === 'alarm-hushed') inside = Math.max(inside, at);
  }
  if (!Number.isFinite(door) || door < inside - doorMs) return undefined;
  return door === inside ? 'perhaps' : 'surely';
}

/** When a fix showed the one who is there alone surely away from the place (epoch ms); 0: it showed them there. */
export function outsideAt(event: ReportEvent, home: Home, { outsideMeters }: InactivitySettings): number | undefined {
  const { report, where } = event;
  if (report.name !== 'position' || report.source !== 'gnss') return undefined;
  const center = home.place()?.position;
  if (!center || !isAlone(home, where, event.at)) return undefined;
  const { lat, lon, accuracy = outsideMeters } = report;
  if (lat === undefined || lon === undefined || accuracy > outsideMeters) return undefined;
  return metersBetween(center, { lat, lon }) - accuracy > outsideMeters ? happenedAt(event) : 0;
}

function isAlone(home: Home, { personId }: Whereabouts, at: number): boolean {
  const [person, ...others] = presentPeople(home, at);
  return person !== undefined && person.id === personId && others.length === 0;
}

/** The home, without the device and the person that an event may come from; of whoever is there alone. */
export function homeOf(
  home: Home,
  { deviceId: _, unregistered: __, personId: ___, ...where }: Whereabouts,
  at: number,
): Whereabouts {
  const [person, ...others] = presentPeople(home, at);
  return person && others.length === 0 ? { ...where, personId: person.id } : where;
}
