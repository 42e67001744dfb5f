import { afterEach, expect, test } from 'vitest';
import { put } from '../../records/registry.test-support.ts';
import { entityTypes, type RegistryChange } from '../../records/registry.ts';
import { openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import { eastern, ofCounty, staffedCounty } from '../rights/rights.test-support.ts';
import { columnsOf } from './sheets/columns.ts';
import { readSheet } from './sheets/csv.ts';
import { admin, book, exchangeDesk, tablesIn, xlsx } from './sheets/exchange.test-support.ts';
import { workbookOf } from './sheets/writing.ts';

let close = async () => {};
afterEach(() => close());
async function desk(changes?: RegistryChange[]) {
  const opened = await exchangeDesk(changes);
  close = opened.close;
  return opened;
}

test('the registry leaves as a workbook with Chinese headings, and comes back to the same registry', async () => {
  const homes = Array.from({ length: 2_000 }, (_, at): RegistryChange[] => [
    put('place', {
      ...{ id: `p${at}`, areaId: 'east', kind: 'house', name: `家 ${at}`, address: `东井 ${at}` },
      position: { lat: 43.5 + at / 10_000, lon: 116 - at / 10_000, datum: 'WGS-84' },
    }),
    put('household', { id: `h${at}`, areaId: 'east', currentPlaceId: `p${at}`, note: at % 2 ? '有狗' : '=1+1' }),
    put('person', { id: `n${at}`, householdId: `h${at}`, name: `奶奶${at}`, categories: ['living-alone', 'dementia'] }),
    put('device', {
      id: `86000000000${String(at).padStart(4, '0')}`,
      kind: 'smoke-detector',
      placeId: `p${at}`,
      room: '012',
    }),
  ]).flat();
  const { as, alarm } = await desk([...staffedCounty, ...homes]);
  const { download, sheets } = await as(admin);
  const workbook = await download('');
  const tables = await tablesIn(workbook);
  expect(tables.map(({ name }) => name)).toEqual([
    '说明',
    '区域',
    '机构',
    '地点',
    '住户',
    '人员',
    '联系人',
    '活动范围',
    '设备',
    '规则设置',
    '读数限值',
    '值班表',
    '通知方案',
    '频繁呼叫约定',
  ]);
  const people = tables.find(({ name }) => name === '人员');
  expect(people?.rows.slice(0, 3).map(({ cells }) => cells.slice(0, 5))).toEqual([
    ['编号', '住户编号', '姓名', '称呼', '类别'],
    ['id', 'householdId', 'name', 'callName', 'categories'],
    ['him', 'couple', 'Bat', '', '高龄'],
  ]);
  const same = await sheets('', workbook);
  expect([same.status, await same.json()]).toEqual([200, { dryRun: false, counts: {}, withoutSecret: 0 }]);

  const elsewhere = standInAlarm({ changes: staffedCounty.filter(({ entity }) => entity === 'account') });
  const other = await openDesk(elsewhere);
  const { cookie } = await signedIn(other, 'li');
  const headers = { cookie, 'x-steppewatch': '1', 'content-type': xlsx, 'idempotency-key': 'whole-county' };
  const there = await fetch(`${other.address.url}/api/v1/registry/import`, { method: 'POST', body: workbook, headers });
  expect([there.status, await there.json()]).toMatchObject([200, { counts: { people: { added: 2_005 } } }]);
  await other.close();
  for (const entity of entityTypes)
    expect([...elsewhere.registry.list(entity)], entity).toEqual([...alarm.registry.list(entity)]);
}, 60_000);

test('no cell of a CSV is taken for a formula, and what was guarded comes back as it was', async () => {
  const { as, alarm } = await desk([
    ...staffedCounty,
    put('household', { id: 'h1', areaId: 'east', currentPlaceId: 'house-1', note: '=HYPERLINK("http://x")' }),
    put('contact', {
      id: 'c1',
      of: { type: 'area', id: 'east' },
      role: 'station',
      name: '@all',
      phone: '+86 138',
      channels: [{ type: 'log' }],
    }),
  ]);
  const { download, csv } = await as(admin);
  for (const section of ['households', 'contacts']) {
    const text = await download(`?format=csv&section=${section}`);
    expect([...text.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    const cells = readSheet(text).rows.flatMap((row) => row.cells);
    expect(cells.filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([]);
    const back = await csv(`?section=${section}`, text);
    expect(await back.json()).toMatchObject({ counts: {} });
  }
  expect(alarm.registry.household('h1')?.note).toBe('=HYPERLINK("http://x")');
});

test('an export holds what its author may see and is on record; an import without the columns of names keeps them', async () => {
  const { as, alarm } = await desk();
  const { download, sheets, get } = await as(eastern('data-admin'));
  const workbook = await download('');
  const tables = await tablesIn(workbook);
  const text = JSON.stringify(tables);
  for (const foreign of ['room-1', 'Tuya', 'West Well', 'night by name']) expect(text).not.toContain(foreign);
  expect(text).toContain('Narantuya');
  const exported = alarm.commands.filter((sent) => sent.type === 'look' && sent.how === 'exported');
  expect(exported).toMatchObject([{ by: { id: eastern('data-admin') }, of: { type: 'registry', id: 'all' } }]);
  const open = columnsOf('people').filter(({ personal }) => !personal);
  const bare = await book({ 人员: [open.map(({ zh }) => zh), ['widow', 'couple', '独居', '中文', '']] });
  expect((await sheets('', bare)).status).toBe(200);
  expect(alarm.registry.person('widow')).toMatchObject({
    householdId: 'couple',
    name: 'Narantuya',
    callName: 'Grandmother N.',
  });
  expect((await get('/registry/export?format=csv')).status).toBe(400);
});

test('an export needs the right to it', async () => {
  const { as } = await desk();
  expect((await (await as(ofCounty('dispatcher'))).get('/registry/export')).status).toBe(403);
});

test('sheets for whoever may not see names have no columns of them', () => {
  const [, people] = workbookOf([{ section: 'people', values: [], isOpen: false }]);
  expect(people?.rows[1]?.map((cell) => (typeof cell === 'string' ? cell : cell.text))).toEqual([
    ...['id', 'householdId', 'categories', 'language', 'rescueNeeds', 'remove'],
  ]);
});
