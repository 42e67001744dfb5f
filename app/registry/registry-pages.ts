import { sections } from '../../api/registry/registry-entry.ts';
import type { Entity, EntityType } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';

/** A stretch of one kind, as it is kept (sealed). `next` is where the following one begins; absent on the last. */
export type RegistryPage = { revision: number; values: Entity<EntityType>[]; next?: number };
export type PageRequest = { entity: EntityType; from: number };

const pageSize = 250;

/** Answers one page: small, because the process that answers has alarms to attend to. */
export function registryPage(registry: Registry, { entity, from }: PageRequest): RegistryPage {
  const values = Iterator.from(registry.list(entity)).drop(from).take(pageSize).toArray();
  const revision = registry.revision();
  return values.length < pageSize ? { revision, values } : { revision, values, next: from + pageSize };
}

/**
 * Puts a copy of everything that registry files hold together, as it was at one revision.
 * Errors: when the registry changes again and again meanwhile.
 */
export async function fetchRegistry(ask: (request: PageRequest) => Promise<RegistryPage>): Promise<Fetched> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const fetched = await fetchOnce(ask);
    if (fetched) return fetched;
  }
  throw new Error('the registry changed while it was read, five times; try again when nobody edits it');
}

export type Fetched = { entity: EntityType; value: Entity<EntityType> }[];

async function fetchOnce(ask: (request: PageRequest) => Promise<RegistryPage>): Promise<Fetched | undefined> {
  const fetched: Fetched = [];
  let revision: number | undefined;
  for (const entity of Object.values(sections)) {
    for (let from: number | undefined = 0; from !== undefined; ) {
      const page: RegistryPage = await ask({ entity, from });
      revision ??= page.revision;
      if (page.revision !== revision) return undefined;
      fetched.push(...page.values.map((value) => ({ entity, value })));
      from = page.next;
    }
  }
  return fetched;
}
