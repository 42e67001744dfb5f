import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * OneNET asks by GET whether the address is ours: it is when `signature` is what `token`, `nonce` and `msg` make, and
 * the answer is `msg`, as it is. Undefined: it is not OneNET who asks, or its Token is another.
 * Source: docs/carriers.md, "OneNET"
 */
export function answerToOneNet(query: URLSearchParams, token: string): string | undefined {
  const [msg, nonce, signature] = ['msg', 'nonce', 'signature'].map((name) => query.get(name));
  if (msg == null || nonce == null || signature == null) return undefined;
  // A plus that was not escaped reads as a space.
  return isSigned({ msg, nonce, signature: signature.replaceAll(' ', '+') }, token) ? msg : undefined;
}

/**
 * Whether a push bears a signature that is wrong. It covers `msg` where that is a text; of the older form, where it
 * is an object, the signed bytes cannot be known, and a body that cannot be read has none: there the token in the
 * path has to do.
 */
export function isForged(body: Uint8Array, token: string): boolean {
  const { msg, nonce, signature } = fieldsOf(body);
  if (typeof msg !== 'string' || typeof nonce !== 'string' || typeof signature !== 'string') return false;
  return !isSigned({ msg, nonce, signature }, token);
}

function isSigned(
  { msg, nonce, signature }: { msg: string; nonce: string; signature: string },
  token: string,
): boolean {
  const expected = createHash('md5')
    .update(token + nonce + msg)
    .digest();
  const given = Buffer.from(signature, 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function fieldsOf(body: Uint8Array): { [name: string]: unknown } {
  try {
    return Object(JSON.parse(Buffer.from(body).toString('utf8')));
  } catch {
    return {};
  }
}
