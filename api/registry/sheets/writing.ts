import type { Entity, EntityType } from '../../../records/registry.ts';
import { type Section, sectionNames } from '../registry-entry.ts';
import type { Column } from './column.ts';
import { columnsOf, sheetNames } from './columns.ts';
import { writeSheet } from './csv.ts';
import { guarded, guideName } from './reading.ts';
import { cellsOf, columnsFor } from './rows.ts';
import type { CellOut, SheetOut } from './workbook.ts';

/** Entities of one section, open. `isOpen`: with what is personal in them. */
export type Listed = { section: Section; values: Iterable<Entity<EntityType>>; isOpen: boolean };

/** One sheet a section, and one that explains them. An empty section has its sheet too: it is the form to fill in. */
export function workbookOf(listed: readonly Listed[]): SheetOut[] {
  return [guide(), ...listed.map(sheetOf)];
}

/** One section as CSV, in UTF-8 with a mark; no cell of it is taken for a formula. */
export function csvOf({ section, values, isOpen }: Listed): string {
  const columns = columnsFor(section, isOpen);
  const rows = Iterator.from(values).map((value) => guardedCells(columns, value));
  return writeSheet([columns.map(({ zh }) => zh), columns.map(({ key }) => key), ...rows]);
}

function sheetOf({ section, values, isOpen }: Listed): SheetOut {
  const columns = columnsFor(section, isOpen);
  return {
    name: sheetNames[section],
    rows: [...headingsOf(columns), ...Iterator.from(values).map((value) => cellsOf(columns, value))],
    widths: columns.map(({ key }) => (key === 'channels' || key === 'address' || key === 'settings' ? 36 : 18)),
    frozen: 2,
    lists: columns.flatMap(({ choices, isMany }, column) =>
      choices && !isMany ? [{ column, words: Object.values(choices) }] : [],
    ),
  };
}

const headingsOf = (columns: readonly Column[]): CellOut[][] => [
  columns.map(({ zh }) => ({ text: zh, look: 'heading' })),
  columns.map(({ key }) => ({ text: key, look: 'key' })),
];

/** Figures stay figures: a longitude may begin with a minus sign. */
function guardedCells(columns: readonly Column[], value: Entity<EntityType>): string[] {
  return cellsOf(columns, value).map((cell) => (/^-?\d+(\.\d+)?$/.test(cell) ? cell : guarded(cell)));
}

function guide(): SheetOut {
  const heading = (text: string): CellOut => ({ text, look: 'heading' });
  const lines = sectionNames.flatMap((section) =>
    columnsOf(section).map(({ zh, key, needed, personal, choices, note }) => [
      ...[sheetNames[section], zh, `${section}.${key}`, needed ? '是' : '', personal ? '是' : ''],
      Object.entries(choices ?? {})
        .map(([word, chinese]) => (word === chinese ? word : `${chinese} = ${word}`))
        .join('\n'),
      ...[note?.zh ?? '', note?.en ?? ''],
    ]),
  );
  const titles = ['工作表', '列', 'key', '必填', '个人信息', '可填内容', '说明', 'note'];
  return {
    name: guideName,
    rows: [introduction, titles.map(heading), ...lines],
    widths: [12, 18, 26, 8, 10, 30, 44, 44],
  };
}

const introduction = [
  '每行一条，按编号更新；空单元格表示清空该项，缺少的列保持不变；全部正确才会生效。 / One entry a row, by its id; an empty cell clears its field, a column that is not there leaves it; all rows count, or none.',
];
