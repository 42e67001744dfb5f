import { setImmediate as giveWay } from 'node:timers/promises';
import { entityVersion } from '../../records/entity-version.ts';
import type { Contact, Entity, EntityType } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { linksOf } from '../../records/registry-links.ts';
import type { Access } from '../../records/rights.ts';
import { personalFields, type Sealer, unsealEntity } from '../../records/sealing.ts';
import { entityShown, isOfOneBody } from '../rights/masking.ts';
import { isInSight, type Rights } from '../rights/rights.ts';
import { saysOf } from './registry-schemas.ts';

export type Listing = { area?: string | undefined; q?: string | undefined; limit: number; cursor?: string | undefined };
type ListingParts = {
  registry: Registry;
  rights: Pick<Rights, 'seen' | 'areaOf' | 'isOpen'>;
  unseal: Sealer['unseal'];
};

/** So many entries are looked through before others get their turn: opening what is sealed takes its time. */
const entriesInTurn = 500;

/**
 * One page, by id. Lists are masked for everybody: whoever needs a telephone number opens the one entry, and is on record for it. `q`
 * also finds names of people where they may be seen; they stay masked.
 */
export async function listEntities<T extends EntityType>(
  parts: ListingParts,
  access: Access,
  chosen: Chosen<T>,
  listing: Listing,
) {
  const { values, ...next } = await pageOfEntities(parts, access, chosen, listing);
  const { entity } = chosen;
  const items = values.map((value) => ({
    ...entityShown(entity, value, { unseal: parts.unseal, isOpen: false }),
    ...saysOf(entity, value, { isOpen: false }),
    version: entityVersion(value),
  }));
  return { items, ...next };
}

/** The entries of one page, as they are kept; of all kinds alike. */
export async function pageOfEntities<T extends EntityType>(
  parts: ListingParts,
  access: Access,
  { entity, matches = () => true }: Chosen<T>,
  { area, q, limit, cursor }: Listing,
): Promise<{ values: Entity<T>[]; next?: string }> {
  const { registry, rights } = parts;
  const sight = rights.seen(access, 'registry:read', area);
  const wanted = q?.toLowerCase();
  const found: Entity<T>[] = [];
  let count = 0;
  for (const value of registry.list(entity)) {
    if (++count % entriesInTurn === 0) await giveWay();
    if ((cursor !== undefined && value.id <= cursor) || !matches(value)) continue;
    if (found.length > limit && value.id > (found.at(-1)?.id ?? '')) continue;
    if (!isInSight(sight, rights.areaOf(entity, value.id))) continue;
    if (wanted !== undefined && !isFound(parts, access, { entity, value }, wanted)) continue;
    insert(found, value);
    if (found.length > limit + 1) found.pop();
  }
  const values = found.slice(0, limit);
  const last = found.length > limit ? values.at(-1) : undefined;
  return { values, ...(last && { next: last.id }) };
}

/** `matches`: what is asked for beside the area and the search. */
type Chosen<T extends EntityType> = { entity: T; matches?: (value: Entity<T>) => boolean };

/** Contacts that answer for an area or a site: stations, teams, night carers. */
export const isResponder = ({ of }: Contact): boolean => of.type === 'area' || of.type === 'site';

/** Sorted by id; a page is short. */
function insert<V extends { id: string }>(sorted: V[], value: V): void {
  const at = sorted.findIndex(({ id }) => id > value.id);
  sorted.splice(at < 0 ? sorted.length : at, 0, value);
}

function isFound<T extends EntityType>(
  { registry, rights, unseal }: ListingParts,
  access: Access,
  { entity, value }: { entity: T; value: Entity<T> },
  wanted: string,
): boolean {
  const has = (text: unknown) => typeof text === 'string' && text.toLowerCase().includes(wanted);
  if (has(value.id)) return true;
  const places = linksOf(entity, value).flatMap(({ to, id }) =>
    to === 'place' ? registry.place(id)?.name : to === 'household' ? placeOf(registry, id) : undefined,
  );
  if (places.some(has)) return true;
  const names = personalFields[entity].flatMap(({ path }) => (isName(path) ? path : []));
  if (names.length === 0 && !isOfOneBody(entity, value)) return 'name' in value && has(value.name);
  if (!rights.isOpen(access, { type: entity, id: value.id })) return false;
  const open = unsealEntity(entity, value, { unseal, withSecrets: false }) as Record<string, unknown>;
  return [...names, 'name'].some((field) => has(open[field]));
}

const isName = (path: string[]): boolean => path.length === 1 && /name$/i.test(path[0] ?? '');

const placeOf = (registry: Registry, householdId: string): string | undefined =>
  registry.place(registry.household(householdId)?.currentPlaceId ?? '')?.name;
