import type { PlanProblem } from '../registry-plan.ts';
import { columnsOf, lettersOf } from './columns.ts';
import { type CellPlace, problemHeading, sectionCalled, type Table } from './reading.ts';
import type { CellOut, SheetOut } from './workbook.ts';

/** A problem of a sheet as a program reads it: the sheet's name, the line, and the cell ("C7") where it is one cell's. */
export type SheetProblem = { sheet: string; line: number; cell?: string; problem: string; zh: string };

export function describeProblem(tables: readonly Table[], { at, problem, zh }: PlanProblem<CellPlace>): SheetProblem {
  const { table, line, column } = at;
  const cell = column === undefined ? {} : { cell: `${lettersOf(column)}${line}` };
  return { sheet: tables[table]?.name ?? '', line, ...cell, problem, zh };
}

/**
 * A copy of what somebody sent, with the cells that are wrong coloured, and a last column that says why in Chinese and English. It can be
 * corrected and sent again as it is. A place that no cell has is marked at the row's first.
 */
export function markedCopy(tables: readonly Table[], problems: readonly PlanProblem<CellPlace>[]): SheetOut[] {
  return tables.map(({ name, rows }, table) => {
    const own = Map.groupBy(
      problems.filter(({ at }) => at.table === table),
      ({ at }) => at.line,
    );
    const width = Math.max(1, ...rows.map(({ cells }) => cells.length));
    const before = rows[0]?.cells.indexOf(problemHeading) ?? -1;
    const problemAt = before >= 0 ? before : width;
    const lines = rows.map(({ line, cells }, at): CellOut[] => {
      const wrong = own.get(line) ?? [];
      const bad = new Set(wrong.map(({ at: { column } }) => column ?? 0));
      const out: CellOut[] = Array.from({ length: width }, (_, column) => {
        const text = cells[column] ?? '';
        return bad.has(column) ? { text, look: 'bad' } : at === 0 && text !== '' ? { text, look: 'heading' } : text;
      });
      const says = wrong.map((one) => sentence(name, rows[0]?.cells ?? [], one)).join('\n');
      out[problemAt] =
        at === 0 && says === '' ? { text: problemHeading, look: 'heading' } : { text: says, look: 'problem' };
      return out;
    });
    const widths = Array.from({ length: Math.max(width, problemAt + 1) }, (_, at) => (at === problemAt ? 60 : 18));
    return { name: name.slice(0, 31) || '1', rows: lines, widths, frozen: 1 };
  });
}

/** In a column of choices it says what one can choose from, in the words of the sheet. */
function sentence(name: string, headings: readonly string[], { at, problem, zh }: PlanProblem<CellPlace>): string {
  const heading = at.column === undefined ? undefined : headings[at.column];
  const section = sectionCalled(name);
  const column = section && columnsOf(section).find((one) => one.zh === heading || one.key === heading);
  const chinese = column?.choices && zh !== '不能为空' ? `只能填：${Object.values(column.choices).join('、')}` : zh;
  return `${heading === undefined ? '' : `${heading}：`}${chinese} / ${problem}`;
}
