import type { Sentences, Words } from './explain.ts';

/** What is wrong with devices. */
export const supervisionSentences: Sentences<'device-silent' | 'battery-low' | 'counter-reused'> = {
  en: { 'device-silent': deviceSilent, 'battery-low': batteryLow, 'counter-reused': counterReused },
  'zh-CN': { 'device-silent': deviceSilentZh, 'battery-low': batteryLowZh, 'counter-reused': counterReusedZh },
};

function deviceSilent({ number, since, unsaid, lasted }: Words) {
  return [
    since('silentSinceAt', (clock) => `nothing heard since ${clock}`),
    lasted('intervalMinutes', (duration) => `promised to report every ${duration}`),
    number('missedReports', (count) => `${count} reports are missing`),
    unsaid('transition'),
  ];
}

function batteryLow({ number, unsaid }: Words) {
  return [
    number('chargePercent', (value) => `charge ${value} %`),
    number('batteryVolts', (value) => `battery ${value} V`),
    number('empty', (value) => `empty below ${value}`) ?? number('low', (value) => `limit ${value}`),
    unsaid('enough', 'transition'),
  ];
}

function counterReused({ number, unsaid }: Words) {
  return [
    number('boot', (value) => `restart ${value}`),
    number('seq', (value) => `report number ${value} came twice with different content`),
    unsaid('transition'),
  ];
}

function deviceSilentZh({ number, since, lasted, unsaid }: Words) {
  return [
    since('silentSinceAt', (clock) => `${clock}起没有任何上报`),
    lasted('intervalMinutes', (duration) => `应每${duration}上报一次`),
    number('missedReports', (count) => `已缺${count}次上报`),
    unsaid('transition'),
  ];
}

function batteryLowZh({ number, unsaid }: Words) {
  return [
    number('chargePercent', (value) => `电量${value} %`),
    number('batteryVolts', (value) => `电池${value} V`),
    number('empty', (value) => `低于${value}即耗尽`) ?? number('low', (value) => `下限${value}`),
    unsaid('enough', 'transition'),
  ];
}

function counterReusedZh({ number, unsaid }: Words) {
  return [
    number('boot', (value) => `第${value}次启动`),
    number('seq', (value) => `第${value}号上报出现两次且内容不同`),
    unsaid('transition'),
  ];
}
