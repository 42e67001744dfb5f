import { expect, test } from 'vitest';
import { FoldState } from '../../records/fold-state.ts';
import { put } from '../../records/registry.test-support.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { sealChanges } from '../../records/sealing.ts';
import { glassVault } from '../../simulators/glass-vault.ts';
import { blindIndex } from '../blind-index.ts';
import { fillPhoneKeys, withPhoneKeys } from './phone-keys.ts';

const vault = glassVault();
const { phoneKey } = blindIndex(vault);
const contact = (phone: string | undefined, words: object = {}) =>
  put('contact', {
    ...{ id: 'bao', of: { type: 'area', id: 'a' }, role: 'neighbour', order: 1, name: 'Bao', language: 'en' },
    ...{ channels: [{ type: 'sms' }], ...(phone !== undefined && { phone }), ...words },
  });
const keyIn = (change: ReturnType<typeof contact>) =>
  withPhoneKeys([change], vault).map((one) =>
    one.type === 'put' ? (one.value as { phoneKey?: string }).phoneKey : '',
  )[0];

test('one number has one key, however it is written', () => {
  const written = ['13800000001', '138 0000 0001', '+86 138-0000-0001', '0086 13800000001', '8613800000001'];
  expect(new Set(written.map((phone) => keyIn(contact(phone)))).size).toBe(1);
  expect(keyIn(contact('13800000002'))).not.toBe(keyIn(contact('13800000001')));
  expect(keyIn(contact('13800000001'))).toMatch(/^[A-Za-z0-9_-]{22}$/);
});

test('a key that somebody made up is not kept, and goes with its number', () => {
  expect(keyIn(contact('13800000001', { phoneKey: 'x'.repeat(22) }))).toBe(phoneKey('13800000001'));
  expect(keyIn(contact(undefined, { phoneKey: 'x'.repeat(22) }))).toBeUndefined();
});

test('a number that comes sealed, as it was kept, has its key too', () => {
  const [sealed] = sealChanges([contact('13800000001')], { vault, current: { get: () => undefined } });
  expect(JSON.stringify(sealed)).not.toContain('13800000001');
  expect(sealed && keyIn(sealed as ReturnType<typeof contact>)).toBe(phoneKey('13800000001'));
});

test('numbers that were entered before there were keys are found by them after the next start', async () => {
  const registry = createRegistry({ state: new FoldState() });
  const county = put('area', { id: 'a', level: 'county', name: 'A' });
  registry.apply(sealChanges([county, contact('13800000001')], { vault, current: registry }));
  expect(registry.contactsByPhone(phoneKey('13800000001'))).toEqual([]);
  const send = async (command: Parameters<Parameters<typeof fillPhoneKeys>[0]['send']>[0]) => {
    if (command.type === 'registry-part')
      registry.stage(command.importId, command.part, withPhoneKeys(command.changes, vault));
    if (command.type === 'registry-commit')
      expect(registry.commit(command.importId, command.parts)).toMatchObject({ ok: true });
  };
  await fillPhoneKeys({ registry, send, unique: () => 'start' });
  expect(registry.contactsByPhone(phoneKey('+86 13800000001')).map(({ id }) => id)).toEqual(['bao']);
  await fillPhoneKeys({ registry, send: () => expect.fail('there is nothing left to do'), unique: () => 'start-2' });
});
