import type { Notice } from '../../records/notice.ts';
import {
  clockText,
  conditionOf,
  latenessOf,
  type MessageContext,
  type MessageText,
  nameOf,
  noticeTexts,
} from './message.ts';
import { longestSign, segmentsOf, smsWords } from './sms.ts';
import { longestVariable } from './template-check.ts';

/** One alarm of several: as a message of its own, what has happened in a word, its code, and how old that is, in words. */
export type Part = { text: MessageText; what: string; code: string; smsCode: string; time: string; ago: string };

/** So many go in one message: each is named in it, with place and code; in an SMS as many as find room, and how many more there are. */
export const mostInDigest = 20;

export function partOfDigest(notice: Notice, text: MessageText, context: PartContext): Part {
  const { language, now, time, pageCode } = context;
  const { incidentCode: code, occurredAt } = notice.text;
  const lateness = latenessOf(notice, context);
  return {
    ...{ text, code, smsCode: pageCode ?? code, what: nameOf(conditionOf(notice), language) },
    time: clockText(occurredAt, now, time, noticeTexts[language]),
    ago: lateness === undefined ? '' : noticeTexts[language].saidBefore(lateness),
  };
}
type PartContext = Pick<MessageContext, 'language' | 'now' | 'time' | 'pageCode'>;

/** Several alarms for one person as one message, the first first. */
export function digestText(parts: readonly [Part, ...Part[]]): MessageText {
  const [{ text: first, time }] = parts;
  const { language } = first;
  const texts = noticeTexts[language];
  const title = texts.digest.title(parts.length);
  const lines = parts.map(({ text, what, code, ago }) => texts.digest.line({ what, where: text.where, code }) + ago);
  const short = parts.map((one) => ({ ...one, where: smsWords(one.text.where, longestPlace) }));
  const named = short.map(({ what, where, smsCode, ago }) => texts.digest.line({ what, where, code: smsCode }) + ago);
  const variable = (words: string) => smsWords(words, longestVariable);
  return {
    ...{ language, title, provisional: first.provisional },
    drill: parts.every(({ text }) => text.drill),
    where: parts.map(({ text }) => text.where).join(texts.digest.between),
    body: [texts.digest.opening(parts.length), ...lines].join('\n'),
    sms: asManyAsFit(named, (some, more) => `${title}: ${some.join(texts.digest.between)}${more}`, texts.digest.more),
    template: {
      name: 'other',
      variables: {
        ...{ what: variable(title), time: variable(time) },
        home: variable(short.map(({ where }) => where).join(texts.digest.between)),
        code: variable(short.map(({ smsCode }) => smsCode).join(texts.digest.between)),
      },
    },
    ...(first.voice && {
      // A key would be an answer to one of them, and nobody could know to which.
      voice: { ...first.voice, keys: '', tts: [texts.digest.opening(parts.length), ...lines].join(texts.gap) },
    }),
  };
}

/** Characters of a place in an SMS that names several. */
const longestPlace = 24;
const mostSegments = 2;

function asManyAsFit(
  named: readonly string[],
  write: (some: readonly string[], more: string) => string,
  more: (count: number) => string,
): string {
  for (let count = named.length; count > 1; count--) {
    const left = named.length - count;
    const sms = write(named.slice(0, count), left > 0 ? more(left) : '');
    if (segmentsOf(`${'-'.repeat(longestSign)}${sms}`) <= mostSegments) return sms;
  }
  return write(named.slice(0, 1), named.length > 1 ? more(named.length - 1) : '');
}
