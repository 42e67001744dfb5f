import type { FoldState, Table } from './fold-state.ts';
import type { Device, Entity, EntityType, RegistryChange, RegistryView } from './registry.ts';
import { entityTypes } from './registry.ts';
import { checkChanges, idOf, type RegistryProblem, type Standing } from './registry-check.ts';
import { type Changed, homesOf } from './registry-homes.ts';
import { createRegistryIndex, type IndexEdits, type RegistryIndex } from './registry-index.ts';
import { keyOf, linksOf } from './registry-links.ts';
import {
  contactsFor,
  householdsFrom,
  isWithin,
  policiesFor,
  profilesFor,
  residenceOf,
  ruleSettingsFor,
  thresholdsFor,
  whereaboutsOf,
} from './registry-lookups.ts';
import { createStaging } from './registry-staging.ts';
import { holdsSealed } from './sealing.ts';

/**
 * The registry as a fold: one table an entity, and one index of who refers to whom, which is rebuilt and never saved.
 * Changes arrive in staged parts and become true together at the commit, or not at all.
 */
export function createRegistry({ state }: { state: FoldState }) {
  const tables = Object.fromEntries(entityTypes.map((entity) => [entity, state.table(`registry:${entity}`)])) as Tables;
  const index = createRegistryIndex(state);
  const revisions = state.table<number>('registry-revision');
  const staging = createStaging(state);
  const standing = standingOf(tables, index);
  const revision = (): number => revisions.get('revision') ?? 0;

  function apply(changes: readonly RegistryChange[]): Applied {
    const applied = nothingApplied();
    const edits = index.beginEdits();
    const changed: Changed[] = [];
    for (const change of changes) {
      const before = standing.get(change.entity, idOf(change));
      applyOne(tables, change, applied, edits);
      const after = standing.get(change.entity, idOf(change));
      if (before !== after) changed.push({ entity: change.entity, values: [before, after] });
    }
    edits.carryOut();
    applied.homes = homesOf(changed, standing);
    if (applied.added.length + applied.changed.length + applied.removed.length > 0) {
      revisions.set('revision', revision() + 1);
    }
    return applied;
  }

  /** Together, or what is wrong with them. */
  function applyChecked(changes: readonly RegistryChange[]): CommitAnswer {
    const problems = checkChanges(changes, standing);
    if (problems.length > 0) return { ok: false, problems: problems.slice(0, mostProblems).map(problemText) };
    return { ok: true, ...apply(changes) };
  }

  return {
    ...viewOf(tables, standing, revision),
    get: standing.get,
    /** All of one kind, in the order in which they came. */
    list: <T extends EntityType>(entity: T): Iterable<Entity<T>> => tableOf(tables, entity).values(),
    /** Counts the changes of the whole; a reader of several pages sees by it that they belong together. */
    revision,
    /** What is wrong with the changes as a whole; empty when they can be applied. What `sees` says no to is judged as if it were not there. */
    check: (changes: readonly RegistryChange[], sees?: Sees): RegistryProblem[] =>
      checkChanges(changes, sees ? seenBy(sees, standing) : standing),
    apply,
    applyChecked,
    /** Keeps a part until its commit. Refused when more would wait than there is room for. */
    stage: staging.add,
    /** The keys of what waits for a commit (`person:p1`). */
    stagedKeys: staging.keys,

    /** Checks and applies all parts of an import together, or says what is wrong; they are not kept in either case. */
    commit(importId: string, parts: number): CommitAnswer {
      const staged = staging.take(importId, parts);
      return staged.ok ? applyChecked(staged.changes) : staged;
    },

    /** Recomputes the index after a load. A step that failed needs it not: the index was taken back with the tables. */
    rebuild: () => rebuildIndex(tables, index),
  };
}

export type Registry = ReturnType<typeof createRegistry>;

/**
 * What changes came to, by key (`person:p1`). `devicesAdded` holds new and changed devices as they are now; `reauthenticate` names
 * those that came, went, or got another secret: who is connected as one of them may no longer be.
 */
export type Applied = {
  added: string[];
  changed: string[];
  removed: string[];
  devicesAdded: Device[];
  devicesRemoved: Device[];
  reauthenticate: string[];
  /** Keys of those that changed and hold nothing personal any more: nothing new was sealed for them. */
  bared: string[];
  /** Devices that belong to that person no longer. */
  released: { deviceId: string; personId: string }[];
  /** Places where households stood that are no more. */
  left: string[];
  /** Households of which something changed that rules look at: itself, its people, its place, its devices and zones. */
  homes: string[];
};
export type CommitAnswer = ({ ok: true } & Applied) | { ok: false; problems: string[] };

const problemText = ({ entity, id, problem }: RegistryProblem): string => `${entity} "${id}": ${problem}`;

type Tables = { [T in EntityType]: Table<Entity<T>> };

const nothingApplied = (): Applied => ({
  ...{ added: [], changed: [], removed: [] },
  ...{ devicesAdded: [], devicesRemoved: [], reauthenticate: [], bared: [], released: [], left: [], homes: [] },
});

const mostProblems = 100;
const tableOf = <T extends EntityType>(tables: Tables, entity: T) => tables[entity] as Table<Entity<T>>;

function standingOf(tables: Tables, index: RegistryIndex): Standing {
  return {
    get: (entity, id) => tableOf(tables, entity).get(id),
    size: (entity) => tables[entity].size,
    referrers: index.referrers,
    areas: () => tables.area.values(),
  };
}

type Sees = (entity: EntityType, id: string) => boolean;

const seenBy = (sees: Sees, standing: Standing): Standing => ({
  ...standing,
  get: (entity, id) => (sees(entity, id) ? standing.get(entity, id) : undefined),
});

function viewOf(tables: Tables, standing: Standing, revision: () => number): RegistryView {
  return {
    device: (id) => tables.device.get(id),
    person: (id) => tables.person.get(id),
    place: (id) => tables.place.get(id),
    site: (id) => tables.site.get(id),
    area: (id) => tables.area.get(id),
    household: (id) => tables.household.get(id),
    contact: (id) => tables.contact.get(id),
    contactsByPhone: (key) =>
      standing.referrers('phone', key, 'contact').flatMap((one) => standing.get('contact', one) ?? []),
    peopleByPhone: (key) =>
      standing.referrers('phone', key, 'person').flatMap((one) => standing.get('person', one) ?? []),
    account: (id) => tables.account.get(id),
    devices: () => tables.device.values(),
    revision,
    whereabouts: (deviceId) => whereaboutsOf(deviceId, standing),
    whereaboutsOf: (who) => residenceOf(who, standing),
    referring: (from, to, id) => entitiesOf(from, standing.referrers(to, id, from), standing),
    contactsFor: (where) => contactsFor(where, standing),
    ruleSettings: (rule, where, tried) => ruleSettingsFor(rule, where, standing, tried),
    shadowSettings: () => standing.referrers('shadow', '', 'ruleSetting'),
    ruleSetting: (id) => tables.ruleSetting.get(id),
    isWithin: (scope, where) => isWithin(scope, where, standing),
    thresholds: (where) => thresholdsFor(where, standing),
    policies: (where) => policiesFor(where, standing),
    roster: (id) => tables.roster.get(id),
    rosters: () => [...tables.roster.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    households: (from, most) => householdsFrom(from, most, standing),
    profiles: (where) => profilesFor(where, standing),
  };
}

/** Asked several times with every report, and mostly of one name or none. */
function entitiesOf<T extends EntityType>(entity: T, ids: readonly string[], standing: Standing): readonly Entity<T>[] {
  if (ids.length === 0) return none;
  const found: Entity<T>[] = [];
  for (const id of ids) {
    const value = standing.get(entity, id);
    if (value !== undefined) found.push(value);
  }
  return found;
}
const none: readonly never[] = [];

function rebuildIndex(tables: Tables, index: RegistryIndex): void {
  index.clear();
  const edits = index.beginEdits();
  for (const entity of entityTypes)
    for (const value of tables[entity].values())
      for (const link of linksOf(entity, value as never)) edits.set(link, entity, value.id, true);
  edits.carryOut();
}

function applyOne(tables: Tables, change: RegistryChange, applied: Applied, edits: IndexEdits): void {
  const { entity } = change;
  const id = change.type === 'put' ? change.value.id : change.id;
  const table = tables[entity] as Table<Entity<EntityType>>;
  const before = table.get(id);
  const after = change.type === 'put' ? change.value : undefined;
  if (before === undefined && after === undefined) return;
  // An import that repeats what is true is no news: neither to supervision nor to the database.
  if (before && after && JSON.stringify(before) === JSON.stringify(after)) return;
  if (after) table.set(id, after);
  else table.delete(id);
  const outcome = after === undefined ? applied.removed : before === undefined ? applied.added : applied.changed;
  outcome.push(keyOf(entity, id));
  if (before && after && holdsSealed(before) && !holdsSealed(after)) applied.bared.push(keyOf(entity, id));
  if (entity === 'household' && !after) applied.left.push((before as Entity<'household'>).currentPlaceId);
  if (entity === 'device') deviceApplied(applied, id, before as Device | undefined, after as Device | undefined);
  if (before) for (const link of linksOf(entity, before as never)) edits.set(link, entity, id, false);
  if (after) for (const link of linksOf(entity, after as never)) edits.set(link, entity, id, true);
}

function deviceApplied(applied: Applied, id: string, before: Device | undefined, after: Device | undefined): void {
  const personId = before?.personId;
  if (personId !== undefined && personId !== after?.personId) applied.released.push({ deviceId: id, personId });
  if (after) applied.devicesAdded.push(after);
  else if (before) applied.devicesRemoved.push(before);
  if (JSON.stringify(before?.credential) === JSON.stringify(after?.credential) && before && after) return;
  applied.reauthenticate.push(id);
}
