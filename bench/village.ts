import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { makeCredential } from '../broker/credentials.ts';
import { systemChance } from '../platform/random.ts';
import { openVault } from '../platform/vault.ts';
import type { RegistryChange } from '../records/registry.ts';
import { register, type System, until } from './system.ts';

/** Waits until the system takes commands, and registers a village of that many devices. */
export async function registerVillage(
  system: System,
  devices: number,
  webhook: { url: string; secret: string },
): Promise<void> {
  await until('the alarm process', () => system.control.ask('health', {}));
  const vault = await openVault({ folder: join(system.dataFolder, 'keys'), chance: systemChance, readOnly: true });
  const pepper = vault.pepper();
  await vault.close();
  const hash = (secret: string) => makeCredential({ secret, pepper, chance: systemChance });
  await register(system.control, benchVillage({ devices, webhook, hash }));
}

/** A secret that a bench can make again from the device's id; real ones come from chance. */
export const secretOf = (deviceId: string): string =>
  createHash('sha256').update(`bench:${deviceId}`).digest('base64url');

export const deviceId = (number: number): string => `86${String(number).padStart(13, '0')}`;

/** Four devices a home: a detector, a sensor, a wearable and a button. */
const kinds = ['smoke-detector', 'presence-sensor', 'wearable', 'call-button'] as const;

export function benchDevice(number: number) {
  const id = deviceId(number);
  return { id, secret: secretOf(id), kind: kinds[number % kinds.length] ?? 'smoke-detector' };
}

/** The place of the home that a device belongs to. */
export const placeId = (device: number): string => `p${Math.floor(device / kinds.length)}`;

/**
 * Homes of four devices and one person, in villages of 50 homes, each with a station whose webhook is given. `hash` is the
 * installation's way to keep a secret.
 */
export function benchVillage({ devices, webhook, hash }: VillageParts): RegistryChange[] {
  const changes: RegistryChange[] = [
    put('area', { id: 'county', level: 'county', name: 'Bench county' }),
    put('area', { id: 'township', level: 'township', parentId: 'county', name: 'Bench township' }),
  ];
  for (let home = 0; home * kinds.length < devices; home++) {
    const village = `v${Math.floor(home / 50)}`;
    if (home % 50 === 0) changes.push(...villageOf(village, webhook));
    const [place, household, person] = [`p${home}`, `h${home}`, `e${home}`];
    changes.push(put('place', { id: place, areaId: village, kind: 'house', name: `house ${home}` }));
    changes.push(put('household', { id: household, areaId: village, currentPlaceId: place }));
    const named = { name: `Person ${home}`, categories: [], language: 'en' as const };
    changes.push(put('person', { id: person, householdId: household, ...named }));
    for (let number = home * kinds.length; number < Math.min(devices, (home + 1) * kinds.length); number++) {
      const { id, kind, secret } = benchDevice(number);
      const at = kind === 'wearable' || kind === 'call-button' ? { personId: person } : { placeId: place };
      changes.push(put('device', { id, kind, ...at, intervalMinutes: 60, credential: hash(secret), simulated: true }));
    }
  }
  return changes;
}
type VillageParts = {
  devices: number;
  webhook: { url: string; secret: string };
  hash: (secret: string) => { salt: string; hmac: string };
};

function villageOf(id: string, webhook: VillageParts['webhook']): RegistryChange[] {
  const station = {
    ...{ id: `n-${id}`, of: { type: 'area' as const, id }, role: 'station' as const, order: 1 },
    ...{ name: `Station of ${id}`, language: 'en' as const, channels: [{ type: 'webhook' as const, ...webhook }] },
  };
  return [put('area', { id, level: 'village', parentId: 'township', name: `Village ${id}` }), put('contact', station)];
}

function put<T extends RegistryChange & { type: 'put' }>(entity: T['entity'], value: T['value']): RegistryChange {
  return { type: 'put', entity, value } as RegistryChange;
}
