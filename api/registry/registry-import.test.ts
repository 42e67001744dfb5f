import { deflateRawSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import type { SheetData } from 'write-excel-file/node';
import { put } from '../../records/registry.test-support.ts';
import type { RegistryChange } from '../../records/registry.ts';
import { eastern, staffedCounty } from '../rights/rights.test-support.ts';
import { admin, book, exchangeDesk, tablesIn, xlsx } from './sheets/exchange.test-support.ts';
import { repack } from './sheets/unpacking.ts';

let close = async () => {};
afterEach(() => close());
async function desk(changes?: RegistryChange[]) {
  const opened = await exchangeDesk(changes);
  close = opened.close;
  return opened;
}

test('a workbook that somebody made by hand is taken as it is meant', async () => {
  const { as, alarm } = await desk();
  const { sheets } = await as(admin);
  const workbook = await book({
    区域: [
      ['编号', '级别', '上级编号', '名称'],
      ['north', '嘎查村', 'township', '北井嘎查'],
    ],
    地点: [
      ['编号', '区域编号', '类型', '名称', '纬度', '经度', '坐标系'],
      ['bj-1', 'north', '冬营地', '北井1号', 39.91334545536069, 116.38404722455657, 'gcj02'],
    ],
    住户: [
      ['编号', '区域编号', '现住地点编号'],
      ['bj-h1', 'north', 'bj-1'],
    ],
    人员: [
      ['编号', '住户编号', '姓名', '类别', '语言'],
      ['bj-p1', 'bj-h1', '其木格', '独居，高龄 失智', '中文'],
    ],
    联系人: [
      ['编号', '所属类型', '所属编号', '角色', '顺序', '姓名', '电话', '通知方式', '回调密钥'],
      [
        'bj-c1',
        '地点',
        'bj-1',
        '邻居',
        2,
        '巴图',
        13800000001,
        'https://example.org/a\n日志',
        `whsec_${'A'.repeat(40)}`,
      ],
    ],
    设备: [
      ['设备编号', '设备类型', '地点编号', '房间', '上报间隔(分钟)'],
      [860000000000001, '烟感报警器', 'bj-1', '厨房', 60],
      ['smoke-1', '', '', '', ''],
    ],
    规则设置: [
      ['编号', '规则', '范围类型', '范围编号', '设置'],
      ['s1', 'device-silent', '区域', 'north', 'missedReports=3'],
    ],
    活动范围: [
      ['编号', '所属类型', '所属编号', '名称', '形状', '顶点', '坐标系', '月份'],
      ['z1', '人员', 'bj-p1', '草场', '多边形', '43.9, 116.1\n43.8, 116.1\n43.8，116.2', 'WGS-84', '5、6、7'],
    ],
    Sheet1: [],
  });
  const wrong = await sheets('', workbook);
  expect(await wrong.json()).toMatchObject({ status: 422, problemCount: 1, problems: [{ sheet: '设备', cell: 'B3' }] });
  const right = await book({
    设备: [
      ['设备编号', '房间'],
      ['smoke-1', '卧室'],
    ],
  });
  expect((await sheets('', right)).status).toBe(200);
  expect(alarm.registry.device('smoke-1')).toMatchObject({ placeId: 'house-1', room: '卧室', kind: 'smoke-detector' });
});

test('everything that is wrong is named at once by its cell, in both languages, and a copy has these cells marked', async () => {
  const { as, alarm } = await desk();
  const { sheets } = await as(admin);
  const workbook = await book({
    区域: [
      ['编号', '级别', '上级编号', '名称'],
      ['n1', '村子', 'township', '北井'],
      ['n2', '嘎查村', 'nowhere', '南井'],
      ['n2', '嘎查村', 'township', '南井'],
    ],
    人员: [
      ['编号', '住户编号', '姓名', '类别', '备用'],
      ['q1', 'couple', '', '独居、老人', ''],
    ],
    联系人: [
      ['编号', '所属类型', '所属编号', '角色', '姓名', '电话', '通知方式'],
      ['c1', '地点', 'house-1', '邻居', '巴图', '问小卖部', 'pigeon'],
    ],
    地点: [
      ['编号', '区域编号', '类型', '名称', '纬度', '经度', '坐标系'],
      ['p1', 'east', '住房', '家', 116.1, 43.9, 'WGS-84'],
      ['p 2', 'east', '住房', '家', '', '', ''],
    ],
    设备: [
      ['设备编号', '设备类型', '人员编号', '密钥'],
      ['d1', '烟感报警器', 'him', ''],
      ['d2', '呼叫按钮', 'him', 'short'],
    ],
    客户: [['编号'], ['x']],
  });
  const told = (await (await sheets('', workbook)).json()) as {
    problems: { sheet: string; line: number; cell?: string; zh: string }[];
  };
  expect(told.problems.map(({ sheet, cell, line }) => `${sheet}!${cell ?? line}`).sort()).toEqual(
    [
      '人员!E1',
      '客户!1',
      '区域!B2',
      '区域!C3',
      '区域!4',
      '地点!A3',
      '地点!E2',
      '联系人!F2',
      '联系人!G2',
      '设备!2',
      '设备!D3',
    ].sort(),
  );
  for (const { zh } of told.problems) expect(zh).toMatch(/\p{Script=Han}/u);
  expect(alarm.commands.some(({ type }) => type === 'registry-part')).toBe(false);

  const response = await sheets('', workbook, xlsx);
  expect([response.status, response.headers.get('content-type')]).toEqual([422, xlsx]);
  const copy = new Uint8Array(await response.arrayBuffer());
  const areas = (await tablesIn(copy)).find(({ name }) => name === '区域')?.rows.map(({ cells }) => cells);
  expect(areas?.map((cells) => cells.slice(0, 4))).toEqual([
    ['编号', '级别', '上级编号', '名称'],
    ['n1', '村子', 'township', '北井'],
    ['n2', '嘎查村', 'nowhere', '南井'],
    ['n2', '嘎查村', 'township', '南井'],
  ]);
  expect(areas?.map((cells) => cells[4])).toEqual([
    '问题 / problem',
    '级别：只能填：旗县、苏木乡镇、嘎查村 / area n1: level is one of county, township, village, not "村子"',
    '上级编号：没有编号为“nowhere”的区域，请先添加，或更正编号 / area n2: there is no area "nowhere"; add it, or correct the id',
    '重复出现，第一次在第3行 / area n2: is here a second time; the first is in line 3',
  ]);
  const plain = repack(copy);
  expect('bytes' in plain && Buffer.from(plain.bytes).includes('FFC7CE')).toBe(true);
});

test('a copy that came back marked is corrected in place and sent again', async () => {
  const { as, alarm } = await desk();
  const { sheets } = await as(admin);
  const rows: SheetData = [
    ['编号', '级别', '上级编号', '名称', '问题 / problem'],
    ['n1', '嘎查村', 'township', '北井', '级别：只能填：… / …'],
  ];
  expect((await sheets('', await book({ 区域: rows }))).status).toBe(200);
  expect(alarm.registry.area('n1')?.name).toBe('北井');
});

test('a dry run says what would happen and changes nothing; the same import twice is one', async () => {
  const { as, alarm } = await desk();
  const { upload } = await as(admin);
  const rows = '编号,级别,上级编号,名称,删除\r\neast,嘎查村,township,东井,\r\nnorth,嘎查村,township,北井,\r\n';
  const send = (path: string) => upload(path, rows, { 'content-type': 'text/csv', 'idempotency-key': 'twice-1234' });
  const dry = await send('?section=areas&dryRun=true');
  expect(await dry.json()).toEqual({ dryRun: true, counts: { areas: { changed: 1, added: 1 } }, withoutSecret: 0 });
  expect(alarm.registry.area('north')).toBeUndefined();
  const once = await send('?section=areas');
  expect(await once.json()).toMatchObject({ dryRun: false, counts: { areas: { changed: 1, added: 1 } } });
  const sent = alarm.commands.length;
  expect((await send('?section=areas')).status).toBe(200);
  expect(alarm.commands).toHaveLength(sent);
  const gone = await upload('?section=areas', '编号,删除\nnorth,是\n', { 'content-type': 'text/csv' });
  expect(await gone.json()).toMatchObject({ counts: { areas: { removed: 1 } } });
  expect(alarm.registry.area('north')).toBeUndefined();
});

test('a CSV that Excel in China saved is GB18030, and is read', async () => {
  const { as, alarm } = await desk();
  const { csv } = await as(admin);
  // 编号,姓名 / widow,李梅
  const text = Buffer.from([
    0xb1,
    0xe0,
    0xba,
    0xc5,
    0x2c,
    0xd0,
    0xd5,
    0xc3,
    0xfb,
    0x0d,
    0x0a,
    ...Buffer.from('widow,'),
    0xc0,
    0xee,
    0xc3,
    0xb7,
  ]);
  expect((await csv('?section=people', text)).status).toBe(200);
  expect(alarm.registry.person('widow')).toMatchObject({
    name: '李梅',
    callName: 'Grandmother N.',
    householdId: 'alone',
  });
  expect((await csv('', text)).status).toBe(422);
});

test('an import reaches no further than its author: foreign entries cannot be changed, referred to, or found out', async () => {
  const { as, alarm } = await desk();
  const { csv } = await as(eastern('data-admin'));
  const sent = async (section: string, text: string) =>
    ((await (await csv(`?section=${section}`, text)).json()) as { problems: { problem: string }[] }).problems.map(
      ({ problem }) => problem,
    );
  expect(await sent('places', 'id,areaId,kind,name\nroom-1,east,house,mine\n')).toEqual([
    'place room-1: this id cannot be used here; choose another',
  ]);
  const partly = await sent('places', 'id,name\nroom-1,mine\n');
  expect(partly.join('\n')).toBe(
    (await sent('places', 'id,name\nnowhere,mine\n')).join('\n').replaceAll('nowhere', 'room-1'),
  );
  expect(await sent('places', 'id,remove\nroom-1,yes\n')).toEqual([
    'place room-1: is not in the registry, so it cannot be removed',
  ]);
  const people = await sent('people', 'id,householdId,name\nq1,resident-1,Q\nq2,nowhere,Q\nhim,couple,B**\n');
  expect(people).toEqual([
    expect.stringContaining('person him: holds a value with "**"'),
    'person q1: there is no household "resident-1"; add it, or correct the id',
    'person q2: there is no household "nowhere"; add it, or correct the id',
  ]);
  expect(alarm.registry.place('room-1')?.name).toBe('room 1');
});

test('the answer about a foreign thing is that about a missing one, to the letter and the cell', async () => {
  const { as } = await desk();
  const { csv } = await as(eastern('data-admin'));
  const said = async (section: string, rows: string, id: string) =>
    (await (await csv(`?section=${section}`, rows.replaceAll('?', id))).text()).replaceAll(id, '*');
  for (const [section, foreign, rows] of [
    ['people', 'resident-1', 'id,householdId,name\nq1,?,Q\n'],
    // Of a site that lies elsewhere nobody is told where.
    ['places', 'care', 'id,areaId,siteId,kind,name\np1,east,?,house,P\nhouse-1,nowhere-at-all,,house,P\n'],
    ['areas', 'west', 'id,level,parentId,name\neast,village,?,East\n'],
    ['places', 'room-1', 'id,areaId,kind,name,remove\n?,,,,yes\np1,nowhere-at-all,house,P,\n'],
    ['households', 'room-1', 'id,areaId,currentPlaceId\nh1,east,?\n'],
  ] as const)
    expect(await said(section, rows, foreign), section).toBe(await said(section, rows, 'missing'));
});

test('one import at a time, from before its body was read; who gave up halfway is in nobody’s way', async () => {
  const { as, alarm } = await desk();
  const { upload, csv } = await as(admin);
  const halfway = new AbortController();
  const stuck = new ReadableStream({ start: (body) => body.enqueue(Buffer.from('id,areaId,kind,name\n')) });
  const init = { duplex: 'half', signal: halfway.signal } as RequestInit;
  const given = upload('?section=places', stuck as never, { 'content-type': 'text/csv' }, init).catch(() => undefined);
  const row = 'id,areaId,kind,name\nnew-1,east,house,New\n';
  await expect.poll(async () => (await csv('?section=places&dryRun=true', row)).status).toBe(429);
  halfway.abort();
  await given;
  await expect.poll(async () => (await csv('?section=places', row)).status, { timeout: 10_000 }).toBe(200);
  expect(alarm.registry.place('new-1')?.name).toBe('New');
});

test('who asks for a hundred foreign things in one file is on record for the first of them', async () => {
  const foreign = Array.from({ length: 100 }, (_, at) =>
    put('household', { id: `f${at}`, areaId: 'west', currentPlaceId: 'room-1' }),
  );
  const { as, alarm } = await desk([...staffedCounty, ...foreign]);
  const { csv } = await as(eastern('data-admin'));
  const rows = foreign.map((_, at) => `q${at},f${at},Q\n`).join('');
  const answer = await csv('?section=people', `id,householdId,name\n${rows}`);
  expect(await answer.json()).toMatchObject({ problemCount: 100 });
  const refused = alarm.commands.filter((one) => one.type === 'look' && one.how === 'refused');
  expect(refused).toHaveLength(20);
});

test('what is no workbook, holds macros, or is a bomb is refused, and the desk goes on', async () => {
  const { as } = await desk();
  const { sheets, upload } = await as(admin);
  const problem = async (bytes: Uint8Array) => {
    const response = await sheets('', bytes);
    return [response.status, ((await response.json()) as { detail: string }).detail];
  };
  expect(await problem(Buffer.from('just text'))).toEqual([422, expect.stringContaining('no workbook')]);
  expect(await problem(zipOf('xl/vbaProject.bin', Buffer.from('x')))).toEqual([422, expect.stringContaining('macros')]);
  expect(await problem(zipOf('xl/worksheets/sheet1.xml', Buffer.alloc(130_000_000)))).toEqual([
    422,
    expect.stringContaining('120 MB'),
  ]);
  expect(await problem(zipOf('xl/worksheets/sheet1.xml', Buffer.from('<a>'.repeat(10_000))))).toEqual([
    422,
    expect.any(String),
  ]);
  expect((await upload('', '{}', { 'content-type': 'application/json' })).status).toBe(415);
  expect((await sheets('', Buffer.alloc(16_000_001))).status).toBe(413);
});

/** A ZIP file with one entry. */
function zipOf(name: string, content: Buffer): Buffer {
  const packed = deflateRawSync(content);
  const header = Buffer.alloc(26);
  header.writeUInt16LE(8, 4);
  header.writeUInt32LE(packed.length, 14);
  // What it says of its own size is a lie.
  header.writeUInt32LE(100, 18);
  header.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), header, Buffer.from(name), packed]);
  const directory = Buffer.concat([
    Buffer.from('PK\x01\x02\x14\x00', 'latin1'),
    header,
    Buffer.alloc(14),
    Buffer.from(name),
  ]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, directory, end]);
}

test('whoever is in an emergency is not taken out by a file, and the rest of it is not done either', async () => {
  const { as, alarm } = await desk();
  const { csv } = await as(admin);
  const { code } = alarm.raise('fall', 'watch-2');
  const answer = await csv('?section=people', '编号,删除\nwidow,是\nhim,是\n');
  expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining(`此人的紧急事件${code}尚未结束`)]);
  expect([alarm.registry.person('widow')?.id, alarm.registry.person('him')?.id]).toEqual(['widow', 'him']);
});
