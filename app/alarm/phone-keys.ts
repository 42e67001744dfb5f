import type { Vault } from '../../platform/vault.ts';
import type { Command } from '../../records/command.ts';
import { entityVersion } from '../../records/entity-version.ts';
import { type Contact, entities, type Person, type RegistryChange } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { unsealEntity } from '../../records/sealing.ts';
import { blindIndex } from '../blind-index.ts';

/** The changes with the key of each telephone number as it is, whatever they say that it is. */
export function withPhoneKeys(changes: readonly RegistryChange[], vault: Vault): RegistryChange[] {
  const { phoneKey } = blindIndex(vault);
  const keyOf = (phone: unknown) => (typeof phone === 'string' ? { phoneKey: phoneKey(phone) } : {});
  return changes.map((change) => {
    if (change.type === 'remove' || (change.entity !== 'contact' && change.entity !== 'person')) return change;
    const { phoneKey: said, ...bare } = change.value;
    if (said === undefined && bare.phone === undefined) return change;
    const { phone } = unsealEntity<'contact' | 'person'>(change.entity, bare as Contact | Person, vault);
    // In the order in which an entry is kept, by which equal ones are seen to be equal.
    return { ...change, value: entities[change.entity].parse({ ...bare, ...keyOf(phone) }) } as RegistryChange;
  });
}

/**
 * Numbers that were entered before they had keys get them, so that what comes from them is understood. What is changed by somebody
 * meanwhile refuses the whole, and the next start tries again.
 */
export async function fillPhoneKeys({ registry, send, unique }: FillParts): Promise<void> {
  const lacking = (['contact', 'person'] as const).flatMap((entity) =>
    [...registry.list(entity)].flatMap((value) => {
      if (value.phone === undefined || value.phoneKey !== undefined) return [];
      return { type: 'put', entity, value, expectedVersion: entityVersion(value) } as RegistryChange;
    }),
  );
  if (lacking.length === 0) return;
  const importId = `phones-${unique()}`;
  const by = { type: 'system', id: 'phones' } as const;
  const parts = Math.ceil(lacking.length / partSize);
  for (let part = 0; part < parts; part++) {
    const changes = lacking.slice(part * partSize, (part + 1) * partSize);
    await send({ type: 'registry-part', commandId: `${importId}-${part}`, by, importId, part, changes });
  }
  await send({ type: 'registry-commit', commandId: `${importId}-end`, by, importId, parts });
}

type FillParts = {
  registry: Pick<Registry, 'list'>;
  send: (command: Command) => Promise<unknown>;
  unique: () => string;
};
const partSize = 500;
