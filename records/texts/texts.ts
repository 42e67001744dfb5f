import type { Condition, Reason } from '../alert.ts';
import { en } from './en.ts';
import { zhCN } from './zh-CN.ts';

/** What people in the county read. A language is one file here and one in responders/texts. */
export type Language = 'zh-CN' | 'en';

/** What more than one part of the product says. `late`: how long after it happened a report came. */
export type RecordTexts = {
  conditions: Record<Condition, string>;
  late: (duration: string) => string;
  duration: { days: Unit; hours: Unit; minutes: Unit; seconds: Unit; between: string };
  colon: string;
  semicolon: string;
  fullStop: string;
};

export const recordTexts: Record<Language, RecordTexts> = { 'zh-CN': zhCN, en };

/** The two largest units of a duration in ms: "3 h 5 min". Less than a second is 0 s. */
export function duration(ms: number, language: Language): string {
  const { days, hours, minutes, seconds, between } = recordTexts[language].duration;
  const wholeSeconds = Math.max(0, Math.floor(ms / 1_000));
  const parts: [number, Unit][] = [
    [Math.floor(wholeSeconds / 86_400), days],
    [Math.floor(wholeSeconds / 3_600) % 24, hours],
    [Math.floor(wholeSeconds / 60) % 60, minutes],
    [wholeSeconds % 60, seconds],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return seconds(0);
  const two = parts.slice(first, first + 2).filter(([count]) => count > 0);
  return two.map(([count, unit]) => unit(count)).join(between);
}

/** A value of a reason as it is. */
export const valueText = (value: Reason[string]): string => (Array.isArray(value) ? value.join(', ') : String(value));

type Unit = (count: number) => string;
