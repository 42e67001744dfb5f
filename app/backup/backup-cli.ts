import { existsSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeFileHeader, FILE_HEADER_BYTES, frameSeed } from '../../journal/frame.ts';
import { walkFrames } from '../../journal/frame-file.ts';
import { listSegments, readSegmentHeader, Segments } from '../../journal/segments.ts';
import { systemClock } from '../../platform/clock.ts';
import { lockDataFolder } from '../../platform/data-lock.ts';
import { type Disk, openDisk } from '../../platform/disk.ts';
import { backupUnfit, databaseAway, OperationalError } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { systemChance } from '../../platform/random.ts';
import { embeddedPostgresUrl, startEmbeddedPostgres } from '../../storage/embedded-postgres.ts';
import { type Configuration, readConfiguration } from '../configuration.ts';
import { connectControl } from '../control-socket.ts';
import { exitWith } from '../exit.ts';
import { version } from '../version.ts';
import { type TakenBackup, takeBackup } from './backup.ts';
import { dumpDatabase } from './backup-database.ts';
import { isInside } from './backup-files.ts';
import { noJournal } from './backup-journal.ts';
import { type BackupManifest, type Found, findBackup, problemsOf } from './backup-manifest.ts';
import { refuseUnfinished } from './restored-mark.ts';

const usage = `usage: npm run backup -- --to FOLDER --keys-to FOLDER [--without-database]   (while the system runs, or while it does not)
       npm run backup -- --to FOLDER --without-keys                          (the folder of keys is backed up some other way)
       npm run backup -- verify FOLDER                                       (of a backup, of its keys, or of several)`;

/** 0: done. 1: not whole. 64: wrong usage. 65: BACKUP_UNFIT. 69: the database is away. */
type ExitCode = 0 | 1 | 64 | 69;

export type BackupCliParts = {
  argv: string[];
  configuration: () => Configuration;
  /** The names of the settings that are set. */
  settings: string[];
  now: () => number;
  print(text: string): void;
  complain(text: string): void;
};

/**
 * `npm run backup`. Whoever has the backup and the keys has everybody's names and numbers, so that they are kept apart.
 * Errors: BACKUP_UNFIT, JOURNAL_DAMAGED, RESTORE_UNFINISHED. Source: docs/operation.md, "Backup and restore"
 */
export async function runBackupCli(parts: BackupCliParts): Promise<ExitCode> {
  const asked = askedFor(parts.argv);
  if (!asked) {
    parts.complain(usage);
    return 64;
  }
  if (asked.type === 'verify') return verify(parts, asked.folder);
  const configuration = parts.configuration();
  const problem = problemOf(asked, configuration);
  if (problem !== undefined) {
    parts.complain(problem);
    return 64;
  }
  return take(parts, asked, configuration);
}

type Asked = { type: 'verify'; folder: string } | { type: 'take'; to: string; keysTo?: string; withDatabase: boolean };

function askedFor(argv: string[]): Asked | undefined {
  const options = {
    to: { type: 'string' },
    'keys-to': { type: 'string' },
    'without-keys': { type: 'boolean' },
    'without-database': { type: 'boolean' },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
    const [verb, folder, ...more] = positionals;
    if (verb === 'verify' && folder !== undefined && more.length === 0 && Object.keys(values).length === 0)
      return { type: 'verify', folder: resolve(folder) };
    const { to, 'keys-to': keysTo } = values;
    if (verb !== undefined || !to || (keysTo === undefined) !== (values['without-keys'] === true)) return undefined;
    const withDatabase = values['without-database'] !== true;
    return { type: 'take', to: resolve(to), withDatabase, ...(keysTo && { keysTo: resolve(keysTo) }) };
  } catch {
    return undefined;
  }
}

function problemOf({ to, keysTo }: Extract<Asked, { type: 'take' }>, configuration: Configuration): string | undefined {
  const { dataFolder, keysFolder } = configuration;
  if (keysTo !== undefined && (isInside(keysTo, to) || isInside(to, keysTo)))
    return 'the keys open what is in the backup: put them into a folder that is not the same, on another disk if you can';
  for (const folder of [to, keysTo ?? to]) {
    if (isInside(folder, dataFolder) || isInside(folder, keysFolder))
      return `${folder} lies in the data folder, and would be lost with it`;
  }
  return undefined;
}

async function take(
  { print, complain, settings, now }: BackupCliParts,
  { to, keysTo, withDatabase }: Extract<Asked, { type: 'take' }>,
  configuration: Configuration,
): Promise<ExitCode> {
  const { dataFolder, keysFolder } = configuration;
  if (!existsSync(join(dataFolder, 'journal'))) throw backupUnfit({}, noJournal);
  // One at a time. Not in the folder of backups, which may lie on a disk of the network that knows no locks.
  const lock = lockDataFolder(join(dataFolder, 'run', 'backup'));
  const disk = openDisk(dataFolder);
  const control = connectControl(dataFolder);
  const masterKey = configuration.masterKey === undefined ? 'inside' : 'outside';
  try {
    await refuseUnfinished(disk);
    const taken = await takeBackup({
      ...{ dataFolder, disk, keysFolder, masterKey, to, keysTo, settings, version, takenAt: now() },
      dumpDatabase: withDatabase ? (folder) => withUrl(configuration, (url) => dumpDatabase(url, folder)) : undefined,
      async durableHead() {
        const health = await control.ask<{ headSequence: number }>('health', {}).catch(() => undefined);
        return health?.headSequence;
      },
    });
    for (const line of sayTaken(taken)) print(`${line}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof OperationalError) || error.retry !== 'later') throw error;
    complain(
      `${error.message}\nnothing was backed up; --without-database leaves history out that is older than the journal`,
    );
    return 69;
  } finally {
    control.close();
    await disk.close();
    lock.release();
  }
}

/** The embedded database runs while the system does, and else for as long as this takes. Errors: DATABASE_AWAY. */
async function withUrl<T>({ databaseUrl, dataFolder, keysFolder }: Configuration, work: (url: string) => Promise<T>) {
  if (databaseUrl !== undefined) return work(databaseUrl);
  const running = await embeddedPostgresUrl({ dataFolder, keysFolder });
  if (running === undefined || !existsSync(join(dataFolder, 'postgres')))
    throw databaseAway({}, 'it was never started');
  try {
    return await work(running);
  } catch (error) {
    if (!(error instanceof OperationalError) || error.retry !== 'later') throw error;
    // While the system runs the folder has its lock, and the database is only just starting.
    const lock = lockDataFolder(dataFolder);
    const [clock, log, chance] = [systemClock, silentLog, systemChance];
    const embedded = await startEmbeddedPostgres({ dataFolder, keysFolder, clock, log, chance });
    try {
      return await work(embedded.url);
    } finally {
      await embedded.stop();
      lock.release();
    }
  }
}

function sayTaken({ manifest, linked, keys }: TakenBackup): string[] {
  const { journal, files, takenAt, database } = manifest;
  const megabytes = Math.ceil(files.reduce((sum, { bytes }) => sum + bytes, 0) / 1_000_000);
  return [
    `backup of ${instant(takenAt)}: records ${journal.first} to ${journal.last}${receivedAt(manifest)}`,
    `${files.length} files, ${megabytes} MB; ${linked} of them are the same as in the backup before`,
    database === 'kept' ? 'history of the database is in it' : 'history that is older than the journal is NOT in it',
    keys
      ? `keys: ${keys.files.length} files`
      : 'the keys are NOT in it: without them nobody can read names and numbers',
    ...(keys?.masterKey === 'outside' ? ['the master key comes from STEPPEWATCH_MASTER_KEY, and is in neither'] : []),
  ];
}

const instant = (at: number): string => new Date(at).toISOString();
const receivedAt = ({ journal: { lastAt } }: BackupManifest): string =>
  lastAt === undefined ? '' : `, the last one received at ${instant(lastAt)}`;

async function verify({ print, complain }: BackupCliParts, folder: string): Promise<ExitCode> {
  const found = await findBackup('backup', folder).catch((error) =>
    findBackup('keys', folder).catch(() => Promise.reject(error)),
  );
  const { manifest } = found;
  const problems = await problemsOf(found);
  if (manifest.kind === 'backup' && problems.length === 0)
    problems.push(...(await problemsOfJournal(found.folder, manifest)));
  for (const problem of problems) complain(problem);
  const what = `${found.folder}: ${manifest.kind} of ${instant(manifest.takenAt)}, ${manifest.files.length} files`;
  print(`${what}: ${problems.length === 0 ? 'whole' : `${problems.length} problems`}\n`);
  return problems.length === 0 ? 0 : 1;
}

/** That a copy is exact says nothing of what was copied: every group of records is read. */
async function problemsOfJournal(folder: Found<BackupManifest>['folder'], manifest: BackupManifest): Promise<string[]> {
  const disk = openDisk(folder);
  try {
    const list = await listSegments(disk);
    const segments = new Segments({ disk, journalId: manifest.journalId, list });
    const problems: string[] = [];
    let next = manifest.journal.first;
    for (const segment of list) {
      await readSegmentHeader(disk, segment);
      const end = await segments.walk(segment, undefined, () => 'go-on');
      if (end.reason !== 'end') problems.push(`${segment.name} is damaged at byte ${end.at}`);
      if (segment.first !== next) problems.push(`records ${next} to ${segment.first - 1} are missing`);
      next = end.next;
    }
    if (next !== manifest.journal.last + 1)
      problems.push(`the journal ends at ${next - 1} instead of ${manifest.journal.last}`);
    for (const { name } of manifest.files) {
      const kind = /^checkpoints\/.*\.(snapshot|changes)$/.exec(name)?.[1];
      const position = kind ? await positionOf(disk, name, kind === 'snapshot' ? 'snapshot' : 'changes') : 0;
      if (position > manifest.journal.last)
        problems.push(`${name} knows of record ${position}, and the journal ends at ${manifest.journal.last}`);
    }
    return problems;
  } finally {
    await disk.close();
  }
}

/** The last record that a follower's state knows of; 0 when it cannot be read, as a start would pass it over. */
async function positionOf(disk: Disk, name: string, kind: 'snapshot' | 'changes'): Promise<number> {
  const header = decodeFileHeader(kind, await disk.read(name, 0, FILE_HEADER_BYTES));
  if (!header) return 0;
  let position = header.firstSequence;
  const range = { from: FILE_HEADER_BYTES, to: (await disk.size(name)) ?? 0 };
  await walkFrames({ disk, name, seed: frameSeed(header.journalId), ...range }, ({ firstSequence }) => {
    position = Math.max(position, firstSequence);
    return 'go-on';
  });
  return position;
}

if (import.meta.main) {
  // Alarms come first.
  setPriority(10);
  try {
    process.exitCode = await runBackupCli({
      argv: process.argv.slice(2),
      configuration: () => readConfiguration(process.env),
      settings: Object.keys(process.env).filter((name) => name.startsWith('STEPPEWATCH_') || name === 'DATABASE_URL'),
      now: () => systemClock.now(),
      print: (text) => process.stdout.write(text),
      complain: (text) => process.stderr.write(`${text}\n`),
    });
  } catch (error) {
    exitWith(error);
  }
}
