import type { Sentences, Words } from './explain.ts';

/** A home that made no sign of life for longer than is usual in it. */
export const inactivitySentences: Sentences<'inactivity'> = {
  en: { inactivity },
  'zh-CN': { inactivity: inactivityZh },
};

function inactivity({ number, text, time, since, lasted, value, flag, unsaid }: Words) {
  return [
    since('lastSignAt', (clock) => `since ${clock}`),
    time('countedFromAt', (clock) => `counted from ${clock}`),
    lasted('limitMs', (duration) => `longer than the ${duration} that are usual there at that hour`),
    text('stance', (stance) => stances[stance]?.en),
    text('transition', (transition) => endings[transition]?.en),
    time('sensorsHeardAt', (clock) => `the sensors themselves were heard at ${clock}`),
    number('sensorsUnheard', (unheard) => `${unheard} of ${value('sensors')} sensors cannot be heard`),
    Number(value('learnedDays') ?? 7) < 7 ? 'the home is not known for a week yet' : undefined,
    text('awayPersonIds', () => 'somebody of the home is registered as away: it is about who is there'),
    flag('provesNobodyAlone', 'several people live there: motion never proved that each of them is well'),
    time('signAt', (clock) => `one sign again at ${clock}`),
    unsaid('sensors', 'sign'),
  ];
}

function inactivityZh({ number, text, time, since, lasted, value, flag, unsaid }: Words) {
  return [
    since('lastSignAt', (clock) => `自${clock}起`),
    time('countedFromAt', (clock) => `从${clock}起计算`),
    lasted('limitMs', (duration) => `超过该户此时段通常的${duration}`),
    text('stance', (stance) => stances[stance]?.zh),
    text('transition', (transition) => endings[transition]?.zh),
    time('sensorsHeardAt', (clock) => `传感器本身在${clock}仍有上报`),
    number('sensorsUnheard', (unheard) => `${value('sensors')}个传感器中有${unheard}个失联`),
    Number(value('learnedDays') ?? 7) < 7 ? '该户监测不足一周' : undefined,
    text('awayPersonIds', () => '同住者中有人已登记外出，指在家的人'),
    flag('provesNobodyAlone', '同住多人，有人活动不代表每个人都平安'),
    time('signAt', (clock) => `${clock}又有一次迹象`),
    unsaid('sensors', 'sign'),
  ];
}

type Both = { en: string; zh: string };
const stances: { [stance: string]: Both } = {
  asleep: { en: 'it began in hours of sleep', zh: '始于睡眠时段' },
  out: { en: 'they seem to have gone out, which is less certain', zh: '可能外出，把握较小' },
};
const endings: { [transition: string]: Both } = {
  'asked to no answer': { en: 'they were asked and did not answer', zh: '已询问，无人应答' },
  'asked to help': { en: 'they were asked, and want help', zh: '询问后表示需要帮助' },
  'alerted to help': { en: 'they want help', zh: '表示需要帮助' },
};
