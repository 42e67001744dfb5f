/**
 * A time by the clock of Beijing, which is China's, as people and spreadsheets write it, in epoch ms; a day alone is its beginning. What no
 * calendar has is no time.
 */
export function readBeijingTime(cell: string): number | undefined {
  const found = written.exec(cell.normalize('NFKC').trim());
  if (!found) return undefined;
  const [year = '', month = '', day = '', hour = '', minute = '', second = '', ms = ''] = found.slice(1);
  const two = (part: string) => part.padStart(2, '0');
  const days = [year, two(month), two(day)].join('-');
  const clock = `${[hour, minute, second].map(two).join(':')}.${ms.padEnd(3, '0')}`;
  const at = Date.parse(`${days}T${clock}+08:00`);
  return Number.isNaN(at) || !beijingTime(at).startsWith(days) ? undefined : at;
}

/** "2026-11-23 08:00"; seconds only where there are some. What lies before or after all calendars stays a figure. */
export function beijingTime(at: number): string {
  if (Math.abs(at) > latest) return String(at);
  return new Date(at + aheadMs)
    .toISOString()
    .replace('T', ' ')
    .replace(/(:00)?\.000Z$|Z$/, '');
}

const written = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)?$/;
const aheadMs = 8 * 3_600_000;
/** A longer year would be written with a sign. */
const latest = Date.parse('9999-12-31T00:00Z');
