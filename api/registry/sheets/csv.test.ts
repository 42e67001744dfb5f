import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSheet, writeSheet } from './csv.ts';

const cellsOf = (text: string) => readSheet(Buffer.from(text)).rows.map(({ line, cells }) => [line, ...cells]);

test('what was written is read again, whatever stands in a cell', () => {
  const cell = fc.string({
    maxLength: 12,
    unit: fc.constantFrom('a', ',', ';', '"', '\n', '\r\n', '烟', ' ', '=', '\t', '1'),
  });
  const rows = fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(rows, (written) => {
      const sheet = readSheet(Buffer.from(writeSheet([['device id', 'kind', 'room'], ...written])));
      const kept = written
        .map((cells) => cells.map((one) => one.trim()))
        .filter((cells) => cells.some((one) => one !== ''));
      expect(sheet.problems).toEqual([]);
      expect(sheet.rows.slice(1).map(({ cells }) => cells)).toEqual(kept);
    }),
    { seed: 20261123, numRuns: 300 },
  );
});

test('a row is named by the line in which it begins, also after a cell of several lines and a blank row', () => {
  expect(cellsOf('id,room\r\n1,"a\r\nb"\r\n\r\n , \r\n2,c')).toEqual([
    [1, 'id', 'room'],
    [2, '1', 'a\r\nb'],
    [6, '2', 'c'],
  ]);
  expect(cellsOf('id,room\r1,a\r2,b\r').map(([line]) => line)).toEqual([1, 2, 3]);
});

test('commas, semicolons and tabs: whichever the headings use', () => {
  expect(cellsOf('id;room\n1;"a;b,c"\n')).toEqual([
    [1, 'id', 'room'],
    [2, '1', 'a;b,c'],
  ]);
  expect(cellsOf('id\troom\n1\ta,b\n')).toEqual([
    [1, 'id', 'room'],
    [2, '1', 'a,b'],
  ]);
});

test('UTF-8 with a mark, GB18030 and UTF-16 say the same', () => {
  const gb18030 = Buffer.from([...Buffer.from('id,'), 0xb3, 0xf8, 0xb7, 0xbf, 0x0a]);
  const marked = Buffer.from('\ufeffid,厨房\n');
  const unicode = Buffer.from('\ufeffid\t厨房\r\n', 'utf16le');
  for (const bytes of [gb18030, marked, unicode])
    expect(readSheet(bytes).rows).toEqual([{ line: 1, cells: ['id', '厨房'] }]);
});

test('what is no list is told so', () => {
  const problems = (bytes: Uint8Array | string) => readSheet(Buffer.from(bytes as Uint8Array)).problems;
  expect(problems('id,room\n1,"a\n2,b')).toMatchObject([{ line: 2, problem: expect.stringContaining('none ends it') }]);
  expect(readSheet(Buffer.from('id,room\n1,"a\n2,b')).rows).toHaveLength(3);
  expect(problems('id,room\n1,"a" b\n')).toMatchObject([{ line: 2, problem: expect.stringContaining('stands "b"') }]);
  expect(problems(Uint8Array.from([0x50, 0x4b, 0x03, 0x04, 0xff, 0xff, 0x30]))).toMatchObject([
    { line: 1, problem: expect.stringContaining('no text') },
  ]);
  expect(problems(new Uint8Array(33 * 1024 * 1024))).toMatchObject([
    { line: 1, problem: expect.stringContaining('32 MB') },
  ]);
});

test('a file that is nothing but cells, rows or mistakes ends where its bound is, not in memory', () => {
  const read = (text: string) => readSheet(Buffer.from(text));
  const wide = read(`id\n${','.repeat(2_000_000)}x`);
  expect(wide).toMatchObject({ rows: [], problems: [{ problem: expect.stringContaining('more than 100 columns') }] });
  expect(read(`id${','.repeat(500)}\n1${','.repeat(500)}`).rows.map(({ cells }) => cells.length)).toEqual([100, 100]);
  expect(read('\n'.repeat(2_000_000))).toEqual({ rows: [], problems: [] });
  expect(read('"a"b\n'.repeat(50_000)).problems).toHaveLength(200);
});
