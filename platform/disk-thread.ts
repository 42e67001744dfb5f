import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { Kept } from './disk.ts';

export type Call =
  | { type: 'list'; folder: string }
  | { type: 'size'; name: string }
  | { type: 'read'; name: string; from: number; bytes: number }
  | { type: 'open'; name: string }
  | { type: 'append'; file: number; chunks: Uint8Array[] }
  | { type: 'repeat'; file: number; from: number }
  | { type: 'truncate'; file: number; bytes: number }
  | { type: 'close'; file: number }
  | { type: 'write-whole'; name: string; bytes: Uint8Array }
  | { type: 'rename'; from: string; to: string }
  | { type: 'free-bytes'; folder: string }
  | { type: 'end' };
export type Reply = { type: 'done'; value: unknown } | { type: 'failed'; message: string; code: string | undefined };

const { root } = workerData as { root: string };
const port = parentPort;
/** Open files by descriptor, with the length that is written and synced. */
const lengths = new Map<number, number>();

port?.on('message', (call: Call) => {
  try {
    const value = perform(call);
    const moved = value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : [];
    port.postMessage({ type: 'done', value } satisfies Reply, moved);
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    port.postMessage({ type: 'failed', message, code } satisfies Reply);
  }
  if (call.type === 'end') port.close();
});

function perform(call: Call): unknown {
  switch (call.type) {
    case 'append':
      return append(call.file, call.chunks);
    case 'read':
      return withFile(call.name, 'r', (file) => read(file, call.from, call.bytes));
    case 'size':
      return statSync(join(root, call.name), { throwIfNoEntry: false })?.size;
    case 'list':
      return list(join(root, call.folder));
    case 'open':
      return open(call.name);
    case 'repeat':
      return repeat(call.file, call.from);
    case 'truncate':
      return truncate(call.file, call.bytes);
    case 'close':
      lengths.delete(call.file);
      return closeSync(call.file);
    case 'write-whole':
      return writeWhole(call.name, call.bytes);
    case 'rename':
      return rename(call.from, call.to);
    case 'free-bytes':
      return freeBytes(join(root, call.folder));
    case 'end':
      for (const file of lengths.keys()) closeSync(file);
      return;
  }
}

function append(file: number, chunks: Uint8Array[]): Kept {
  const before = lengths.get(file) ?? 0;
  let at = before;
  try {
    for (const chunk of chunks) at = writeAt(file, chunk, at);
  } catch (error) {
    if (!isFull(error)) throw error;
    ftruncateSync(file, before);
    return 'full';
  }
  fdatasyncSync(file);
  lengths.set(file, at);
  return 'kept';
}

function writeAt(file: number, bytes: Uint8Array, at: number): number {
  for (let done = 0; done < bytes.length; ) {
    const written = writeSync(file, bytes, done, bytes.length - done, at + done);
    if (written === 0) throw Object.assign(new Error('ENOSPC: a write wrote nothing'), { code: 'ENOSPC' });
    done += written;
  }
  return at + bytes.length;
}

function isFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

function read(file: number, from: number, bytes: number): Uint8Array {
  const target = Buffer.allocUnsafeSlow(bytes);
  let done = 0;
  while (done < bytes) {
    const count = readSync(file, target, done, bytes - done, from + done);
    if (count === 0) break;
    done += count;
  }
  return target.subarray(0, done);
}

function list(folder: string): { name: string; bytes: number }[] {
  if (!statSync(folder, { throwIfNoEntry: false })) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => ({ name, bytes: statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0 }));
}

function open(name: string): { file: number; bytes: number } {
  const path = join(root, name);
  makeFolder(dirname(path));
  const bytes = statSync(path, { throwIfNoEntry: false })?.size;
  const file = openSync(path, bytes === undefined ? 'wx+' : 'r+', 0o600);
  // Also of a file that was there: the process that made it may have died before its name was synced.
  syncFolder(dirname(path));
  lengths.set(file, bytes ?? 0);
  return { file, bytes: bytes ?? 0 };
}

function repeat(file: number, from: number): void {
  const bytes = lengths.get(file) ?? 0;
  writeAt(file, read(file, from, bytes - from), from);
  fsyncSync(file);
}

function truncate(file: number, bytes: number): void {
  ftruncateSync(file, bytes);
  fsyncSync(file);
  lengths.set(file, bytes);
}

function writeWhole(name: string, bytes: Uint8Array): Kept {
  const path = join(root, name);
  try {
    makeFolder(dirname(path));
    withFile(`${name}.part`, 'w', (file) => {
      writeAt(file, bytes, 0);
      fsyncSync(file);
    });
    rename(`${name}.part`, name);
    return 'kept';
  } catch (error) {
    rmSync(`${path}.part`, { force: true });
    if (!isFull(error)) throw error;
    return 'full';
  }
}

function rename(from: string, to: string): void {
  renameSync(join(root, from), join(root, to));
  syncFolder(dirname(join(root, to)));
}

/** A new folder lasts only when the folder that names it is synced too. */
function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; ; made = dirname(made)) {
    syncFolder(dirname(made));
    if (made === first || made === dirname(made)) return;
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function withFile<T>(name: string, flags: string, use: (file: number) => T): T {
  const file = openSync(join(root, name), flags, 0o600);
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

function freeBytes(folder: string): number {
  if (!statSync(folder, { throwIfNoEntry: false })) return freeBytes(dirname(folder));
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
