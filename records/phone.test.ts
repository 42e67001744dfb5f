import { expect, test } from 'vitest';
import { normalPhone } from './phone.ts';

test.each([
  '13800000000',
  '138 0000 0000',
  '+86 138-0000-0000',
  '0086 13800000000',
  '8613800000000',
  '＋８６ １３８００００００００',
])('%s is one number, however it is written', (written) => {
  expect(normalPhone(written)).toBe('13800000000');
});

test('the fire brigade is the fire brigade with the code of the country, too', () => {
  expect(['119', '+86 119', '0086119', '1-1-9'].map(normalPhone)).toEqual(['119', '119', '119', '119']);
});

test('a number of a town that begins with the code of the country, and one of another country, stay as they are', () => {
  expect(normalPhone('0479 8612345')).toBe('04798612345');
  expect(normalPhone('+976 9911 2233')).toBe('97699112233');
});
