import type { Whereabouts } from './alert.ts';
import { isWithdrawn } from './consent.ts';
import type { Area, Contact, Household, Policy, Profile, RuleSetting, Threshold } from './registry.ts';
import type { Standing } from './registry-check.ts';
import type { Link } from './registry-links.ts';

type Target = Pick<Link, 'to' | 'id'>;
const none: readonly string[] = [];

/** Where a device's reports come from. Fixed devices belong to a place, wearables to a person. */
export function whereaboutsOf(deviceId: string, standing: Standing): Whereabouts {
  const device = standing.get('device', deviceId);
  if (!device) return { deviceId, unregistered: true };
  // The registry's own text: whatever is kept by it is found without comparing letters.
  const { id } = device;
  if (device.personId !== undefined) return { deviceId: id, ...atPerson(device.personId, standing) };
  return device.placeId === undefined ? { deviceId: id } : { deviceId: id, ...livedIn(device.placeId, standing) };
}

/** Where somebody lives, or who lives there. */
export function residenceOf({ type, id }: { type: 'person' | 'household' | 'place'; id: string }, standing: Standing) {
  if (type === 'person') return atPerson(id, standing);
  return type === 'place' ? livedIn(id, standing) : atHousehold(id, standing);
}

function livedIn(placeId: string, standing: Standing): Whereabouts {
  const households = standing.referrers('place', placeId, 'household');
  const [householdId] = households;
  const resident = householdId !== undefined && households.length === 1 ? residentsOf(householdId, standing) : {};
  return { ...resident, ...atPlace(placeId, standing) };
}

/** Someone who lives alone is who pressed the button on the wall: their calls and falls belong together. */
function residentsOf(householdId: string, standing: Standing): Whereabouts {
  const people = standing.referrers('household', householdId, 'person');
  const [personId] = people;
  return { ...(personId !== undefined && people.length === 1 && { personId }), householdId };
}

function atPerson(personId: string, standing: Standing): Whereabouts {
  const householdId = standing.get('person', personId)?.householdId;
  return householdId === undefined ? { personId } : { ...atHousehold(householdId, standing), personId };
}

function atHousehold(householdId: string, standing: Standing): Whereabouts {
  const household = standing.get('household', householdId);
  if (!household) return {};
  return {
    ...residentsOf(householdId, standing),
    areaId: household.areaId,
    ...atPlace(household.currentPlaceId, standing),
  };
}

function atPlace(placeId: string, standing: Standing): Whereabouts {
  const place = standing.get('place', placeId);
  if (!place) return { placeId };
  return { placeId, ...(place.siteId !== undefined && { siteId: place.siteId }), areaId: place.areaId };
}

/**
 * Who answers for something that happened there, the nearest scope first; each contact once. Family hears nothing of whoever took that
 * consent back: of a person their own family, of a home everybody's when all who live there did. Where nobody knows the area
 * (a device that is not registered, the system itself), every county answers: somebody has to.
 */
export function contactsFor(where: Whereabouts, standing: Standing): Contact[] {
  const scopes = scopesOf(where, standing);
  if (scopes.areas.length === 0) scopes.areas = countiesOf(standing);
  const narrowFirst = [
    scopes.people,
    scopes.households,
    scopes.places,
    scopes.sites,
    ...scopes.areas.map((area) => [area]),
  ];
  const withdrew = (personId: string) => isWithdrawn(standing.get('person', personId), 'family-view');
  const everybodyWithdrew = scopes.people.length > 0 && scopes.people.every(({ id }) => withdrew(id));
  const mayHear = ({ role, of }: Contact) =>
    role !== 'family' || !(of.type === 'person' ? withdrew(of.id) : everybodyWithdrew);
  const found = new Map<string, Contact>();
  for (const scope of narrowFirst) {
    const contacts = scope.flatMap(({ to, id }) => standing.referrers(to, id, 'contact'));
    const values = contacts.flatMap((id) => standing.get('contact', id) ?? []).filter(mayHear);
    values.sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1));
    for (const contact of values) found.set(contact.id, contact);
  }
  return [...found.values()];
}

const countiesOf = (standing: Standing): { to: 'area'; id: string }[] =>
  Iterator.from(standing.areas())
    .filter(({ level }) => level === 'county')
    .map(({ id }) => ({ to: 'area' as const, id }))
    .toArray();

/** A rule's overrides there, the widest scope first, as if those that are `tried` were in force. */
export function ruleSettingsFor(
  rule: string,
  where: Whereabouts,
  standing: Standing,
  tried: readonly RuleSetting[] = noSettings,
): RuleSetting['settings'][] {
  // Asked for every report and rule; most have no settings of their own.
  const hasNone = standing.size('ruleSetting') === 0 || standing.referrers('rule', rule, 'ruleSetting').length === 0;
  if (hasNone && tried.length === 0) return noSettings;
  return scopeTargets(where, standing).flatMap((target) => {
    const inForce = standing
      .referrers(target.to, target.id, 'ruleSetting')
      .flatMap((settingId) => standing.get('ruleSetting', settingId) ?? [])
      .filter(({ id, mode }) => mode !== 'shadow' && !tried.some((one) => one.id === id));
    return [...inForce, ...tried.filter(({ scope }) => isTarget(scope, target))]
      .filter((setting) => setting.rule === rule)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ settings }) => settings);
  });
}
const noSettings: never[] = [];

/** Whether what counts for that scope counts there. */
export const isWithin = (scope: RuleSetting['scope'], where: Whereabouts, standing: Standing): boolean =>
  scope.type === 'all' || scopeTargets(where, standing).some((target) => isTarget(scope, target));

const isTarget = (scope: RuleSetting['scope'], { to, id }: Target): boolean =>
  scope.type === to && (scope.type === 'all' || scope.id === id);

/** The limits of readings that count there, the widest scope first. */
export function thresholdsFor(where: Whereabouts, standing: Standing): readonly Threshold[] {
  // Asked for every report that measures something; most counties have few of them or none.
  if (standing.size('threshold') === 0) return noThresholds;
  return scopeTargets(where, standing).flatMap(({ to, id }) =>
    standing.referrers(to, id, 'threshold').flatMap((one) => standing.get('threshold', one) ?? []),
  );
}
const noThresholds: readonly Threshold[] = [];

/** Who is told of what happens there: the narrowest scope first, then by id. */
export function policiesFor(where: Whereabouts, standing: Standing): readonly Policy[] {
  if (standing.size('policy') === 0) return noPolicies;
  const { people, households, sites, areas } = scopesOf(where, standing);
  return [...people, ...households, ...sites, ...areas, { to: 'all' as const, id: '' }].flatMap(({ to, id }) =>
    standing.referrers(to, id, 'policy').flatMap((one) => standing.get('policy', one) ?? []),
  );
}
const noPolicies: readonly Policy[] = [];

/** By area and id, whatever the order in which they came: a process that was started again goes through them in the same order. */
export function householdsFrom(from: number, most: number, standing: Standing): Household[] {
  const areas = [...standing.areas()].map(({ id }) => id).sort();
  const found: Household[] = [];
  let before = from;
  for (const areaId of areas) {
    const ids = standing.referrers('area', areaId, 'household');
    for (const id of ids.slice(before, before + most - found.length)) {
      const household = standing.get('household', id);
      if (household) found.push(household);
    }
    before = Math.max(0, before - ids.length);
    if (found.length === most) return found;
  }
  return found;
}

/** What was agreed about calls of whoever is there: of the person or of everybody who lives there, and of the household. */
export function profilesFor(where: Whereabouts, standing: Standing): readonly Profile[] {
  if (standing.size('profile') === 0) return noProfiles;
  const { people, households } = scopesOf(where, standing);
  return [...people, ...households].flatMap(({ to, id }) =>
    standing.referrers(to, id, 'profile').flatMap((one) => standing.get('profile', one) ?? []),
  );
}
const noProfiles: readonly Profile[] = [];

/** Every scope that holds a device there, the widest first. */
function scopeTargets(where: Whereabouts, standing: Standing): Target[] {
  const scopes = scopesOf(where, standing);
  const carried = new Set(scopes.people.flatMap(({ id }) => standing.get('person', id)?.categories ?? []));
  const categories = [...carried].sort().map((id) => ({ to: 'category' as const, id }));
  const device: Target[] = where.deviceId === undefined ? [] : [{ to: 'device', id: where.deviceId }];
  const everybody: Target = { to: 'all', id: '' };
  return [everybody, ...scopes.areas.reverse(), ...categories, ...scopes.households, ...scopes.people, ...device];
}

/** Everything around a place, as targets of references. Areas come from the narrowest upward. */
function scopesOf(where: Whereabouts, standing: Standing) {
  const { placeId, siteId } = where;
  const households = residentHouseholds(where, standing);
  const people =
    where.personId === undefined
      ? households.flatMap((householdId) => standing.referrers('household', householdId, 'person'))
      : [where.personId];
  return {
    people: people.map((id) => ({ to: 'person' as const, id })),
    households: households.map((id) => ({ to: 'household' as const, id })),
    places: placeId === undefined ? [] : [{ to: 'place' as const, id: placeId }],
    sites: siteId === undefined ? [] : [{ to: 'site' as const, id: siteId }],
    areas: areasUpward(where.areaId, standing).map(({ id }) => ({ to: 'area' as const, id })),
  };
}

function residentHouseholds({ householdId, placeId }: Whereabouts, standing: Standing): readonly string[] {
  if (householdId !== undefined) return [householdId];
  return placeId === undefined ? none : standing.referrers('place', placeId, 'household');
}

function areasUpward(areaId: string | undefined, standing: Standing): Area[] {
  const areas: Area[] = [];
  // Levels bound the walk; the count bounds it also where the levels are wrong.
  for (let id = areaId; id !== undefined && areas.length < 3; ) {
    const area = standing.get('area', id);
    if (!area) return areas;
    areas.push(area);
    id = area.parentId;
  }
  return areas;
}
