/**
 * A column of a batch as one parameter: an array in PostgreSQL's binary form, which costs either side a fraction of what text or
 * a parameter for each value costs.
 * Source: https://www.postgresql.org/docs/18/protocol-message-formats.html, and array_recv of the server
 */

/** The numbers by which the server knows its types, and how many bytes a value has. */
const types = {
  bool: { oid: 16, bytes: 1 },
  int8: { oid: 20, bytes: 8 },
  int2: { oid: 21, bytes: 2 },
  int4: { oid: 23, bytes: 4 },
  float4: { oid: 700, bytes: 4 },
  float8: { oid: 701, bytes: 8 },
  /** Given as epoch ms. */
  timestamptz: { oid: 1184, bytes: 8 },
} as const;
export type ColumnType = keyof typeof types;

/**
 * The values of a column, to be read by `unnested`, which takes what is missing at the end for null: a column without any value has no
 * element. An instant that no timestamp can be is one that the server refuses.
 */
export function column<Row>(
  rows: readonly Row[],
  type: ColumnType,
  read: (row: Row) => number | boolean | undefined,
): Buffer | string {
  const { oid, bytes } = types[type];
  const array = Buffer.allocUnsafe(headerBytes + rows.length * (4 + bytes));
  let end = headerBytes;
  let values = 0;
  for (const row of rows) {
    const value = read(row);
    if (value === undefined) {
      end = array.writeInt32BE(-1, end);
      continue;
    }
    values += 1;
    end = write(array, array.writeInt32BE(bytes, end), type, Number(value));
  }
  if (values === 0) return '{}';
  const header = [1, values < rows.length ? 1 : 0, oid, rows.length, 1];
  for (const [index, word] of header.entries()) array.writeInt32BE(word, index * 4);
  return array.subarray(0, end);
}

/** Dimensions, whether there are nulls, the type; then the length and the first index of its one dimension. */
const headerBytes = 20;

function write(array: Buffer, at: number, type: ColumnType, value: number): number {
  switch (type) {
    case 'bool':
      return array.writeInt8(value, at);
    case 'int2':
      return array.writeInt16BE(value, at);
    case 'int4':
      return array.writeInt32BE(value, at);
    case 'int8':
      return writeInt64(array, at, value);
    case 'float4':
      return array.writeFloatBE(value, at);
    case 'float8':
      return array.writeDoubleBE(value, at);
    case 'timestamptz':
      return writeInt64(array, at, Math.round((value - year2000) * 1_000));
  }
}

/** Microseconds of a timestamp begin here. */
const year2000 = Date.UTC(2000, 0, 1);

/** In two halves: a bigint for each value costs more than everything else here. Beyond 64 bits: the most, which no timestamp is. */
function writeInt64(array: Buffer, at: number, value: number): number {
  const high = Math.floor(value / 2 ** 32);
  if (high < -(2 ** 31) || high >= 2 ** 31) return array.writeUInt32BE(0xfffffffe, array.writeInt32BE(0x7fffffff, at));
  return array.writeUInt32BE(value - high * 2 ** 32, array.writeInt32BE(high, at));
}

/**
 * The select list in which such columns become rows: parameters from $1 on, columns of numbers first, then columns of lines, each with what
 * its text is turned into. In the list, because a function in FROM would keep its rows before anybody reads them.
 */
export function unnested(columns: readonly ColumnType[], texts: readonly ((text: string) => string)[] = []): string {
  const numbers = columns.map((type, index) => `unnest($${index + 1}::${type}[])`);
  const words = texts.map((turned, index) =>
    turned(`unnest(string_to_array($${columns.length + index + 1}, E'\\n', ''))`),
  );
  return [...numbers, ...words].join(', ');
}

/** One a line: an empty line is what is missing. */
export function lines<Row>(rows: readonly Row[], lineOf: (row: Row) => string | undefined): string {
  let text = '';
  let hasAny = false;
  for (const row of rows) {
    const line = lineOf(row);
    hasAny ||= line !== undefined;
    text += `\n${line ?? ''}`;
  }
  return hasAny ? text.slice(1) : '';
}
