import { closeSync, fstatSync, fsyncSync, openSync, readSync, statSync } from 'node:fs';
import { type FileHandle, open, rename, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { keysUnusable, keysUnwritten } from './errors.ts';
import type { Chance } from './random.ts';

/**
 * Wrapped keys by owner, in a file that grows by one checksummed frame a flush and is written anew when a key is destroyed.
 * Layout: 8 bytes magic, 16 bytes that name this writing of the file, then frames: u32le length, u32le CRC-32, entries;
 * an entry is u8 length of the owner, the owner in UTF-8, 60 bytes of wrapped key. One process writes, others follow it.
 */
export class KeyFile {
  readonly #path: string;
  readonly #chance: Chance;
  readonly #offsets = new Map<string, number>();
  /** Owners and keys one behind the other; a Buffer a key would cost more than the key. */
  #bytes = Buffer.alloc(64 * 1024);
  #used = 0;
  #pending: Buffer[] = [];
  /** Whose newest key is not known to be on disk. */
  readonly #unwritten = new Map<string, Buffer>();
  #mustRewrite = true;
  #file: FileHandle | undefined;
  #seen = { writing: '', end: headerBytes, size: -1, changedAt: 0, inode: 0 };
  #lastFlush: Promise<void> = Promise.resolve();

  /** A file that does not exist yet: the first flush makes it. */
  constructor({ path, chance }: { path: string; chance: Chance }) {
    this.#path = path;
    this.#chance = chance;
  }

  /** Errors: KEYS_UNUSABLE when the file is not one of keys, or is damaged before its last frame. */
  static read(options: { path: string; chance: Chance }): KeyFile {
    const file = new KeyFile(options);
    file.follow();
    file.#mustRewrite = false;
    return file;
  }

  owners(): Iterable<string> {
    return this.#offsets.keys();
  }

  get(owner: string): Uint8Array | undefined {
    const offset = this.#offsets.get(owner);
    return offset === undefined ? undefined : this.#bytes.subarray(offset, offset + wrappedBytes);
  }

  /** Whether the owner's key outlives this process: it is on disk. */
  isKept(owner: string): boolean {
    return this.#offsets.has(owner) && !this.#unwritten.has(owner);
  }

  add(owner: string, wrapped: Uint8Array): void {
    const name = Buffer.from(owner);
    const entry = Buffer.concat([Buffer.of(name.length), name, wrapped]);
    this.#keep(entry);
    this.#pending.push(entry);
    this.#unwritten.set(owner, entry);
  }

  destroy(owner: string): void {
    this.get(owner)?.fill(0);
    this.#unwritten.delete(owner);
    if (this.#offsets.delete(owner)) this.#mustRewrite = true;
  }

  /** Resolves when every key that was added before is on disk, and every destroyed one is gone from it. */
  flush(): Promise<void> {
    const flushed = this.#lastFlush.then(() => this.#flush());
    this.#lastFlush = flushed.catch(() => {});
    return flushed;
  }

  async close(): Promise<void> {
    await this.#lastFlush;
    await this.#file?.close();
    this.#file = undefined;
  }

  /** Takes in what the writing process did since; cheap when it did nothing. True when something was new. */
  follow(): boolean {
    const now = statSync(this.#path);
    const seen = this.#seen;
    if (now.size === seen.size && now.mtimeMs === seen.changedAt && now.ino === seen.inode) return false;
    const descriptor = openSync(this.#path, 'r');
    try {
      this.#readNew(descriptor);
    } finally {
      closeSync(descriptor);
    }
    return true;
  }

  #readNew(descriptor: number): void {
    const { size, mtimeMs, ino } = fstatSync(descriptor);
    const header = readRange(descriptor, 0, headerBytes);
    if (!header.subarray(0, magic.length).equals(magic)) throw this.#unusable('is not a file of keys');
    const writing = header.toString('hex', magic.length);
    if (writing !== this.#seen.writing) {
      this.#offsets.clear();
      this.#used = 0;
      this.#seen = { ...this.#seen, writing, end: headerBytes };
    }
    const added = readRange(descriptor, this.#seen.end, size);
    const taken = this.#takeFrames(added);
    this.#seen = { writing, end: this.#seen.end + taken, size, changedAt: mtimeMs, inode: ino };
  }

  /** Answers how many bytes were whole frames. What follows them was being written, or was cut by a crash and never used. */
  #takeFrames(bytes: Buffer): number {
    let at = 0;
    for (let frame = frameAt(bytes, at); frame; frame = frameAt(bytes, at)) {
      for (let entry = 0; entry < frame.length; ) {
        const end = entry + 1 + (frame[entry] ?? 0) + wrappedBytes;
        this.#keep(frame.subarray(entry, end));
        entry = end;
      }
      at += frameHeaderBytes + frame.length;
    }
    // A frame is written only when the one before it is on disk: a good frame behind a bad one means damage.
    for (let next = at + 1; next < bytes.length; next++) {
      if (frameAt(bytes, next)) throw this.#unusable(`damaged at byte ${this.#seen.end + at}`);
    }
    return at;
  }

  #keep(entry: Buffer): void {
    if (this.#used + entry.length > this.#bytes.length) {
      const wider = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#used + entry.length));
      this.#bytes.copy(wider, 0, 0, this.#used);
      this.#bytes = wider;
    }
    entry.copy(this.#bytes, this.#used);
    const nameLength = entry[0] ?? 0;
    this.#offsets.set(entry.toString('utf8', 1, 1 + nameLength), this.#used + 1 + nameLength);
    this.#used += entry.length;
  }

  async #flush(): Promise<void> {
    // A key that is made meanwhile is not among these.
    const written = [...this.#unwritten];
    try {
      if (this.#mustRewrite) await this.#rewrite();
      else if (this.#pending.length > 0) await this.#append();
      for (const [owner, entry] of written) if (this.#unwritten.get(owner) === entry) this.#unwritten.delete(owner);
    } catch (cause) {
      // After a write or a sync that failed nobody knows what the file holds: the next flush writes all of it anew.
      this.#mustRewrite = true;
      throw keysUnwritten({ cause }, this.#path);
    }
  }

  async #append(): Promise<void> {
    const frame = frameOf(this.#pending);
    this.#pending = [];
    if (!this.#file) {
      await truncate(this.#path, this.#seen.end);
      this.#file = await open(this.#path, 'a');
    }
    await this.#file.appendFile(frame);
    await this.#file.datasync();
  }

  async #rewrite(): Promise<void> {
    const entries = [...this.#offsets].map(([owner, offset]) =>
      Buffer.from(this.#bytes.subarray(offset - Buffer.byteLength(owner) - 1, offset + wrappedBytes)),
    );
    const writing = this.#chance.bytes(headerBytes - magic.length);
    this.#offsets.clear();
    this.#used = 0;
    for (const entry of entries) this.#keep(entry);
    this.#pending = [];
    this.#mustRewrite = false;
    await writeSynced(this.#path, Buffer.concat([magic, writing, ...(entries.length > 0 ? [frameOf(entries)] : [])]));
    await this.#file?.close();
    this.#file = await open(this.#path, 'a');
  }

  #unusable(why: string) {
    return keysUnusable({}, dirname(this.#path), `${this.#path} ${why}`);
  }
}

/** Puts the bytes in the file's place, whole or not at all, readable by its owner alone. */
export async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const beside = `${path}.new`;
  const file = await open(beside, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/** AES-256-GCM of 32 bytes: 12 bytes nonce, 32 bytes, 16 bytes tag. */
export const wrappedBytes = 60;
const magic = Buffer.from('SWKEYS1\n');
const headerBytes = magic.length + 16;
const frameHeaderBytes = 8;

function frameOf(entries: Buffer[]): Buffer {
  const body = Buffer.concat(entries);
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUInt32LE(body.length, 0);
  header.writeUInt32LE(crc32(body), 4);
  return Buffer.concat([header, body]);
}

function frameAt(bytes: Buffer, at: number): Buffer | undefined {
  if (at + frameHeaderBytes > bytes.length) return undefined;
  const length = bytes.readUInt32LE(at);
  const body = bytes.subarray(at + frameHeaderBytes, at + frameHeaderBytes + length);
  const whole = body.length === length && beginsWithOwner(body) && crc32(body) === bytes.readUInt32LE(at + 4);
  return whole ? body : undefined;
}

/** Cheap, and true for hardly anything but an entry: a search for frames computes few checksums in vain. */
const beginsWithOwner = (body: Buffer): boolean => /^\w+:[\w-]+$/.test(body.toString('latin1', 1, 1 + (body[0] ?? 0)));

function readRange(descriptor: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  let read = 0;
  while (read < bytes.length) {
    const count = readSync(descriptor, bytes, read, bytes.length - read, from + read);
    if (count === 0) break;
    read += count;
  }
  return bytes.subarray(0, read);
}
