import { stringify } from 'yaml';
import { sectionNames, sections } from '../../api/registry/registry-entry.ts';
import type { Entity, EntityType } from '../../records/registry.ts';
import { type Sealer, unsealEntity } from '../../records/sealing.ts';

/** What an export reads: the registry's fold, or a copy of it. */
export type Listing = { list<T extends EntityType>(entity: T): Iterable<Entity<T>> };

/**
 * The registry as a file that imports again to the same registry. Personal fields are in plain text, because a person reads
 * and corrects them; device secrets are their hashes, which fit this installation's keys alone. Webhook secrets stay sealed,
 * and import again here; with `withSecrets` they are in plain text too, for another installation. Accounts stay out of it.
 */
export function exportRegistry(listing: Listing, options: { unseal: Sealer['unseal']; withSecrets?: boolean }): string {
  const written = sectionNames.flatMap((section) => {
    const entity = sections[section];
    const entries = [...listing.list(entity)].map((value) =>
      unsealEntity(entity, value, { withSecrets: false, ...options }),
    );
    return entries.length === 0
      ? []
      : [`${section}:\n`, ...inChunks(entries).map((chunk) => stringify(chunk, { lineWidth: 0 }))];
  });
  return written.join('');
}

/** A document of everything at once would take many times its memory. */
function inChunks<T>(entries: T[], size = 500): T[][] {
  return Array.from({ length: Math.ceil(entries.length / size) }, (_, at) => entries.slice(at * size, (at + 1) * size));
}
