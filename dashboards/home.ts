import type { Panel } from '@grafana/schema';
import { dashboard, tagOf } from './dashboard.ts';
import { datasource, type InLanguage, none, numbers } from './panels.ts';
import { ageColumn, believedNow } from './picture.ts';

const now = numbers(
  {
    id: 1,
    name: 'home.now',
    at: [0, 0, 24, 5],
    sql: believedNow(
      ['open', 'silent_devices', 'gaps'],
      `cross join (select count(*) as open from dashboards.incident where phase <> 'resolved') as incidents
cross join (select count(*) as silent_devices from dashboards.device where silent_since is not null) as devices`,
    ),
  },
  { open: none('red'), silent_devices: none('orange'), gaps: none('red'), ...ageColumn },
);

const list: InLanguage<Panel> = (texts) => ({
  id: 2,
  type: 'dashlist',
  ...texts.panels['home.list'],
  gridPos: { x: 0, y: 5, w: 12, h: 12 },
  datasource,
  options: {
    ...{ showSearch: true, showStarred: false, showRecentlyViewed: false, showHeadings: false, showFolderNames: false },
    ...{ query: '', tags: [tagOf(texts)], maxItems: 20, includeVars: false, keepTime: false },
  },
});

const guide: InLanguage<Panel> = (texts) => ({
  id: 3,
  type: 'text',
  ...texts.panels['home.guide'],
  gridPos: { x: 12, y: 5, w: 12, h: 12 },
  datasource,
  options: { mode: 'markdown', content: texts.guide },
});

/** Where Grafana begins: how things stand, and the way to everything else. */
export const home = dashboard({
  name: 'home',
  refresh: '30s',
  from: 'now-1h',
  hidesTime: true,
  panels: [now, list, guide],
});
