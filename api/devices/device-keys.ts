import type { Device } from '../../records/registry.ts';

/**
 * What proves to be a device or to hold its label. A secret and a code exist where they are made, on the paper of whoever asked for
 * them, and nowhere else: what is kept of them cannot be turned back. Checking takes the same work whether or not there is something to
 * check against.
 */
export type DeviceKeys = {
  newSecret(): { secret: string; credential: Credential };
  newCode(deviceId: string): { code: string; claim: Claim };
  /** What is kept of a secret that somebody else made. */
  credentialOf(secret: string): Credential;
  claimOf(deviceId: string, code: string): Claim;
  isSecret(secret: string, credential: Credential | undefined): boolean;
  isCode(deviceId: string, code: string, claim: Claim | undefined): boolean;
};
type Credential = NonNullable<Device['credential']>;
type Claim = NonNullable<Device['claim']>;
