/**
 * What a clock in that time zone (like `Asia/Shanghai`) shows at a moment in epoch ms. `day`: whole days since 1970-01-01 there;
 * `weekday`: 1 (Monday) to 7; `month`: 1 to 12; `minuteOfDay`: 0 to 1439.
 * Errors: RangeError for a zone that does not exist.
 */
export function localTimeIn(timeZone: string) {
  const aheadAt = aheadOfUtcIn(timeZone);
  return (at: number) => {
    const local = at + aheadAt(at);
    const day = Math.floor(local / dayMs);
    const minuteOfDay = Math.floor((local - day * dayMs) / 60_000);
    return { day, minuteOfDay, weekday: ((((day + 3) % 7) + 7) % 7) + 1, month: monthOf(day) };
  };
}

/** How far the zone is ahead of UTC at a moment, ms. No zone changes within a quarter of an hour, and asking is dear. */
export function aheadOfUtcIn(timeZone: string): (at: number) => number {
  const formatter = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'longOffset' });
  const known = new Map<number, number>();
  return (at) => {
    const quarter = Math.floor(at / quarterMs);
    const before = known.get(quarter);
    if (before !== undefined) return before;
    const name = formatter.formatToParts(quarter * quarterMs).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours, minutes, seconds] = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name) ?? [];
    const ms = (Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)) * 1000;
    const ahead = sign === '-' ? -ms : ms;
    if (known.size >= mostKnown) known.clear();
    known.set(quarter, ahead);
    return ahead;
  };
}

const dayMs = 86_400_000;
const quarterMs = 15 * 60_000;
const mostKnown = 10_000;

/** In the Gregorian calendar, by years that begin in March. Source: H. Hinnant, chrono-compatible low-level date algorithms. */
function monthOf(day: number): number {
  const shifted = day + 719_468;
  const dayOfEra = shifted - Math.floor(shifted / 146_097) * 146_097;
  const leapDays = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const year = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const month = Math.floor((5 * dayOfYear + 2) / 153);
  return month < 10 ? month + 3 : month - 9;
}
