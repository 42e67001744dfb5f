import type { AlertChange, Blindness, Harm, Severity, Whereabouts } from '../../records/alert.ts';
import { harms } from '../../records/alert.ts';
import { earliest, personSubject, placeSubject } from '../cause.ts';
import type { RuleEvent } from '../event.ts';
import type { Home } from '../home.ts';
import type { Rule } from '../rule.ts';
import { firstWordMs, type Watch, watchOf } from './watching.ts';

/**
 * Of each person and harm: never equipped -> watched (a device for it was heard) -> blind (all of them are silent, faulty, handled,
 * empty, being tested, not worn, on their charger for too long, or may not be used) -> watched. Each change is on record. The alert waits for a grace; by night a
 * fire watch that is lost wakes nobody but the desk, and is critical in the morning. A device that was changed for one that was not heard yet
 * is work until that should have spoken.
 */
export const coverage: Rule<Covered, CoverageSettings> = {
  name: 'coverage',
  initial: { people: [], alerts: [] },
  settings: {
    notWornMs: 3 * 3_600_000,
    chargingMs: 6 * 3_600_000,
    fireGraceMs: 5 * 60_000,
    otherGraceMs: 24 * 3_600_000,
    dayBeginsMinute: 7 * 60,
    dayEndsMinute: 21 * 60,
  },
  ranges: {
    notWornMs: [10 * 60_000, 24 * 3_600_000],
    chargingMs: [30 * 60_000, 24 * 3_600_000],
    fireGraceMs: [0, 24 * 3_600_000],
    otherGraceMs: [10 * 60_000, 7 * 24 * 3_600_000],
    dayBeginsMinute: [0, 12 * 60],
    dayEndsMinute: [12 * 60, 24 * 60],
  },
  hears: ['device-condition', 'home-changed'],
  subject({ type, where }) {
    if (type !== 'device-condition' && type !== 'home-changed') return undefined;
    return where.householdId === undefined ? undefined : `household:${where.householdId}`;
  },
  deadline: ({ alerts, lookAt }) => earliest([lookAt, ...alerts.map(({ dueAt }) => dueAt)]),
  rebase: ({ people, alerts, lookAt }, byMs) => ({
    people,
    alerts: alerts.map((alert) => later(alert, byMs)),
    ...(lookAt !== undefined && { lookAt: lookAt + byMs }),
  }),
  step(state, event, settings, home) {
    const seen = look(state, event, settings, home);
    const [alerts, changes] = stepAlerts(state, seen.people, event, settings, home);
    return [
      seen.people.length === 0
        ? coverage.initial
        : { people: seen.people, alerts, ...(seen.lookAt !== undefined && { lookAt: seen.lookAt }) },
      [...seen.changes, ...changes],
    ];
  },
};

/** `lookAt`: when time alone may change what devices see. */
export type Covered = { people: readonly Watched[]; alerts: readonly Alert[]; lookAt?: number };
type Watched = { personId: string; sights: Sights };
type Sights = { readonly [H in Harm]?: Sight };
type Sight = { state: 'watched' | 'blind'; since: number; why?: Blindness };
/** `key`: what it is about, a harm to the whole home or to one person. `firstAt`: when it was noticed. */
type Alert = Waiting | Raised;
type Waiting = { key: string; phase: 'waiting'; firstAt: number; dueAt: number };
/** `dueAt`: when it becomes critical. */
type Raised = { key: string; phase: 'raised'; alertId: string; severity: Severity; dueAt?: number };

export type CoverageSettings = {
  /** A wearable is off the body, or on its charger, for so long before it counts as blind. */
  notWornMs: number;
  chargingMs: number;
  /** How long nobody watches before somebody is told: of fire, and of anything else. */
  fireGraceMs: number;
  otherGraceMs: number;
  /** Between them neighbours are called about a fire watch that is lost; minutes of the local day. */
  dayBeginsMinute: number;
  dayEndsMinute: number;
};

type Seen = { people: Watched[]; lookAt?: number; changes: AlertChange[] };

/** What devices see of everybody who lives there now; who left is watched by nothing here. */
function look(state: Covered, event: RuleEvent, limits: CoverageSettings, home: Home): Seen {
  const { at } = event;
  const people: Watched[] = [];
  const changes: AlertChange[] = [];
  const lookAt: (number | undefined)[] = [];
  const devices = home.devices();
  const residents = home.household() ? home.people() : [];
  const seen = { devices, isShared: isShared(home), standing: home.standing, at, limits };
  for (const person of residents) {
    const before = state.people.find(({ personId }) => personId === person.id)?.sights ?? {};
    const sights: Partial<Record<Harm, Sight>> = {};
    for (const harm of harms) {
      const watch = watchOf(harm, person, seen);
      const sight = sightOf(watch, before[harm], at);
      if (sight) sights[harm] = sight;
      if (watch.state !== 'unequipped') lookAt.push(watch.until);
      if (sight?.state !== before[harm]?.state || sight?.why !== before[harm]?.why)
        changes.push(changeOf(event, person.id, harm, sight));
    }
    if (Object.keys(sights).length > 0) people.push({ personId: person.id, sights });
  }
  for (const { personId, sights: before } of state.people) {
    if (residents.some(({ id }) => id === personId)) continue;
    for (const harm of harms) if (before[harm]) changes.push(changeOf(event, personId, harm, undefined));
  }
  const next = earliest(lookAt);
  return { people, changes, ...(next !== undefined && { lookAt: next }) };
}

function isShared(home: Home): boolean {
  const place = home.place();
  if (!place || home.household()?.currentPlaceId !== place.id) return false;
  return home.areas.householdsAt(place.id).length > 1;
}

/** Undefined: nothing was ever heard that would notice, or it was taken away. */
function sightOf(watch: Watch, before: Sight | undefined, at: number): Sight | undefined {
  if (watch.state === 'unequipped') return undefined;
  if (watch.state === 'watched') return before?.state === 'watched' ? before : { state: 'watched', since: at };
  if (!before && watch.why === 'never-heard') return undefined;
  const { why } = watch;
  if (before?.state === 'blind') return before.why === why ? before : { ...before, why };
  return { state: 'blind', since: Math.max(watch.since, before?.since ?? 0), why };
}

function changeOf({ at, where }: RuleEvent, personId: string, harm: Harm, sight: Sight | undefined): AlertChange {
  const standing = sight ?? { state: 'never-equipped' as const, since: at, why: 'removed' as const };
  return { type: 'coverage', personId, where: { ...homeOf(where), personId }, harm, at, ...standing };
}

/** Where a home is, without the device and the person that an event may come from. */
function homeOf({ deviceId: _, unregistered: __, personId: ___, ...where }: Whereabouts): Whereabouts {
  return where;
}

/** Harms that befall whoever is in the home: one alert for all of them. */
const ofTheHome: ReadonlySet<Harm> = new Set<Harm>(['fire', 'silence']);

/** Nobody can call any more: the desk hears of it. What was taken off, or does not see somebody move, is work for the village. */
const severities: Readonly<Record<Harm, Severity>> = {
  fire: 'critical',
  call: 'urgent',
  fall: 'service',
  wandering: 'service',
  silence: 'service',
};

function stepAlerts(
  { alerts: before }: Covered,
  people: readonly Watched[],
  event: RuleEvent,
  settings: CoverageSettings,
  home: Home,
): [Alert[], AlertChange[]] {
  const alerts: Alert[] = [];
  const changes: AlertChange[] = [];
  for (const blind of blindIn(people)) {
    const known = before.find(({ key }) => key === blind.key);
    const [alert, said] = stepAlert(known, blind, event, settings, home);
    alerts.push(alert);
    changes.push(...said);
  }
  for (const alert of before) {
    if (alert.phase !== 'raised' || alerts.some(({ key }) => key === alert.key)) continue;
    const reason = { transition: `blind to ${stateOf(alert.key, people)}` };
    changes.push({ type: 'clear', alertId: alert.alertId, at: event.at, reason });
  }
  return [alerts, changes];
}

/** What ended it: somebody watches again, nothing is left that could, or it may not. */
function stateOf(key: string, people: readonly Watched[]): string {
  const sights = people.flatMap(({ personId, sights: of }) =>
    harms.flatMap((harm) => (keyOf(harm, personId) === key ? (of[harm] ?? []) : [])),
  );
  if (sights.some(({ state }) => state === 'watched')) return 'watched';
  return sights[0]?.why ?? 'removed';
}

const keyOf = (harm: Harm, personId: string): string => (ofTheHome.has(harm) ? harm : `${harm}:${personId}`);

type BlindTo = { key: string; harm: Harm; personIds: string[]; sight: Sight };

/** What somebody is blind to now and was not always: consent that was taken back is nobody's work. */
function blindIn(people: readonly Watched[]): Iterable<BlindTo> {
  const found = new Map<string, BlindTo>();
  for (const { personId, sights } of people) {
    for (const harm of harms) {
      const sight = sights[harm];
      if (sight?.state !== 'blind' || sight.why === 'no-consent') continue;
      const key = keyOf(harm, personId);
      const same = found.get(key);
      if (same) same.personIds.push(personId);
      else found.set(key, { key, harm, personIds: [personId], sight });
    }
  }
  return found.values();
}

function stepAlert(
  before: Alert | undefined,
  blind: BlindTo,
  event: RuleEvent,
  settings: CoverageSettings,
  home: Home,
): [Alert, AlertChange[]] {
  const { at } = event;
  if (!before) {
    const graceMs = blind.harm === 'fire' ? settings.fireGraceMs : settings.otherGraceMs;
    return [{ key: blind.key, phase: 'waiting', firstAt: at, dueAt: at + graceMs }, []];
  }
  if (before.dueAt === undefined || before.dueAt > at) return [before, []];
  if (before.phase === 'raised') {
    const { alertId } = before;
    const isWork = before.severity === 'service';
    const grave: Grave = isWork ? gravityOf(blind, at, settings, home) : { severity: severities[blind.harm] };
    const change = { type: 'strengthen', alertId, at, severity: grave.severity, reason: {} } as const;
    return [{ key: blind.key, phase: 'raised', alertId, ...grave }, [change]];
  }
  if (isAway(blind, home, at)) return [{ ...before, dueAt: at + lookAgainMs }, []];
  return raise(before, blind, event, settings, home);
}

/** Everybody whom it is about is in hospital, or travels. */
function isAway({ personIds }: BlindTo, home: Home, at: number): boolean {
  const people = home.people().filter(({ id }) => personIds.includes(id));
  return people.every(({ absence }) => absence && absence.since <= at && (absence.until ?? Infinity) > at);
}

function raise(
  { firstAt }: Waiting,
  blind: BlindTo,
  { at, where }: RuleEvent,
  settings: CoverageSettings,
  home: Home,
): [Raised, AlertChange[]] {
  const { key, harm, personIds, sight } = blind;
  const [personId] = personIds;
  const there = { ...homeOf(where), ...(personIds.length === 1 && personId !== undefined && { personId }) };
  const grave = sight.why === 'never-heard' ? untilHeard(blind, at, home) : gravityOf(blind, at, settings, home);
  const alertId = `${coverage.name}:${where.householdId}:${key}:${firstAt}`;
  const reason = {
    harm,
    why: sight.why ?? 'silent',
    sinceAt: sight.since,
    people: personIds.length,
    transition: 'watched to blind',
  };
  const words = {
    rule: coverage.name,
    condition: 'blind',
    severity: grave.severity,
    at,
    occurredAt: sight.since,
    clock: 'trusted',
  } as const;
  const subject = ofTheHome.has(harm) ? placeSubject(there) : personSubject(there);
  const alert = { alertId, ...words, subject, where: there, reason };
  return [{ key, phase: 'raised', alertId, ...grave }, [{ type: 'raise', alert }]];
}

type Grave = { severity: Severity; dueAt?: number };

/** How grave it is now, and when it will be graver by itself. While somebody tests the detector it is on the list, and calls nobody. */
function gravityOf({ harm, sight }: BlindTo, at: number, settings: CoverageSettings, home: Home): Grave {
  if (sight.why === 'test-window') {
    const untils = home.devices().map(({ id }) => home.standing(id)?.testUntil ?? 0);
    return { severity: 'service', dueAt: Math.max(...untils) };
  }
  const { dayBeginsMinute, dayEndsMinute } = settings;
  const { minuteOfDay } = home.local(at);
  const isNight = minuteOfDay < dayBeginsMinute || minuteOfDay >= dayEndsMinute;
  if (harm !== 'fire' || !isNight) return { severity: severities[harm] };
  const waitMinutes = (dayBeginsMinute - minuteOfDay + minutesADay) % minutesADay || minutesADay;
  return { severity: 'urgent', dueAt: at + waitMinutes * 60_000 };
}

/** Its entry was changed before it was put up, or before it first spoke. */
function untilHeard({ harm, personIds }: BlindTo, at: number, home: Home): Grave {
  const person = home.people().find(({ id }) => personIds.includes(id));
  if (severities[harm] === 'service' || !person) return { severity: severities[harm] };
  return { severity: 'service', dueAt: at + firstWordMs(harm, person, home.devices()) };
}

const later = (alert: Alert, byMs: number): Alert =>
  alert.dueAt === undefined ? alert : { ...alert, dueAt: alert.dueAt + byMs };

const minutesADay = 24 * 60;
const lookAgainMs = 3_600_000;
