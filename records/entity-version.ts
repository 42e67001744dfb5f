import type { Entity, EntityType } from './registry.ts';

/**
 * A number that stands for an entity as it is kept: whoever changes it says which version was seen. It follows from what is kept, so
 * that every process comes to the same one, whatever it folded and from where on. 0 stands for nothing at all. Units: 53 bits.
 * Source: cyrb53, a public-domain hash; it keeps honest clients apart and guards no secret.
 */
export function entityVersion(value: Entity<EntityType> | undefined): number {
  if (value === undefined) return 0;
  const text = JSON.stringify(value);
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}
