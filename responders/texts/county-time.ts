import { aheadOfUtcIn } from '../../platform/local-time.ts';

/** A moment as a clock in the county shows it; `offset` is like `+08:00`. */
export type LocalTime = {
  year: string;
  month: string;
  day: string;
  hour: string;
  minute: string;
  second: string;
  offset: string;
};

export type CountyTime = {
  at(at: number): LocalTime;
  /** ISO 8601 with the county's offset, to the second: `2026-11-03T21:14:05+08:00`. */
  iso(at: number): string;
};

/** Times of a time zone like `Asia/Shanghai`, from epoch ms. Errors: RangeError for a zone that does not exist. */
export function countyTime(timeZone: string): CountyTime {
  const aheadAt = aheadOfUtcIn(timeZone);
  function at(moment: number): LocalTime {
    const ahead = aheadAt(moment);
    // As if it were UTC there: `2026-11-03T21:14:05.000Z`.
    const shown = new Date(moment + ahead).toISOString();
    const [year = '', month = '', day = '', hour = '', minute = '', second = ''] = shown.split(/[-T:.]/, 6);
    return { year, month, day, hour, minute, second, offset: offsetText(ahead) };
  }
  return {
    at,
    iso(moment) {
      const { year, month, day, hour, minute, second, offset } = at(moment);
      return `${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`;
    },
  };
}

function offsetText(ahead: number): string {
  const minutes = Math.abs(Math.trunc(ahead / 60_000));
  const two = (number: number) => String(number).padStart(2, '0');
  return `${ahead < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
