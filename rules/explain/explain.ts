import type { Alert, Reason } from '../../records/alert.ts';
import { duration, type Language, recordTexts, valueText } from '../../records/texts/texts.ts';
import type { LocalTime } from '../local-time.ts';
import { sentences } from './sentences.ts';

/**
 * Why an alert stands, as one sentence: what it is and since when, then what was seen, against which limit. It names nobody and no
 * illness. What the reason holds beyond the sentence of its condition stands at its end under the name that the rule gave it, so that
 * a record of another version hides nothing. `local`: what the county's clock shows. Units are in the text.
 */
export function explain(alert: Explained, speech: Speech): string {
  const { said, isDated, rest } = saidOf(alert, speech);
  const { conditions, late, colon, semicolon, fullStop } = recordTexts[speech.language];
  const parts = [...said, ...rest.map((name) => `${name} ${valueText(alert.reason[name] ?? '')}`)];
  if (alert.lateMs !== undefined && alert.lateMs >= worthSayingMs)
    parts.push(late(duration(alert.lateMs, speech.language)));
  const what = Object.hasOwn(conditions, alert.condition) ? conditions[alert.condition] : alert.condition;
  const head = isDated ? what : clocks[speech.language].dated(what, clockText(alert.occurredAt, alert, speech));
  return parts.length === 0 ? `${head}${fullStop}` : `${head}${colon}${parts.join(semicolon)}${fullStop}`;
}

/** What of an alert the sentence is about. An incident's alert is one. */
export type Explained = Pick<Alert, 'condition' | 'at' | 'occurredAt' | 'lateMs' | 'reason'>;
export type Speech = { language: Language; local: (at: number) => LocalTime };

/**
 * The parts of a condition's sentence behind its name, in their order; an absent one is left out. It asks `words` for the fields of
 * the reason by name: a field that is not there, or is of another type, says nothing.
 */
export type Sentence = (words: Words) => readonly (string | undefined)[];

/** What a part of the product says of its conditions: a file of its own in this folder, for every language. */
export type Sentences<C extends Alert['condition']> = Record<Language, Record<C, Sentence>>;

/** The fields of one alert's reason, ready to stand in a sentence. */
export type Words = {
  /** With at most two decimals. */
  number(name: string, say: (value: string) => string): string | undefined;
  /** A text, or a list of them with commas. */
  text(name: string, say: (value: string) => string | undefined): string | undefined;
  flag(name: string, say: string): string | undefined;
  /** Of a length of time; the unit is in the name (`Ms`, `Minutes`). */
  lasted(name: string, say: (duration: string) => string): string | undefined;
  /** Of an instant (epoch ms): "21:10", and the day where the alert is of another. */
  time(name: string, say: (clock: string) => string): string | undefined;
  /** Like `time`, for when it began: the sentence then says so itself, and no other time stands in front of it. */
  since(name: string, say: (clock: string) => string): string | undefined;
  /** What the field holds, for a choice between sentences. */
  value(name: string): Reason[string] | undefined;
  /** Fields that have no place in the sentence, because the rest of it says enough. */
  unsaid(...names: string[]): undefined;
};

/** The sentence in its parts; `rest`: fields that it has neither said nor left out on purpose. */
export function saidOf(alert: Explained, speech: Speech): { said: string[]; isDated: boolean; rest: string[] } {
  const asked = new Set<string>();
  let isDated = false;
  const fieldOf = (name: string) => {
    asked.add(name);
    return Object.hasOwn(alert.reason, name) ? alert.reason[name] : undefined;
  };
  const numberOf = (name: string, say: (value: number) => string) => {
    const value = fieldOf(name);
    return typeof value === 'number' && Number.isFinite(value) ? say(value) : undefined;
  };
  const words: Words = {
    number: (name, say) => numberOf(name, (value) => say(String(Math.round(value * 100) / 100))),
    text(name, say) {
      const value = fieldOf(name);
      return typeof value === 'string' || Array.isArray(value) ? say(valueText(value)) : undefined;
    },
    flag: (name, say) => (fieldOf(name) === true ? say : undefined),
    lasted: (name, say) =>
      numberOf(name, (value) => say(duration(name.endsWith('Minutes') ? value * 60_000 : value, speech.language))),
    time: (name, say) => numberOf(name, (value) => say(clockText(value, alert, speech))),
    since(name, say) {
      const said = words.time(name, say);
      isDated ||= said !== undefined;
      return said;
    },
    value: fieldOf,
    unsaid(...names) {
      for (const name of names) asked.add(name);
    },
  };
  // A condition of another version has no sentence here: its fields speak for themselves.
  const known: { [condition: string]: Sentence } = sentences[speech.language];
  const sentence = Object.hasOwn(known, alert.condition) ? known[alert.condition] : undefined;
  const said = sentence?.(words).filter((part) => part !== undefined) ?? [];
  return { said, isDated, rest: Object.keys(alert.reason).filter((name) => !asked.has(name)) };
}

function clockText(at: number, alert: Explained, { language, local }: Speech): string {
  const { day, minuteOfDay, month } = local(at);
  const [hour, minute] = [Math.floor(minuteOfDay / 60), minuteOfDay % 60];
  const clock = [hour, minute].map((part) => String(part).padStart(2, '0')).join(':');
  if (day === local(alert.at).day) return clock;
  // Counted back from noon, which no change to summer time moves to another day.
  const noon = at + (12 * 60 - minuteOfDay) * 60_000;
  let dayOfMonth = 1;
  while (dayOfMonth < 31 && local(noon - dayOfMonth * dayMs).month === month) dayOfMonth += 1;
  return clocks[language].onDay(clock, { month, dayOfMonth });
}
const dayMs = 86_400_000;

type Clock = {
  dated: (what: string, clock: string) => string;
  onDay: (clock: string, date: { month: number; dayOfMonth: number }) => string;
};
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const clocks: Record<Language, Clock> = {
  en: {
    dated: (what, clock) => `${what} at ${clock}`,
    onDay: (clock, { month, dayOfMonth }) => `${clock} on ${dayOfMonth} ${months[month - 1]}`,
  },
  'zh-CN': {
    dated: (what, clock) => `${clock}${what}`,
    onDay: (clock, { month, dayOfMonth }) => `${month}月${dayOfMonth}日${clock}`,
  },
};

/** Lateness below this is the network's, and no news. */
const worthSayingMs = 2 * 60_000;
