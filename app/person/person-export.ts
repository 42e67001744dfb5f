import type { AuditLine } from '../../ingest/audit-lines.ts';
import { findAudit } from '../../ingest/audit-reading.ts';
import type { Disk } from '../../platform/disk.ts';
import type { Entity, EntityType, Person } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { openText, openTexts } from '../../records/sealed-text.ts';
import { type Sealer, unsealEntity } from '../../records/sealing.ts';
import type { PersonHistoryReader } from '../../storage/sql-person.ts';
import type { StoredReport } from '../../storage/store.ts';

/** Where what is kept of a person is read from. `history`: the database. Errors: DATABASE_AWAY, try later. */
export type PersonSources = {
  registry: Pick<Registry, 'get' | 'list'>;
  unseal: Sealer['unseal'];
  history: Pick<PersonHistoryReader, 'of' | 'reports' | 'position'>;
  disk: Pick<Disk, 'list' | 'read'>;
  /** The journal's end: what the copy does not have of it is waited for. */
  headSequence: () => number;
  pause: (ms: number) => Promise<void>;
};

/** `isComplete`: the copy had everything that the journal held when it was asked. Secrets of devices are nobody's personal data. */
export type PersonExport = {
  person: Person;
  household: Entity<'household'> | undefined;
  place: Entity<'place'> | undefined;
  contacts: Entity<'contact'>[];
  zones: Entity<'zone'>[];
  ruleSettings: Entity<'ruleSetting'>[];
  thresholds: Entity<'threshold'>[];
  policies: Entity<'policy'>[];
  profiles: Entity<'profile'>[];
  devices: Omit<Entity<'device'>, 'credential' | 'claim'>[];
  incidents: object[];
  notices: object[];
  visits: object[];
  /** Who looked at them, changed or exported something of theirs, and why. */
  looks: object[];
  isComplete: boolean;
};

/** Everything that is kept of one person but what their devices said; undefined: there is nobody of that id. */
export async function everythingOf(sources: PersonSources, personId: string): Promise<PersonExport | undefined> {
  const { registry, unseal, history } = sources;
  const person = registry.get('person', personId);
  if (!person) return undefined;
  const open = <T extends EntityType>(entity: T, value: Entity<T> | undefined) =>
    value && unsealEntity(entity, value, { unseal, withSecrets: false });
  const household = registry.get('household', person.householdId);
  const place = household && registry.get('place', household.currentPlaceId);
  const owners = [`person:${personId}`, `household:${person.householdId}`, ...(place ? [`place:${place.id}`] : [])];
  const isOf = ({ type, id }: { type: string; id: string }) => owners.includes(`${type}:${id}`);
  const isComplete = await untilCopied(sources);
  const kept = await history.of({ personId, householdId: person.householdId });
  return {
    person: open('person', person) as Person,
    household: open('household', household),
    place: open('place', place),
    contacts: all(registry, 'contact', ({ of }) => isOf(of)).map((one) => open('contact', one) as typeof one),
    zones: all(registry, 'zone', ({ of }) => isOf(of)),
    ruleSettings: all(registry, 'ruleSetting', ({ scope }) => 'id' in scope && isOf(scope)),
    thresholds: all(registry, 'threshold', ({ scope }) => 'id' in scope && isOf(scope)),
    policies: all(registry, 'policy', ({ scope }) => 'id' in scope && isOf(scope)),
    profiles: all(registry, 'profile', ({ of }) => isOf(of)).map((one) => open('profile', one) as typeof one),
    devices: devicesOf(registry, personId).map(({ credential: _, claim: __, ...device }) => device),
    incidents: kept.incidents.map(({ incident, timeline }) => ({
      ...incident,
      state: openTexts(incident.state, { unseal }),
      timeline: timeline.map((entry) => ({ ...entry, details: openTexts(entry.details, { unseal }) })),
    })),
    notices: kept.notices,
    visits: kept.visits,
    looks: await looksAt(sources, personId, new Set(kept.incidents.map(({ incident }) => incident.incidentId))),
    isComplete,
  };
}

/** The latest of what the devices that they bear now said, at most `most`, of which each has a share. `moreReportsOf`: there is more of these. */
export async function latestReportsOf(sources: PersonSources, personId: string, most: number) {
  const share = Math.floor(most / Math.max(1, devicesOf(sources.registry, personId).length));
  const byDevice = new Map<string, StoredReport[]>();
  for await (const { deviceId, reports } of reportsOf(sources, personId, share))
    byDevice.set(deviceId, [...(byDevice.get(deviceId) ?? []), ...reports]);
  const all = [...byDevice].flatMap(([deviceId, reports]) =>
    reports.slice(0, share).map((report) => ({ deviceId, ...report })),
  );
  const moreReportsOf = [...byDevice].filter(([, reports]) => reports.length > share).map(([deviceId]) => deviceId);
  return { reports: all, moreReportsOf };
}

/** What the devices that they bear now said, the newest first, in stretches, until there are more than `most` of a device. */
export async function* reportsOf(
  { registry, history }: PersonSources,
  personId: string,
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<{ deviceId: string; reports: StoredReport[] }> {
  for (const { id: deviceId } of devicesOf(registry, personId)) {
    const seen = new Set<string>();
    let count = 0;
    for (let before: number | undefined; ; ) {
      const limit = stretch + seen.size;
      const found = await history.reports(deviceId, { limit, ...(before !== undefined && { before }) });
      const reports = found.filter((one) => !seen.has(nameOf(one)));
      if (reports.length > 0) yield { deviceId, reports };
      const last = found.at(-1);
      count += reports.length;
      if (!last || found.length < limit || reports.length === 0 || count > most) break;
      // Several may have happened in the same millisecond, of which some are behind this stretch.
      before = last.occurredAt + 1;
      seen.clear();
      for (const one of found) if (one.occurredAt === last.occurredAt) seen.add(nameOf(one));
    }
  }
}

const stretch = 5_000;
const nameOf = ({ sequence, part, receivedAt }: StoredReport): string => `${receivedAt} ${sequence}.${part}`;

const devicesOf = (registry: PersonSources['registry'], personId: string) =>
  all(registry, 'device', (one) => one.personId === personId);

const all = <T extends EntityType>(
  registry: PersonSources['registry'],
  entity: T,
  isMeant: (value: Entity<T>) => boolean,
): Entity<T>[] => Iterator.from(registry.list(entity)).filter(isMeant).toArray();

/** What the journal has just got is in the copy within a second, unless that is behind. */
async function untilCopied({ history, headSequence, pause }: PersonSources): Promise<boolean> {
  const head = headSequence();
  for (let waitedMs = 0; waitedMs <= 10_000; waitedMs += 200) {
    if (((await history.position())?.sequence ?? 0) >= head) return true;
    await pause(200);
  }
  return false;
}

async function looksAt({ disk, unseal }: PersonSources, personId: string, incidents: ReadonlySet<string>) {
  const looks: object[] = [];
  const isSeen = ({ of }: { of: AuditLine['of'] }) =>
    (of.type === 'person' && of.id === personId) || (of.type === 'incident' && incidents.has(of.id));
  for (let cursor: string | undefined; looks.length < mostLooks; ) {
    const { entries, next } = await findAudit(disk, { limit: 1_000, isSeen, cursor });
    for (const { prev: _, journal: __, reason, ...entry } of entries) {
      const said = reason === undefined ? undefined : openText(reason, { unseal });
      looks.push({ ...entry, ...(said !== undefined && { reason: said }) });
    }
    if (next === undefined) break;
    cursor = next;
  }
  return looks;
}
const mostLooks = 100_000;
