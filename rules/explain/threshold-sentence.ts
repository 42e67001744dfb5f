import type { Severity } from '../../records/alert.ts';
import type { Threshold } from '../../records/registry.ts';
import { duration, type Language } from '../../records/texts/texts.ts';
import { measured } from '../../records/threshold.ts';
import { quantityText, unitText } from './quantities.ts';

/** What an entered limit will do, in every language, for whoever enters it. */
export const thresholdSays = (threshold: Threshold): Record<Language, string> => ({
  en: say(threshold, 'en'),
  'zh-CN': say(threshold, 'zh-CN'),
});

function say(threshold: Threshold, language: Language): string {
  const { quantity, below, above, hysteresis, holdMinutes, maxGapMinutes, repeats, severity } = threshold;
  const { hours, weekdays = [], months = [], scope } = threshold;
  const words = wordsOf[language];
  const valued = (value: number) => `${Math.round(value * 100) / 100} ${unitText(measured(quantity).unit, language)}`;
  const lasting = (minutes: number) => duration(minutes * 60_000, language);
  const sides = [
    below === undefined ? undefined : words.below(valued(below)),
    above === undefined ? undefined : words.above(valued(above)),
  ];
  const back = [
    below === undefined ? undefined : words.orMore(valued(below + hysteresis)),
    above === undefined ? undefined : words.orLess(valued(above - hysteresis)),
  ];
  const isHeld = holdMinutes > 0 || repeats > 1;
  const terms = [
    words.when(quantityText(quantity, language), present(sides).join(words.or)) +
      (holdMinutes > 0 ? words.holds(lasting(holdMinutes)) : ''),
    repeats > 1 ? words.repeats(repeats) : undefined,
    isHeld ? words.apart(lasting(maxGapMinutes)) : undefined,
    hours && words.hours(hours.from, hours.to),
    weekdays.length > 0 ? words.on(weekdays.map((day) => words.weekdays[day - 1] ?? '')) : undefined,
    months.length > 0 ? words.in(months.map((month) => words.months(month))) : undefined,
    words.told[severity],
  ];
  const counts = words.scopes[scope.type](scope.type === 'all' ? '' : scope.id);
  return [
    `${present(terms).join(words.comma)}${words.fullStop}`,
    words.over(present(back).join(words.and)),
    words.unknown(lasting(maxGapMinutes)),
    counts,
  ].join(words.gap);
}

const present = (parts: readonly (string | undefined)[]): string[] => parts.filter((part) => part !== undefined);

type Phrases = {
  when: (what: string, limits: string) => string;
  below: (limit: string) => string;
  above: (limit: string) => string;
  orMore: (limit: string) => string;
  orLess: (limit: string) => string;
  holds: (time: string) => string;
  repeats: (count: number) => string;
  apart: (time: string) => string;
  hours: (from: string, to: string) => string;
  on: (days: string[]) => string;
  in: (months: string[]) => string;
  told: Record<Severity, string>;
  over: (back: string) => string;
  unknown: (time: string) => string;
  scopes: Record<Threshold['scope']['type'], (id: string) => string>;
  weekdays: readonly string[];
  months: (month: number) => string;
  or: string;
  and: string;
  comma: string;
  gap: string;
  fullStop: string;
};

const englishMonths = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const wordsOf: Record<Language, Phrases> = {
  en: {
    when: (what, limits) => `When the ${what} is ${limits}`,
    below: (limit) => `below ${limit}`,
    above: (limit) => `above ${limit}`,
    orMore: (limit) => `at ${limit} or more`,
    orLess: (limit) => `at ${limit} or less`,
    holds: (time) => ` for ${time}`,
    repeats: (count) => `in at least ${count} readings`,
    apart: (time) => `readings at most ${time} apart`,
    hours: (from, to) => `between ${from} and ${to}`,
    on: (days) => `on ${days.join(', ')}`,
    in: (months) => `in ${months.join(', ')}`,
    told: {
      critical: 'people are called at once (critical)',
      urgent: 'the desk is told, and the station when nobody answers (urgent)',
      service: "it joins the village's list of work (service)",
    },
    over: (back) => `It is over ${back}.`,
    unknown: (time) => `When no reading comes for ${time} meanwhile, it is unknown, and that joins the list of work.`,
    scopes: {
      all: () => 'It counts for everybody.',
      category: (id) => `It counts for people of the category ${id}.`,
      area: (id) => `It counts in the area ${id}.`,
      household: (id) => `It counts for the household ${id}.`,
      person: (id) => `It counts for the person ${id}.`,
      device: (id) => `It counts for the device ${id}.`,
    },
    weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
    months: (month) => englishMonths[month - 1] ?? '',
    ...{ or: ' or ', and: ' and ', comma: ', ', gap: ' ', fullStop: '.' },
  },
  'zh-CN': {
    when: (what, limits) => `当${what}${limits}`,
    below: (limit) => `低于${limit}`,
    above: (limit) => `高于${limit}`,
    orMore: (limit) => `不低于${limit}`,
    orLess: (limit) => `不高于${limit}`,
    holds: (time) => `持续${time}`,
    repeats: (count) => `至少${count}次读数`,
    apart: (time) => `相邻读数间隔不超过${time}`,
    hours: (from, to) => `时段${from}至${to}`,
    on: (days) => `限${days.join('、')}`,
    in: (months) => `限${months.join('、')}`,
    told: {
      critical: '立即通知相关人员（危急）',
      urgent: '通知值班台，无人应答时通知服务站（紧急）',
      service: '列入本嘎查的工作清单（一般）',
    },
    over: (back) => `读数${back}即解除。`,
    unknown: (time) => `其间超过${time}没有读数则视为未知，并列入工作清单。`,
    scopes: {
      all: () => '适用于所有人。',
      category: (id) => `适用于人群类别${id}。`,
      area: (id) => `适用于区域${id}。`,
      household: (id) => `适用于住户${id}。`,
      person: (id) => `适用于人员${id}。`,
      device: (id) => `适用于设备${id}。`,
    },
    weekdays: ['周一', '周二', '周三', '周四', '周五', '周六', '周日'],
    months: (month) => `${month}月`,
    ...{ or: '或', and: '且', comma: '，', gap: '', fullStop: '。' },
  },
};
