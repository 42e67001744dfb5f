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

/** One device a home: a detector, a sensor, a wearable and a button in turn. */
export function benchDevice(number: number) {
  const kinds = ['smoke-detector', 'presence-sensor', 'wearable', 'call-button'] as const;
  const id = deviceId(number);
  return { id, secret: secretOf(id), kind: kinds[number % kinds.length] ?? 'smoke-detector' };
}

export const placeId = (number: number): string => `p${number}`;

/**
 * Homes in villages of 50, each with one person, one place and one device of every kind in turn; and one neighbour a village, whose
 * webhook is given. `hash` is the installation's way to keep a secret.
 */
export function benchVillage({
  devices,
  webhook,
  hash,
}: {
  devices: number;
  webhook: { url: string; secret: string };
  hash: (secret: string) => { salt: string; hmac: string };
}): RegistryChange[] {
  const changes: RegistryChange[] = [
    put('area', { id: 'county', level: 'county', name: 'Bench county' }),
    put('area', { id: 'township', level: 'township', parentId: 'county', name: 'Bench township' }),
  ];
  for (let number = 0; number < devices; number++) {
    const village = `v${Math.floor(number / 50)}`;
    if (number % 50 === 0) {
      changes.push(put('area', { id: village, level: 'village', parentId: 'township', name: `Village ${village}` }));
      changes.push(
        put('contact', {
          id: `n-${village}`,
          of: { type: 'area', id: village },
          role: 'station',
          order: 1,
          name: `Station of ${village}`,
          language: 'en',
          channels: [{ type: 'webhook', ...webhook }],
        }),
      );
    }
    const [place, household, person] = [placeId(number), `h${number}`, `e${number}`];
    changes.push(put('place', { id: place, areaId: village, kind: 'house', name: `house ${number}` }));
    changes.push(put('household', { id: household, areaId: village, currentPlaceId: place }));
    changes.push(
      put('person', { id: person, householdId: household, name: `Person ${number}`, categories: [], language: 'en' }),
    );
    const { id, kind, secret } = benchDevice(number);
    const at = kind === 'wearable' || kind === 'call-button' ? { personId: person } : { placeId: place };
    changes.push(put('device', { id, kind, ...at, intervalMinutes: 60, credential: hash(secret), simulated: true }));
  }
  return changes;
}

function put<T extends RegistryChange & { type: 'put' }>(entity: T['entity'], value: T['value']): RegistryChange {
  return { type: 'put', entity, value } as RegistryChange;
}
