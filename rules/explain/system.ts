import { type Language, recordTexts } from '../../records/texts/texts.ts';
import type { Sentence, Sentences, Words } from './explain.ts';

/** The system about itself. */
export const systemSentences: Sentences<SystemCondition> = {
  en: {
    ...{ 'record-quarantined': quarantined, 'journal-reserve': reserve, 'keys-unwritten': () => [] },
    ...{ 'ladder-empty': about('en'), 'notice-undelivered': about('en'), 'emergency-left-open': about('en') },
  },
  'zh-CN': {
    ...{ 'record-quarantined': quarantinedZh, 'journal-reserve': reserveZh, 'keys-unwritten': () => [] },
    ...{ 'ladder-empty': about('zh-CN'), 'notice-undelivered': about('zh-CN') },
    'emergency-left-open': about('zh-CN'),
  },
};
type SystemCondition =
  | 'record-quarantined'
  | 'journal-reserve'
  | 'keys-unwritten'
  | 'ladder-empty'
  | 'notice-undelivered'
  | 'emergency-left-open';

function quarantined({ text, number }: Words) {
  return [
    text('follower', (name) => `in ${name}`),
    number('record', (sequence) => `record ${sequence}`),
    text('subject', (subject) => (subject === 'all' ? undefined : `for ${subject}`)),
    text('error', (error) => error),
  ];
}

function quarantinedZh({ text, number }: Words) {
  return [
    text('follower', (name) => `处理环节${name}`),
    number('record', (sequence) => `第${sequence}条记录`),
    text('subject', (subject) => (subject === 'all' ? undefined : `涉及${subject}`)),
    text('error', (error) => error),
  ];
}

function reserve({ value }: Words) {
  const freeBytes = value('freeBytes');
  return [freeBytes === undefined ? undefined : `${megabytes(freeBytes)} MB free`];
}

function reserveZh({ value }: Words) {
  const freeBytes = value('freeBytes');
  return [freeBytes === undefined ? undefined : `剩余${megabytes(freeBytes)} MB`];
}

const megabytes = (bytes: unknown): number => Math.floor(Number(bytes) / 1_000_000);

/** About another incident, by its code and what it is; a name that is no condition says nothing. */
function about(language: Language): Sentence {
  const { conditions } = recordTexts[language];
  const named: { [condition: string]: string } = conditions;
  return ({ text, unsaid }) => [
    text('incidentCode', (code) => (language === 'en' ? `incident ${code}` : `事件${code}`)),
    text('about', (condition) => (Object.hasOwn(named, condition) ? named[condition] : undefined)),
    unsaid('incidentId'),
  ];
}
