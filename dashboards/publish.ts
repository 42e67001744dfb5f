import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { alertRules } from './alerting.ts';
import { fleet } from './fleet.ts';
import { home } from './home.ts';
import { household } from './household.ts';
import { pipeline } from './pipeline.ts';
import { playlist } from './playlist.ts';
import { quality } from './quality.ts';
import { storm } from './storm.ts';
import { en } from './texts/en.ts';
import { zhCn } from './texts/zh-cn.ts';
import { wall } from './wall.ts';

export const languages = [zhCn, en];
export const dashboards = { home, wall, household, fleet, quality, storm, pipeline };
export type DashboardFile = keyof typeof dashboards;

/** What Grafana is given, by file name under this folder. After a change: `node dashboards/publish.ts`. */
export const published: Record<string, string> = Object.fromEntries([
  ...languages.flatMap((texts) =>
    Object.entries(dashboards).map(([name, make]) => [`published/${texts.language}/${name}.json`, json(make(texts))]),
  ),
  ...languages.map((texts) => [`published/playlists/${texts.language}.json`, json(playlist(texts))]),
  ['published/alerting/steppewatch.json', json(alertRules)],
]);

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** docs/dashboards.md with its table of panels as they are. */
export function documented(text: string): string {
  const rows = Object.values(dashboards).flatMap((make) => {
    const { title, panels = [] } = make(en);
    return panels.map((panel) => `| ${title} | ${panel.title} | ${'description' in panel ? panel.description : ''} |`);
  });
  const table = ['| dashboard | panel | what it shows |', '|---|---|---|', ...rows].join('\n');
  return text.replace(
    /(<!-- panels: .* -->\n)[\s\S]*(<!-- end of panels -->)/,
    (_, begin, end) => `${begin}\n${table}\n\n${end}`,
  );
}
export const documentation = join(import.meta.dirname, '../docs/dashboards.md');

if (import.meta.main) {
  for (const [name, text] of Object.entries(published)) {
    const file = join(import.meta.dirname, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  writeFileSync(documentation, documented(readFileSync(documentation, 'utf8')));
}
