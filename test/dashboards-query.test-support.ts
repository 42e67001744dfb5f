import type { Dashboard, Panel, VariableModel } from '@grafana/schema';

/** What Grafana knows when it sends a query: the chosen time (epoch ms), how wide a point is, and what was chosen. */
export type Scope = {
  from: number;
  to: number;
  intervalMs: number;
  variables: { [name: string]: string | string[] };
};

/**
 * A query as Grafana 13 sends it to PostgreSQL with `timescaledb` on: first variables (several values become a quoted list), then the
 * interval, then macros, whose arguments end at the first parenthesis.
 * Errors: a macro or a variable that Grafana does not know.
 */
export function expand(
  sql: string,
  { from, to, intervalMs, variables }: Scope,
  models: readonly VariableModel[],
): string {
  const filled = sql.replaceAll(/\$(\w+)|\$\{(\w+)(?::(\w+))?\}/g, (whole, plain?: string, braced?: string) => {
    const name = plain ?? braced ?? '';
    if (name.startsWith('__')) return whole;
    const value = variables[name];
    const model = models.find((one) => one.name === name);
    if (value === undefined || !model) throw new Error(`there is no variable ${whole}`);
    if (Array.isArray(value)) return value.map(quoted).join(',');
    return model.multi || model.includeAll ? quoted(value) : value.replaceAll("'", "''");
  });
  const timed = filled.replaceAll('$__interval_ms', String(intervalMs)).replaceAll('$__interval', `${intervalMs}ms`);
  const done = timed.replaceAll(/\$([_a-zA-Z0-9]+)\(([^)]*)\)/g, (whole, macro: string, text: string) => {
    const [column = ''] = text.split(',').map((argument) => argument.trim());
    if (macro === '__timeFilter') return `${column} BETWEEN ${instant(from)} AND ${instant(to)}`;
    if (macro === '__timeFrom') return instant(from);
    if (macro === '__timeTo') return instant(to);
    throw new Error(`there is no macro ${whole}`);
  });
  if (done.includes('$')) throw new Error(`something is left of ${done}`);
  return done;
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const instant = (at: number) => `'${new Date(at).toISOString().replace('.000', '')}'`;

export const panelsOf = (dashboard: Dashboard): Panel[] => (dashboard.panels ?? []) as Panel[];
export const sqlOf = (panel: Panel): string | undefined => panel.targets?.[0]?.rawSql as string | undefined;
/** The columns that a panel says how to show. What only names a line names one that may not be there. */
export const columnsOf = ({ fieldConfig }: Panel): string[] =>
  (fieldConfig?.overrides ?? []).flatMap(({ matcher, properties }) =>
    properties.some(({ id }) => id === 'mappings') ? [String(matcher.options)] : [],
  );
export const variablesOf = (dashboard: Dashboard): VariableModel[] => dashboard.templating?.list ?? [];

/** Every query of a dashboard, by where it stands: panels, annotations, variables. */
export function queriesOf(dashboard: Dashboard): { name: string; sql: string; panel?: Panel }[] {
  const ofPanels = panelsOf(dashboard).flatMap((panel) => {
    const sql = sqlOf(panel);
    return sql === undefined ? [] : [{ name: `${dashboard.uid} ${panel.id} ${panel.title}`, sql, panel }];
  });
  const ofVariables = variablesOf(dashboard).map(({ name, query }) => ({
    name: `${dashboard.uid} $${name}`,
    sql: String(query),
  }));
  const ofAnnotations = (dashboard.annotations?.list ?? []).map(({ name, target }) => ({
    name: `${dashboard.uid} ${name}`,
    sql: String((target as unknown as { rawSql: string }).rawSql),
  }));
  return [...ofVariables, ...ofAnnotations, ...ofPanels];
}

/** How wide a point is on a panel of 1,200 pixels, at most as fine as the panel wants. */
export function intervalOf(panel: Panel | undefined, { from, to }: Pick<Scope, 'from' | 'to'>): number {
  const finest = panel?.interval === '1m' ? 60_000 : 1_000;
  return Math.max(finest, Math.ceil((to - from) / 1_200 / 1_000) * 1_000);
}
