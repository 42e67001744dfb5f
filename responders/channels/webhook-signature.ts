import { createHmac, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { Signed } from './webhook-post.ts';

/**
 * The value of `webhook-signature`: for each secret, `v1,` and the base64 HMAC-SHA256 of `{id}.{timestamp}.{body}`.
 * `secrets` is one `whsec_` secret, or during a rotation several with spaces between; undefined when one of them is not of
 * that form. Units: `timestamp` is epoch seconds. Source: Standard Webhooks 1.0.0, "Signature scheme".
 */
export function webhookSignature({ secrets, ...signed }: Signed & { secrets: string }): string | undefined {
  const keys = secrets.split(' ').map(keyOf);
  const signatures = keys.flatMap((key) =>
    key === undefined ? [] : `v1,${createHmac('sha256', key).update(contentOf(signed)).digest('base64')}`,
  );
  return signatures.length === keys.length ? signatures.join(' ') : undefined;
}

/** The asymmetric one: `v1a,` and the base64 ed25519 signature of the same text. */
export function keySignature({ privateKey, ...signed }: Signed & { privateKey: KeyObject }): string {
  return `v1a,${sign(null, Buffer.from(contentOf(signed)), privateKey).toString('base64')}`;
}

/** The ed25519 key of a seed of 32 bytes; `publicKey` is `whpk_` and its 32 bytes in base64. */
export function signingKey(seed: Uint8Array): { privateKey: KeyObject; publicKey: string } {
  const key = Buffer.concat([pkcs8Prefix, seed]);
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { privateKey, publicKey: `whpk_${Buffer.from(x, 'base64url').toString('base64')}` };
}

/** What stands before the seed of an ed25519 key in PKCS #8. Source: RFC 8410, section 10.3. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

const contentOf = ({ id, timestamp, body }: Signed): string => `${id}.${timestamp}.${body}`;

/** 24 to 64 bytes in base64 behind `whsec_`. */
function keyOf(secret: string): Buffer | undefined {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  const key = Buffer.from(base64 ?? '', 'base64');
  return key.length >= 24 && key.length <= 64 ? key : undefined;
}
