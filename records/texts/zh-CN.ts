import { duration, type RecordTexts, valueText } from './explain.ts';

const unless = (plain: string, say: (value: string) => string) => (value: Parameters<typeof valueText>[0]) =>
  value === plain ? undefined : say(valueText(value));

export const zhCN: RecordTexts = {
  conditions: {
    smoke: '烟雾报警',
    heat: '高温报警',
    co: '一氧化碳报警',
    gas: '燃气泄漏报警',
    water: '漏水报警',
    unreadable: '无法解读的报警',
    'call-emergency': '紧急救助呼叫',
    'call-care': '主动关爱呼叫',
    'call-service': '生活服务呼叫',
    fall: '跌倒',
    'device-silent': '设备失联',
    'battery-low': '电池电量低',
    'counter-reused': '设备计数重新开始',
    'record-quarantined': '一条记录无法处理，已跳过',
    'journal-reserve': '磁盘空间不足，目前只保存报警和人员操作',
    'ladder-empty': '没有登记任何可通知的人',
    'emergency-left-open': '系统停止运行期间，有紧急事件未处理完',
    'notice-undelivered': '没有人能够联系上',
  },
  facts: {
    source: () => undefined,
    state: unless('on', (state) => (state === 'hushed' ? '已手动静音，原因仍在' : `现为${state}`)),
    obscurationDbPerM: (value) => `烟雾浓度${valueText(value)} dB/m`,
    celsius: (value) => `温度${valueText(value)} °C`,
    coPpm: (value) => `一氧化碳${valueText(value)} ppm`,
    gasPercentLel: (value) => `燃气浓度${valueText(value)} % LEL`,
    unread: (value) => `无法解读：${valueText(value)}`,
    report: (value) => `上报类型“${valueText(value)}”`,
    call: () => undefined,
    transition: (value) => transitions[valueText(value)],
    verdictWithinMs: () => undefined,
    lastedMs: (value) => `持续${duration(Number(value), 'zh-CN')}`,
    silentSinceAt: () => undefined,
    intervalMinutes: (value) => `应每${duration(Number(value) * 60_000, 'zh-CN')}上报一次`,
    missedReports: (value) => `已缺${valueText(value)}次上报`,
    chargePercent: (value) => `电量${valueText(value)} %`,
    batteryVolts: (value) => `电池${valueText(value)} V`,
    low: (value) => `下限${valueText(value)}`,
    enough: () => undefined,
    boot: (value) => `第${valueText(value)}次启动`,
    seq: (value) => `第${valueText(value)}号上报出现两次且内容不同`,
    freeBytes: (value) => `剩余${Math.floor(Number(value) / 1_000_000)} MB`,
    error: (value) => valueText(value),
    incidentId: () => undefined,
    incidentCode: (value) => `事件${valueText(value)}`,
    about: conditionNamed,
    follower: (value) => `处理环节${valueText(value)}`,
    record: (value) => `第${valueText(value)}条记录`,
    subject: unless('all', (subject) => `涉及${subject}`),
  },
  late: (time) => `发生${time}后才收到`,
  duration: {
    days: (count) => `${count}天`,
    hours: (count) => `${count}小时`,
    minutes: (count) => `${count}分钟`,
    seconds: (count) => `${count}秒`,
    between: '',
  },
  colon: '：',
  semicolon: '；',
  fullStop: '。',
};

/** The words of a condition that another reason names; what is none of them says nothing here. */
function conditionNamed(value: Parameters<typeof valueText>[0]): string | undefined {
  return Object.entries(zhCN.conditions).find(([condition]) => condition === value)?.[1];
}

const transitions: { [transition: string]: string } = {
  'none to confirmed': '设备确认跌倒',
  'suspected to confirmed': '疑似跌倒，设备随后确认',
  'suspected to no verdict': '疑似跌倒，设备未在规定时间内解除',
  'suspected to press': '疑似跌倒，随后按下了按钮',
  'testing to on': '测试结束后仍在报警',
};
