import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../platform/log.ts';
import { databaseFolder } from './backup.ts';
import { loadDatabase } from './backup-database.ts';

/**
 * The first start after a restore puts the history of the backup into the database, before anything is copied into it. Alarms do not
 * wait for it. Where the database holds another copy, history stays in its folder, and nothing is touched.
 * Errors: DATABASE_AWAY, try later. DATABASE_UNFIT, DATABASE_REFUSED.
 */
export async function loadRestoredDatabase({ dataFolder, url, log }: RestoredParts): Promise<void> {
  const folder = join(dataFolder, databaseFolder);
  if (!(await stat(folder).catch(() => undefined))) return;
  log.info({ folder }, 'the history of the backup is being put into the database');
  if ((await loadDatabase({ url, folder, log })) === 'other-copy') {
    log.warn({ folder }, 'the database holds another copy: the history of the backup was not put into it');
    return;
  }
  // Also when the process was killed after all of it was in, and before the folder was gone.
  await rm(folder, { recursive: true });
  log.info({}, 'the history of the backup is in the database');
}

type RestoredParts = { dataFolder: string; url: string; log: Log };
