import { expect, test } from 'vitest';
import { duration } from './texts.ts';

const HOUR_MS = 3_600_000;

test('a duration has two units at most', () => {
  expect(duration(0, 'en')).toBe('0 s');
  expect(duration(59_999, 'en')).toBe('59 s');
  expect(duration(26 * HOUR_MS + 61_000, 'en')).toBe('1 d 2 h');
  expect(duration(24 * HOUR_MS, 'zh-CN')).toBe('1天');
});
