import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import type { Disk } from '../../platform/disk.ts';
import { databaseAway, OperationalError } from '../../platform/errors.ts';
import type { DatabaseDump } from './backup-database.ts';
import { copyNamed, copyOpen, filesBelow, type KeptFile, syncFolder, writeNew } from './backup-files.ts';
import { copyJournal, goneMeanwhile, openSegments } from './backup-journal.ts';
import {
  type BackupManifest,
  type Found,
  findBackup,
  type KeysManifest,
  manifestFile,
  unfinishedEnding,
} from './backup-manifest.ts';
import { restoredFile, restoringFile } from './restored-mark.ts';

/** Below a backup, and below a data folder that was put back until the database has them. */
export const databaseFolder = 'database';

export type BackupParts = {
  dataFolder: string;
  /** Of that data folder. */
  disk: Disk;
  keysFolder: string;
  masterKey: KeysManifest['masterKey'];
  /** Where backups stand beside each other; their owner holds it for himself. */
  to: string;
  /** Absent: the keys are backed up some other way. */
  keysTo: string | undefined;
  /** Writes the tables of the database, as they were at one moment, into a folder; absent: they are left out. */
  dumpDatabase: ((folder: string) => Promise<DatabaseDump>) | undefined;
  /** How far the journal is synced; undefined: nobody writes it. */
  durableHead: () => Promise<number | undefined>;
  settings: string[];
  version: string;
  /** Epoch ms. */
  takenAt: number;
};

/**
 * Takes a backup while the system runs, or while it does not. What follows the journal is taken before the journal, so that nothing in it
 * knows of records that the journal does not have; keys are taken last, so that what is sealed in it has its key.
 * It appears under its name, whole and synced, or not at all. Memory: a few pieces of a file.
 * Errors: BACKUP_UNFIT, there is no journal. DATABASE_AWAY.
 */
export async function takeBackup(parts: BackupParts): Promise<TakenBackup> {
  const { dataFolder, disk, takenAt, version } = parts;
  const before = await findBackup('backup', parts.to).catch(noneBefore);
  let keys: KeysManifest | undefined;
  const manifest = await appear(parts.to, takenAt, async (to): Promise<BackupManifest> => {
    const segments = await openSegments(dataFolder, disk);
    try {
      const files: KeptFile[] = [...(await copyCheckpoints(dataFolder, to)), ...(await copyOthers(parts, to))];
      const history = await copyHistory(parts, to);
      files.push(...history);
      const copied = await copyJournal({ segments, disk, to, before, durableHead: await parts.durableHead() });
      files.push(...copied.files);
      // Before the backup has its name: one without keys that belong to it could not be restored.
      if (parts.keysTo !== undefined) keys = await backUpKeys(parts, parts.keysTo, copied.journalId);
      const { journalId, journal } = copied;
      const database = history.length > 0 ? ('kept' as const) : ('left-out' as const);
      const kind = { format: 1, kind: 'backup' } as const;
      return { ...kind, version, takenAt, journalId, journal, database, settings: parts.settings, files };
    } finally {
      await segments.close();
    }
  });
  return { manifest, linked: countLinked(manifest, before), ...(keys && { keys }) };
}

/** `linked`: files that are the same as in the backup before. */
export type TakenBackup = { manifest: BackupManifest; linked: number; keys?: KeysManifest };

/** `20261123T051500123Z` for an instant. */
export const backupName = (at: number): string => new Date(at).toISOString().replaceAll(/[-:.]/g, '');

async function backUpKeys(parts: BackupParts, keysTo: string, journalId: string): Promise<KeysManifest> {
  const { keysFolder, takenAt, version, masterKey } = parts;
  return appear(keysTo, takenAt, async (to): Promise<KeysManifest> => {
    const files: KeptFile[] = [];
    for (const name of await filesBelow(keysFolder, (one) => !remadeKeys.test(one)))
      files.push({ name, ...(await copyNamed(join(keysFolder, name), join(to, name))) });
    return { format: 1, kind: 'keys', version, takenAt, journalId, masterKey, files };
  });
}

/** What the system makes again by itself, and what is half written. */
const remadeKeys = /^(postgres|tls-tickets\.key|tls-in-use\.json|.*\.new)$/;

/** Fills a folder aside, and gives it its name when its manifest and all else is on the disk. */
async function appear<M>(folder: string, at: number, fill: (to: string) => Promise<M>): Promise<M> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    if (name.endsWith(unfinishedEnding)) await rm(join(folder, name), { recursive: true });
  }
  const to = join(folder, `${backupName(at)}${unfinishedEnding}`);
  await mkdir(to, { mode: 0o700 });
  const manifest = await fill(to);
  await writeNew(join(to, manifestFile), Readable.from([Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`)]));
  for (const one of new Set((await filesBelow(to)).map((name) => join(to, name, '..')))) await syncFolder(one);
  await rename(to, join(folder, backupName(at)));
  await syncFolder(folder);
  return manifest;
}

function noneBefore(error: unknown): undefined {
  if (!(error instanceof OperationalError)) throw error;
}

/**
 * The snapshots and changes of every follower, as they stand together: each is opened before any is read, because a follower that takes
 * a new snapshot removes old ones meanwhile.
 */
async function copyCheckpoints(dataFolder: string, to: string): Promise<KeptFile[]> {
  const opened = new Map<string, FileHandle>();
  try {
    for (let attempt = 1; opened.size === 0; attempt++) {
      const names = await filesBelow(join(dataFolder, 'checkpoints'), (name) => !name.endsWith('.part'));
      if (names.length === 0) return [];
      try {
        for (const name of names) opened.set(`checkpoints/${name}`, await open(join(dataFolder, 'checkpoints', name)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === mostAttempts) throw error;
        for (const file of opened.values()) await file.close();
        opened.clear();
      }
    }
    const files: KeptFile[] = [];
    for (const [name, file] of opened) files.push({ name, ...(await copyOpen(file, join(to, name))) });
    return files;
  } finally {
    for (const file of opened.values()) await file.close();
  }
}
const mostAttempts = 10;

/**
 * The tables of the database. Of a system that was put back, history may not be in them yet, or never, and waits in a folder: that is
 * copied in their place, and beside them when the database holds a copy of its own.
 */
async function copyHistory({ dataFolder, dumpDatabase, takenAt }: BackupParts, to: string): Promise<KeptFile[]> {
  const waiting = await filesBelow(join(dataFolder, databaseFolder));
  const dumped = await dumpDatabase?.(join(to, databaseFolder));
  if (dumped && (dumped.holdsCopy || waiting.length === 0)) {
    const files = dumped.files.map((file) => ({ ...file, name: `${databaseFolder}/${file.name}` }));
    for (const name of waiting) {
      const beside = `${databaseFolder}.${backupName(takenAt)}/${name}`;
      // It is removed at the moment when all of it is in the database.
      const copied = await copyNamed(join(dataFolder, databaseFolder, name), join(to, beside)).catch(goneMeanwhile);
      if (copied) files.push({ name: beside, ...copied });
    }
    return files;
  }
  await rm(join(to, databaseFolder), { recursive: true, force: true });
  const files: KeptFile[] = [];
  for (const name of waiting.map((one) => `${databaseFolder}/${one}`)) {
    const copied = await copyNamed(join(dataFolder, name), join(to, name)).catch(goneMeanwhile);
    if (!copied) throw databaseAway({}, 'history is just being put into it');
    files.push({ name, ...copied });
  }
  return files;
}

/** Whatever else followers keep in the data folder, like the audit trail: files that only grow. */
async function copyOthers({ dataFolder, keysFolder }: BackupParts, to: string): Promise<KeptFile[]> {
  const keys = relative(dataFolder, keysFolder);
  const isOther = (name: string) => name !== keys && !ownWays.test(name) && !passing.test(basename(name));
  const files: KeptFile[] = [];
  for (const name of await filesBelow(dataFolder, isOther)) {
    const copied = await copyNamed(join(dataFolder, name), join(to, name)).catch(goneMeanwhile);
    if (copied) files.push({ name, ...copied });
  }
  return files;
}
const ownWays = new RegExp(
  `^(journal|checkpoints|${databaseFolder}|postgres(\\..*)?|run|lock\\.(db|json).*|${restoringFile}|${restoredFile})$`,
);
const passing = /\.(part|new|damaged)$/;

function countLinked({ files }: BackupManifest, before: Found<BackupManifest> | undefined): number {
  const known = new Map(before?.manifest.files.map(({ name, sha256, writtenAt }) => [name, { sha256, writtenAt }]));
  return files.filter(({ name, sha256, writtenAt }) => {
    const one = known.get(name);
    return writtenAt !== undefined && one?.writtenAt === writtenAt && one.sha256 === sha256;
  }).length;
}
