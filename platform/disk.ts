import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { Call, Reply } from './disk-thread.ts';

/**
 * Files below one root, for what must survive a power cut. Names are relative, with `/`; calls are done one after the other, in
 * call order. Units: bytes. Errors: those of the system with their `code`, except that a full disk is an answer.
 * Source: docs/decisions/0003-journal-before-acknowledge.md
 */
export type Disk = {
  /** The files of one folder, in no order; nothing when there is no such folder. */
  list(folder: string): Promise<{ name: string; bytes: number }[]>;
  /** `undefined` when there is no such file. */
  size(name: string): Promise<number | undefined>;
  /** At most `bytes` bytes from there on; fewer at the end of the file. */
  read(name: string, from: number, bytes: number): Promise<Uint8Array>;
  /** Opens for appending at the end; makes the file and its folder when they are absent. Its name lasts, whoever gave it. */
  openAppend(name: string): Promise<AppendFile>;
  /** The file appears whole and synced under its name, or not at all. */
  writeWhole(name: string, bytes: Uint8Array): Promise<Kept>;
  rename(from: string, to: string): Promise<void>;
  /** Nothing happens when there is no such file. Takes its turn with nothing: a large file takes long, and nobody waits for it. */
  remove(name: string): Promise<void>;
  /** Room for that folder, which may lie on a disk of its own. */
  freeBytes(folder: string): Promise<number>;
  close(): Promise<void>;
};

export type AppendFile = {
  /** The length that is written and synced. */
  readonly bytes: number;
  /**
   * Writes the chunks and syncs them. `full`: there was no room, and the file is as it was before. A rejection is final:
   * after a failed sync nobody knows what is on the disk. Chunks over shared memory reach the thread without a copy
   * and must not change before the answer.
   */
  append(chunks: Uint8Array[]): Promise<Kept>;
  /** Writes what stands from there on once more, and syncs: a sync that failed may have left pages that only look written. */
  repeat(from: number): Promise<void>;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
};

export type Kept = 'kept' | 'full';

/**
 * The real disk. It works on a thread of its own, because an fdatasync in libuv's pool waits behind password hashes; so whoever must
 * not wait for another's large writes opens a disk of its own on the same root.
 */
export function openDisk(root: string): Disk {
  const call = startThread(resolve(root));
  return {
    list: (folder) => call({ type: 'list', folder }) as Promise<{ name: string; bytes: number }[]>,
    size: (name) => call({ type: 'size', name }) as Promise<number | undefined>,
    read: (name, from, bytes) => call({ type: 'read', name, from, bytes }) as Promise<Uint8Array>,
    async openAppend(name) {
      const { file, bytes } = (await call({ type: 'open', name })) as { file: number; bytes: number };
      return appendFile(call, file, bytes);
    },
    writeWhole: (name, bytes) => call({ type: 'write-whole', name, bytes }) as Promise<Kept>,
    rename: (from, to) => call({ type: 'rename', from, to }) as Promise<void>,
    remove: (name) => rm(join(root, name), { force: true }),
    freeBytes: (folder) => call({ type: 'free-bytes', folder }) as Promise<number>,
    close: () => call({ type: 'end' }) as Promise<void>,
  };
}

function appendFile(call: Send, file: number, openedBytes: number): AppendFile {
  let bytes = openedBytes;
  return {
    get bytes() {
      return bytes;
    },
    async append(chunks) {
      const kept = (await call({ type: 'append', file, chunks })) as Kept;
      if (kept === 'kept') for (const chunk of chunks) bytes += chunk.length;
      return kept;
    },
    repeat: (from) => call({ type: 'repeat', file, from }) as Promise<void>,
    async truncate(to) {
      await call({ type: 'truncate', file, bytes: to });
      bytes = to;
    },
    close: () => call({ type: 'close', file }) as Promise<void>,
  };
}

type Send = (call: Call) => Promise<unknown>;

/** Answers come in call order, so the oldest waiting call is the one that is answered. */
function startThread(root: string): Send {
  // V8 reads these when an isolate begins. This thread makes little garbage, and needs no young generation of the process's size.
  setFlagsFromString('--min-semi-space-size=1');
  setFlagsFromString('--max-semi-space-size=4');
  const worker = new Worker(new URL('./disk-thread.ts', import.meta.url), { workerData: { root }, execArgv: [] });
  const waiting: PromiseWithResolvers<unknown>[] = [];
  let ended: Error | undefined;
  worker.on('message', (reply: Reply) => {
    const oldest = waiting.shift();
    if (reply.type === 'done') oldest?.resolve(reply.value);
    else oldest?.reject(Object.assign(new Error(reply.message), { code: reply.code }));
  });
  const end = (error: Error) => {
    ended = error;
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  worker.on('error', (cause) => end(new Error('the disk thread failed', { cause })));
  worker.on('exit', () => end(ended ?? new Error('the disk is closed')));
  return (call) => {
    if (ended) return Promise.reject(ended);
    const answer = Promise.withResolvers<unknown>();
    waiting.push(answer);
    worker.postMessage(call);
    return answer.promise;
  };
}
