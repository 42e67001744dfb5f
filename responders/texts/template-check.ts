import type { Language } from '../../records/texts/texts.ts';
import { longestSign, segmentsOf } from './sms.ts';
import { filled, type TemplateName, templates, variablesOf } from './templates.ts';

/** What a provider refuses in a template, with where the rule stands: docs/channels.md. */
export type TemplateRules = {
  name: string;
  longest: number;
  longestVariableName: number;
  /** Whether two variables may stand beside each other. */
  mayTouch: boolean;
  /** Characters that it refuses. */
  forbidden: RegExp;
  /** Telephone numbers that people may call, in one template. */
  mostNumbers: number;
};

/** Signs and pictures, brackets of senders, currency and what looks like a link. */
const forbidden = /[【】〖〗$¥€^~|\\<>*#@]|[\p{So}\p{Cs}]|https?:|www\./u;
export const aliyunRules: TemplateRules = {
  ...{ name: 'Aliyun SMS', longest: 500, longestVariableName: 35, mayTouch: false, forbidden, mostNumbers: 2 },
};
export const tencentRules: TemplateRules = {
  ...{ name: 'Tencent SMS', longest: 450, longestVariableName: 32, mayTouch: false, forbidden, mostNumbers: 2 },
};
export const templateRules = [aliyunRules, tencentRules];

/** What a variable may hold, where providers cut it. Units: characters. Source: docs/channels.md, "Aliyun SMS" */
export const longestVariable = 35;

/** What a person writes about life safety arrives in two parts at most: a third is often late, or lost. */
const mostSegments = 2;

/** What providers would refuse in these templates, and what is too long for a telephone; empty when all is well. */
export function templateProblems(all: Record<string, Record<Language, string>> = templates): string[] {
  return Object.entries(all).flatMap(([name, texts]) =>
    Object.entries(texts).flatMap(([language, text]) =>
      [
        ...templateRules.flatMap((rules) => refusedBy(rules, text)),
        ...tooLong(text, name as TemplateName),
        ...unlike(text, texts),
      ].map((problem) => `template ${name} in ${language}: ${problem}`),
    ),
  );
}

function refusedBy(rules: TemplateRules, text: string): string[] {
  const variables = variablesOf(text);
  const fixed = text.replaceAll(/\{\w+\}/g, '');
  const problems = [
    text.length > rules.longest && `longer than ${rules.longest} characters`,
    new Set(variables).size < variables.length && 'a variable stands twice',
    variables.some((one) => one.length > rules.longestVariableName) && 'the name of a variable is too long',
    !rules.mayTouch && /\}\{/.test(text) && 'two variables touch',
    fixed.trim() === '' && 'nothing but variables',
    rules.forbidden.test(fixed) && `a character that is refused: ${rules.forbidden.exec(fixed)?.[0]}`,
    /\d{7,}/.test(fixed) && 'a telephone number',
    (fixed.match(/\b\d{3,6}\b/g) ?? []).length > rules.mostNumbers && `more than ${rules.mostNumbers} numbers to call`,
  ];
  return problems.flatMap((problem) => (problem ? `${rules.name}: ${problem}` : []));
}

/** With words of the usual length, behind the name of the sender. */
function tooLong(text: string, name: TemplateName): string[] {
  if (segmentsOf(`${'值'.repeat(longestSign)}${filled(text, usual)}`) <= mostSegments) return [];
  return [`${name} takes more than ${mostSegments} messages`];
}
const usual = {
  ...{ home: '巴特尔大爷，东井嘎查井台西侧第三家', time: '11月30日23:59', code: 'K7QMAC', what: '穿戴设备读数超限' },
  ...{ who: '邻居布和', outcome: '当事人已得到帮助。', line: '已登记您前往，请注意安全。', until: '23:59' },
};

/** A provider knows variables by their names, in every language. */
function unlike(text: string, texts: Record<Language, string>): string[] {
  const inOther = Object.values(texts).map((other) => variablesOf(other).sort().join());
  return inOther.every((names) => names === variablesOf(text).sort().join()) ? [] : ['other variables than elsewhere'];
}
