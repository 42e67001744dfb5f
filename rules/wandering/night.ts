import type { LocalTime } from '../local-time.ts';

/** Whether the county's clock shows night. */
export const isNight = ({ minuteOfDay }: LocalTime, { nightFromMinute, nightUntilMinute }: Night): boolean =>
  minuteOfDay >= nightFromMinute || minuteOfDay < nightUntilMinute;

/** When night falls next after `at` (epoch ms), which is so on the county's clock; undefined while it is night. */
export function nextNightAt(at: number, local: LocalTime, settings: Night): number | undefined {
  if (isNight(local, settings)) return undefined;
  return Math.floor(at / 60_000) * 60_000 + (settings.nightFromMinute - local.minuteOfDay) * 60_000;
}
type Night = { nightFromMinute: number; nightUntilMinute: number };

/** Whether it is a month of the cold season, which begins in one year and ends in the next. */
export const isColdSeason = ({ month }: LocalTime, { coldFromMonth, coldUntilMonth }: Cold): boolean =>
  month >= coldFromMonth || month <= coldUntilMonth;
type Cold = { coldFromMonth: number; coldUntilMonth: number };
