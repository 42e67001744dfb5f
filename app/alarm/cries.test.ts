import { expect, test } from 'vitest';
import type { Alert, AlertChange, Condition } from '../../records/alert.ts';
import { Cries } from './cries.ts';

const minuteMs = 60_000;
const raised = (condition: Condition, occurredAt: number, deviceId = 'smoke-1'): AlertChange[] => [
  { type: 'raise', alert: { condition, occurredAt, where: { deviceId } } as Alert },
];

test('a cry that goes on for hours, or is sent again with its age, is one cry', () => {
  const cries = new Cries();
  const told = Array.from({ length: 20 }, (_, count) => cries.isNews(raised('smoke', count * 9 * minuteMs)));
  expect(told).toEqual([true, ...Array.from({ length: 19 }, () => false)]);
  expect(cries.isNews(raised('smoke', 0))).toBe(false);
});

test('carbon monoxide after smoke, another device, and another fire hours later are news', () => {
  const cries = new Cries();
  for (const news of [raised('smoke', 0), raised('co', 1), raised('smoke', 2, 'smoke-2')])
    expect(cries.isNews(news)).toBe(true);
  expect(cries.isNews(raised('smoke', 180 * minuteMs))).toBe(true);
  // The first fire is still sent again, because nobody acknowledges it.
  expect(cries.isNews(raised('smoke', 0))).toBe(false);
});

test('of more cries than are remembered the oldest is told again', () => {
  const cries = new Cries();
  for (let device = 0; device <= 10_000; device++) cries.isNews(raised('smoke', 0, `d-${device}`));
  expect(cries.isNews(raised('smoke', 0, 'd-10000'))).toBe(false);
  expect(cries.isNews(raised('smoke', 0, 'd-0'))).toBe(true);
});
