import { createHash } from 'node:crypto';
import type { Chance } from '../../platform/random.ts';
import type { ApiKey } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import type { Access } from '../../records/rights.ts';

/**
 * Programs that show a key: `Authorization: Bearer swk_...`. The registry keeps a hash, so that a key ends everywhere in the instant in
 * which it is taken out; a token has 256 bits, so that nobody has to be slowed in guessing it. When it was last used is remembered here
 * alone, until this process ends.
 */
export function createApiKeys({ registry, now }: ApiKeysParts) {
  const usedAt = new Map<string, number>();
  /** By hash; made anew when the registry has changed. */
  let byHash = new Map<string, ApiKey>();
  let revision: number | undefined;

  function known(hash: string): ApiKey | undefined {
    if (registry.revision() !== revision) {
      byHash = new Map(Array.from(registry.list('apiKey'), (key) => [key.hash, key]));
      for (const id of usedAt.keys()) if (!registry.get('apiKey', id)) usedAt.delete(id);
      revision = registry.revision();
    }
    const key = byHash.get(hash);
    return key && (key.expiresAt ?? Number.POSITIVE_INFINITY) > now() ? key : undefined;
  }

  return {
    /** What the bearer of a token may do now. The hash of it names the key from then on. */
    use(token: string): { hash: string; access: Access } | undefined {
      const hash = hashOf(token);
      const key = known(hash);
      if (!key) return undefined;
      usedAt.set(key.id, now());
      return { hash, access: accessOfKey(key) };
    },
    /** For a program that stays connected: its rights as they are now; undefined when the key ended. */
    access(hash: string): Access | undefined {
      const key = known(hash);
      return key && accessOfKey(key);
    },
    lastUsedAt: (id: string): number | undefined => usedAt.get(id),
  };
}

export type ApiKeys = ReturnType<typeof createApiKeys>;
type ApiKeysParts = { registry: Registry; now: () => number };

/** 256 bits, behind a prefix by which people and scanners of repositories know what it is. */
export function newToken(chance: Chance): { token: string; hash: string } {
  const token = `swk_${Buffer.from(chance.bytes(32)).toString('base64url')}`;
  return { token, hash: hashOf(token) };
}

const accessOfKey = ({ id, grants }: ApiKey): Access => ({ actor: { type: 'api-key', id }, grants });
const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64');
