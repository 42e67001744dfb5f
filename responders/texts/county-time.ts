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

/** Times of a time zone like `Asia/Shanghai`, from epoch ms. Made once: a formatter is dear to make. */
export function countyTime(timeZone: string): CountyTime {
  const formatter = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, hourCycle: 'h23', timeZoneName: 'longOffset' },
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  });
  function at(moment: number): LocalTime {
    const found: { [type: string]: string } = {};
    for (const { type, value } of formatter.formatToParts(moment)) found[type] = value;
    const { year = '', month = '', day = '', hour = '', minute = '', second = '', timeZoneName = '' } = found;
    return { year, month, day, hour, minute, second, offset: timeZoneName.slice('GMT'.length) || '+00:00' };
  }
  return {
    at,
    iso(moment) {
      const { year, month, day, hour, minute, second, offset } = at(moment);
      return `${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`;
    },
  };
}
