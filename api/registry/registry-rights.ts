import { emergencyOf } from '../../records/consent.ts';
import type { Incident } from '../../records/incident.ts';
import { whyNotErased } from '../../records/person-erasure.ts';
import type { Entity, EntityType, RegistryChange } from '../../records/registry.ts';
import { absentProblem, idOf, type RegistryProblem } from '../../records/registry-check.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { isEntityType, isInstalled, linksOf } from '../../records/registry-links.ts';
import type { Access, Permission } from '../../records/rights.ts';
import { personalFields } from '../../records/sealing.ts';
import { isMasked } from '../rights/masking.ts';
import { areaOfEntity, type Rights } from '../rights/rights.ts';
import type { Said } from './registry-plan.ts';

/** `as`: what it is answered as. What lies elsewhere is taken when somebody wants its id, and absent when somebody wants it gone. */
export type Refusal = Said & { field?: string; as: 'taken' | 'absent' | 'forbidden' | 'invalid' };

/** What it takes to change an entity. */
export const writePermission = (entity: EntityType): Permission => (isRule(entity) ? 'rules:write' : 'registry:write');
/** What decides who is called, and for what. */
const isRule = (entity: EntityType): boolean => ['ruleSetting', 'threshold', 'policy', 'profile'].includes(entity);

/**
 * What is wrong with changes, in the eyes of whoever asks: everything that they refer to has to be within reach, and what lies elsewhere is
 * judged, and spoken of, as if it were not there. Entries of another area that refer to what is to be removed are counted, not named.
 */
export function problemsOf(
  { registry, rights }: Parts,
  access: Access,
  changes: readonly RegistryChange[],
): RegistryProblem[] {
  const needed = [...new Set(changes.map(({ entity }) => writePermission(entity)))];
  return registry.check(changes, (entity, id) => {
    const areaId = areaOfEntity(registry, entity, id);
    return needed.every((permission) => rights.may(access, permission, areaId));
  });
}

/**
 * Why somebody may not make a change, or nothing. It takes the right where the entity is; where it will be is judged by `problemsOf`, and
 * that somebody asked for what lies elsewhere goes on record here. A masked value that comes back is refused,
 * because it would take the place of what it hides.
 */
export function refusalOf(parts: Judging, access: Access, change: RegistryChange): Refusal | undefined {
  const { registry, rights } = parts;
  const { entity } = change;
  const id = idOf(change);
  const permission = writePermission(entity);
  const current = registry.get(entity, id);
  if (current && !rights.reaches(access, permission, { type: entity, id }))
    return change.type === 'put' ? taken : absent;
  if (current && isWideSetting(entity, current) && !holdsEverywhere({ registry, rights }, access)) return wide;
  if (change.type === 'remove') return entity === 'person' ? inEmergency(parts, id) : undefined;
  const { value } = change;
  // What moves an area away from its township takes the right there too.
  const left = entity === 'area' ? registry.area(id)?.parentId : undefined;
  if (left !== undefined && registry.area(left) && !rights.reaches(access, permission, { type: 'area', id: left }))
    return { ...absentProblem('area', left), field: 'parentId', as: 'invalid' };
  for (const { to, id: target } of linksOf(entity, value as never)) {
    if (!isEntityType(to) || registry.get(to, target) === undefined) continue;
    rights.reaches(access, permission, { type: to, id: target });
  }
  if (!reachesPlaceless({ registry, rights }, access, change)) return wide;
  return maskedText(entity, value) === undefined ? undefined : masked;
}

/** What refers to nothing that has an area: a county, stock, settings for everybody. */
function reachesPlaceless(parts: Parts, access: Access, change: Extract<RegistryChange, { type: 'put' }>): boolean {
  switch (change.entity) {
    case 'area':
      return (
        change.value.level !== 'county' ||
        parts.registry.area(change.value.id)?.level === 'county' ||
        parts.rights.seen(access, 'registry:write').all
      );
    case 'ruleSetting':
    case 'threshold':
    case 'policy':
      return !isWide(change.value) || holdsEverywhere(parts, access);
    case 'device':
      return isInstalled(change.value) || parts.rights.may(access, 'registry:write', undefined);
    default:
      return true;
  }
}

type Parts = { registry: Registry; rights: Pick<Rights, 'may' | 'reaches' | 'seen'> };
type Judging = Parts & { openIncidents: readonly Incident[] };

/** Who helps has to know whom, and where. */
function inEmergency({ registry, openIncidents }: Judging, personId: string): Refusal | undefined {
  const person = registry.person(personId);
  const incident = person && emergencyOf(person, openIncidents);
  const problem = person && whyNotErased(person, openIncidents);
  if (!incident || problem === undefined) return undefined;
  return { as: 'taken', problem, zh: `此人的紧急事件${incident.code}尚未结束，请先结束事件` };
}

type Scoped = Pick<Entity<'ruleSetting'>, 'scope'> | Pick<Entity<'policy'>, 'scope'>;

/** What counts in every county takes the right in each. */
const isWideSetting = (entity: EntityType, value: Entity<EntityType>): boolean =>
  (entity === 'ruleSetting' || entity === 'threshold' || entity === 'policy') && isWide(value as Scoped);
const isWide = ({ scope }: Scoped): boolean => scope.type === 'all' || scope.type === 'category';

function holdsEverywhere({ registry, rights }: Parts, access: Access): boolean {
  const counties = [...registry.list('area')].filter(({ level }) => level === 'county');
  return counties.length > 0
    ? counties.every(({ id }) => rights.may(access, 'rules:write', id))
    : rights.seen(access, 'rules:write').all;
}

/** A personal text of the entity that was masked, not entered. */
function maskedText(entity: EntityType, value: Entity<EntityType>): string | undefined {
  const paths = entity === 'threshold' ? [['name']] : personalFields[entity].map(({ path }) => path);
  return paths
    .flatMap((path) => valuesAt(value, path))
    .find((text): text is string => typeof text === 'string' && isMasked(text));
}

function valuesAt(value: unknown, [step, ...rest]: string[]): unknown[] {
  if (step === undefined) return [value];
  if (step === '*') return Array.isArray(value) ? value.flatMap((one) => valuesAt(one, rest)) : [];
  const inside = (value as Record<string, unknown> | undefined)?.[step];
  return inside === undefined ? [] : valuesAt(inside, rest);
}

/** The code under which it is answered that an id is taken. */
export const codeOfTaken = 'not-allowed';
export const taken: Refusal = {
  as: 'taken',
  problem: 'this id cannot be used here; choose another',
  zh: '此编号不可用，请换一个',
};
const absent: Refusal = {
  ...{ as: 'absent', problem: 'is not in the registry, so it cannot be removed', zh: '档案中没有此项，无法删除' },
};
const wide: Refusal = {
  as: 'forbidden',
  problem: 'it counts beyond your areas: whoever holds the right in all of them has to do it',
  zh: '此项影响范围超出您的辖区，须由上级办理',
};
const masked: Refusal = {
  as: 'invalid',
  problem: 'holds a value with "**": what was masked cannot be sent back; look at it open, or leave it out',
  zh: '含有打码的内容（**），不能写回，请填写完整内容',
};
