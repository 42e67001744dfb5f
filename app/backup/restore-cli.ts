import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { lockDataFolder } from '../../platform/data-lock.ts';
import { type Configuration, readConfiguration } from '../configuration.ts';
import { exitWith } from '../exit.ts';
import { type Restored, restoreBackup } from './restore.ts';

const usage = `usage: npm run restore -- --from FOLDER --keys-from FOLDER     (into the empty folder STEPPEWATCH_DATA)
       npm run restore -- --from FOLDER --without-keys         (the folder of keys is in its place already)`;

export type RestoreCliParts = {
  argv: string[];
  configuration: () => Pick<Configuration, 'dataFolder' | 'keysFolder' | 'masterKey'>;
  /** The names of the settings that are set. */
  settings: string[];
  print(text: string): void;
  complain(text: string): void;
};

/**
 * `npm run restore`: a backup becomes a data folder. The next start goes on from there, and asks people about what is old.
 * Errors: BACKUP_UNFIT, DATA_FOLDER_LOCKED. Source: docs/operation.md, "Backup and restore"
 */
export async function runRestoreCli({
  argv,
  configuration,
  settings,
  print,
  complain,
}: RestoreCliParts): Promise<0 | 64> {
  const asked = askedFor(argv);
  if (!asked) {
    complain(usage);
    return 64;
  }
  const { dataFolder, keysFolder, masterKey } = configuration();
  const lock = lockDataFolder(dataFolder);
  try {
    const restored = await restoreBackup({ ...asked, dataFolder, keysFolder });
    for (const line of sayRestored(restored, dataFolder)) print(`${line}\n`);
    if (restored.keys?.masterKey === 'outside' && masterKey === undefined)
      complain('set STEPPEWATCH_MASTER_KEY before the start: the keys were wrapped by one from outside');
    const missing = restored.backup.settings.filter((name) => !settings.includes(name));
    if (missing.length > 0) complain(`settings that were set then, and are not now: ${missing.join(', ')}`);
    return 0;
  } finally {
    lock.release();
  }
}

function askedFor(argv: string[]): { from: string; keysFrom: string | undefined } | undefined {
  try {
    const options = {
      from: { type: 'string' },
      'keys-from': { type: 'string' },
      'without-keys': { type: 'boolean' },
    } as const;
    const { from, 'keys-from': keysFrom, 'without-keys': without } = parseArgs({ args: argv, options }).values;
    if (!from || keysFrom === '' || (keysFrom === undefined) !== (without === true)) return undefined;
    return { from: resolve(from), keysFrom: keysFrom && resolve(keysFrom) };
  } catch {
    return undefined;
  }
}

function sayRestored({ backup }: Restored, dataFolder: string): string[] {
  const { journal, takenAt, database, version } = backup;
  return [
    `${dataFolder} is the system of ${new Date(takenAt).toISOString()} (release ${version}), records ${journal.first} to ${journal.last}`,
    database === 'kept'
      ? 'its history goes into the database at the first start'
      : 'it has no history that is older than its journal',
    'start it: emergencies of less than two hours ago go out at once, and the page asks about everything else that was open',
  ];
}

if (import.meta.main) {
  try {
    process.exitCode = await runRestoreCli({
      argv: process.argv.slice(2),
      configuration: () => readConfiguration(process.env),
      settings: Object.keys(process.env),
      print: (text) => process.stdout.write(text),
      complain: (text) => process.stderr.write(`${text}\n`),
    });
  } catch (error) {
    exitWith(error);
  }
}
