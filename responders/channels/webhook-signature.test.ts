import { createPublicKey, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { keySignature, signingKey, webhookSignature } from './webhook-signature.ts';

/** The message that the libraries of Standard Webhooks sign in their own tests. */
const published = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body: '{"test": 2432232314}' };

test("a symmetric signature is the one of Standard Webhooks' published vector", () => {
  const secrets = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  expect(webhookSignature({ secrets, ...published })).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

test("an asymmetric signature is the one of Standard Webhooks' published vector", () => {
  const { privateKey } = signingKey(Buffer.from('VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=', 'base64'));
  expect(keySignature({ privateKey, ...published })).toBe(
    'v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==',
  );
});

test('whoever has the public key alone can check an asymmetric signature', () => {
  const { privateKey, publicKey } = signingKey(Buffer.alloc(32, 7));
  expect(publicKey).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/);
  const x = Buffer.from(publicKey.slice('whpk_'.length), 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const signature = Buffer.from(keySignature({ privateKey, ...published }).slice('v1a,'.length), 'base64');
  const isGenuine = (body: string) =>
    verify(null, Buffer.from(`${published.id}.${published.timestamp}.${body}`), key, signature);
  expect([isGenuine(published.body), isGenuine('{"test": 2432232315}')]).toEqual([true, false]);
});
