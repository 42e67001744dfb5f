import type { Dashboard, Panel } from '@grafana/schema';
import pg from 'pg';
import { type DashboardFile, dashboards } from '../dashboards/publish.ts';
import { en, type Texts } from '../dashboards/texts/en.ts';
import { askFrame, type Field } from './dashboards-frames.test-support.ts';
import {
  expand,
  intervalOf,
  panelsOf,
  queriesOf,
  type Scope,
  sqlOf,
  variablesOf,
} from './dashboards-query.test-support.ts';
import { type Cell, type Grafana, openGrafana } from './dashboards-rendering.test-support.ts';

export type Chosen = { from?: number; to?: number; variables?: Scope['variables'] };

/**
 * Somebody who looks at dashboards with an account of the database: each variable offers what its query answers, and everything is chosen
 * unless `variables` says otherwise. Times are epoch ms; without them a dashboard's own.
 */
export async function openScreen({ url, account, texts = en }: { url: string; account: string; texts?: Texts }) {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  await client.query(`set role ${account}`);
  const grafana = await openGrafana();

  async function scopeOf(dashboard: Dashboard, { to = Date.now(), from, variables = {} }: Chosen): Promise<Scope> {
    const begins = from ?? to - hoursOf(dashboard.time?.from) * 3_600_000;
    const scope: Scope = { from: begins, to, intervalMs: 60_000, variables: { ...variables } };
    const models = variablesOf(dashboard);
    for (const model of models) {
      if (scope.variables[model.name] !== undefined) continue;
      const fields = await askFrame(client, expand(String(model.query), scope, models), 'table');
      const offered = (fields.find(({ name }) => name === '__value') ?? fields[0])?.values.map(String) ?? [];
      scope.variables[model.name] = model.multi ? offered : (offered[0] ?? '');
    }
    return scope;
  }

  async function prepare(dashboard: Dashboard, panel: Panel, chosen: Chosen): Promise<() => Promise<Field[]>> {
    const scope = await scopeOf(dashboard, chosen);
    const sql = expand(sqlOf(panel) ?? '', { ...scope, intervalMs: intervalOf(panel, scope) }, variablesOf(dashboard));
    return () => askFrame(client, sql, panel.targets?.[0]?.format as 'table' | 'time_series');
  }

  const found = (name: DashboardFile, id: number) => {
    const dashboard = dashboards[name](texts);
    const panel = panelsOf(dashboard).find((one) => one.id === id);
    if (!panel) throw new Error(`${name} has no panel ${id}`);
    return { dashboard, panel };
  };

  return {
    grafana,

    /** Fills a panel's query in; what it answers is asked by the call of the answer. */
    prepare(name: DashboardFile, id: number, chosen: Chosen = {}): Promise<() => Promise<Field[]>> {
      const { dashboard, panel } = found(name, id);
      return prepare(dashboard, panel, chosen);
    },

    async fields(name: DashboardFile, id: number, chosen: Chosen = {}): Promise<Field[]> {
      const { dashboard, panel } = found(name, id);
      return (await prepare(dashboard, panel, chosen))();
    },

    /** What stands on a panel of numbers or rows. */
    async cells(name: DashboardFile, id: number, chosen: Chosen = {}): Promise<Cell[][]> {
      const { dashboard, panel } = found(name, id);
      return shown(grafana, panel, await (await prepare(dashboard, panel, chosen))());
    },

    /** Every query of a dashboard, asked as Grafana asks: the frames of its panels, by id. */
    async everything(name: DashboardFile, chosen: Chosen = {}): Promise<Map<Panel, Field[]>> {
      const dashboard = dashboards[name](texts);
      const scope = await scopeOf(dashboard, chosen);
      const frames = new Map<Panel, Field[]>();
      for (const { name: what, sql, panel } of queriesOf(dashboard)) {
        const expanded = expand(sql, { ...scope, intervalMs: intervalOf(panel, scope) }, variablesOf(dashboard));
        const format = (panel?.targets?.[0]?.format ?? 'table') as 'table' | 'time_series';
        const fields = await askFrame(client, expanded, format).catch((cause) => {
          throw new Error(`${what}: ${cause.message}\n${expanded}`, { cause });
        });
        if (panel) frames.set(panel, fields);
      }
      return frames;
    },

    close: () => client.end(),
  };
}

export type Screen = Awaited<ReturnType<typeof openScreen>>;

export function shown(grafana: Grafana, panel: Panel, fields: Field[]): Cell[][] {
  return panel.type === 'stat' ? [grafana.stat(panel, fields)] : grafana.table(panel, fields);
}

/** Rows as words: what a column is called, what it says, in which colour where that is not the ground's. */
export const picture = (rows: Cell[][]): Record<string, string>[] =>
  rows.map((row) =>
    Object.fromEntries(
      row.map(({ name, text, colour }) => [name, colour === 'transparent' ? text : `${text} (${colour})`]),
    ),
  );

export const column = (fields: Field[], name: string): Field['values'] =>
  fields.find((field) => field.name === name)?.values ?? [];

const hoursOf = (from: string | undefined): number => {
  const [, count = '1', unit = 'h'] = /^now-(\d+)([hd])$/.exec(from ?? '') ?? [];
  return Number(count) * (unit === 'd' ? 24 : 1);
};
