import { calledConditions } from '../../../records/escalation.ts';
import { type Column, choice, choices, instant, lines, number, partsOf, text } from './column.ts';

type Cells = Pick<Column, 'parse' | 'format'>;
type Entry = Record<string, unknown>;

/** Sheets of rosters, policies and profiles: what has several parts is one line, whose words are those of the entry. */
export const escalationColumns = (id: () => Column): Record<'rosters' | 'policies' | 'profiles', Column[]> => ({
  rosters: [
    id(),
    text('name', '名称', needed),
    choice('of.type', '所属类型', { area: '区域', site: '机构' }, needed),
    text('of.id', '所属编号', needed),
    lines('shifts', '班次', shift, {
      needed: true,
      note: {
        zh: '每行一班：联系人编号 星期（1,2,3 或 * 或日期） 20:00-08:00',
        en: 'one a line: contact, weekdays (1,2,3 or * or a date), 20:00-08:00',
      },
    }),
    lines('swaps', '换班', swap, {
      note: { zh: '每行一次：日期 原联系人 替班联系人', en: 'one a line: date, whom, who stands in' },
    }),
    lines('holidays', '节假日', holiday, {
      note: { zh: '每行一天：日期 按星期几排班', en: 'one a line: date, the weekday whose shifts it has' },
    }),
    number('acceptWithinMinutes', '接班确认（分钟）', {
      note: { zh: '空为无需确认', en: 'empty: nobody has to accept' },
    }),
  ],
  policies: [
    id(),
    text('name', '名称', needed),
    choice('scope.type', '范围类型', scopes, needed),
    text('scope.id', '范围编号', { note: { zh: '范围为“全部”时留空', en: 'empty for everybody' } }),
    choice('severity', '级别', { urgent: '紧急', critical: '危急' }, needed),
    choices('conditions', '报警种类', Object.fromEntries(calledConditions.map((condition) => [condition, condition])), {
      note: { zh: '空为所有需要上门的报警', en: 'empty: whatever people are called out for' },
    }),
    text('hours.from', '时段开始', { note: { zh: '例如 22:00；空为全天', en: 'like 22:00; empty: all day' } }),
    text('hours.to', '时段结束'),
    lines('rungs', '通知步骤', rung, {
      needed: true,
      note: {
        zh: '每行一步：秒 desk neighbour:2 each:station nearest:neighbour:1 roster:编号 contact:编号 inform:family via:voice,sms',
        en: 'one a line: seconds, desk, neighbour:2, each:ROLE, nearest:ROLE:1, roster:ID, contact:ID, inform:ROLE, via:voice,sms',
      },
    }),
    number('repeat.everySeconds', '重复间隔（秒）'),
    number('repeat.times', '重复次数'),
    number('repeat.thenEverySeconds', '之后间隔（秒）'),
    choice('nights', '夜间轮换', { fair: '轮换', 'in-order': '按顺序' }),
  ],
  profiles: [
    id(),
    choice('of.type', '所属类型', { household: '住户', person: '人员' }, needed),
    text('of.id', '所属编号', needed),
    text('owner', '负责人账号', needed),
    text('reason', '原因', { personal: true, needed: true }),
    instant('until', '截止时间', {
      needed: true,
      note: { zh: '北京时间，例如 2026-11-23 08:00', en: 'Beijing time, like 2026-11-23 08:00' },
    }),
  ],
});

const needed = { needed: true } as const;
const scopes = { all: '全部', area: '区域', site: '机构', household: '住户', person: '人员' };

const isDate = (word: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(word);
const wordsOf = (line: string): string[] => line.split(/\s+/);
const whole = (word: string | undefined): number | string | undefined =>
  /^\d+$/.test(word ?? '') ? Number(word) : word;

const shift: Cells = {
  parse(line) {
    const [contactId, days = '', hours = '', ...more] = wordsOf(line);
    const [from, to] = hours.split('-');
    if (more.length > 0) return line;
    const weekdays = isDate(days) || days === '*' ? {} : { weekdays: partsOf(days).map(whole) };
    return { contactId, ...weekdays, ...(isDate(days) && { date: days }), from, to };
  },
  format(value) {
    const { contactId, weekdays, date, from, to } = value as Entry & { weekdays?: number[] };
    return `${contactId} ${date ?? weekdays?.join(',') ?? '*'} ${from}-${to}`;
  },
};

const swap: Cells = {
  parse(line) {
    const [date, from, to, ...more] = wordsOf(line);
    return more.length > 0 ? line : { date, from, to };
  },
  format: (value) => ['date', 'from', 'to'].map((field) => (value as Entry)[field]).join(' '),
};

const holiday: Cells = {
  parse(line) {
    const [date, as, ...more] = wordsOf(line);
    return more.length > 0 ? line : { date, as: whole(as) };
  },
  format: (value) => ['date', 'as'].map((field) => (value as Entry)[field]).join(' '),
};

const rung: Cells = {
  parse(line) {
    const [after, ...words] = wordsOf(line);
    const entry: Entry & { tell: Entry[] } = { afterSeconds: whole(after), tell: [] };
    for (const word of words) {
      const [kind = '', ...rest] = word.split(':');
      if (kind === 'desk' && rest.length === 0) entry.desk = true;
      else if (kind === 'inform') entry.inform = rest.join(':');
      else if (kind === 'via') entry.channels = partsOf(rest.join(':'));
      else entry.tell.push(seatOf(kind, rest));
    }
    return entry;
  },
  format(value) {
    const { afterSeconds, desk, tell, inform, channels } = value as Entry & { tell: Entry[]; channels?: string[] };
    const words = [afterSeconds, ...(desk ? ['desk'] : []), ...tell.map(seatText)];
    return [...words, ...(inform ? [`inform:${inform}`] : []), ...(channels ? [`via:${channels.join(',')}`] : [])].join(
      ' ',
    );
  },
};

function seatOf(kind: string, [first, second]: string[]): Entry {
  switch (kind) {
    case 'each':
      return { each: first };
    case 'nearest':
      return { nearest: whole(second ?? '1'), role: first };
    case 'roster':
      return { rosterId: first };
    case 'contact':
      return { contactId: first };
    default:
      return { role: kind, nth: whole(first ?? '1') };
  }
}

/** The desk sounds by the word alone; its telephone is that of a contact, so it always says which. */
function seatText(seat: Entry): string {
  if ('each' in seat) return `each:${seat.each}`;
  if ('nearest' in seat) return `nearest:${seat.role}:${seat.nearest}`;
  if ('rosterId' in seat) return `roster:${seat.rosterId}`;
  if ('contactId' in seat) return `contact:${seat.contactId}`;
  return `${seat.role}:${seat.nth}`;
}
