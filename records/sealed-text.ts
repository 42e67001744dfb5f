import type { Whereabouts } from './alert.ts';
import type { Command, OpenCall, Reply } from './command.ts';
import type { EntityType } from './registry.ts';
import type { Registry } from './registry-fold.ts';
import { keyOf } from './registry-links.ts';
import { type Sealer, textsOf } from './sealing.ts';

/** Of what speaks of nobody in particular, and of why somebody was erased. Its key ends with the installation. */
export const installationTexts = 'installation:texts';

/**
 * What somebody wrote in their own words, as it is kept: sealed for whom it speaks of, with that owner before it, in
 * one string, so that what was kept open by an earlier release stands in the same place. `note` of `sealed(personText:p1):AbC=`.
 */
export function sealText({ seal }: Pick<Sealer, 'seal'>, owner: string, text: string): string {
  return `sealed(${owner}):${seal(owner, textField, text).sealed}`;
}

/** The text again; undefined when whom it speaks of was erased. What was never sealed is as it is. */
export function openText(text: string, { unseal }: Pick<Sealer, 'unseal'>): string | undefined {
  const [, owner, sealed] = sealedText.exec(text) ?? [];
  return owner === undefined || sealed === undefined ? text : unseal(owner, textField, { sealed });
}

/** The entry of a timeline, or the like, with every text in it opened; what cannot be opened is left out. */
export function openTexts<T extends object>(details: T, keys: Pick<Sealer, 'unseal'>): T {
  const opened = Object.entries(details).flatMap(([name, value]) => {
    const now = typeof value === 'string' ? openText(value, keys) : value;
    return now === undefined ? [] : [[name, now]];
  });
  return Object.fromEntries(opened) as T;
}

/**
 * The command with what somebody wrote in it sealed for `owner`. Keys of new owners are durable only after the vault's flush.
 */
export function sealTexts<C extends Command>(command: C, owner: string, vault: Pick<Sealer, 'seal'>): C {
  const said = command as unknown as Record<string, unknown>;
  const sealed = (textFields[command.type] ?? []).flatMap((field) => {
    const text = said[field];
    return typeof text === 'string' ? [[field, sealText(vault, owner, text)]] : [];
  });
  return sealed.length === 0 ? command : { ...command, ...Object.fromEntries(sealed) };
}

export type TextWorld = {
  registry: Pick<Registry, 'get' | 'whereabouts' | 'contactsByPhone'>;
  incidents: { get(incidentId: string): { where: Whereabouts } | undefined };
};

/** Where each kind of command holds what a person wrote. */
const textFields: { readonly [Type in Command['type']]?: readonly string[] } = {
  resolve: ['note'],
  act: ['action'],
  reopen: ['reason'],
  look: ['reason'],
  'test-window': ['reason'],
  'device-command': ['reason'],
  'cancel-device-command': ['reason'],
  'registry-commit': ['reason'],
  reply: ['text'],
  'take-over': ['reason'],
  'hand-up': ['reason'],
  merge: ['reason'],
  transfer: ['reference'],
  'transfer-outcome': ['note'],
  reclass: ['reason'],
  suppress: ['reason'],
  unsuppress: ['reason'],
  'open-call': ['words', 'number'],
  'call-log': ['words', 'number'],
};

/** Of whom a command's words speak: the person, else the household, else the place, where the registry has them now. */
export function ownerOfText(command: Command, { registry, incidents }: TextWorld): string {
  if ('incidentId' in command) return ownerAt(incidents.get(command.incidentId)?.where, registry);
  if ('deviceId' in command) return ownerAt(registry.whereabouts(command.deviceId), registry);
  if (command.type === 'open-call') return ownerAt(namedIn(command), registry);
  if (command.type === 'call-log') return ownerAt(incidents.get(command.about ?? '')?.where, registry);
  if (command.type === 'reply') return ownerOfReply(command, registry);
  if (command.type !== 'look') return installationTexts;
  const { type, id } = command.of;
  if (type === 'incident') return ownerAt(incidents.get(id)?.where, registry);
  if (type === 'device') return ownerAt(registry.whereabouts(id), registry);
  const isKept = type === 'person' || type === 'household' || type === 'place' || type === 'contact';
  return isKept && registry.get(type, id) ? textsOf(keyOf(type, id)) : installationTexts;
}

/** Whose number it is; nobody's is the installation's. */
function ownerOfReply({ phoneKey }: Reply, registry: TextWorld['registry']): string {
  const [contact] = registry.contactsByPhone(phoneKey);
  return contact ? textsOf(keyOf('contact', contact.id)) : installationTexts;
}

const namedIn = ({ personId, householdId, placeId }: OpenCall): Whereabouts => ({
  ...(personId !== undefined && { personId }),
  ...(householdId !== undefined && { householdId }),
  ...(placeId !== undefined && { placeId }),
});

/** A key for somebody who is not in the registry would never be destroyed. */
function ownerAt(where: Whereabouts | undefined, registry: TextWorld['registry']): string {
  const owners: [EntityType, string | undefined][] = [
    ['person', where?.personId],
    ['household', where?.householdId],
    ['place', where?.placeId],
  ];
  for (const [entity, id] of owners)
    if (id !== undefined && registry.get(entity, id)) return textsOf(keyOf(entity, id));
  return installationTexts;
}

const textField = 'text';
const sealedText = /^sealed\(([A-Za-z]+:[A-Za-z0-9_-]{1,64})\):([A-Za-z0-9+/]+={0,2})$/;
