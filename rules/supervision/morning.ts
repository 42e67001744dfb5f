import type { Home } from '../home.ts';

/**
 * The first morning after `at` (epoch ms, as the answer) on which somebody plans the day of that area: between eight and nine by the county's
 * clock, each village in a minute of its own, all of it together. What falls due for a whole county on one day is then
 * written village by village, each work order once.
 */
export function morningAfter(at: number, areaId: string | undefined, home: Home): number {
  const minute = eight + minuteOf(areaId ?? '');
  const waitMinutes = (minute - home.local(at).minuteOfDay + minutesADay) % minutesADay;
  return (Math.floor(at / 60_000) + (waitMinutes === 0 ? minutesADay : waitMinutes)) * 60_000;
}

const eight = 8 * 60;
const minutesADay = 24 * 60;

/** 0 to 59, the same for the same name. */
function minuteOf(name: string): number {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 60_013;
  return sum % 60;
}
