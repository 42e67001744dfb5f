import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Chance } from '../platform/random.ts';
import type { Device } from '../records/registry.ts';

/** What a CONNECT claims. The client id is the device id; `username` is empty or repeats it, or is the enrolment's. */
export type Login = {
  deviceId: string;
  username: string;
  password: Uint8Array;
  /** The handshake of TLS proved the device id, with a key of the credential that had this salt, or without one: no password is needed. */
  proof?: { salt?: string } | undefined;
};
export type Standing = 'registered' | 'enrolment';
export type Credentials = {
  check(login: Login): Standing | 'refused';
  /** False while the registry is not read to its end: whoever is refused may be known soon. */
  isCurrent?(): boolean;
};
/** HMAC-SHA256 of salt and secret under the installation's pepper; both base64. */
export type StoredCredential = { salt: string; hmac: string };

/**
 * Decides who may connect: a registered device with its own secret, or an unregistered one with the enrolment secret.
 * A registered device is never let in by the enrolment: it could be spoken for by whoever knows that secret.
 * The work is the same for devices that exist and for those that do not.
 */
export function createCredentials(options: {
  device(id: string): Pick<Device, 'credential'> | undefined;
  pepper: Uint8Array;
  enrolment?: { username: string; secret: string };
}): Credentials {
  const { device, enrolment } = options;
  // As bytes the key would be prepared anew for every device that connects: five times the work.
  const pepper = createSecretKey(options.pepper);
  const salt = Buffer.alloc(SALT_BYTES).toString('base64');
  const enrolled = enrolment && { salt, hmac: hashSecret({ secret: Buffer.from(enrolment.secret), salt, pepper }) };
  return {
    check({ deviceId, username, password, proof }) {
      const registered = device(deviceId);
      // A connection may shake hands and wait: a new secret ends its key even so.
      const isOutdated = proof?.salt !== undefined && proof.salt !== registered?.credential?.salt;
      if (proof) return registered === undefined || isOutdated ? 'refused' : 'registered';
      const ownName = username === '' || username === deviceId;
      const asEnrolment = !ownName && enrolled !== undefined && username === enrolment?.username;
      const credential = asEnrolment ? enrolled : registered?.credential;
      if (!checkSecret({ secret: password, credential, pepper })) return 'refused';
      if (asEnrolment) return registered === undefined ? 'enrolment' : 'refused';
      return ownName ? 'registered' : 'refused';
    },
  };
}

/** A new device secret: 192 random bits as 32 characters of base64url. */
export function makeSecret(chance: Chance): string {
  return Buffer.from(chance.bytes(24)).toString('base64url');
}

/** What the registry keeps of a secret, under a new salt. */
export function makeCredential({
  secret,
  pepper,
  chance,
}: {
  secret: string;
  pepper: Uint8Array;
  chance: Chance;
}): StoredCredential {
  const salt = Buffer.from(chance.bytes(SALT_BYTES)).toString('base64');
  return { salt, hmac: hashSecret({ secret: Buffer.from(secret), salt, pepper }) };
}

/** `salt` and the result are base64. A fast hash is enough, because a generated secret cannot be guessed. */
export function hashSecret({ secret, salt, pepper }: { secret: Uint8Array; salt: string; pepper: Pepper }): string {
  return createHmac('sha256', pepper).update(Buffer.from(salt, 'base64')).update(secret).digest('base64');
}

/** Without a credential the answer is no, after the same work. */
export function checkSecret(options: {
  secret: Uint8Array;
  credential: StoredCredential | undefined;
  pepper: Pepper;
}): boolean {
  const { secret, credential, pepper } = options;
  const { salt, hmac } = credential ?? nobody;
  const expected = Buffer.from(hmac, 'base64');
  const actual = Buffer.from(hashSecret({ secret, salt, pepper }), 'base64');
  return expected.length === actual.length && timingSafeEqual(expected, actual) && credential !== undefined;
}

type Pepper = Uint8Array | KeyObject;
const SALT_BYTES = 16;
const nobody: StoredCredential = {
  salt: Buffer.alloc(SALT_BYTES).toString('base64'),
  hmac: Buffer.alloc(32).toString('base64'),
};
