import type {
  FieldConfig,
  GridPos,
  MappingType,
  Panel,
  SpecialValueMatch,
  ThresholdsMode,
  ValueMapping,
} from '@grafana/schema';

/** The datasource is provisioned under this name; panels refer to nothing else. */
export const datasource = { type: 'grafana-postgresql-datasource', uid: 'steppewatch' };

export type PanelText = { id: number; title: string; description: string; gridPos: GridPos; sql: string };

/** A column and how it is shown. `thresholds`: from which value on it has which colour. */
export type Column = { name: string; unit?: string; thresholds?: [number, string][]; words?: Record<string, string> };

/** Large numbers, one a column. A value that is not there is UNKNOWN in red, never 0 and never green. */
export function numbers(text: PanelText, columns: Column[]): Panel {
  return {
    ...panel(text, columns, {}),
    type: 'stat',
    options: {
      reduceOptions: { values: false, calcs: ['lastNotNull'], fields: '' },
      colorMode: 'background',
      graphMode: 'none',
      justifyMode: 'auto',
      orientation: 'vertical',
      percentChangeColorMode: 'standard',
      showPercentChange: false,
      textMode: 'value_and_name',
      wideLayout: true,
    },
  };
}

/** Rows as the query orders them. The query always answers a row, so a table without any is UNKNOWN too. */
export function table(text: PanelText, columns: Column[]): Panel {
  return {
    ...panel(text, columns, { cellOptions: { type: 'color-background', mode: 'basic' }, filterable: false }),
    type: 'table',
    options: { showHeader: true, cellHeight: 'sm', frameIndex: 0, sortBy: [] },
  };
}

function panel({ sql, ...text }: PanelText, columns: Column[], custom: Record<string, unknown>): Omit<Panel, 'type'> {
  return {
    ...text,
    datasource,
    targets: [{ refId: 'A', datasource, editorMode: 'code', format: 'table', rawQuery: true, rawSql: sql.trim() }],
    fieldConfig: {
      defaults: { ...appearance({}), custom },
      overrides: columns.map((column) => ({
        matcher: { id: 'byName', options: column.name },
        properties: Object.entries(appearance(column)).map(([id, value]) => ({ id, value })),
      })),
    },
  };
}

/** Red comes from the absence of a value; other colours only from a value that is there. */
function appearance({ unit = 'none', thresholds = [], words = {} }: Omit<Column, 'name'>): FieldConfig {
  const steps = thresholds.map(([value, color]) => ({ value, color }));
  return {
    unit,
    noValue: unknownText,
    mappings: [unknownMapping, wordMapping(words)],
    // Grafana wants the first step without a bound.
    thresholds: { mode: 'absolute' as ThresholdsMode, steps: [{ value: null, color: 'transparent' }, ...steps] },
    color: { mode: 'thresholds' as never },
  };
}

function wordMapping(words: Record<string, string>): ValueMapping {
  const all = Object.entries({ [unknownText]: 'red', ...words });
  return {
    type: 'value' as MappingType.ValueToText,
    options: Object.fromEntries(all.map(([text, color], index) => [text, { text, color, index: index + 1 }])),
  };
}

const unknownText = 'UNKNOWN';
const unknownMapping: ValueMapping = {
  type: 'special' as MappingType.SpecialValue,
  options: { match: 'null+nan' as SpecialValueMatch, result: { text: unknownText, color: 'red', index: 0 } },
};
