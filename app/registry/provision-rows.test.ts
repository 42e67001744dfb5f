import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readDeviceRows } from './provision-rows.ts';

const read = (text: string) => readDeviceRows(Buffer.from(text));

test('headings and kinds are understood however they are spelt', () => {
  const expected = [{ line: 2, id: 'd1', kind: 'call-button', placeId: 'p', room: 'r', intervalMinutes: 60 }];
  for (const headings of [
    'device id,kind,place id,room,interval minutes',
    'Device_ID,Type,placeId,ROOM,interval',
    '设备编号,设备类型,地点编号,房间,上报间隔（分钟）',
    'ＩＭＥＩ号,类型,住所,安装位置,间隔(分钟)',
  ])
    for (const kind of ['call-button', 'Call Button', '呼叫按钮', '一键呼叫'])
      expect(read(`${headings}\nd1,${kind},p,r,60\n`), headings).toEqual({ rows: expected, problems: [] });
});

test('what stands in a column without a name is told by its line; nothing is left out in silence', () => {
  const stray = { line: 2, problem: '"what" stands in a column without a name' };
  for (const text of ['id,kind,\nd1,smoke,what\n', 'id,kind\nd1,smoke,what\n'])
    expect(read(text).problems).toEqual([stray]);
  expect(read('id,kind,\nd1,smoke,,\n')).toMatchObject({ rows: [{ id: 'd1' }], problems: [] });
});

test('whatever bytes a file holds, each of its rows is read or told', () => {
  const cell = fc.oneof(
    fc.constantFrom('id', 'kind', 'smoke', '烟感', '"', 'd1', '860000000000017', '1e400', '-1', ''),
    fc.string({ maxLength: 8 }),
  );
  const sheet = fc
    .array(fc.array(cell, { maxLength: 5 }), { maxLength: 6 })
    .map((rows) => rows.map((row) => row.join(',')).join('\n'));
  const bytes = fc.oneof(
    sheet.map((text) => Buffer.from(`id,kind\n${text}`)),
    fc.uint8Array({ maxLength: 200 }),
  );
  fc.assert(
    fc.property(bytes, (given) => {
      const { rows, problems } = readDeviceRows(given);
      const lines = [...rows, ...problems].map(({ line }) => line);
      expect(lines.every((line) => line >= 1 && line <= given.length + 1)).toBe(true);
      if (problems.length === 0) expect(rows.every(({ id, kind }) => id !== '' && kind !== undefined)).toBe(true);
    }),
    { seed: 20261123, numRuns: 500 },
  );
});
