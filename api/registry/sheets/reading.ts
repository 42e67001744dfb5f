import { unsealEntity } from '../../../records/sealing.ts';
import { type EntryParts, type Section, sectionNames, sections } from '../registry-entry.ts';
import type { Entry, PlanProblem, Said } from '../registry-plan.ts';
import { type Column, spelling } from './column.ts';
import { columnsOf, removeColumn, sheetNames } from './columns.ts';
import { mostRows, readSheet, type SheetRow } from './csv.ts';
import { columnFor, entryOf } from './rows.ts';

/** A sheet of a workbook, or a CSV file under the name of what it holds, as text; rows that are blank are not among them. */
export type Table = { name: string; rows: SheetRow[] };
/** Where something stands: in which table, in which line (the first is 1) and, where it is one cell's, in which column (from 0). */
export type CellPlace = { table: number; line: number; column?: number };
export type SheetAsk =
  | { type: 'put'; entry: Entry<CellPlace> }
  | { type: 'remove'; entry: Entry<CellPlace>; id: string }
  | { type: 'problem'; problem: PlanProblem<CellPlace> };

/** What the rows ask for, one after the other. A row is read against what stands in the registry when its turn comes. */
export function* asksIn(tables: readonly Table[], parts: Pick<EntryParts, 'registry' | 'unseal'>): Iterable<SheetAsk> {
  if (tables.reduce((count, { rows }) => count + rows.length, 0) > mostRows) {
    const problem = `there are more than ${mostRows} rows; split the file`;
    yield { type: 'problem', problem: { at: { table: 0, line: 1 }, problem, zh: `超过${mostRows}行，请拆分文件` } };
    return;
  }
  let wrongHeadings = 0;
  for (const [table, { name, rows }] of tables.entries()) {
    const section = sectionCalled(name);
    const [headings, ...rest] = rows;
    if (!headings || ignoredSheets.has(spelling(name))) continue;
    if (!section) {
      const known = sectionNames.map((one) => `${sheetNames[one]} (${one})`).join(', ');
      const at = { table, line: headings.line };
      yield {
        type: 'problem',
        problem: { at, problem: `there is no sheet "${name}"; these are: ${known}`, zh: `没有名为“${name}”的工作表` },
      };
      continue;
    }
    const { columns, problems } = readHeadings(section, headings, table);
    for (const problem of problems) {
      if (wrongHeadings === mostWrongHeadings) return;

      wrongHeadings += 1;
      yield { type: 'problem', problem };
    }
    if (problems.length > 0) continue;
    for (const row of rest) if (!isSecondHeading(row, columns)) yield askOf({ section, columns, table }, row, parts);
  }
}

/** By its Chinese name or its English one. */
export const sectionCalled = (name: string): Section | undefined =>
  sectionNames.find((section) =>
    [section, sections[section], sheetNames[section]].some((one) => spelling(one) === spelling(name)),
  );

/** What a workbook of ours holds beside the entries. */
export const guideName = '说明';
export const problemHeading = '问题 / problem';
/** Each names all columns that there are. */
const mostWrongHeadings = 200;
const ignoredSheets = new Set([guideName].map(spelling));

type Sheet = { section: Section; columns: (Column | 'ignored' | undefined)[]; table: number };

function readHeadings(section: Section, { line, cells }: SheetRow, table: number) {
  const known = columnsOf(section);
  const these = known.map(({ zh, key }) => `${zh} (${key})`).join(', ');
  const problems: PlanProblem<CellPlace>[] = [];
  const columns = cells.map((cell, column): Sheet['columns'][number] => {
    if (cell === '') return undefined;
    const spelt = spelling(cell);
    if (spelt === spelling(problemHeading)) return 'ignored';
    const found = known.find(({ key, zh }) => spelling(key) === spelt || spelling(zh) === spelt);
    if (found) return found;
    const problem = `there is no column "${cell}"; these are: ${these}`;
    problems.push({ at: { table, line, column }, problem, zh: `没有名为“${cell}”的列` });
    return undefined;
  });
  for (const [column, one] of columns.entries()) {
    if (one === undefined || columns.indexOf(one) === column) continue;
    problems.push({ at: { table, line, column }, problem: 'this column is here twice', zh: '此列重复' });
  }
  if (!columns.some((one) => typeof one === 'object' && one.key === 'id')) {
    const zh = `第一行为列名，必须有“${known[0]?.zh}”列`;
    problems.push({ at: { table, line }, problem: 'the first line names the columns; "id" is needed', zh });
  }
  return { columns, problems };
}

/** Our own sheets name each column twice. */
function isSecondHeading({ cells }: SheetRow, columns: Sheet['columns']): boolean {
  return cells.every((cell, at) => {
    const column = columns[at];
    return cell === '' || (typeof column === 'object' && spelling(column.key) === spelling(cell));
  });
}

function askOf(
  { section, columns, table }: Sheet,
  { line, cells }: SheetRow,
  parts: Pick<EntryParts, 'registry' | 'unseal'>,
): SheetAsk {
  const named = new Map<Column, string>();
  for (const [at, column] of columns.entries()) if (typeof column === 'object') named.set(column, cells[at] ?? '');
  const stray = cells.findIndex((cell, at) => cell !== '' && columns[at] === undefined);
  if (stray >= 0) {
    const problem = `"${cells[stray]?.slice(0, 20)}" stands in a column without a name`;
    return { type: 'problem', problem: { at: { table, line, column: stray }, problem, zh: '此列没有列名' } };
  }
  const entity = sections[section];
  const id = [...named].find(([{ key }]) => key === 'id')?.[1] ?? '';
  const goes = removeColumn.parse([...named].find(([{ key }]) => key === 'remove')?.[1] ?? '');
  const at = (path: readonly PropertyKey[]): CellPlace => {
    const found = columnFor([...named.keys()], path);
    const column = found ? columns.indexOf(found) : -1;
    return { table, line, ...(column >= 0 && { column }) };
  };
  const entry = { section, at, line };
  if (goes === true) return { type: 'remove', entry: { ...entry, value: id }, id };
  const before = parts.registry.get(entity, id);
  const open = before && unsealEntity(entity, before, { unseal: parts.unseal, withSecrets: false });
  const filled = new Map([...named].filter(([{ key }]) => key !== 'remove'));
  return { type: 'put', entry: { ...entry, value: entryOf(section, filled, open) } };
}

/** What a CSV file holds, or why it cannot be read. */
export function tablesInCsv(section: Section, bytes: Uint8Array): Table[] | Said {
  const { rows, problems } = readSheet(bytes);
  const [first] = problems;
  if (first) return { problem: `line ${first.line}: ${first.problem}`, zh: `第${first.line}行：${first.zh}` };
  return [{ name: section, rows: rows.map(({ line, cells }) => ({ line, cells: cells.map(bare) })) }];
}

/** What a spreadsheet would take for a formula gets an apostrophe in front, which is taken off again; also when it has one of its own. */
export const guarded = (cell: string): string => (/^'*[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell);
const bare = (cell: string): string => (/^'+[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell);
