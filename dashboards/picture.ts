import type { Column, Columns } from './panels.ts';

/**
 * Opens queries about now: how old the picture is that the tables give (seconds), and whether it is too old to be believed. A
 * database that was never written to is too old as well, and answers a row all the same; so is one from the future, when two
 * clocks differ.
 */
export const picture = `
with picture as (
  select age, coalesce(abs(age) > 30, true) as stale, waiting_records, gaps
  from (select 1) as one
  left join (select *, extract(epoch from now() - true_until) as age from dashboards.picture) as lag on true
)`;

const age: Column = {
  unit: 's',
  decimals: 0,
  steps: [
    [Number.NEGATIVE_INFINITY, 'red'],
    [-30, 'green'],
    [15, 'orange'],
    [30, 'red'],
  ],
};
export const ageColumn: Columns = { age };

/** How many there are now of what `counted` joins to the picture, as long as it can be believed, and how old that is. */
export const believedNow = (columns: readonly string[], counted: string): string => `${picture}
select
  ${believed(...columns)},
  age
from picture
${counted}`;

/** Columns that are only there while the picture can be believed. */
export const believed = (...columns: string[]): string =>
  columns.map((column) => `case when not stale then ${column} end as ${column}`).join(',\n  ');
