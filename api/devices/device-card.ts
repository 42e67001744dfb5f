import { entityVersion } from '../../records/entity-version.ts';
import type { Device } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { isInstalled } from '../../records/registry-links.ts';
import type { Sealer } from '../../records/sealing.ts';
import type { DeviceShown } from '../answers.ts';
import { accountName } from '../incidents/incident-card.ts';

/** Who used a label, and when (epoch ms). */
export type LabelUse = NonNullable<NonNullable<Device['claim']>['used']>;

export type DeviceNames = { registry: Registry; unseal: Sealer['unseal'] };

export function deviceShown(names: DeviceNames, device: Device): DeviceShown {
  const { credential, claim: _, ...shown } = device;
  const place = device.placeId === undefined ? undefined : names.registry.place(device.placeId)?.name;
  return {
    ...shown,
    version: entityVersion(device),
    state: isInstalled(device) ? 'installed' : 'stock',
    ...(place !== undefined && { place }),
    hasSecret: credential !== undefined,
    label: labelShown(names, device),
  };
}

function labelShown(names: DeviceNames, { claim }: Device): DeviceShown['label'] {
  if (!claim?.used) return { phase: claim ? 'open' : 'none' };
  const { at, by: id, type } = claim.used;
  const name = nameOfUser(names, claim.used);
  return { phase: 'used', at, by: { id, ...(name !== undefined && { name }), ...(type && { type }) } };
}

/** Of who used a label: a person, or a program by the name of its key. */
export function nameOfUser(names: DeviceNames, { by, type }: Pick<LabelUse, 'by' | 'type'>): string | undefined {
  return type === 'api-key' ? names.registry.get('apiKey', by)?.name : accountName(names, by);
}
