import { quantityNames } from '../../../rules/explain/quantities.ts';
import type { Section } from '../registry-entry.ts';
import {
  type About,
  asItStands,
  asText,
  type Column,
  choice,
  choices,
  instant,
  lines,
  linesOf,
  number,
  numberIn,
  numbers,
  orOnOneLine,
  switches,
  text,
  wordFor,
  yesNo,
} from './column.ts';
import { escalationColumns } from './escalation-columns.ts';

const point = {
  parse(line: string) {
    const [lat, lon, ...more] = line.split(/[,，\s]+/).map(numberIn);
    return more.length > 0 ? line : { lat, lon };
  },
  format: (value: unknown) => `${(value as Point).lat}, ${(value as Point).lon}`,
};
type Point = { lat: number; lon: number };

/** A way to reach somebody, by its name or its address. The address of a robot is a secret: its name keeps it. */
const channel = {
  parse(line: string) {
    const robot = robots.find(({ host }) => host.test(line));
    if (robot) return { type: robot.type, hook: line };
    if (/^https?:/i.test(line)) return { type: 'webhook', url: line };
    if (line.includes('@')) return { type: 'email', address: line };
    return { type: wordFor(line, channelNames) };
  },
  format(value: unknown) {
    const { type, url, address } = value as { type: string; url?: unknown; address?: unknown };
    if (type === 'webhook') return asText(url);
    return type === 'email' ? asText(address) : type;
  },
};
const channelNames = {
  ...{ log: '日志', sms: '短信', voice: '电话', dingtalk: '钉钉', wecom: '企业微信', feishu: '飞书' },
};
const robots = [
  { type: 'dingtalk', host: /^https:\/\/oapi\.dingtalk\.com\//i },
  { type: 'wecom', host: /^https:\/\/qyapi\.weixin\.qq\.com\//i },
  { type: 'feishu', host: /^https:\/\/open\.(feishu\.cn|larksuite\.com)\//i },
];

/** Numbers, switches and words, as rules know them: "holdMinutes=10". */
const settings: Pick<Column, 'parse' | 'format'> = {
  parse: (cell) =>
    Object.fromEntries(
      linesOf(cell, orOnOneLine).map((line) => {
        const at = line.search(/[=:：]/);
        const [name, value] = at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
        return [name, numberIn(value) ?? switches.get(value) ?? value];
      }),
    ),
  format: (value) =>
    Object.entries(value ?? {})
      .map(([name, setting]) => `${name}=${setting}`)
      .join('\n'),
};

const id = (zh = '编号'): Column =>
  text('id', zh, {
    needed: true,
    note: {
      zh: '1-32位字母、数字、“_”或“-”，自行编排，不要用姓名',
      en: '1-32 letters, digits, "_" or "-"; yours to choose, no name of a person',
    },
  });
const area = text('areaId', '区域编号', { needed: true });
const language = choice('language', '语言', { 'zh-CN': '中文', en: '英文' });
const datum = (key: string, about: About = {}) =>
  choice(
    key,
    '坐标系',
    { 'WGS-84': 'WGS-84', 'GCJ-02': 'GCJ-02' },
    {
      note: {
        zh: '地图上量取的为 GCJ-02，卫星定位的为 WGS-84；系统换算并保存 WGS-84',
        en: 'read off a Chinese map: GCJ-02; from a GPS: WGS-84, which is kept',
      },
      ...about,
    },
  );
const of = (types: Record<string, string>) => [
  choice('of.type', '所属类型', types, { needed: true }),
  text('of.id', '所属编号', { needed: true }),
];
const personal = { personal: true } as const;
const needed = { needed: true } as const;

/** The last one of every sheet: the row's entry is retired. */
export const removeColumn = yesNo('remove', '删除', {
  note: { zh: '填“是”则删除该行编号对应的条目', en: '"yes" retires what has the id of this row' },
});

const months = numbers('months', '月份', {
  note: { zh: '只在这些月份有效，例如 5、6、7；空为全年', en: 'in these months alone; empty: all year' },
});
const scope = [
  choice(
    'scope.type',
    '范围类型',
    { all: '全部', category: '类别', area: '区域', household: '住户', person: '人员', device: '设备' },
    needed,
  ),
  text('scope.id', '范围编号', { note: { zh: '范围为“全部”时留空', en: 'empty for everybody' } }),
];

const ownColumns: Record<Section, Column[]> = {
  areas: [
    id(),
    choice('level', '级别', { county: '旗县', township: '苏木乡镇', village: '嘎查村' }, needed),
    text('parentId', '上级编号', { note: { zh: '旗县留空', en: 'empty for a county' } }),
    text('name', '名称', needed),
  ],
  sites: [
    id(),
    area,
    text('name', '名称', needed),
    choice('kind', '类型', { 'care-home': '养老院', 'mutual-help-house': '互助幸福院' }, needed),
  ],
  places: [
    id(),
    area,
    text('siteId', '机构编号', { note: { zh: '房间、床位所属的机构', en: 'of the house that a room or bed is in' } }),
    choice(
      'kind',
      '类型',
      { house: '住房', 'winter-camp': '冬营地', 'summer-camp': '夏营地', room: '房间', bed: '床位' },
      needed,
    ),
    text('name', '名称', {
      needed: true,
      note: { zh: '短信中使用，不要写人名', en: 'stands in messages: no name of a person' },
    }),
    text('address', '地址', personal),
    text('directions', '路线说明', {
      personal: true,
      note: {
        zh: '从大家都知道的路口说起，供念给119、120',
        en: 'from a road that everybody knows: read out to 119 and 120',
      },
    }),
    choice('heating', '取暖', {
      ...{ stove: '火炉', gas: '燃气', electric: '电', district: '集中供暖', none: '无' },
    }),
    choice('water', '水源', { tap: '自来水', well: '水井', tank: '水罐', none: '无' }),
    choices('hazards', '危险提示', {
      ...{ 'gas-bottle': '液化气罐', 'gas-pipe': '燃气管道', fuel: '油料', oxygen: '氧气瓶' },
      ...{ dog: '有狗', 'power-line': '电线', 'bad-road': '道路难行' },
    }),
    number('position.lat', '纬度'),
    number('position.lon', '经度'),
    datum('position.datum'),
  ],
  households: [id(), area, text('currentPlaceId', '现住地点编号', needed), text('note', '备注', personal)],
  people: [
    id(),
    text('householdId', '住户编号', needed),
    text('name', '姓名', { ...personal, ...needed }),
    text('callName', '称呼', {
      personal: true,
      note: { zh: '与本人商定，通知中使用', en: 'agreed with the person: stands in messages' },
    }),
    choices('categories', '类别', {
      ...{ 'living-alone': '独居', 'advanced-age': '高龄', 'left-behind': '留守', 'low-income': '低收入' },
      ...{ disabled: '失能', dementia: '失智' },
    }),
    language,
    text('phone', '本人电话', personal),
    choices('rescueNeeds', '救援须知', {
      ...{ bedridden: '卧床', wheelchair: '坐轮椅', deaf: '失聪', blind: '失明', mute: '失语' },
    }),
    choice(
      'absence.reason',
      '离家原因',
      { hospital: '住院', 'with-family': '在家人处', travelling: '外出', moved: '已迁走', deceased: '已去世' },
      {
        ...personal,
        note: {
          zh: '本人不在家：不再因家中没有动静而报警；三列都留空即为在家',
          en: 'away from home: nobody is missed there; at home when all three are empty',
        },
      },
    ),
    instant('absence.since', '离家时间', {
      ...personal,
      note: {
        zh: '北京时间，例如 2026-11-23 08:00；只写日期为当天0点',
        en: 'Beijing time, like 2026-11-23 08:00; a day alone begins at 0:00',
      },
    }),
    instant('absence.until', '返回时间', {
      ...personal,
      note: { zh: '写法同上；空为尚不知道', en: 'in the same form; empty: not known yet' },
    }),
  ],
  contacts: [
    id(),
    ...of({ person: '人员', household: '住户', place: '地点', site: '机构', area: '区域' }),
    choice(
      'role',
      '角色',
      {
        ...{ neighbour: '邻居', family: '家属', 'night-carer': '夜班护理员', station: '服务站', 'fire-post': '消防点' },
        ...{ township: '苏木乡镇', county: '旗县', desk: '值班台', self: '本人' },
      },
      needed,
    ),
    number('order', '顺序', { note: { zh: '同一角色中小的先通知', en: 'among the same role the lower comes first' } }),
    text('name', '姓名', { ...personal, ...needed }),
    text('phone', '电话', personal),
    number('position.lat', '出发地纬度', personal),
    number('position.lon', '出发地经度', personal),
    datum('position.datum', personal),
    choice('travel', '交通方式', { foot: '步行', horse: '骑马', motorbike: '摩托车', car: '汽车' }),
    language,
    choice(
      'voiceLanguage',
      '语音语言',
      { 'zh-CN': '中文', en: '英文', mn: '蒙古语' },
      {
        note: { zh: '电话语音的语言，空为与“语言”相同', en: 'of calls; empty: the same as the language' },
      },
    ),
    lines('channels', '通知方式', channel, {
      ...personal,
      ...needed,
      note: {
        zh: '每行一种：短信、电话、电子邮件地址、钉钉/企业微信/飞书机器人地址、回调地址 https://…、日志',
        en: 'one a line: sms, voice, an e-mail address, the address of a robot (DingTalk, WeCom, Feishu) or of a webhook, log',
      },
    }),
    lines('webhookSecret', '回调密钥', asItStands, {
      personal: true,
      note: {
        zh: '每个回调地址一行；已登记的可留空，导出时不显示',
        en: 'one a webhook; empty keeps that of a known address; never exported',
      },
    }),
  ],
  zones: [
    id(),
    ...of({ place: '地点', person: '人员' }),
    text('name', '名称', needed),
    choice('shape.type', '形状', { circle: '圆形', polygon: '多边形' }, needed),
    number('shape.lat', '中心纬度'),
    number('shape.lon', '中心经度'),
    number('shape.radiusMeters', '半径（米）'),
    lines('shape.points', '顶点', point, {
      note: { zh: '多边形每行一个顶点：纬度, 经度', en: 'of a polygon, one a line: latitude, longitude' },
    }),
    datum('datum', needed),
    months,
  ],
  devices: [
    id('设备编号'),
    choice(
      'kind',
      '设备类型',
      {
        'smoke-detector': '烟感报警器',
        wearable: '穿戴设备',
        'call-button': '呼叫按钮',
        'presence-sensor': '人体传感器',
      },
      needed,
    ),
    text('placeId', '地点编号'),
    text('personId', '人员编号', {
      note: { zh: '穿戴设备填人员，其余填地点', en: 'wearables belong to a person, the others to a place' },
    }),
    text('room', '房间'),
    number('intervalMinutes', '上报间隔（分钟）'),
    yesNo('simulated', '模拟设备'),
    text('secret', '密钥', {
      note: { zh: '只在登记或更换时填写，导出时不显示', en: 'only to set or renew it; never exported' },
    }),
  ],
  ruleSettings: [
    id(),
    text('rule', '规则', {
      needed: true,
      note: { zh: '规则名见 docs/thresholds.md', en: 'by its name in docs/thresholds.md' },
    }),
    choice(
      'mode',
      '方式',
      { live: '生效', shadow: '试行' },
      {
        note: { zh: '试行：只记录，不通知任何人', en: 'shadow: only on record, calls nobody' },
      },
    ),
    ...scope,
    {
      ...text('settings', '设置', { needed: true, note: { zh: '每行一项：名称=数值', en: 'one a line: name=value' } }),
      ...settings,
    },
  ],
  thresholds: [
    id(),
    text('name', '名称', { needed: true, note: { zh: '不要写人名和病情', en: 'no name of a person, no illness' } }),
    ...scope,
    choice('quantity', '读数', quantityNames['zh-CN'], needed),
    number('below', '下限', { note: { zh: '低于此值时提醒，单位见读数', en: 'told when it is below, in its unit' } }),
    number('above', '上限', { note: { zh: '高于此值时提醒；两者都填则在范围外提醒', en: 'told when it is above' } }),
    number('hysteresis', '回差', { note: { zh: '恢复时须越过限值的量', en: 'how far back inside it is over' } }),
    number('holdMinutes', '持续分钟'),
    number('maxGapMinutes', '读数间隔上限（分钟）', {
      note: { zh: '间隔更长的读数不能证明其间的情况', en: 'readings further apart prove nothing between them' },
    }),
    number('repeats', '次数', { note: { zh: '至少连续出现的次数', en: 'how often it has to be seen in a row' } }),
    choice('severity', '级别', { service: '一般', urgent: '紧急', critical: '危急' }),
    text('hours.from', '时段开始', { note: { zh: '例如 22:00；空为全天', en: 'like 22:00; empty: all day' } }),
    text('hours.to', '时段结束'),
    numbers('weekdays', '星期', { note: { zh: '1为周一，7为周日；空为每天', en: '1 is Monday; empty: every day' } }),
    months,
  ],
  ...escalationColumns(id),
};

export const columnsOf = (section: Section): Column[] => [...ownColumns[section], removeColumn];

/** What a spreadsheet calls a column: 0 is A, 26 is AA. */
export function lettersOf(column: number): string {
  const last = String.fromCharCode(65 + (column % 26));
  return column < 26 ? last : lettersOf(Math.floor(column / 26) - 1) + last;
}

/** What a sheet is called. */
export const sheetNames: Record<Section, string> = {
  ...{ areas: '区域', sites: '机构', places: '地点', households: '住户', people: '人员', contacts: '联系人' },
  ...{ zones: '活动范围', devices: '设备', ruleSettings: '规则设置', thresholds: '读数限值' },
  ...{ rosters: '值班表', policies: '通知方案', profiles: '频繁呼叫约定' },
};
