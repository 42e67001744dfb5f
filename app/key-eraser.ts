import type { Vault } from '../platform/vault.ts';
import type { Registry } from '../records/registry-fold.ts';
import { abandonedOwners } from '../records/sealing.ts';

/**
 * Destroys the keys of those who left the registry: nothing that was sealed for them can be opened again, wherever a copy
 * of it is. Whoever is staged for an import again keeps the key.
 */
export function keyEraser({ vault, registry, fail }: EraserParts) {
  function destroy(owners: Iterable<string>): void {
    for (const owner of owners) vault.destroy(owner);
    vault.flush().catch(fail);
  }
  return {
    forget(owners: readonly string[]): void {
      const staged = new Set(registry.stagedKeys());
      destroy(owners.filter((owner) => !staged.has(owner)));
    },
    sweep: () => destroy(abandonedOwners(vault.owners(), registry)),
  };
}
type EraserParts = { vault: Vault; registry: Registry; fail: (error: unknown) => void };
