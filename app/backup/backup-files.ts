import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A file of a backup, by its name below the backup's folder, with `/`. */
export type KeptFile = { name: string; bytes: number; sha256: string };

/**
 * Writes a new file, and is done when it would survive a power cut.
 * Memory: a few pieces of the stream. Errors: there is one of that name.
 */
export async function writeNew(path: string, source: AsyncIterable<Uint8Array>): Promise<Omit<KeptFile, 'name'>> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(
    source,
    async function* counted(chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }),
  );
  return { bytes, sha256: hash.digest('hex') };
}

/** The first `bytes` of an open file, which may have lost its name meanwhile. */
export function beginning(file: FileHandle, bytes: number): AsyncIterable<Uint8Array> {
  if (bytes === 0) return Readable.from([]);
  return file.createReadStream({ start: 0, end: bytes - 1, autoClose: false });
}

/** What an open file holds now: one that grows meanwhile ends where it ended when this began. */
export async function copyOpen(file: FileHandle, path: string): Promise<Omit<KeptFile, 'name'>> {
  return writeNew(path, beginning(file, (await file.stat()).size));
}

/** Errors: ENOENT. */
export async function copyNamed(from: string, to: string): Promise<Omit<KeptFile, 'name'>> {
  const file = await open(from);
  try {
    return await copyOpen(file, to);
  } finally {
    await file.close();
  }
}

/** The same file under one more name. False: that disk cannot. */
export async function linkTo(from: string, to: string): Promise<boolean> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  return link(from, to).then(
    () => true,
    () => false,
  );
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Undefined: there is no such file. */
export const sizeOf = async (path: string): Promise<number | undefined> =>
  (await stat(path).catch(() => undefined))?.size;

/** Every file below a folder, by its name from there, in order; `isWanted` is asked about folders too. */
export async function filesBelow(folder: string, isWanted: (name: string) => boolean = () => true): Promise<string[]> {
  const names: string[] = [];
  async function visit(below: string): Promise<void> {
    const entries = await readdir(join(folder, below), { withFileTypes: true }).catch(nothingThere);
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      if (!isWanted(name)) continue;
      if (entry.isDirectory()) await visit(name);
      else if (entry.isFile()) names.push(name);
    }
  }
  await visit('');
  return names;
}

function nothingThere(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

/** Whether a folder is another one, or lies below it. */
export function isInside(folder: string, other: string): boolean {
  const way = relative(other, folder);
  return way === '' || !(way === '..' || way.startsWith('../'));
}

/** New names in a folder last only when the folder is synced; a disk of the network may not know what that is. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await handle.close();
  }
}
