import { parentPort } from 'node:worker_threads';
import readExcelFile from 'read-excel-file/universal';
import writeExcelFile, { type Cell, type Feature, type Image } from 'write-excel-file/node';
import { sanitizeTextContent } from 'write-excel-file/utility';
import { lettersOf } from './columns.ts';
import { mostColumns, mostRows } from './csv.ts';
import { type Table, tablesInCsv } from './reading.ts';
import { repack } from './unpacking.ts';
import type { Call, CellOut, Reply, SheetOut } from './workbook.ts';

// The thread that files are read and workbooks are written in: it holds a whole file in memory, and does not give way.

const port = parentPort;
port?.once('message', async (call: Call) => {
  port.postMessage(await perform(call));
});

async function perform(call: Call): Promise<Reply> {
  if (call.type === 'write') return { type: 'bytes', bytes: await written(call.sheets) };
  if (call.type === 'csv') {
    const tables = tablesInCsv(call.section, call.bytes);
    return 'problem' in tables ? { type: 'refused', ...tables } : { type: 'tables', tables };
  }
  const packed = repack(call.bytes);
  if ('problem' in packed) return { type: 'refused', ...packed };
  try {
    const tables = await read(packed.bytes);
    const isWide = tables.some(({ rows }) => rows.some(({ cells }) => cells.length > mostColumns));
    const isLong = tables.reduce((count, { rows }) => count + rows.length, 0) > mostRows;
    // What would only be refused there is not handed over.
    return isWide || isLong ? { type: 'refused', ...tooMany } : { type: 'tables', tables };
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    const problem = `the file cannot be read as a workbook (${what})`;
    return { type: 'refused', problem, zh: '无法读取此工作簿，请另存为 .xlsx' };
  }
}

const tooMany = {
  problem: `the workbook has more than ${mostRows} rows or ${mostColumns} columns; split it`,
  zh: `工作簿超过${mostRows}行或${mostColumns}列，请拆分`,
};

async function read(bytes: Uint8Array): Promise<Table[]> {
  const sheets = await readExcelFile(bytes.buffer as ArrayBuffer);
  return sheets.map(({ sheet, data }) => ({
    name: sheet,
    rows: data.flatMap((row, at) => {
      const cells = row.map(textOf);
      const width = cells.findLastIndex((cell) => cell !== '') + 1;
      return width === 0 ? [] : [{ line: at + 1, cells: cells.slice(0, width) }];
    }),
  }));
}

/** A date is written as the day that it names, with its time where it has one. */
function textOf(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  if (!(cell instanceof Date)) return String(cell).trim();
  // A time of day is a fraction of a day there, so that it is off by some milliseconds.
  const nearest = new Date(Math.round(cell.getTime() / 1_000) * 1_000).toISOString();
  return nearest.slice(0, 19).replace('T', ' ').replace(' 00:00:00', '');
}

function written(sheets: SheetOut[]): Promise<Buffer> {
  return writeExcelFile(
    sheets.map(({ name, rows, widths, frozen }) => ({
      sheet: name,
      data: rows.map((cells) => cells.map(cellOf)),
      columns: widths.map((width) => ({ width })),
      ...(frozen !== undefined && { stickyRowsCount: frozen }),
    })),
    { features: [offering(sheets)] },
  ).toBuffer();
}

/**
 * Lists to choose from. They offer and do not insist: who writes the English word is understood too. Source: ECMA-376 part 1, 18.3.1.33;
 * this element follows the cells.
 */
function offering(sheets: readonly SheetOut[]): Feature<Image['content']> {
  return {
    files: {
      transform: {
        'xl/worksheets/sheet{id}.xml': {
          transform(xml, _options, { sheetIndex }) {
            const { lists = [], frozen = 0 } = sheets[sheetIndex] ?? {};
            if (lists.length === 0) return xml;
            const each = lists.map(({ column, words }) => {
              const name = lettersOf(column);
              const cells = `${name}${frozen + 1}:${name}1048576`;
              const said = sanitizeTextContent(`"${words.join(',')}"`);
              return `<dataValidation type="list" allowBlank="1" sqref="${cells}"><formula1>${said}</formula1></dataValidation>`;
            });
            const element = `<dataValidations count="${each.length}">${each.join('')}</dataValidations>`;
            return xml.replace('</sheetData>', `</sheetData>${element}`);
          },
        },
      },
    },
  };
}

/** Every cell is text, and stays text when somebody types into it: a telephone number is no number, and "=1+1" no sum. */
function cellOf(cell: CellOut): Cell {
  const { text, look } = typeof cell === 'string' ? { text: cell, look: undefined } : cell;
  if (text === '' && look === undefined) return null;
  return { value: text, type: String, format: '@', ...(look && looks[look]) };
}

const looks = {
  heading: { fontWeight: 'bold', backgroundColor: '#DDEBF7', wrap: true },
  key: { textColor: '#808080', backgroundColor: '#F2F2F2' },
  bad: { backgroundColor: '#FFC7CE', textColor: '#9C0006' },
  problem: { textColor: '#9C0006', wrap: true },
} as const;
