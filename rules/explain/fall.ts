import type { Sentences, Words } from './explain.ts';

/** A fall, whose verdict it is, and what has happened since. */
export const fallSentences: Sentences<'fall' | 'fall-suspected'> = {
  en: { fall, 'fall-suspected': fall },
  'zh-CN': { fall: fallZh, 'fall-suspected': fallZh },
};

function fall({ text, lasted, number, time, value }: Words) {
  return [
    text('transition', (change) => transitions[change]?.en),
    lasted('verdictWithinMs', (duration) => `an all-clear was due within ${duration}`),
    lasted('answerWithinMs', (duration) => `an answer was due within ${duration}`),
    lasted('stillMs', (duration) => `they were up before, and no sign of life came within ${duration}`),
    number(
      'confidencePercent',
      (percent) => `the movement looks like a fall with ${percent} %${limit(value('likenessPercent'))}`,
    ),
    time('signAt', (clock) => `since then a sign of life at ${clock}${of(signs[textOf(value('sign'))]?.en)}`),
    time('lainSinceAt', (clock) => `no sign of life since: may have lain since ${clock}`),
    lasted('afterMs', (duration) => `after ${duration}`),
    text('unread', (what) => `could not be read: ${what}`),
  ];
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const of = (sign: string | undefined): string => (sign === undefined ? '' : ` (${sign})`);
const limit = (value: unknown): string => (typeof value === 'number' ? `, told from ${value} % on` : '');

function fallZh({ text, lasted, number, time, value }: Words) {
  return [
    text('transition', (change) => transitions[change]?.zh),
    lasted('verdictWithinMs', (duration) => `应在${duration}内解除`),
    lasted('answerWithinMs', (duration) => `应在${duration}内应答`),
    lasted('stillMs', (duration) => `此前有活动，其后${duration}内没有活动迹象`),
    number('confidencePercent', (percent) => `动作与跌倒相似度${percent}%${limitZh(value('likenessPercent'))}`),
    time('signAt', (clock) => `其后${clock}有活动迹象${ofZh(signs[textOf(value('sign'))]?.zh)}`),
    time('lainSinceAt', (clock) => `其后没有活动迹象，可能自${clock}起一直倒地`),
    lasted('afterMs', (duration) => `经过${duration}`),
    text('unread', (what) => `无法解读：${what}`),
  ];
}

const ofZh = (sign: string | undefined): string => (sign === undefined ? '' : `（${sign}）`);
const limitZh = (value: unknown): string => (typeof value === 'number' ? `（${value}%起提示）` : '');

type Both = { en: string; zh: string };
const transitions: { [transition: string]: Both } = {
  'none to confirmed': { en: 'confirmed by the device', zh: '设备确认跌倒' },
  'cancelled to confirmed': { en: 'cancelled, then confirmed by the device', zh: '曾取消，设备随后确认' },
  'suspected to confirmed': { en: 'suspected, then confirmed by the device', zh: '疑似跌倒，设备随后确认' },
  'presumed to confirmed': { en: 'suspected, then confirmed by the device', zh: '疑似跌倒，设备随后确认' },
  'movement to confirmed': {
    en: 'a movement like a fall, then confirmed by the device',
    zh: '动作疑似跌倒，设备随后确认',
  },
  'suspected to no verdict': {
    en: 'suspected, and no all-clear from the device in time',
    zh: '疑似跌倒，设备未在规定时间内解除',
  },
  'movement to no verdict': { en: 'a movement like a fall, never judged', zh: '动作疑似跌倒，未能判定' },
  'suspected to press': { en: 'suspected, and the button was pressed', zh: '疑似跌倒，随后按下了按钮' },
  'presumed to press': { en: 'the button was pressed after it', zh: '随后按下了按钮' },
  'confirmed to press': { en: 'the button was pressed after it', zh: '随后按下了按钮' },
  'movement to press': { en: 'a movement like a fall, and the button was pressed', zh: '动作疑似跌倒，随后按下了按钮' },
  'none to movement': { en: 'by the movement alone, the device did not say so', zh: '仅凭动作判断，设备未上报' },
  'told to movement': { en: 'the movement looks like one, too', zh: '动作也与跌倒相符' },
  'movement to no answer': {
    en: 'a movement like a fall; they were asked and did not answer',
    zh: '动作疑似跌倒，询问后无人应答',
  },
  'movement to help': {
    en: 'a movement like a fall; they were asked, and want help',
    zh: '动作疑似跌倒，询问后表示需要帮助',
  },
  'asked to help': { en: 'they were asked, and want help', zh: '询问后表示需要帮助' },
  'movement to fine': { en: 'they were asked, and are well', zh: '询问后表示平安' },
  'movement to stillness': { en: 'a movement like a fall, and nothing since', zh: '动作疑似跌倒，其后没有动静' },
};

const signs: { [kind: string]: Both } = {
  motion: { en: 'movement', zh: '有人活动' },
  bed: { en: 'bed', zh: '床' },
  door: { en: 'door', zh: '门' },
  moved: { en: 'on the way', zh: '外出走动' },
  visit: { en: 'visit', zh: '探访' },
  answer: { en: 'answer', zh: '应答' },
  'alarm-hushed': { en: 'alarm silenced by hand', zh: '手动消音' },
};
