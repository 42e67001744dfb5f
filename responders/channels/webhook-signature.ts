import { createHmac } from 'node:crypto';

/**
 * The value of `webhook-signature`: for each secret, `v1,` and the base64 HMAC-SHA256 of `{id}.{timestamp}.{body}`.
 * `secrets` is one `whsec_` secret, or during a rotation several with spaces between; undefined when one of them is not of
 * that form. Units: `timestamp` is epoch seconds. Source: Standard Webhooks 1.0.0, "Signature scheme".
 */
export function webhookSignature({ secrets, id, timestamp, body }: Signed): string | undefined {
  const keys = secrets.split(' ').map(keyOf);
  const signatures = keys.flatMap((key) =>
    key === undefined ? [] : `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  );
  return signatures.length === keys.length ? signatures.join(' ') : undefined;
}

type Signed = { secrets: string; id: string; timestamp: number; body: string };

/** 24 to 64 bytes in base64 behind `whsec_`. */
function keyOf(secret: string): Buffer | undefined {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  const key = Buffer.from(base64 ?? '', 'base64');
  return key.length >= 24 && key.length <= 64 ? key : undefined;
}
