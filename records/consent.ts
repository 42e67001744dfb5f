import type { ReportName } from '../firmware-contracts/report.ts';
import type { Whereabouts } from './alert.ts';
import type { Command, CommandResult } from './command.ts';
import type { Incident } from './incident.ts';
import type { Person, Purpose, RegistryChange, RegistryView } from './registry.ts';

/** Reports that are kept for a purpose that a person may take back. Nothing in this system records a voice. */
export const purposeOfReport: { readonly [Name in ReportName]?: Purpose } = { position: 'location', vitals: 'health' };

/** Taken back. Whoever was never asked is looked after as the household's registration says. */
export const isWithdrawn = (person: Person | undefined, purpose: Purpose): boolean =>
  person?.consents?.[purpose]?.given === false;

/**
 * What is not kept of a device's reports now: what the person who wears it took back; of a wearable that is in stock nothing of its
 * bearer, because nobody knows whom to ask.
 */
export function withheldReports(
  registry: Pick<RegistryView, 'device' | 'person'>,
  deviceId: string,
): ReadonlySet<ReportName> {
  const device = registry.device(deviceId);
  if (device?.personId === undefined) return device?.kind === 'wearable' ? both : nothing;
  const person = registry.person(device.personId);
  if (person?.consents === undefined) return nothing;
  const location = isWithdrawn(person, 'location');
  const health = isWithdrawn(person, 'health');
  return location ? (health ? both : positions) : health ? vitals : nothing;
}

const nothing: ReadonlySet<ReportName> = new Set();
const positions: ReadonlySet<ReportName> = new Set(['position']);
const vitals: ReadonlySet<ReportName> = new Set(['vitals']);
const both: ReadonlySet<ReportName> = new Set(['position', 'vitals']);

/**
 * Whether somebody may be located. Who took that back is located only while a critical incident of theirs, or of their home, is open:
 * then `incident` is it, and the use goes on record there.
 */
export function mayLocate(
  registry: Pick<RegistryView, 'device' | 'person'>,
  deviceId: string,
  openIncidents: Iterable<Incident>,
): { incident?: Incident } | Extract<CommandResult, { ok: false }> {
  const personId = registry.device(deviceId)?.personId;
  if (personId === undefined || !withheldReports(registry, deviceId).has('position')) return {};
  const person = registry.person(personId);
  const incident = person && emergencyOf(person, openIncidents);
  if (incident) return { incident };
  const message = 'the person took back their consent to be located, and no critical incident of theirs is open';
  return { ok: false, problem: 'not-allowed', message };
}

/** The critical incident of theirs, or of their home, that is not over. */
export function emergencyOf(
  { id, householdId }: Pick<Person, 'id' | 'householdId'>,
  openIncidents: Iterable<Incident>,
): Incident | undefined {
  const isTheirs = (where: Whereabouts) =>
    where.personId === undefined ? where.householdId === householdId : where.personId === id;
  for (const incident of openIncidents) {
    const { severity, state, where, alerts } = incident;
    if (severity !== 'critical' || state.phase === 'resolved') continue;
    if (isTheirs(where) || alerts.some((alert) => isTheirs(alert.where))) return incident;
  }
  return undefined;
}

/** How many contacts hear of an emergency of that person now: near them, and in the stations and offices of their areas. */
export function toldOf(
  { id: personId, householdId }: Pick<Person, 'id' | 'householdId'>,
  registry: Pick<RegistryView, 'household' | 'place' | 'contactsFor'>,
): { near: number; inArea: number } {
  const { areaId, currentPlaceId = '' } = registry.household(householdId) ?? {};
  const { id: placeId, siteId } = registry.place(currentPlaceId) ?? {};
  const contacts = registry.contactsFor({
    ...{ personId, householdId },
    ...(placeId !== undefined && { placeId }),
    ...(siteId !== undefined && { siteId }),
    ...(areaId !== undefined && { areaId }),
  });
  const inArea = contacts.filter(({ of }) => of.type === 'area').length;
  return { near: contacts.length - inArea, inArea };
}

/** Changes in which whoever is left without a word about consent keeps what they said: nothing is given again by leaving it out. */
export function keepConsents(
  changes: readonly RegistryChange[],
  registry: Pick<RegistryView, 'person'>,
): readonly RegistryChange[] {
  return changes.map((change) => {
    if (change.type !== 'put' || change.entity !== 'person' || change.value.consents !== undefined) return change;
    const consents = registry.person(change.value.id)?.consents;
    return consents === undefined ? change : { ...change, value: { ...change.value, consents } };
  });
}

/** A person with one consent given or taken back. `at`: epoch ms. */
export function withConsent(
  person: Person,
  purpose: Purpose,
  { given, at, by }: { given: boolean; at: number; by: Command['by'] },
): Person {
  return {
    ...person,
    consents: { ...person.consents, [purpose]: { given, at, by: `${by.type}:${by.id}`.slice(0, 64) } },
  };
}
