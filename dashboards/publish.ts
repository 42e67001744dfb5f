import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wall } from './wall.ts';

/** What Grafana provisions, by file name. After a change: `node dashboards/publish.ts`. */
export const published = { 'wall.json': `${JSON.stringify(wall, null, 2)}\n` };
export const publishedFolder = join(import.meta.dirname, 'published');

if (import.meta.main) {
  for (const [name, text] of Object.entries(published)) writeFileSync(join(publishedFolder, name), text);
}
