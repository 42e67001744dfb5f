/**
 * Values as PostgreSQL reads them from one parameter. A column of a batch is one text: that costs a fraction of what
 * a parameter for each value costs on either side.
 */

/** `{1,NULL,3}`: finite numbers and what is missing. Less than the least `real` is 0: PostgreSQL refuses to round it. */
export function numberArray<Row>(rows: readonly Row[], numberOf: (row: Row) => number | undefined): string {
  let text = '';
  for (const row of rows) {
    const number = numberOf(row) ?? 'NULL';
    text += typeof number === 'number' && Math.abs(number) < leastReal ? ',0' : `,${number}`;
  }
  return `{${text.slice(1)}}`;
}

const leastReal = 1.2e-38;

/** One a line; read it with `string_to_array($n, E'\n', '')`: an empty line is what is missing. */
export function lines<Row>(rows: readonly Row[], lineOf: (row: Row) => string | undefined): string {
  let text = '';
  for (const row of rows) text += `\n${lineOf(row) ?? ''}`;
  return text.slice(1);
}

/** JSON without what PostgreSQL refuses in text: NUL, and halves of a surrogate pair, which devices may well send. */
export function json(value: unknown): string {
  const text = JSON.stringify(value);
  return text.includes('\\u') ? text.replace(escapes, (found) => (found === '\\\\' ? found : '\\ufffd')) : text;
}

// An escaped backslash is matched as a whole, so that the "u0000" behind it is not taken for an escape.
const escapes = /\\\\|\\u0000|\\ud[89a-f][0-9a-f]{2}/g;
