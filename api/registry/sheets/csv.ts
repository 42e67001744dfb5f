/** One row of a sheet, with the line of the file in which it begins. */
export type SheetRow = { line: number; cells: string[] };
export type SheetProblem = { line: number; problem: string; zh: string };
export type Sheet = { rows: SheetRow[]; problems: SheetProblem[] };

/**
 * Reads CSV as spreadsheets write it: UTF-8 with or without a mark, GB18030 (Excel in China), UTF-16 ("Unicode text"); commas,
 * semicolons or tabs; quoted cells; any end of line. Cells come without the blanks around them, blank rows not at all.
 * At most 32 MB, 100,000 rows and 100 columns, and 200 problems are told: it stops where there is more, so that no file becomes larger here.
 */
export function readSheet(bytes: Uint8Array): Sheet {
  if (bytes.length > mostBytes) return refused('the file is larger than 32 MB; split it', '文件超过32 MB，请拆分');
  const text = textOf(bytes);
  if (text === undefined)
    return refused('the file is no text: save it as "CSV UTF-8"', '文件不是文本，请另存为“CSV UTF-8”');
  return split(text, delimiterOf(text));
}

/** As `readSheet` reads it, in UTF-8 with a mark, without which Excel in China would take it for GB18030. */
export function writeSheet(rows: readonly (readonly string[])[]): string {
  const quoted = (cell: string) => (/[",;\t\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return `\ufeff${rows.map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('')}`;
}

const mostBytes = 32 * 1024 * 1024;
export const mostRows = 100_000;
export const mostColumns = 100;
const mostProblems = 200;
const longestHeadings = 64 * 1024;

const refused = (problem: string, zh: string): Sheet => ({ rows: [], problems: [{ line: 1, problem, zh }] });

function textOf(bytes: Uint8Array): string | undefined {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  for (const encoding of isUtf16 ? ['utf-16le'] : ['utf-8', 'gb18030']) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // What is no UTF-8 may be the other.
    }
  }
  return undefined;
}

/** Whichever stands most often in the headings. */
function delimiterOf(text: string): string {
  const [headings = ''] = text.slice(0, longestHeadings).split(/[\r\n]/, 1);
  const counted = [',', ';', '\t'].map((sign) => ({ sign, count: headings.split(sign).length }));
  return counted.reduce((most, one) => (one.count > most.count ? one : most)).sign;
}

/** RFC 4180, and what differs from it is said. */
function split(text: string, delimiter: string): Sheet {
  const endOfCell = new RegExp(`[${delimiter}\\r\\n]`, 'g');
  const rows: SheetRow[] = [];
  const problems: SheetProblem[] = [];
  let line = 1;
  let row: SheetRow = { line, cells: [] };
  for (let at = 0; at <= text.length && problems.length < mostProblems; ) {
    const quoted = text[at] === '"' ? quotedAt(text, at) : undefined;
    if (quoted?.end === undefined && quoted) problems.push({ line, ...unendedQuote });
    const from = quoted?.end ?? at;
    endOfCell.lastIndex = from;
    const end = endOfCell.exec(text)?.index ?? text.length;
    const open = text.slice(from, end).trim();
    if (quoted?.end !== undefined && open !== '')
      problems.push({ line, problem: `${afterQuote} "${open.slice(0, 20)}"`, zh: '结束引号之后还有文字' });
    const cell = quoted?.end === undefined ? open : quoted.text.trim();
    if (row.cells.length < mostColumns) row.cells.push(cell);
    else if (cell !== '') return refused(`line ${row.line} has more than ${mostColumns} columns`, tooWide);
    line += quoted?.text.match(/\r\n|\r|\n/g)?.length ?? 0;
    at = end + (text.startsWith('\r\n', end) ? 2 : 1);
    if (text[end] === delimiter) continue;
    line += 1;
    if (row.cells.some((one) => one !== '')) rows.push(row);
    if (rows.length > mostRows) return refused(`the file has more than ${mostRows} rows; split it`, tooLong);
    row = { line, cells: [] };
  }
  return { rows, problems };
}

const tooWide = `超过${mostColumns}列`;
const tooLong = `文件超过${mostRows}行，请拆分`;

const unendedQuote = { problem: 'a quotation mark opens a cell here, and none ends it', zh: '引号没有结束' };
const afterQuote = 'after the quotation mark that ends a cell stands';

/** What stands in quotation marks, and where it ends; without an end there is none, and the mark is one of the cell's own. */
function quotedAt(text: string, at: number): { text: string; end?: number } {
  for (let mark = text.indexOf('"', at + 1); mark >= 0; mark = text.indexOf('"', mark + 2)) {
    if (text[mark + 1] === '"') continue;
    return { text: text.slice(at + 1, mark).replaceAll('""', '"'), end: mark + 1 };
  }
  return { text: '' };
}
