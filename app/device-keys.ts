import type { DeviceKeys } from '../api/devices/device-keys.ts';
import { checkSecret, makeCredential, makeSecret, type StoredCredential } from '../broker/credentials.ts';
import { pskOf } from '../broker/tls-psk.ts';
import type { Chance } from '../platform/random.ts';
import { claimCodeFrom, randomSymbols } from '../records/claim-code.ts';

/** What a factory writes into a device beside its secret: the key for TLS without certificates, in hexadecimal. */
export type FactoryKeys = DeviceKeys & { presharedKey(deviceId: string, credential: StoredCredential): string };

/** Device secrets and label codes under the installation's pepper. */
export function deviceKeys({ pepper, chance }: { pepper: Uint8Array; chance: Chance }): FactoryKeys {
  const credentialOf = (secret: string) => makeCredential({ secret, pepper, chance });
  const claimOf = (deviceId: string, code: string) => credentialOf(claimText(deviceId, code));
  return {
    credentialOf,
    claimOf,
    newSecret() {
      const secret = spreadsheetSafe(() => makeSecret(chance));
      return { secret, credential: credentialOf(secret) };
    },
    newCode(deviceId) {
      const code = claimCodeFrom(chance.bytes(randomSymbols));
      return { code, claim: claimOf(deviceId, code) };
    },
    presharedKey: (deviceId, { salt }) => pskOf({ deviceId, salt, pepper }).toString('hex'),
    isSecret: (secret, credential) => checkSecret({ secret: Buffer.from(secret), credential, pepper }),
    isCode: (deviceId, code, claim) =>
      checkSecret({ secret: Buffer.from(claimText(deviceId, code)), credential: claim, pepper }),
  };
}

/** A code belongs to one device, and its hash can never pass for that of a secret. */
const claimText = (deviceId: string, code: string): string => `claim ${deviceId} ${code}`;

/** Spreadsheets take a leading "-" for a formula, and would spoil the secret that somebody copies from one. */
function spreadsheetSafe(make: () => string): string {
  const secret = make();
  return /^[A-Za-z]/.test(secret) ? secret : spreadsheetSafe(make);
}
