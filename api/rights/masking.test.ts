import { expect, test } from 'vitest';
import { put } from '../../records/registry.test-support.ts';
import type { Contact, Entity, EntityType, Person, Place } from '../../records/registry.ts';
import { entityShown, isMasked, maskName, maskPhone } from './masking.ts';

const entityOf = <T extends EntityType>(entity: T, value: object): Entity<T> => {
  const change = put(entity, value);
  if (change.type !== 'put') throw new Error('a put is a put');
  return change.value as Entity<T>;
};
const unseal = () => undefined;
const masked = { unseal, isOpen: false };

test('of a name its first character is left, of a number enough to recognise one that is known', () => {
  expect(maskName('王秀英')).toBe('王**');
  expect(maskName('𠮷田')).toBe('𠮷**');
  expect(maskPhone('13812340000')).toBe('138****0000');
  expect(maskPhone('138 1234 0000')).toBe('138****0000');
  expect(maskPhone('+86 138 1234 0000')).toBe('861****0000');
  expect(maskPhone('8212345')).toBe('****45');
  expect(maskPhone('119')).toBe('****19');
});

test('masked, a contact keeps its name and number half, and neither an address nor a secret', () => {
  const channels = [
    { type: 'webhook', url: 'https://family.example/hook', secret: `whsec_${'A'.repeat(32)}` },
    { type: 'log' },
  ];
  const contact: Contact = entityOf('contact', {
    ...{ id: 'son', of: { type: 'person', id: 'p' }, role: 'family' },
    ...{ name: 'Bat', phone: '138 1234 0000', channels },
  });
  expect(entityShown('contact', contact, masked)).toMatchObject({
    ...{ id: 'son', name: 'B**', phone: '138****0000', role: 'family' },
    channels: [{ type: 'webhook' }, { type: 'log' }],
  });
  expect(JSON.stringify(entityShown('contact', contact, masked))).not.toMatch(/family.example|whsec/);
  const open = entityShown('contact', contact, { unseal, isOpen: true });
  expect(open).toMatchObject({ name: 'Bat', channels: [{ url: 'https://family.example/hook' }, {}] });
  expect(JSON.stringify(open)).not.toContain('whsec');
});

test('masked, nothing is left of an address, and what is not personal stays as it is', () => {
  const place: Place = entityOf('place', {
    id: 'h',
    areaId: 'east',
    kind: 'house',
    name: 'by the well',
    address: 'Well 7',
  });
  expect(entityShown('place', place, masked)).toEqual({ id: 'h', areaId: 'east', kind: 'house', name: 'by the well' });
});

test('what is sealed and cannot be opened is shown to nobody', () => {
  const person: Person = entityOf('person', { id: 'p', householdId: 'h', name: { sealed: 'c2VhbGVk' } });
  for (const isOpen of [true, false])
    expect(entityShown('person', person, { unseal, isOpen })).toEqual({
      ...{ id: 'p', householdId: 'h', categories: [], language: 'zh-CN' },
    });
});

test('what came from a mask is known again', () => {
  for (const text of [maskName('Bat'), maskPhone('13812340000'), maskPhone('119')]) expect(isMasked(text)).toBe(true);
  expect(isMasked('Bat')).toBe(false);
});
