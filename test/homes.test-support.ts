import { join } from 'node:path';
import { register, type System, until } from '../bench/system.ts';
import { deviceId, secretOf } from '../bench/village.ts';
import { makeCredential } from '../broker/credentials.ts';
import { systemChance } from '../platform/random.ts';
import { openVault } from '../platform/vault.ts';
import type { Contact, RegistryChange } from '../records/registry.ts';

/** Somebody who is told of a home, of an area or of the whole county. Without more, a neighbour of that home who reads Chinese. */
export type Told = Pick<Contact, 'id' | 'channels'> & Partial<Omit<Contact, 'of'>> & { of?: Contact['of'] };

/**
 * A village of homes with one call button each, which is real, so that people read what they would read on the day; home `n` has place
 * `p<n>`, and its button is device `n` (`press(system, n)`). `contacts` answer for the home that they are listed under.
 */
export async function registerHomes(system: System, homes: readonly (readonly Told[])[], more: readonly Told[] = []) {
  await until('the alarm process', () => system.control.ask('health', {}));
  const vault = await openVault({ folder: join(system.dataFolder, 'keys'), chance: systemChance, readOnly: true });
  const pepper = vault.pepper();
  await vault.close();
  const changes: RegistryChange[] = [
    { type: 'put', entity: 'area', value: { id: 'county', level: 'county', name: '五里旗' } },
    { type: 'put', entity: 'area', value: { id: 'township', level: 'township', parentId: 'county', name: '巴彦苏木' } },
    { type: 'put', entity: 'area', value: { id: 'village', level: 'village', parentId: 'township', name: '东井嘎查' } },
    ...homes.flatMap((contacts, number): RegistryChange[] => [
      { type: 'put', entity: 'place', value: { ...placeOf(number), areaId: 'village', kind: 'house' } },
      {
        type: 'put',
        entity: 'household',
        value: { id: `h${number}`, areaId: 'village', currentPlaceId: `p${number}` },
      },
      { type: 'put', entity: 'person', value: personOf(number) },
      { type: 'put', entity: 'device', value: { ...buttonOf(number), credential: credentialOf(number, pepper) } },
      ...contacts.map((told) => putContact(told, { type: 'place', id: `p${number}` })),
    ]),
    ...more.map((told) => putContact(told, { type: 'area', id: 'county' })),
  ];
  await register(system.control, changes);
}

const placeOf = (number: number) => ({ id: `p${number}`, name: `东井${number + 1}户，水井以西三公里` });
const personOf = (number: number) => ({
  ...{ id: `e${number}`, householdId: `h${number}`, name: `老人${number}`, callName: callNameOf(number) },
  ...{ categories: ['living-alone' as const], language: 'zh-CN' as const },
});
/** As it was agreed with whoever lives in that home. */
export const callNameOf = (number: number): string => `巴图${number}`;

const buttonOf = (number: number) => ({
  ...{ id: deviceId(number), kind: 'call-button' as const, personId: `e${number}`, intervalMinutes: 1_440 },
  simulated: false,
});

function credentialOf(number: number, pepper: Parameters<typeof makeCredential>[0]['pepper']) {
  return makeCredential({ secret: secretOf(deviceId(number)), pepper, chance: systemChance });
}

function putContact({ of, ...told }: Told, home: Contact['of']): RegistryChange {
  const usual = { role: 'neighbour' as const, order: 1, name: told.id, language: 'zh-CN' as const };
  return { type: 'put', entity: 'contact', value: { ...usual, ...told, of: of ?? home } };
}
