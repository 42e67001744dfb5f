import { afterAll, beforeAll, expect, test } from 'vitest';
import { query, type ScratchPostgres, startScratchPostgres } from './scratch-postgres.test-support.ts';
import { type ColumnType, column } from './sql-columns.ts';

let postgres: ScratchPostgres;
let url: string;
beforeAll(async () => {
  postgres = await startScratchPostgres();
  url = await postgres.createDatabase();
});
afterAll(() => postgres.stop());

/** What the server reads where a column of these values was written. */
async function read(type: ColumnType, values: (number | boolean | undefined)[], shown = 'value::text') {
  const sql = `select ${shown} as value from unnest($1::${type}[]) with ordinality as row (value, place) order by place`;
  const rows = await query<{ value: string | null }>(url, sql, [column(values, type, (value) => value)]);
  return rows.map(({ value }) => value);
}

test('every type of column arrives as it was, with what is missing in its place', async () => {
  expect(await read('bool', [true, undefined, false])).toEqual(['true', null, 'false']);
  expect(await read('int2', [-32_768, undefined, 32_767])).toEqual(['-32768', null, '32767']);
  expect(await read('int4', [-(2 ** 31), 0, 2 ** 31 - 1])).toEqual(['-2147483648', '0', '2147483647']);
  expect(await read('float4', [0.5, -104, 1e-300])).toEqual(['0.5', '-104', '0']);
  expect(await read('float8', [0.1, -43.94721, 1e-300])).toEqual(['0.1', '-43.94721', '1e-300']);
  expect(
    await read('int8', [0, -1, -(2 ** 32) - 1, 2 ** 32, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]),
  ).toEqual(['0', '-1', '-4294967297', '4294967296', '9007199254740991', '-9007199254740991']);
});

test('an instant keeps its millisecond, before and after the year 2000', async () => {
  const instants = [
    '1970-01-01T00:00:00.001Z',
    '1999-12-31T23:59:59.999Z',
    '2026-11-18T12:34:56.789Z',
    '2099-06-01T00:00:00.000Z',
  ];
  const ms = '(extract(epoch from value) * 1000)::int8::text';
  const values = instants.map((instant) => Date.parse(instant));
  expect(await read('timestamptz', values, ms)).toEqual(values.map(String));
});

test('what no timestamp can be is refused by the server, and is no other instant', async () => {
  for (const absurd of [1e18, -1e18])
    await expect(read('timestamptz', [absurd])).rejects.toMatchObject({ code: '22008' });
});

test('a column in which nothing is said has no elements', async () => {
  expect(column([1, 2], 'float4', () => undefined)).toBe('{}');
  expect(await read('float4', [undefined, undefined])).toEqual([]);
});
