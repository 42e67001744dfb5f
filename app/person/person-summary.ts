import type { Purpose } from '../../records/registry.ts';
import type { PersonExport } from './person-export.ts';

/** The export in the words of the person whom it is about. `at`: epoch ms. */
export function personSummary(kept: PersonExport, { reports, at, timeZone }: Counted): string {
  const format = new Intl.DateTimeFormat('zh-CN', { timeZone, dateStyle: 'medium', timeStyle: 'short' });
  const time = (instant: number) => format.format(instant);
  const { person, household, place, contacts, zones, devices, incidents, notices, visits, looks } = kept;
  const consents = Object.entries(person.consents ?? {}) as [Purpose, { given: boolean; at: number }][];
  const lines = [
    '个人信息副本',
    `导出时间：${time(at)}`,
    '',
    `姓名：${textOf(person.name)}`,
    ...(person.callName === undefined ? [] : [`称呼：${textOf(person.callName)}`]),
    ...(place?.address === undefined ? [] : [`住址：${textOf(place.address)}`]),
    ...(household?.note === undefined ? [] : [`家庭备注：${textOf(household.note)}`]),
    '',
    `同意情况：${consents.length === 0 ? '未曾询问' : ''}`,
    ...consents.map(
      ([purpose, { given, at: since }]) => `  ${purposes[purpose]}：${given ? '已同意' : '已撤回'}（${time(since)}）`,
    ),
    '',
    `联系人：${contacts.length} 位`,
    ...contacts.map(({ name, phone }) => `  ${textOf(name)} ${phone === undefined ? '' : textOf(phone)}`.trimEnd()),
    `活动范围：${zones.length} 个`,
    `设备：${devices.length} 台`,
    ...devices.map(({ id, kind }) => `  ${id}（${kinds[kind]}）`),
    `设备上报：${reports} 条（reports.jsonl）`,
    `事件：${incidents.length} 起`,
    `通知：${notices.length} 条`,
    `上门探访：${visits.length} 次`,
    `查看与变更记录：${looks.length} 条`,
    '',
    ...(kept.isComplete ? [] : ['注意：数据库尚未跟上最新记录，请稍后再次导出。']),
    '完整内容见 person.json。本系统不记录声音。',
  ];
  return `${lines.join('\n')}\n`;
}

type Counted = { reports: number; at: number; timeZone: string };

/** What could not be opened is said to be so. */
const textOf = (field: string | { sealed: string }): string => (typeof field === 'string' ? field : '（无法读取）');

const purposes: Record<Purpose, string> = {
  location: '位置',
  health: '健康',
  'family-view': '家属知情',
  voice: '语音',
};
const kinds: Record<PersonExport['devices'][number]['kind'], string> = {
  'smoke-detector': '烟感',
  wearable: '穿戴设备',
  'call-button': '呼叫按钮',
  'presence-sensor': '人体或门磁传感器',
};
