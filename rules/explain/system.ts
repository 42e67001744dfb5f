import { type Language, recordTexts } from '../../records/texts/texts.ts';
import type { Sentence, Sentences, Words } from './explain.ts';

/** The system about itself. */
export const systemSentences: Sentences<SystemCondition> = {
  en: {
    ...{ 'record-quarantined': quarantined, 'journal-reserve': reserve, 'keys-unwritten': () => [] },
    ...{ 'channel-trouble': troubled, 'desk-empty': deserted('en'), 'hand-over-open': unrelieved('en') },
    'drill-failed': undrilled('en'),
    ...{ 'ladder-empty': about('en'), 'notice-undelivered': about('en'), 'emergency-left-open': about('en') },
  },
  'zh-CN': {
    ...{ 'record-quarantined': quarantinedZh, 'journal-reserve': reserveZh, 'keys-unwritten': () => [] },
    ...{ 'channel-trouble': troubledZh, 'desk-empty': deserted('zh-CN'), 'hand-over-open': unrelieved('zh-CN') },
    'drill-failed': undrilled('zh-CN'),
    ...{ 'ladder-empty': about('zh-CN'), 'notice-undelivered': about('zh-CN') },
    'emergency-left-open': about('zh-CN'),
  },
};
type SystemCondition =
  | 'record-quarantined'
  | 'journal-reserve'
  | 'keys-unwritten'
  | 'channel-trouble'
  | 'desk-empty'
  | 'drill-failed'
  | 'hand-over-open'
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

function troubled({ text, number, value }: Words) {
  const used = usedOf(value);
  return [
    text('channel', (channel) => channel),
    text('trouble', (trouble) => troubles[trouble]?.en),
    used((sent, count) => `${sent} of ${count}`),
    number('perMinutes', (minutes) => `in ${minutes} min`),
    text('detail', (detail) => detail),
  ];
}

function troubledZh({ text, number, value }: Words) {
  const used = usedOf(value);
  return [
    text('channel', (channel) => channel),
    text('trouble', (trouble) => troubles[trouble]?.zh),
    used((sent, count) => `已用${sent}，上限${count}`),
    number('perMinutes', (minutes) => `${minutes}分钟内`),
    text('detail', (detail) => detail),
  ];
}

const usedOf = (value: Words['value']) => (say: (sent: unknown, count: unknown) => string) => {
  const [sent, count] = [value('used'), value('count')];
  return sent === undefined || count === undefined ? undefined : say(sent, count);
};

const troubles: { [trouble: string]: { en: string; zh: string } } = {
  credentials: { en: 'its account, key or balance is refused', zh: '账号、密钥或余额有问题' },
  limit: { en: 'its limit is reached', zh: '已达到发送上限' },
  'limit-near': { en: 'four fifths of its limit are used', zh: '已用去上限的五分之四' },
  unreachable: { en: 'it does not answer', zh: '没有应答' },
};

function unrelieved(language: Language): Sentence {
  return ({ text, time, unsaid }) => [
    text('rosterId', (id) => (language === 'en' ? `roster ${id}` : `值班表${id}`)),
    time('since', (clock) => (language === 'en' ? `asked ${clock}` : `${clock}已询问`)),
    unsaid('contactIds'),
  ];
}

function deserted(language: Language): Sentence {
  return ({ text, unsaid }) => [text('why', (why) => desertions[why]?.[language]), unsaid('villageIds')];
}

const desertions: { [why: string]: Record<Language, string> } = {
  'no-page': { en: 'nobody has the page open', 'zh-CN': '没有人打开值班页面' },
  'no-sound': { en: 'the sound of the page is off', 'zh-CN': '值班页面的声音未开启' },
  'no-action': { en: 'nobody touched the page for an hour', 'zh-CN': '值班页面一小时无人操作' },
  'desk-silent': { en: "the desk's own program does not answer", 'zh-CN': '值班台程序没有应答' },
};

function undrilled(language: Language): Sentence {
  return ({ text, time, value, unsaid }) => {
    const channels = value('channels');
    return [
      text('what', (what) => failures[what]?.[language]),
      Array.isArray(channels) ? channels.join(language === 'en' ? ', ' : '、') : undefined,
      time('since', (clock) => (language === 'en' ? `begun ${clock}` : `${clock}开始`)),
      unsaid('deviceId'),
    ];
  };
}

const failures: { [what: string]: Record<Language, string> } = {
  'not-heard': { en: 'the press of the button was not heard', 'zh-CN': '未收到按钮的信号' },
  'no-address': { en: 'its household has no contact to write to', 'zh-CN': '演练住户没有可通知的联系人' },
  'not-arrived': { en: 'a message did not arrive', 'zh-CN': '消息未送达' },
};

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
