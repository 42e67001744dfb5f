import { expect, test } from 'vitest';
import { systemChance } from '../platform/random.ts';
import { checkSecret, createCredentials, hashSecret, makeCredential, makeSecret } from './credentials.ts';

const pepper = Buffer.from('a pepper of this installation');
const chance = { bytes: (count: number) => new Uint8Array(count).fill(7), fraction: () => 0 };
const registered = new Map([
  ['button-1', { credential: makeCredential({ secret: 'one', pepper, chance }) }],
  ['button-2', {}],
]);
const credentials = createCredentials({
  device: (id) => registered.get(id),
  pepper,
  enrolment: { username: 'enrolment', secret: 'welcome' },
});
const check = (deviceId: string, username: string, password: string) =>
  credentials.check({ deviceId, username, password: Buffer.from(password) });

test('a device enters with its own secret, whether or not it repeats its id as the user name', () => {
  expect(check('button-1', 'button-1', 'one')).toBe('registered');
  expect(check('button-1', '', 'one')).toBe('registered');
});

test('another secret, another name, an unknown device, no secret: refused', () => {
  expect(check('button-1', 'button-1', 'two')).toBe('refused');
  expect(check('button-1', 'button-1', '')).toBe('refused');
  expect(check('button-1', 'button-2', 'one')).toBe('refused');
  expect(check('button-9', 'button-9', 'one')).toBe('refused');
  expect(check('button-9', '', '')).toBe('refused');
  expect(check('__proto__', '', 'one')).toBe('refused');
});

test('a device whose secret was never made cannot enter', () => {
  expect(check('button-2', 'button-2', '')).toBe('refused');
});

test('what a handshake proved ends with the credential whose key it used', () => {
  const prove = (deviceId: string, proof: { salt?: string }) =>
    credentials.check({ deviceId, username: '', password: Buffer.alloc(0), proof });
  const salt = registered.get('button-1')?.credential?.salt ?? '';
  expect(prove('button-1', { salt })).toBe('registered');
  expect(prove('button-1', { salt: 'of before' })).toBe('refused');
  expect(prove('button-2', { salt })).toBe('refused');
  expect(prove('button-2', {})).toBe('registered');
  expect(prove('button-9', {})).toBe('refused');
});

test('the enrolment lets in who is not registered, and never speaks for who is', () => {
  expect(check('button-9', 'enrolment', 'welcome')).toBe('enrolment');
  expect(check('button-9', 'enrolment', 'guess')).toBe('refused');
  expect(check('button-9', 'button-9', 'welcome')).toBe('refused');
  expect(check('button-1', 'enrolment', 'welcome')).toBe('refused');
  expect(check('button-1', 'enrolment', 'one')).toBe('refused');
});

test('without an enrolment in the configuration there is none', () => {
  const strict = createCredentials({ device: (id) => registered.get(id), pepper });
  expect(strict.check({ deviceId: 'button-9', username: 'enrolment', password: Buffer.from('welcome') })).toBe(
    'refused',
  );
});

test('what the registry keeps is bound to salt and pepper and does not hold the secret', () => {
  const secret = makeSecret(systemChance);
  const [one, two] = [1, 2].map(() => makeCredential({ secret, pepper, chance: systemChance }));
  expect(one?.hmac).not.toBe(two?.hmac);
  expect(checkSecret({ secret: Buffer.from(secret), credential: one, pepper })).toBe(true);
  expect(checkSecret({ secret: Buffer.from(secret), credential: one, pepper: Buffer.from('another') })).toBe(false);
  expect(JSON.stringify(one)).not.toContain(secret);
  // HMAC-SHA256 of the bytes 01 02 and "secret" under "pepper", computed with OpenSSL.
  expect(hashSecret({ secret: Buffer.from('secret'), salt: 'AQI=', pepper: Buffer.from('pepper') })).toBe(
    '6d61wHoJH8KHwfb+GFqdujs8/+Sur4hdqBVxdMvyWF0=',
  );
});

test('a generated secret has more than 128 random bits', () => {
  expect(makeSecret(chance)).toMatch(/^[A-Za-z0-9_-]{32}$/);
  expect(makeSecret(systemChance)).not.toBe(makeSecret(systemChance));
});

test('a damaged stored credential refuses and does not throw', () => {
  const secret = Buffer.from('one');
  expect(checkSecret({ secret, credential: { salt: '?', hmac: 'short' }, pepper })).toBe(false);
  expect(checkSecret({ secret, credential: undefined, pepper })).toBe(false);
});
