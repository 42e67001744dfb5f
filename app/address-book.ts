import type { Vault } from '../platform/vault.ts';
import type { Contact, Person } from '../records/registry.ts';
import { unsealEntity } from '../records/sealing.ts';
import type { AddressBook } from '../responders/attempt.ts';
import type { Address } from '../responders/channel.ts';

/** How contacts are reached, unsealed at the moment of sending. A contact whose key is gone cannot be reached any more. */
export function addressBook({ contact, person, vault }: AddressBookParts): AddressBook {
  return {
    contact(contactId) {
      const sealed = contact(contactId);
      if (!sealed) return undefined;
      const open = unsealEntity('contact', sealed, vault);
      const { language, voiceLanguage, phone, channels } = open;
      return {
        ...{ language, ways: channels, channels: channels.map((channel) => addressOf(channel, open)) },
        ...(voiceLanguage && { voiceLanguage }),
        ...(typeof phone === 'string' && { phone }),
      };
    },
    nameOf(contactId) {
      const sealed = contact(contactId);
      const name = sealed && unsealEntity('contact', sealed, vault).name;
      return typeof name === 'string' ? name : undefined;
    },
    callName(personId) {
      const sealed = person(personId);
      const callName = sealed && unsealEntity('person', sealed, vault).callName;
      return typeof callName === 'string' ? callName : undefined;
    },
  };
}

type AddressBookParts = {
  contact(id: string): Contact | undefined;
  person(id: string): Person | undefined;
  vault: Vault;
};

/** Nothing, where something that it needs is missing or stays sealed. */
function addressOf(channel: Contact['channels'][number], { phone }: Contact): Address | undefined {
  switch (channel.type) {
    case 'log':
      return { type: 'log' };
    case 'sms':
    case 'voice':
      return typeof phone === 'string' ? { type: channel.type, phone } : undefined;
    default: {
      // Every field of these is text once it is open; the address of a robot is kept as a secret.
      const { hook, ...fields } = { hook: undefined, ...channel };
      const address = { ...fields, ...(hook !== undefined && { url: hook }) };
      return Object.values(address).every((value) => typeof value === 'string') ? (address as Address) : undefined;
    }
  }
}
