import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { backupUnfit } from '../../platform/errors.ts';
import { filesBelow, type KeptFile, sha256Of, sizeOf } from './backup-files.ts';

/** The last file that a backup gets; a folder without it is none. */
export const manifestFile = 'manifest.json';

/** Behind the name of a backup that is being taken, or was cut off. */
export const unfinishedEnding = '.unfinished';

const file = z.object({
  name: z.string().regex(/^(?!.*(^|\/)\.\.?(\/|$))[^/\\].*$/, 'is a name below the backup'),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Of a closed segment: when it was last written where it came from, epoch ms. */
  writtenAt: z.number().optional(),
});
const shared = {
  format: z.literal(1),
  /** Of the release that took it. */
  version: z.string(),
  /** Epoch ms. */
  takenAt: z.number(),
  journalId: z.string(),
  files: z.array(file),
};

/** Everything but the keys. The journal reaches from record `first` to record `last`, which was received at `lastAt` (epoch ms). */
const backup = z.object({
  ...shared,
  kind: z.literal('backup'),
  journal: z.object({ first: z.int(), last: z.int(), lastAt: z.number().optional() }),
  /** `kept`: its tables are in `database/`. */
  database: z.enum(['kept', 'left-out']),
  /** The names of the settings that were set; a backup holds no value of them. */
  settings: z.array(z.string()),
});
/** `masterKey`: `outside` of the folder of keys, in the configuration. */
const keys = z.object({ ...shared, kind: z.literal('keys'), masterKey: z.enum(['inside', 'outside']) });

const manifests = { backup, keys };
export type Manifests = { [K in keyof typeof manifests]: z.infer<(typeof manifests)[K]> };
export type BackupManifest = Manifests['backup'];
export type KeysManifest = Manifests['keys'];
export type ManifestFile = KeptFile & { writtenAt?: number | undefined };

/** A backup with the folder in which it lies. */
export type Found<M> = { folder: string; manifest: M };

/**
 * The backup in a folder, or the newest of those below it; unfinished ones are passed over.
 * Errors: BACKUP_UNFIT: there is none, or none that this release can read.
 */
export async function findBackup<K extends keyof Manifests>(kind: K, folder: string): Promise<Found<Manifests[K]>> {
  const names: string[] = await readdir(folder).catch(() => []);
  if (names.includes(manifestFile)) return { folder, manifest: await readManifest(kind, folder) };
  const newest = names
    .filter((name) => /^\d{8}T\d{9}Z$/.test(name))
    .toSorted()
    .at(-1);
  if (newest !== undefined) return findBackup(kind, join(folder, newest));
  const cutOff = names.some((name) => name.endsWith(unfinishedEnding)) || folder.endsWith(unfinishedEnding);
  throw backupUnfit({}, `${folder} holds none${cutOff ? ' that is whole, only one that was cut off' : ''}`);
}

async function readManifest<K extends keyof Manifests>(kind: K, folder: string): Promise<Manifests[K]> {
  const read = JSON.parse(await readFile(join(folder, manifestFile), 'utf8').catch(() => '{}')) as { kind?: string };
  if (read.kind !== kind) throw backupUnfit({}, `${folder} is a backup of ${read.kind ?? 'nothing'}, not of ${kind}`);
  const parsed = manifests[kind].safeParse(read);
  if (parsed.success) return parsed.data as Manifests[K];
  const why = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ');
  throw backupUnfit({ cause: parsed.error }, `${join(folder, manifestFile)} was made by another release (${why})`);
}

/** What of a backup is not what its manifest says, in sentences; empty: all of it is. Reads every byte. */
export async function problemsOf({ folder, manifest }: Found<BackupManifest | KeysManifest>): Promise<string[]> {
  const problems: string[] = [];
  for (const { name, bytes, sha256 } of manifest.files) {
    const path = join(folder, name);
    const there = await sizeOf(path);
    if (there === undefined) problems.push(`${path} is missing`);
    else if (there !== bytes) problems.push(`${path} has ${there} bytes instead of ${bytes}`);
    else if ((await sha256Of(path)) !== sha256) problems.push(`${path} has other content`);
  }
  const known = new Set([manifestFile, ...manifest.files.map(({ name }) => name)]);
  for (const name of await filesBelow(folder))
    if (!known.has(name)) problems.push(`${join(folder, name)} is no part of it`);
  return problems;
}
