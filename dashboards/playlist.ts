import { uidOf } from './dashboard.ts';
import type { DashboardName, Texts } from './texts/en.ts';

/** What the screen of the duty room goes through; the wall between the others, so that it is never away for long. */
const order: DashboardName[] = ['wall', 'storm', 'wall', 'fleet', 'wall', 'pipeline'];

/** Grafana provisions no playlists from files: this is the body of one call of its API (docs/dashboards.md). */
export const playlist = (texts: Texts) => ({
  apiVersion: 'playlist.grafana.app/v1',
  kind: 'Playlist',
  metadata: { name: `steppewatch-${texts.language.toLowerCase()}` },
  spec: {
    title: texts.playlist,
    interval: '30s',
    items: order.map((name) => ({ type: 'dashboard_by_uid', value: uidOf(name, texts) })),
  },
});
