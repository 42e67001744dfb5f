import { deviceVersion, isInstalled } from '../records/device-version.ts';
import type { Account, Device } from '../records/registry.ts';
import type { Registry } from '../records/registry-fold.ts';
import type { Sealer } from '../records/sealing.ts';
import { accountName } from './incident-card.ts';

/**
 * A device as the API shows it: nothing of its secret and its code but whether there is one. `version` is what a change has to name.
 * `label`: whether its code still binds it, or who used it when (epoch ms).
 */
export type DeviceShown = Pick<
  Device,
  'id' | 'kind' | 'placeId' | 'personId' | 'room' | 'intervalMinutes' | 'simulated'
> & {
  version: number;
  state: 'stock' | 'installed';
  /** The place's name. */
  place?: string;
  hasSecret: boolean;
  label: { phase: 'none' | 'open' } | { phase: 'used'; at: number; by: { id: Account['id']; name?: string } };
};
/** By id; `next` asks for what follows. */
export type DevicePage = { devices: DeviceShown[]; next?: string };
/** `secret` and `claimCode` are shown in this answer and never again; `label` is the text of the QR code. */
export type DeviceMade = { device: DeviceShown; secret?: string; claimCode?: string; label?: string };

export type DeviceNames = { registry: Registry; unseal: Sealer['unseal'] };

export function deviceShown(names: DeviceNames, device: Device): DeviceShown {
  const { credential, claim: _, ...shown } = device;
  const place = device.placeId === undefined ? undefined : names.registry.place(device.placeId)?.name;
  return {
    ...shown,
    version: deviceVersion(device),
    state: isInstalled(device) ? 'installed' : 'stock',
    ...(place !== undefined && { place }),
    hasSecret: credential !== undefined,
    label: labelShown(names, device),
  };
}

function labelShown(names: DeviceNames, { claim }: Device): DeviceShown['label'] {
  if (!claim?.used) return { phase: claim ? 'open' : 'none' };
  const { at, by: id } = claim.used;
  const name = accountName(names, id);
  return { phase: 'used', at, by: { id, ...(name !== undefined && { name }) } };
}
