import { z } from 'zod';
import { type Entity, type EntityType, entities, entityTypes, type RegistryChange, type Sealed } from './registry.ts';
import { keyOf } from './registry-links.ts';

/**
 * Whoever holds the keys. An owner is an entity's key (`person:p1`), a field its path (`channels.*.url`): a sealed value
 * opens for that owner and field alone. `unseal` answers nothing when the owner's key was destroyed.
 */
export type Sealer = {
  seal(owner: string, field: string, text: string): Sealed;
  unseal(owner: string, field: string, sealed: Sealed): string | undefined;
};

/** A personal field of an entity, as the schema's metadata names it. `secret` is not shown unless asked for by name. */
export type PersonalField = { path: string[]; secret: boolean };

/** What is personal in each entity, read from the schemas: sealing, masking and export follow from it. */
export const personalFields = Object.fromEntries(
  entityTypes.map((entity) => [entity, onceEach(findPersonal(entities[entity], []))]),
) as Record<EntityType, PersonalField[]>;

/**
 * The changes with every personal field sealed. A field that says what `current` already says keeps its sealed value, so that
 * an import that repeats itself changes nothing. Keys of new owners are durable only after the vault's flush.
 */
export function sealChanges(
  changes: readonly RegistryChange[],
  { vault, current }: { vault: Sealer; current: Current },
): RegistryChange[] {
  return changes.map((change) => {
    if (change.type === 'remove' || personalFields[change.entity].length === 0) return change;
    const before = current.get(change.entity, change.value.id);
    return { ...change, value: sealEntity(change.entity, change.value, before, vault) } as RegistryChange;
  });
}

type Current = { get<T extends EntityType>(entity: T, id: string): Entity<T> | undefined };

function sealEntity<T extends EntityType>(
  entity: T,
  value: Entity<T>,
  before: Entity<T> | undefined,
  vault: Sealer,
): Entity<T> {
  const owner = keyOf(entity, value.id);
  return personalFields[entity].reduce<Entity<T>>((result, { path }) => {
    const field = path.join('.');
    return replaceAt(result, before, path, (now, was) => {
      if (typeof now !== 'string') return now;
      return isSealed(was) && vault.unseal(owner, field, was) === now ? was : vault.seal(owner, field, now);
    });
  }, value);
}

/** The entity with its personal fields as text. What cannot be opened, and secrets unless they are asked for, stay sealed. */
export function unsealEntity<T extends EntityType>(
  entity: T,
  value: Entity<T>,
  { unseal, withSecrets = true }: Pick<Sealer, 'unseal'> & { withSecrets?: boolean },
): Entity<T> {
  const owner = keyOf(entity, value.id);
  return personalFields[entity].reduce<Entity<T>>((result, { path, secret }) => {
    if (secret && !withSecrets) return result;
    return replaceAt(result, undefined, path, (now) =>
      isSealed(now) ? (unseal(owner, path.join('.'), now) ?? now) : now,
    );
  }, value);
}

/** Sealed values that came from outside and do not open here, by owner: from another installation, or for another field. */
export function foreignSeals(
  changes: readonly RegistryChange[],
  { unseal }: Pick<Sealer, 'unseal'>,
): { owner: string; field: string }[] {
  const foreign: { owner: string; field: string }[] = [];
  for (const change of changes) {
    if (change.type === 'remove') continue;
    const owner = keyOf(change.entity, change.value.id);
    for (const { path } of personalFields[change.entity]) {
      const field = path.join('.');
      replaceAt<unknown>(change.value, undefined, path, (now) => {
        if (isSealed(now) && unseal(owner, field, now) === undefined) foreign.push({ owner, field });
        return now;
      });
    }
  }
  return foreign;
}

/**
 * The owner of what was written about an entity (`personText:p1` of `person:p1`): a key of its own, so that a note or an address
 * that is taken out of the registry leaves what happened there readable. It ends with the entry itself.
 */
export const textsOf = (key: string): string => key.replace(':', `${texts}:`);
const texts = 'Text';

/** The entry that an owner's key belongs to (`person:p1`), and whether it is the one of texts. Undefined: the installation's own. */
export function entryOf(owner: string): { entity: EntityType; id: string; key: string; isTexts: boolean } | undefined {
  const [name = '', id = ''] = owner.split(':');
  const isTexts = name.endsWith(texts);
  const entity = (isTexts ? name.slice(0, -texts.length) : name) as EntityType;
  return entityTypes.includes(entity) ? { entity, id, key: keyOf(entity, id), isTexts } : undefined;
}

/**
 * Owners whose keys nothing needs any more: neither the registry nor an import that waits for its commit. Their keys are what
 * a crash left between an erasure and the destruction of its key, or what an import made that was never committed. An entry's own
 * key is needed while it holds something sealed, the one of its texts while it is there.
 */
export function abandonedOwners(owners: Iterable<string>, registry: Current & { stagedKeys(): Set<string> }): string[] {
  const staged = registry.stagedKeys();
  return [...owners].filter((owner) => {
    const entry = entryOf(owner);
    if (!entry || staged.has(entry.key)) return false;
    const value = registry.get(entry.entity, entry.id);
    return entry.isTexts ? value === undefined : !holdsSealed(value);
  });
}

/** Whether anything in it was sealed. */
export function holdsSealed(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return 'sealed' in value || Object.values(value).some(holdsSealed);
}

const isSealed = (value: unknown): value is Sealed => typeof value === 'object' && value !== null && 'sealed' in value;

/** A copy of `value` with `replace` applied at the path; `*` stands for every element of a list. Absent fields stay absent. */
function replaceAt<V>(value: V, before: unknown, path: string[], replace: (now: unknown, was: unknown) => unknown): V {
  const [step, ...rest] = path;
  if (step === undefined) return replace(value, before) as V;
  if (step === '*') {
    if (!Array.isArray(value)) return value;
    return value.map((element, at) =>
      replaceAt(element, Array.isArray(before) ? before[at] : undefined, rest, replace),
    ) as V;
  }
  const now = member(value, step);
  return now === undefined ? value : ({ ...value, [step]: replaceAt(now, member(before, step), rest, replace) } as V);
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

/** Several kinds of an element have some of their fields in common. */
function onceEach(fields: PersonalField[]): PersonalField[] {
  return [...new Map(fields.map((field) => [field.path.join('.'), field])).values()];
}

function findPersonal(schema: unknown, path: string[]): PersonalField[] {
  const meta = schema instanceof z.ZodType ? schema.meta() : undefined;
  if (meta?.personal === true) return [{ path, secret: meta.secret === true }];
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return findPersonal(schema.unwrap(), path);
  if (schema instanceof z.ZodArray) return findPersonal(schema.element, [...path, '*']);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => findPersonal(option, path));
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([name, field]) => findPersonal(field, [...path, name]));
}
