import type {
  FieldConfig,
  GridPos,
  MappingType,
  Panel,
  SpecialValueMatch,
  Threshold,
  ThresholdsMode,
  ValueMapping,
} from '@grafana/schema';
import type { ColumnName, PanelName, Texts, Word } from './texts/en.ts';
import { wordColours } from './words.ts';

/** The datasource is provisioned under this name; panels refer to nothing else. */
export const datasource = { type: 'grafana-postgresql-datasource', uid: 'steppewatch' };

/** A panel before it has a language. `at`: x, y, width and height on the grid of 24 columns. */
export type Draft = {
  id: number;
  name: PanelName;
  at: [x: number, y: number, w: number, h: number];
  sql: string;
};
export type Columns = { [Name in ColumnName]?: Column };
/**
 * How a column is shown. `steps`: from which value on it has which colour, from `-Infinity` where every value has one. `words`: the values that are words. `states`: the
 * numbers that stand for words, in a timeline. `link`: where a click leads.
 */
export type Column = {
  unit?: string;
  decimals?: number;
  steps?: [from: number, colour: string][];
  words?: readonly Word[];
  states?: [number: number, word: Word][];
  link?: string | InLanguage<string>;
  width?: number;
  hidden?: true;
  /** Nothing is an answer here: nobody came yet, it is about no home. Elsewhere nothing means UNKNOWN. */
  absent?: true;
};
export type InLanguage<T> = (texts: Texts) => T;

/** None is good, any is not. */
export const none = (colour: string): Column => ({
  steps: [
    [0, 'green'],
    [1, colour],
  ],
});

/** Any is good, none is the worst there is. */
export const some: Column = {
  steps: [
    [0, 'red'],
    [1, 'green'],
  ],
};

/** Large numbers, one a column. A value that is not there is UNKNOWN in red, never 0 and never green. */
export const numbers = (draft: Draft, columns: Columns): InLanguage<Panel> =>
  panel(draft, columns, {
    type: 'stat',
    options: {
      reduceOptions: { values: false, calcs: ['lastNotNull'], fields: '/.*/' },
      ...{ colorMode: 'background', graphMode: 'none', justifyMode: 'auto', orientation: 'vertical' },
      ...{ percentChangeColorMode: 'standard', showPercentChange: false, textMode: 'value_and_name', wideLayout: true },
    },
  });

/** Rows as the query orders them. */
export const table = (draft: Draft, columns: Columns): InLanguage<Panel> =>
  panel(draft, columns, {
    type: 'table',
    options: { showHeader: true, cellHeight: 'sm', frameIndex: 0, sortBy: [] },
    custom: {
      ...{ cellOptions: { type: 'color-background', mode: 'basic' }, filterable: false },
      ...{ align: 'auto', inspect: false },
    },
  });

/** Lines over time; the query answers `time`, `metric`, and one value, or several values without a metric. */
export const lines = (draft: Draft, column: Column, columns: Columns = {}, more: Lines = {}): InLanguage<Panel> =>
  panel(draft, everyLine(column, columns), {
    type: 'timeseries',
    format: 'time_series',
    column: { ...column, steps: column.steps ?? [] },
    custom: {
      ...{ drawStyle: more.bars ? 'bars' : 'line', lineWidth: 1, fillOpacity: more.bars ? 80 : 10, showPoints: 'auto' },
      ...{ axisPlacement: 'auto', spanNulls: more.joinsMs ?? false },
      ...(more.bars && { stacking: { mode: 'normal', group: 'A' } }),
      ...(column.steps && { thresholdsStyle: { mode: 'line' } }),
    },
    colour: 'palette-classic-by-name',
    options: {
      legend: { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    ...(more.interval !== undefined && { interval: more.interval }),
    ...(more.names && { names: more.names }),
  });
/** `joinsMs`: values closer together than this are joined by a line. `interval`: how fine it gets at most. `names`: metrics that are words. */
type Lines = { bars?: true; joinsMs?: number; interval?: string; names?: readonly Word[] };

/** What holds for all lines holds for one that has more to say: Grafana would drop its limits with its name. */
const everyLine = (column: Column, columns: Columns): Columns =>
  Object.fromEntries(Object.entries(columns).map(([name, its]) => [name, { ...column, ...its }]));

/**
 * States over time, a row for each `metric`, told by numbers: a state holds until the next, so UNKNOWN is a state too. The colour mode is not
 * that of thresholds: in that one Grafana merges what lies between two of them, and takes the words away.
 */
export const timeline = (draft: Draft, column: Column, interval?: string): InLanguage<Panel> =>
  panel(
    draft,
    {},
    {
      type: 'state-timeline',
      format: 'time_series',
      column,
      custom: { fillOpacity: 80, lineWidth: 0 },
      colour: 'fixed',
      options: {
        ...{ mergeValues: true, showValue: 'auto', rowHeight: 0.9, alignValue: 'left', perPage: 40 },
        legend: { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] },
        tooltip: { mode: 'single', sort: 'none' },
      },
      ...(interval !== undefined && { interval }),
    },
  );

/**
 * Ends the query of a timeline: the state of every row at every moment at which one of them changes, because Grafana draws a hole where
 * another row alone has a value. After `state (time, metric, value)` and `lane (metric)`; `before`: what a row is until its first state.
 */
export const heldStates = (before: number): string => `
spread as (
  select moment.time, lane.metric, known.value,
    count(known.value) over (partition by lane.metric order by moment.time) as stretch
  from (select time from state union select $__timeFrom()::timestamptz) as moment
  cross join lane
  left join (select time, metric, min(value) as value from state group by time, metric) as known
    on known.time = moment.time and known.metric = lane.metric
)
select time, metric, coalesce(first_value(value) over (partition by metric, stretch order by time), ${before}) as value
from spread
order by time`;

type Look = {
  type: string;
  format?: 'table' | 'time_series';
  options: Record<string, unknown>;
  custom?: Record<string, unknown>;
  column?: Column;
  colour?: string;
  interval?: string;
  names?: readonly Word[];
};

function panel({ id, name, at, sql }: Draft, columns: Columns, look: Look): InLanguage<Panel> {
  const {
    type,
    format = 'table',
    options,
    custom = {},
    column = {},
    colour = 'thresholds',
    interval,
    names = [],
  } = look;
  const [x, y, w, h] = at;
  const gridPos: GridPos = { x, y, w, h };
  return (texts) => ({
    ...{ id, type, ...texts.panels[name], gridPos, datasource, options, ...(interval !== undefined && { interval }) },
    targets: [{ refId: 'A', datasource, editorMode: 'code', format, rawQuery: true, rawSql: sql.trim() }],
    fieldConfig: {
      // Where a query fails there is no cell to colour: the text brings its own red.
      defaults: { ...appearance(column, texts), noValue: `🔴 ${texts.words.UNKNOWN}`, color: { mode: colour }, custom },
      overrides: [
        ...Object.entries(columns).map(([columnName, its]) => ({
          matcher: { id: 'byName', options: columnName },
          properties: propertiesOf(columnName as ColumnName, its, texts),
        })),
        ...names.map((word) => ({
          matcher: { id: 'byName', options: word },
          properties: [{ id: 'displayName', value: texts.words[word] }],
        })),
      ],
    } as NonNullable<Panel['fieldConfig']>,
  });
}

function propertiesOf(name: ColumnName, column: Column, texts: Texts): { id: string; value: unknown }[] {
  const { link } = column;
  const own = {
    displayName: texts.columns[name],
    ...appearance(column, texts),
    ...(link !== undefined && {
      links: [{ title: texts.columns[name], url: typeof link === 'string' ? link : link(texts), targetBlank: true }],
    }),
    ...(column.width !== undefined && { 'custom.width': column.width }),
    ...(column.hidden && { 'custom.hideFrom.viz': true }),
  };
  return Object.entries(own).map(([id, value]) => ({ id, value }));
}

/** Red comes from the absence of a value; other colours only from a value that is there. */
function appearance(column: Column, texts: Texts): FieldConfig {
  const { unit = 'none', decimals, steps = [], words = [], states = [], absent } = column;
  return {
    unit,
    ...(decimals !== undefined && { decimals }),
    noValue: texts.words[absent ? 'absent' : 'UNKNOWN'],
    mappings: mappingsOf([...words.map((word): [string, Word] => [word, word]), ...states], texts, absent),
    thresholds: { mode: 'absolute' as ThresholdsMode, steps: thresholdsOf(steps) },
  };
}

/**
 * Grafana wants a first step without a bound, and JSON has no infinity: null stands for it. Where a later bound is below zero, null would
 * hide it, because Grafana compares a value with null as with 0: a number below everything stands there instead.
 */
function thresholdsOf(steps: NonNullable<Column['steps']>): Threshold[] {
  const whole =
    steps[0]?.[0] === Number.NEGATIVE_INFINITY ? steps : [[Number.NEGATIVE_INFINITY, 'transparent'] as const, ...steps];
  const lowest = steps.some(([from]) => from < 0 && Number.isFinite(from)) ? -1_000_000_000 : null;
  return whole.map(([from, color]) => ({ value: Number.isFinite(from) ? from : lowest, color }));
}

function mappingsOf(values: [string | number, Word][], texts: Texts, absent: true | undefined): ValueMapping[] {
  const all: [string | number, Word][] = [['UNKNOWN', 'UNKNOWN'], ...values];
  const shown = (word: Word, index: number) => ({ text: texts.words[word], color: wordColours[word], index });
  return [
    {
      type: 'special' as MappingType.SpecialValue,
      options: { match: 'null+nan' as SpecialValueMatch, result: shown(absent ? 'absent' : 'UNKNOWN', 0) },
    },
    {
      type: 'value' as MappingType.ValueToText,
      options: Object.fromEntries(all.map(([value, word], index) => [value, shown(word, index + 1)])),
    },
  ] as ValueMapping[];
}
