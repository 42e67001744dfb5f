import type { VariableModel } from '@grafana/schema';
import { datasource, type InLanguage } from './panels.ts';

type Variable = InLanguage<VariableModel>;

/**
 * County, township, village, household, each choosing among what lies in the one before. Whatever has no village stands in its
 * township's or county's own row, so that nothing falls out. Many may be chosen, and all of them; names are what people read, ids are what
 * queries get.
 */
export const areaVariables: Variable[] = [
  chosen('county', 'select distinct county as __text, county_id as __value from dashboards.area order by county'),
  chosen(
    'township',
    `select distinct township as __text, township_id as __value from dashboards.area
where county_id = any (array[$county]::text[]) order by township`,
  ),
  chosen(
    'village',
    `select area as __text, area_id as __value from dashboards.area
where township_id = any (array[$township]::text[]) order by area`,
  ),
];

/** Homes have no names here. One is chosen, never all of them. */
export const householdVariable: Variable = (texts) => ({
  ...queryVariable(
    'household',
    'select household_id from dashboards.household where area_id = any (array[$village]::text[]) order by household_id',
  ),
  label: texts.labels.household,
});

/** Where the duty page is, for links. */
export const pageVariable: Variable = () => ({
  ...queryVariable('page', 'select address from dashboards.page'),
  hide: 2,
  skipUrlSync: true,
});

/** The area of a row is among those that were chosen. */
export const inChosenArea = 'area_id = any (array[$village]::text[])';

function chosen(name: 'county' | 'township' | 'village', sql: string): Variable {
  return (texts) => ({
    ...queryVariable(name, sql),
    label: texts.labels[name],
    multi: true,
    includeAll: true,
    current: { selected: true, text: [texts.labels.all], value: ['$__all'] },
  });
}

function queryVariable(name: string, sql: string): VariableModel {
  return {
    name,
    type: 'query',
    datasource,
    query: sql,
    // Homes come and go while a dashboard stands open.
    refresh: 2,
    sort: 0,
    regex: '',
    multi: false,
    includeAll: false,
    options: [],
  };
}
