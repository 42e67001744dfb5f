import type { Alert, Condition, Reason } from '../alert.ts';
import { en } from './en.ts';
import { zhCN } from './zh-CN.ts';

/**
 * Why an alert stands, as a sentence for the page: its condition, and what was read, in the words of the language.
 * Readings that the language has no word for appear under the name that the rule gave them. Units are in the text.
 */
export function explain(alert: Pick<Alert, 'condition' | 'reason' | 'lateMs'>, language: Language): string {
  const { conditions, facts, late, colon, semicolon, fullStop } = recordTexts[language];
  const said = Object.entries(alert.reason).flatMap(([name, value]) => {
    if (!Object.hasOwn(facts, name)) return [`${name} ${valueText(value)}`];
    return facts[name as Fact](value) ?? [];
  });
  if (alert.lateMs !== undefined && alert.lateMs >= worthSayingMs) said.push(late(duration(alert.lateMs, language)));
  const head = conditions[alert.condition];
  return said.length === 0 ? `${head}${fullStop}` : `${head}${colon}${said.join(semicolon)}${fullStop}`;
}

/** What people in the county read. A language is one file here and one in responders/texts. */
export type Language = 'zh-CN' | 'en';

/** A fact's words; undefined leaves it out, because the rest already says it. */
export type RecordTexts = {
  conditions: Record<Condition, string>;
  facts: Record<Fact, (value: Reason[string]) => string | undefined>;
  late: (duration: string) => string;
  duration: { days: Unit; hours: Unit; minutes: Unit; seconds: Unit; between: string };
  colon: string;
  semicolon: string;
  fullStop: string;
};

/** Names of readings and limits in the reasons that rules give; the unit is in the name. */
export type Fact =
  | 'source'
  | 'state'
  | 'obscurationDbPerM'
  | 'celsius'
  | 'coPpm'
  | 'gasPercentLel'
  | 'unread'
  | 'report'
  | 'call'
  | 'transition'
  | 'verdictWithinMs'
  | 'lastedMs'
  | 'silentSinceAt'
  | 'intervalMinutes'
  | 'missedReports'
  | 'chargePercent'
  | 'batteryVolts'
  | 'low'
  | 'enough'
  | 'boot'
  | 'seq'
  | 'freeBytes'
  | 'error'
  | 'incidentId'
  | 'incidentCode'
  | 'about'
  | 'follower'
  | 'record'
  | 'subject';

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

/** Lateness below this is the network's, and no news. */
const worthSayingMs = 2 * 60_000;
