import type { Sentences, Words } from './explain.ts';

/** Whether anything still watches over somebody. */
export const lifeSentences: Sentences<'blind'> = { en: { blind }, 'zh-CN': { blind: blindZh } };

function blind({ text, since, value, unsaid }: Words) {
  return [
    since('sinceAt', (clock) => `since ${clock}`),
    text('harm', (harm) => harms[harm]?.en),
    text('why', (why) => whys[why]?.en),
    Number(value('people') ?? 1) > 1 ? `${value('people')} people live there` : undefined,
    unsaid('transition'),
  ];
}

function blindZh({ text, since, value, unsaid }: Words) {
  return [
    since('sinceAt', (clock) => `自${clock}起`),
    text('harm', (harm) => harms[harm]?.zh),
    text('why', (why) => whys[why]?.zh),
    Number(value('people') ?? 1) > 1 ? `涉及${value('people')}人` : undefined,
    unsaid('transition'),
  ];
}

type Both = { en: string; zh: string };
const harms: { [harm: string]: Both } = {
  fire: { en: 'a fire would not be noticed', zh: '火情无法发现' },
  fall: { en: 'a fall would not be noticed', zh: '跌倒无法发现' },
  call: { en: 'no button to call with', zh: '无法一键呼叫' },
  wandering: { en: 'nobody would notice that they left', zh: '走失无法发现' },
  silence: { en: 'signs of life would not be noticed', zh: '活动迹象无法发现' },
};
const whys: { [why: string]: Both } = {
  silent: { en: 'the devices are silent', zh: '设备失联' },
  fault: { en: 'the devices report a fault', zh: '设备故障' },
  tamper: { en: 'the devices were taken off, opened or covered', zh: '设备被拆动或遮挡' },
  'battery-empty': { en: 'the batteries are empty', zh: '电池耗尽' },
  'test-window': { en: 'the devices are being tested', zh: '设备正在试验' },
  'not-worn': { en: 'the device is not worn', zh: '设备未佩戴' },
  charging: { en: 'the device is on its charger', zh: '设备正在充电' },
  'no-consent': { en: 'there is no consent', zh: '未获同意' },
  removed: { en: 'the devices were taken away', zh: '设备已拆除' },
  'never-heard': { en: 'the devices were never heard', zh: '设备从未上报' },
};
