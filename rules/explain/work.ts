import type { Sentences } from './explain.ts';

/** Work on devices and in homes that can be planned. */
export const workSentences: Sentences<
  | 'battery-forecast'
  | 'signal-weak'
  | 'clock-wrong'
  | 'device-fault'
  | 'tamper'
  | 'test-overdue'
  | 'visit-overdue'
  | 'contacts-unproved'
> = {
  en: {
    'battery-forecast': ({ number, time, unsaid }) => [
      number('daysLeft', (days) => `empty in about ${days} days by its trend`),
      time('fallingSinceAt', (clock) => `falling since ${clock}`),
      number('chargePercent', (value) => `charge ${value} % now`),
      number('batteryVolts', (value) => `${value} V now, as at 20 °C`),
      number('emptyPercent', (value) => `empty at ${value} %`),
      number('emptyVolts', (value) => `empty at ${value} V`),
      number('horizonDays', (days) => `to be changed when it lasts less than ${days} days`),
      unsaid('transition'),
    ],
    'signal-weak': ({ number, since, unsaid }) => [
      since('weakSinceAt', (clock) => `weak since ${clock}`),
      number('rsrpDbm', (value) => `power ${value} dBm`),
      number('weakDbm', (value) => `weak at ${value} dBm`),
      number('snrDb', (value) => `signal to noise ${value} dB`),
      number('weakSnrDb', (value) => `weak at ${value} dB`),
      number('readings', (count) => `${count} readings in a row`),
      unsaid('transition'),
    ],
    'clock-wrong': ({ lasted, unsaid }) => [
      lasted('aheadMs', (duration) => `its clock is ${duration} ahead`),
      lasted('behindMs', (duration) => `its clock is ${duration} behind`),
      lasted('limitMs', (duration) => `more than ${duration}`),
      unsaid('transition'),
    ],
    'device-fault': ({ text, unsaid }) => [text('faults', (codes) => `it reports ${codes}`), unsaid('transition')],
    tamper: ({ unsaid }) => ['taken off its mount, opened or covered', unsaid('transition')],
    'test-overdue': ({ time, lasted, unsaid }) => [
      time('testedAt', (clock) => `no test that passed since ${clock}`),
      lasted('withinMs', (duration) => `one is due within ${duration}`),
      unsaid('transition'),
    ],
    'visit-overdue': ({ time, unsaid }) => [
      time('dueAt', (clock) => `somebody was to be met by ${clock}`),
      time('visitedAt', (clock) => `last met ${clock}`),
      time('watchedSinceAt', (clock) => `never met since ${clock}`),
      time('emergencyAt', (clock) => `there was an emergency ${clock}`),
      unsaid('transition'),
    ],
    'contacts-unproved': ({ number, time, unsaid }) => [
      number('proved', (count) => `${count} answered within 90 days`),
      number('needed', (count) => `${count} are needed`),
      time('since', (clock) => `since ${clock}`),
      unsaid('transition'),
    ],
  },
  'zh-CN': {
    'battery-forecast': ({ number, time, unsaid }) => [
      number('daysLeft', (days) => `按趋势约${days}天后耗尽`),
      time('fallingSinceAt', (clock) => `自${clock}起下降`),
      number('chargePercent', (value) => `当前电量${value}%`),
      number('batteryVolts', (value) => `当前${value} V（折算到20 °C）`),
      number('emptyPercent', (value) => `${value}%视为耗尽`),
      number('emptyVolts', (value) => `${value} V视为耗尽`),
      number('horizonDays', (days) => `不足${days}天即应更换`),
      unsaid('transition'),
    ],
    'signal-weak': ({ number, since, unsaid }) => [
      since('weakSinceAt', (clock) => `自${clock}起信号弱`),
      number('rsrpDbm', (value) => `接收功率${value} dBm`),
      number('weakDbm', (value) => `弱信号界限${value} dBm`),
      number('snrDb', (value) => `信噪比${value} dB`),
      number('weakSnrDb', (value) => `界限${value} dB`),
      number('readings', (count) => `连续${count}次`),
      unsaid('transition'),
    ],
    'clock-wrong': ({ lasted, unsaid }) => [
      lasted('aheadMs', (duration) => `设备时钟快${duration}`),
      lasted('behindMs', (duration) => `设备时钟慢${duration}`),
      lasted('limitMs', (duration) => `超过${duration}`),
      unsaid('transition'),
    ],
    'device-fault': ({ text, unsaid }) => [text('faults', (codes) => `设备报告${codes}`), unsaid('transition')],
    tamper: ({ unsaid }) => ['被取下、打开或遮盖', unsaid('transition')],
    'test-overdue': ({ time, lasted, unsaid }) => [
      time('testedAt', (clock) => `自${clock}以来没有通过测试`),
      lasted('withinMs', (duration) => `应每${duration}内测试一次`),
      unsaid('transition'),
    ],
    'visit-overdue': ({ time, unsaid }) => [
      time('dueAt', (clock) => `应在${clock}之前探访`),
      time('visitedAt', (clock) => `上次见面：${clock}`),
      time('watchedSinceAt', (clock) => `自${clock}以来未见面`),
      time('emergencyAt', (clock) => `${clock}发生过紧急情况`),
      unsaid('transition'),
    ],
    'contacts-unproved': ({ number, time, unsaid }) => [
      number('proved', (count) => `90天内核实可联系的${count}名`),
      number('needed', (count) => `需要${count}名`),
      time('since', (clock) => `自${clock}起`),
      unsaid('transition'),
    ],
  },
};

/** What concerns a whole area, or the system itself. */
export const outageSentences: Sentences<'village-outage' | 'uplink-lost' | 'probe-unanswered'> = {
  en: {
    'village-outage': ({ number, unsaid }) => [
      number('silentDevices', (count) => `${count} devices are silent`),
      number('devices', (count) => `of ${count}`),
      number('limitDevices', (count) => `an outage from ${count} on`),
      number('villages', (count) => `${count} villages`),
      number('households', (count) => `${count} homes to be visited, in the order of the list`),
      unsaid('round', 'signAts', 'villageIds', 'transition'),
    ],
    'uplink-lost': ({ text, unsaid }) => [
      text('by', (by) => (by === 'probe' ? undefined : 'most devices are silent, and nobody at all is heard')),
      text('probe', (host) => `${host} does not answer`),
      unsaid('transition'),
    ],
    'probe-unanswered': ({ text, unsaid }) => [
      text('probe', (host) => `${host} does not answer, but devices are heard`),
      unsaid('transition'),
    ],
  },
  'zh-CN': {
    'village-outage': ({ number, unsaid }) => [
      number('silentDevices', (count) => `${count}台设备失联`),
      number('devices', (count) => `共${count}台`),
      number('limitDevices', (count) => `达到${count}台即为失联`),
      number('villages', (count) => `涉及${count}个嘎查村`),
      number('households', (count) => `需按名单顺序走访${count}户`),
      unsaid('round', 'signAts', 'villageIds', 'transition'),
    ],
    'uplink-lost': ({ text, unsaid }) => [
      text('by', (by) => (by === 'probe' ? undefined : '多数设备失联，且收不到任何设备的消息')),
      text('probe', (host) => `${host}无应答`),
      unsaid('transition'),
    ],
    'probe-unanswered': ({ text, unsaid }) => [
      text('probe', (host) => `${host}无应答，但仍能收到设备消息`),
      unsaid('transition'),
    ],
  },
};
