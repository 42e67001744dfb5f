import fc from 'fast-check';
import { expect, test } from 'vitest';
import { localTimeIn } from './local-time.ts';

const at = (text: string) => Date.parse(text);

test('a morning in Shanghai is of its own day, month and weekday', () => {
  const local = localTimeIn('Asia/Shanghai');
  expect(local(at('2026-11-23T07:30:00+08:00'))).toEqual({ day: 20_780, minuteOfDay: 450, weekday: 1, month: 11 });
  expect(local(at('2026-12-31T16:00:00Z'))).toMatchObject({ minuteOfDay: 0, month: 1, weekday: 5 });
  expect(local(at('1970-01-01T00:00:00Z'))).toEqual({ day: 0, minuteOfDay: 480, weekday: 4, month: 1 });
});

test('the clock of a zone with summer time is set forward at its moment', () => {
  const local = localTimeIn('Europe/Berlin');
  expect(local(at('2026-03-29T00:59:59Z')).minuteOfDay).toBe(119);
  expect(local(at('2026-03-29T01:00:00Z')).minuteOfDay).toBe(180);
});

test('every moment is what the system of dates says', () => {
  const local = localTimeIn('UTC');
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }), (date) => {
      const { day, minuteOfDay, weekday, month } = local(date.getTime());
      expect([month, weekday % 7]).toEqual([date.getUTCMonth() + 1, date.getUTCDay()]);
      expect(day * 1440 + minuteOfDay).toBe(Math.floor(date.getTime() / 60_000));
    }),
    { seed: 23 },
  );
});
