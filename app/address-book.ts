import type { Vault } from '../platform/vault.ts';
import type { Contact } from '../records/registry.ts';
import { unsealEntity } from '../records/sealing.ts';
import type { AddressBook } from '../responders/attempt.ts';
import type { Address } from '../responders/channel.ts';

/** How contacts are reached, unsealed at the moment of sending. A contact whose key is gone cannot be reached any more. */
export function addressBook({
  contact,
  vault,
}: {
  contact(id: string): Contact | undefined;
  vault: Vault;
}): AddressBook {
  return {
    contact(contactId) {
      const sealed = contact(contactId);
      if (!sealed) return undefined;
      const { language, channels } = unsealEntity('contact', sealed, vault);
      return { language, channels: channels.flatMap((channel) => addressOf(channel) ?? []) };
    },
  };
}

function addressOf(channel: Contact['channels'][number]): Address | undefined {
  if (channel.type === 'log') return { type: 'log' };
  const { url, secret } = channel;
  return typeof url === 'string' && typeof secret === 'string' ? { type: 'webhook', url, secret } : undefined;
}
