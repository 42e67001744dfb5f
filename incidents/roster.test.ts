import { describe, expect, test } from 'vitest';
import { localTimeIn } from '../platform/local-time.ts';
import { roster as schema } from '../records/escalation.ts';
import { dayOf, minutesToChange, onDuty } from './roster.ts';

const local = localTimeIn('Asia/Shanghai');
/** By the county's clock, like 2026-11-23T22:30; a Monday. */
const at = (text: string) => local(Date.parse(`${text}+08:00`));
const rosterOf = (words: object) =>
  schema.parse({ id: 'team', name: 'team', of: { type: 'area', id: 'town' }, ...words });

const nights = rosterOf({
  shifts: [
    { contactId: 'ba', weekdays: [1, 2, 3, 4, 5], from: '08:00', to: '20:00' },
    { contactId: 'ca', weekdays: [1, 2, 3, 4, 5], from: '20:00', to: '08:00' },
    { contactId: 'da', weekdays: [6, 7], from: '08:00', to: '08:00' },
  ],
});

describe('who is on duty', () => {
  test('changes at the minute, and a night belongs to the day on which it begins', () => {
    expect(onDuty(nights, at('2026-11-23T07:59'))).toEqual(['da']);
    expect(onDuty(nights, at('2026-11-23T08:00'))).toEqual(['ba']);
    expect(onDuty(nights, at('2026-11-23T20:00'))).toEqual(['ca']);
    expect(onDuty(nights, at('2026-11-24T07:59'))).toEqual(['ca']);
    // The night of Friday ends on Saturday morning.
    expect(onDuty(nights, at('2026-11-28T03:00'))).toEqual(['ca']);
    expect(onDuty(nights, at('2026-11-28T09:00'))).toEqual(['da']);
  });

  test('somebody stands in on the days that were swapped, until the end of the night', () => {
    const swapped = { ...nights, swaps: [{ date: '2026-11-23', from: 'ca', to: 'ba' }] };
    expect(onDuty(swapped, at('2026-11-23T23:00'))).toEqual(['ba']);
    expect(onDuty(swapped, at('2026-11-24T06:00'))).toEqual(['ba']);
    expect(onDuty(swapped, at('2026-11-24T23:00'))).toEqual(['ca']);
  });

  test('a holiday has the shifts of another weekday, and its own by date', () => {
    const holiday = rosterOf({
      shifts: [...nights.shifts, { contactId: 'ea', date: '2026-10-01', from: '10:00', to: '12:00' }],
      holidays: [{ date: '2026-10-01', as: 7 }],
    });
    expect(onDuty(holiday, at('2026-10-01T09:00'))).toEqual(['da']);
    expect(onDuty(holiday, at('2026-10-01T11:00'))).toEqual(['da', 'ea']);
    expect(onDuty(holiday, at('2026-10-02T09:00'))).toEqual(['ba']);
  });

  test('a gap in the roster has nobody', () => {
    const days = rosterOf({ shifts: [{ contactId: 'ba', from: '08:00', to: '17:00' }] });
    expect(onDuty(days, at('2026-11-23T17:00'))).toEqual([]);
  });
});

test('the next change is known to the minute, over a weekend too', () => {
  expect(minutesToChange(nights, at('2026-11-23T19:45'))).toBe(15);
  expect(minutesToChange(nights, at('2026-11-23T20:00'))).toBe(12 * 60);
  const never = rosterOf({ shifts: [{ contactId: 'ba', date: '2027-01-01', from: '08:00', to: '09:00' }] });
  expect(minutesToChange(never, at('2026-11-23T20:00'))).toBeUndefined();
});

test('dates are counted as the calendar counts them', () => {
  for (const date of ['1970-01-01', '2000-02-29', '2026-11-23', '2028-02-29', '2100-03-01'])
    expect(dayOf(date)).toBe(Date.parse(`${date}T00:00Z`) / 86_400_000);
});
