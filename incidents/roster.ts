import type { Roster } from '../records/registry.ts';
import { minuteOfDay } from '../records/threshold.ts';
import type { LocalTime } from '../rules/local-time.ts';

/**
 * Who is on duty by the roster at that time in the county, each once, in the order of its shifts. A shift belongs to the day on which
 * it begins, also after midnight; who stands in for somebody on that day has their place.
 */
export function onDuty(roster: Roster, now: LocalTime): string[] {
  const people = roster.shifts.flatMap((shift) => {
    const day = daysOf(shift, now).find((day) => isOn(roster, shift, day) && covers(shift, day, now));
    return day === undefined ? [] : standIn(roster, shift.contactId, day);
  });
  return [...new Set(people)];
}

/** Minutes until a shift begins or ends, 1 at least; undefined: none does within the next week. */
export function minutesToChange(roster: Roster, now: LocalTime): number | undefined {
  let earliest: number | undefined;
  for (const shift of roster.shifts) {
    for (let day = now.day - 1; day <= now.day + 7; day++) {
      if (!isOn(roster, shift, day)) continue;
      const begins = (day - now.day) * minutesOfDay + minuteOfDay(shift.from) - now.minuteOfDay;
      for (const minutes of [begins, begins + lengthOf(shift)])
        if (minutes > 0 && minutes < (earliest ?? Number.POSITIVE_INFINITY)) earliest = minutes;
    }
  }
  return earliest;
}

/** Whole days since 1970-01-01 of a date like 2026-10-01, in the calendar that LocalTime counts in. */
export function dayOf(date: string): number {
  const [year = 0, month = 1, dayOfMonth = 1] = date.split('-').map(Number);
  // Years that begin in March end with the day that leap years have more. Source: Howard Hinnant, days_from_civil.
  const years = month <= 2 ? year - 1 : year;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + dayOfMonth - 1;
  return years * 365 + Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400) + dayOfYear - 719_468;
}

type Shift = Roster['shifts'][number];

const minutesOfDay = 24 * 60;

/** 1970-01-01 was a Thursday. */
const weekdayOf = (day: number): number => ((((day + 3) % 7) + 7) % 7) + 1;

/** The days on which a shift that is under way may have begun. */
const daysOf = (shift: Shift, { day }: LocalTime): number[] => (isOvernight(shift) ? [day, day - 1] : [day]);
const isOvernight = ({ from, to }: Shift): boolean => minuteOfDay(to) <= minuteOfDay(from);
const lengthOf = (shift: Shift): number =>
  minuteOfDay(shift.to) - minuteOfDay(shift.from) + (isOvernight(shift) ? minutesOfDay : 0);

function isOn({ holidays }: Roster, { weekdays, date }: Shift, day: number): boolean {
  if (date !== undefined) return dayOf(date) === day;
  const holiday = holidays.find((one) => dayOf(one.date) === day);
  return weekdays === undefined || weekdays.includes(holiday?.as ?? weekdayOf(day));
}

function covers(shift: Shift, day: number, now: LocalTime): boolean {
  const minutes = (now.day - day) * minutesOfDay + now.minuteOfDay - minuteOfDay(shift.from);
  return minutes >= 0 && minutes < lengthOf(shift);
}

function standIn({ swaps }: Roster, contactId: string, day: number): string {
  return swaps.find(({ date, from }) => from === contactId && dayOf(date) === day)?.to ?? contactId;
}
