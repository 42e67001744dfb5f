import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dashboard, Panel } from '@grafana/schema';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { panelsOf, queriesOf, sqlOf, variablesOf } from '../test/dashboards-query.test-support.ts';
import { openGrafana } from '../test/dashboards-rendering.test-support.ts';
import { alertRules } from './alerting.ts';
import { datasource } from './panels.ts';
import { dashboards, documentation, documented, languages, published } from './publish.ts';
import { en } from './texts/en.ts';

const all: Dashboard[] = languages.flatMap((texts) => Object.values(dashboards).map((make) => make(texts)));
const panels = all.flatMap((dashboard) => panelsOf(dashboard).map((panel) => ({ dashboard, panel })));
const read = (file: string) => readFileSync(join(import.meta.dirname, file), 'utf8');
const scratch = join(import.meta.dirname, `../node_modules/.cache/steppewatch/schema-${process.pid}`);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('what Grafana is given is what the code says, and nothing else', () => {
  for (const [name, text] of Object.entries(published))
    expect(read(name), 'run: node dashboards/publish.ts').toBe(text);
  const files = readdirSync(join(import.meta.dirname, 'published'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(import.meta.dirname.length + 1));
  expect(files.sort()).toEqual(Object.keys(published).sort());
});

test('every dashboard is of the schema that files may have, cannot be edited, and has a name of its own', () => {
  for (const dashboard of all) expect(dashboard).toMatchObject({ schemaVersion: 42, editable: false });
  const uids = all.map(({ uid = '' }) => uid);
  expect(new Set(uids).size).toBe(uids.length);
  for (const uid of uids) expect(uid).toMatch(/^[A-Za-z0-9_-]{1,40}$/);
});

test('a language says other words and asks the same', () => {
  for (const make of Object.values(dashboards)) {
    const [one, other] = languages.map((texts) => make(texts)) as [Dashboard, Dashboard];
    expect(queriesOf(one).map(({ sql }) => sql)).toEqual(queriesOf(other).map(({ sql }) => sql));
    expect(panelsOf(one).map(({ id, gridPos, type }) => ({ id, gridPos, type }))).toEqual(
      panelsOf(other).map(({ id, gridPos, type }) => ({ id, gridPos, type })),
    );
    for (const [index, { title }] of panelsOf(one).entries()) expect(title).not.toBe(panelsOf(other)[index]?.title);
  }
});

test('every text is used, and the English ones are English', () => {
  const drawn = all
    .filter(({ tags }) => tags?.includes('steppewatch-en'))
    .map((dashboard) => JSON.stringify(dashboard));
  const text = drawn.join('\n');
  expect(text).not.toMatch(/[\u4e00-\u9fff]/);
  for (const [name, title] of Object.entries(en.columns)) expect(text, name).toContain(`"${title}"`);
  for (const [name, word] of Object.entries(en.words)) expect(text, name).toContain(`"${word}"`);
  for (const { title } of Object.values(en.panels)) expect(text).toContain(`"title":"${title}"`);
});

test('every panel says what it is, and asks the one datasource that is provisioned', () => {
  const [{ uid, type }] = parse(read('provisioning/datasources/steppewatch.yaml')).datasources;
  expect(datasource).toEqual({ uid, type });
  for (const { panel } of panels) {
    expect(panel.title?.length).toBeGreaterThan(1);
    expect(panel.description).toMatch(/[.。]$/);
    expect(panel.datasource).toEqual(datasource);
    if (['text', 'dashlist'].includes(panel.type)) continue;
    expect(panel.targets).toHaveLength(1);
    const format = ['timeseries', 'state-timeline'].includes(panel.type) ? 'time_series' : 'table';
    expect(panel.targets?.[0]).toMatchObject({ refId: 'A', datasource, format, rawQuery: true });
  }
});

test('no two panels have one id or one place, and none leaves the grid', () => {
  for (const dashboard of all) {
    const its = panelsOf(dashboard);
    expect(new Set(its.map(({ id }) => id)).size).toBe(its.length);
    const taken = new Set<string>();
    for (const { gridPos } of its) {
      const { x = 0, y = 0, w = 0, h = 0 } = gridPos ?? {};
      expect(w * h).toBeGreaterThan(0);
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++) {
        for (let row = y; row < y + h; row++) {
          expect(taken).not.toContain(`${column} ${row}`);
          taken.add(`${column} ${row}`);
        }
      }
    }
  }
});

test('a time series comes in the order of its time; variables choose again when the time changes; tables end', () => {
  for (const { panel } of panels) {
    const sql = sqlOf(panel);
    if (sql === undefined) continue;
    if (panel.type === 'table') expect(sql, panel.title).toMatch(/\blimit \d+|order by (kind|array_position)/);
    else if (panel.type !== 'stat') expect(sql, panel.title).toMatch(/order by time$/);
  }
  for (const variable of all.flatMap(variablesOf))
    expect(variable).toMatchObject({ refresh: 2, type: 'query', datasource });
});

test('every view is looked at by something, and by nothing that is not there', () => {
  const sqls = [
    ...all.flatMap((dashboard) => queriesOf(dashboard).map(({ sql }) => sql)),
    ...alertRules.groups.flatMap(({ rules }) => rules.map(({ data }) => String(data[0]?.model.rawSql))),
  ];
  const named = sqls.flatMap((sql) => [...sql.matchAll(/\bdashboards\.\w+/g)].map(([name]) => name));
  const folder = join(import.meta.dirname, '../storage/migrations');
  const migrations = readdirSync(folder)
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
  const views = new Set<string>();
  for (const [, what, name = ''] of migrations.matchAll(/(create|drop) view (dashboards\.\w+)/g))
    if (what === 'create') views.add(name);
    else views.delete(name);
  expect([...new Set(named)].sort()).toEqual([...views].sort());
});

test('units are ones that Grafana has', async () => {
  const { units } = await openGrafana();
  for (const { panel } of panels) {
    for (const unit of unitsOf(panel)) expect(units.has(unit) || /^(suffix:|time:)/.test(unit), unit).toBe(true);
  }
});

test('a value that is not there says UNKNOWN in red, or a dash where nothing is an answer; no colour comes from nothing', () => {
  for (const { dashboard, panel } of panels) {
    const { defaults, overrides: all = [] } = panel.fieldConfig ?? {};
    if (!defaults) continue;
    // What only names a line has no look of its own.
    const overrides = all.filter(({ properties }) => properties.length > 1);
    const unknown = dashboard.tags?.includes('steppewatch-en') ? 'UNKNOWN' : '未知';
    expect(defaults.noValue).toBe(`🔴 ${unknown}`);
    const looks = [
      defaults,
      ...overrides.map(({ properties }) => Object.fromEntries(properties.map(({ id, value }) => [id, value]))),
    ];
    for (const look of looks) {
      const [special, words] = (look.mappings ?? []) as { options: { match: string; result: object } }[];
      const absent = { text: '–', color: 'transparent' };
      expect([
        { text: unknown, color: 'red', index: 0 },
        { ...absent, index: 0 },
      ]).toContainEqual(special?.options.result);
      expect(special?.options.match).toBe('null+nan');
      expect(words?.options).toMatchObject({ UNKNOWN: { text: unknown, color: 'red' } });
      const steps = (look as { thresholds?: { steps: { color: string }[] } }).thresholds?.steps;
      expect(['transparent', 'red']).toContain(steps?.[0]?.color);
    }
  }
});

test('playlists and alert rules name what is there, and nobody is told but by the operator', () => {
  const uids = new Set(all.map(({ uid }) => uid));
  for (const { language } of languages) {
    const { spec } = JSON.parse(published[`published/playlists/${language}.json`] ?? '');
    for (const { value } of spec.items) expect(uids).toContain(value);
  }
  const rules = alertRules.groups.flatMap((group) => group.rules);
  expect(rules.map(({ uid }) => uid)).toEqual(
    ['lag', 'silence', 'rejections', 'notices', 'gap'].map((name) => `steppewatch-${name}`),
  );
  for (const rule of rules) {
    expect(rule).toMatchObject({ condition: 'B', noDataState: 'Alerting', execErrState: 'Alerting', isPaused: false });
    expect(rule).not.toHaveProperty('notification_settings');
    expect(String(rule.data[0]?.model.rawSql)).not.toMatch(
      /\$|dashboards\.(device|incident|household|reading|silence)\b/,
    );
  }
});

test('the documentation has every panel, and says what to do about each that can turn red', () => {
  const text = readFileSync(documentation, 'utf8');
  expect(text, 'run: node dashboards/publish.ts').toBe(documented(text));
  const advice = text.slice(text.indexOf('## When it turns red'), text.indexOf('## Install'));
  for (const { dashboard, panel } of panels) {
    if (!dashboard.tags?.includes('steppewatch-en')) continue;
    const section = advice.split(/^### /m).find((part) => part.startsWith(`${dashboard.title}\n`)) ?? '';
    if (hasRed(panel)) expect(section, `${dashboard.title}: ${panel.title}`).toContain(`**${panel.title}**`);
  }
});

test('folders are provisioned for each language under its own name', () => {
  const { providers } = parse(read('provisioning/dashboards/steppewatch.yaml'));
  expect(
    providers.map((provider: { folder: string; options: { path: string } }) => [
      provider.folder,
      provider.options.path,
    ]),
  ).toEqual(languages.map(({ folder, language }) => [folder, `/etc/steppewatch/dashboards/${language}`]));
  for (const provider of providers) expect(provider).toMatchObject({ allowUiUpdates: false, disableDeletion: true });
});

test('the committed JSON is of the types that Grafana publishes', { timeout: 120_000 }, () => {
  mkdirSync(scratch, { recursive: true });
  const files = Object.keys(published).filter((name) =>
    languages.some(({ language }) => name.startsWith(`published/${language}/`)),
  );
  const constants = files.map((name, index) => {
    const dashboard: Dashboard = JSON.parse(read(name));
    const options = panelsOf(dashboard).map(
      (panel) =>
        `({ ${panel.type.replaceAll('-', '_')}: ${JSON.stringify(panel.options)} }) as const satisfies Partial<Options>;`,
    );
    return `export const d${index} = ${JSON.stringify(dashboard)} as const satisfies Json<Whole>;\n${options.join('\n')}`;
  });
  writeFileSync(join(scratch, 'check.ts'), `${schemaTypes}\n${constants.join('\n')}\n`);
  const tsc = join(import.meta.dirname, '../node_modules/.bin/tsc');
  const settings = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--types',
    '',
  ];
  const answer = (() => {
    try {
      return execFileSync(process.execPath, [tsc, ...settings, join(scratch, 'check.ts')], { encoding: 'utf8' });
    } catch (error) {
      return (error as { stdout: string }).stdout.slice(0, 2_000);
    }
  })();
  expect(answer).toBe('');
});

/** What is an enum in TypeScript is its value in JSON. */
const schemaTypes = `
import type { AnnotationQuery, Dashboard, DataQuery } from '@grafana/schema';
import type { Options as Stat } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as Table } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as TimeSeries } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type { Options as Timeline } from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type { Options as List } from '@grafana/schema/dist/esm/raw/composable/dashboardlist/panelcfg/x/DashboardListPanelCfg_types.gen';
import type { Options as Text } from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen';
type Json<T> = T extends string ? \`\${T}\` : T extends number | boolean | null | undefined ? T : T extends readonly (infer E)[] ? readonly Json<E>[]
  : T extends object ? { readonly [K in keyof T]: Json<T[K]> } : T;
type SqlQuery = DataQuery & { editorMode: 'code'; format: 'table'; rawQuery: true; rawSql: string };
type Whole = Omit<Dashboard, 'annotations'> & { annotations?: { list?: AnnotationQuery<SqlQuery>[] } };
type Options = { stat: Json<Stat>; table: Json<Table>; timeseries: Json<TimeSeries>; state_timeline: Json<Timeline>; dashlist: Json<List>; text: Json<Text> };
`;

/** Whether a value, and not only the lack of one, has a colour that asks for somebody. */
function hasRed({ fieldConfig }: Panel): boolean {
  const properties = (fieldConfig?.overrides ?? []).flatMap((override) => override.properties);
  const steps = [
    fieldConfig?.defaults.thresholds,
    ...properties.map(({ value }) => value as { steps?: { color: string }[] }),
  ];
  return steps.some((one) => one?.steps?.some(({ color }) => color === 'red'));
}

function unitsOf({ fieldConfig }: Panel): string[] {
  const { defaults, overrides = [] } = fieldConfig ?? {};
  const set = overrides.flatMap(({ properties }) => properties.filter(({ id }) => id === 'unit'));
  return [defaults?.unit, ...set.map(({ value }) => String(value))].filter(
    (unit): unit is string => unit !== undefined,
  );
}
