import { mkdir, readdir, readFile, rm, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { backupUnfit } from '../../platform/errors.ts';
import { copyNamed, filesBelow, isInside, syncFolder, writeNew } from './backup-files.ts';
import { type BackupManifest, type Found, findBackup, type KeysManifest, problemsOf } from './backup-manifest.ts';
import { restoredFile, restoredText, restoringFile } from './restored-mark.ts';

export type RestoreParts = {
  from: string;
  /** Absent: the folder of keys was put there some other way, and is not touched. */
  keysFrom: string | undefined;
  /** The caller holds its lock. */
  dataFolder: string;
  keysFolder: string;
};

/**
 * Puts a backup and its keys into an empty data folder, so that the next start goes on from there, and holds what is old. Every byte is
 * compared with the manifests first. A restore that is cut off leaves a mark with which nothing starts, and begins anew the next time.
 * Errors: BACKUP_UNFIT: not whole, of a newer release, keys of another system; the folders are in use; the disk has no room.
 */
export async function restoreBackup({ from, keysFrom, dataFolder, keysFolder }: RestoreParts): Promise<Restored> {
  const backup = await findBackup('backup', from);
  const keys = keysFrom === undefined ? undefined : await findBackup('keys', keysFrom);
  if (keys) refuseForeignKeys(backup, keys);
  const sources = [backup, ...(keys ? [keys] : [])];
  const problems = (await Promise.all(sources.map(problemsOf))).flat();
  if (problems.length > 0) throw backupUnfit({}, problems.slice(0, mostProblems).join('; '));
  for (const source of sources.map(({ folder }) => folder)) {
    const target = [dataFolder, keysFolder].find((folder) => isInside(source, folder) || isInside(folder, source));
    if (target !== undefined) throw backupUnfit({}, `${target} and ${source} lie in one another: restore elsewhere`);
  }
  await makeReady({ dataFolder, keysFolder, withKeys: keys !== undefined });
  await refuseSmallDisk(dataFolder, backup.manifest);

  await putNew(join(dataFolder, restoringFile), JSON.stringify(keys ? { keysFolder: resolve(keysFolder) } : {}));
  if (keys) await putBack(keys, keysFolder);
  await putBack(backup, dataFolder);
  await putNew(join(dataFolder, restoredFile), restoredText({ takenAt: backup.manifest.takenAt }));
  for (const folder of [keysFolder, dataFolder]) await syncFolders(folder);
  await rm(join(dataFolder, restoringFile));
  await syncFolder(dataFolder);
  return { backup: backup.manifest, ...(keys && { keys: keys.manifest }) };
}

export type Restored = { backup: BackupManifest; keys?: KeysManifest };
const mostProblems = 20;

function refuseForeignKeys({ manifest }: Found<BackupManifest>, keys: Found<KeysManifest>): void {
  if (keys.manifest.journalId !== manifest.journalId)
    throw backupUnfit({}, `the keys in ${keys.folder} are those of another system`);
  if (keys.manifest.takenAt < manifest.takenAt)
    throw backupUnfit(
      {},
      `the keys in ${keys.folder} are older than the backup: what was entered in between has no key there`,
    );
}

/** Empty folders; of a restore that was cut off nothing stays where it wrote. Keys that were put there some other way stay. */
async function makeReady({ dataFolder, keysFolder, withKeys }: MakeReadyParts): Promise<void> {
  const mark = await readFile(join(dataFolder, restoringFile), 'utf8').catch(() => undefined);
  const hasOurKeys = mark !== undefined && keysFolderIn(mark) === resolve(keysFolder);
  if (!withKeys && (hasOurKeys || (await filesBelow(keysFolder)).length === 0))
    throw backupUnfit({}, `${keysFolder} does not have the keys as a whole: put them there first, or give --keys-from`);
  for (const folder of withKeys ? [dataFolder, keysFolder] : [dataFolder]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const wasCutOff = folder === dataFolder ? mark !== undefined : hasOurKeys;
    const foreign = (await readdir(folder)).filter(
      (name) => !isLock(name) && !isInside(resolve(keysFolder), resolve(folder, name)),
    );
    if (foreign.length === 0) continue;
    if (!wasCutOff)
      throw backupUnfit({}, `${folder} is not empty (${foreign.slice(0, 3).join(', ')}): restore into an empty one`);
    for (const name of foreign.filter((one) => one !== restoringFile))
      await rm(join(folder, name), { recursive: true });
  }
  await rm(join(dataFolder, restoringFile), { force: true });
}

type MakeReadyParts = { dataFolder: string; keysFolder: string; withKeys: boolean };

/** Undefined: it was cut off before the mark was whole, and so before anything was put back. */
function keysFolderIn(mark: string): unknown {
  try {
    return (JSON.parse(mark) as { keysFolder?: unknown }).keysFolder;
  } catch {
    return undefined;
  }
}

const isLock = (name: string): boolean => /^lock\.(db|json)/.test(name);

async function refuseSmallDisk(folder: string, { files }: BackupManifest): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const needed = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (needed > bavail * bsize)
    throw backupUnfit({}, `${folder} has ${bavail * bsize} bytes free, and it needs ${needed}`);
}

async function putBack({ folder, manifest }: Found<BackupManifest | KeysManifest>, to: string): Promise<void> {
  for (const { name, sha256 } of manifest.files) {
    const put = await copyNamed(join(folder, name), join(to, name));
    if (put.sha256 !== sha256)
      throw backupUnfit({}, `${join(folder, name)} was read with other content than a moment ago`);
  }
}

async function putNew(path: string, text: string): Promise<void> {
  await writeNew(path, Readable.from([Buffer.from(text)]));
  await syncFolder(dirname(path));
}

async function syncFolders(folder: string): Promise<void> {
  const folders = (await filesBelow(folder)).map((name) => dirname(join(folder, name)));
  for (const one of new Set(folders)) await syncFolder(one);
}
