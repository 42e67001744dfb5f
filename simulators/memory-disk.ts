import type { AppendFile, Disk, Kept } from '../platform/disk.ts';

/** A disk in memory, on which everything that was answered is safe, and nothing takes time unless it is told to hang. */
export class MemoryDisk implements Disk {
  /** There is no room for anything more. */
  isFull = false;
  /** It says that there is no room, and still takes what is written. */
  isNearlyFull = false;
  readonly #files = new Map<string, Uint8Array>();
  #hanging: PromiseWithResolvers<void> | undefined;

  /** What is written from now on is not answered before `answer`. */
  hang(): void {
    this.#hanging ??= Promise.withResolvers();
  }
  answer(): void {
    this.#hanging?.resolve();
    this.#hanging = undefined;
  }

  /** What another process finds when this one was killed; what the dead one still writes goes nowhere. */
  copy({ without = () => false }: { without?: (name: string) => boolean } = {}): MemoryDisk {
    const disk = new MemoryDisk();
    for (const [name, bytes] of this.#files) if (!without(name)) disk.#files.set(name, bytes.slice());
    return disk;
  }

  async list(folder: string) {
    const inside = [...this.#files].filter(([name]) => name.startsWith(`${folder}/`));
    return inside.map(([name, { length }]) => ({ name: name.slice(folder.length + 1), bytes: length }));
  }
  async size(name: string) {
    return this.#files.get(name)?.length;
  }
  async read(name: string, from: number, bytes: number) {
    return this.#bytesOf(name).slice(from, from + bytes);
  }
  async writeWhole(name: string, bytes: Uint8Array): Promise<Kept> {
    await this.#hanging?.promise;
    if (this.isFull) return 'full';
    this.#files.set(name, bytes.slice());
    return 'kept';
  }
  async rename(from: string, to: string) {
    this.#files.set(to, this.#bytesOf(from));
    this.#files.delete(from);
  }
  async remove(name: string) {
    this.#files.delete(name);
  }
  async freeBytes() {
    return this.isFull || this.isNearlyFull ? 0 : 1_000_000_000_000;
  }
  async close() {}

  async openAppend(name: string): Promise<AppendFile> {
    if (!this.#files.has(name)) this.#files.set(name, new Uint8Array());
    const file = { buffer: this.#bytesOf(name).slice(), bytes: this.#bytesOf(name).length };
    const keep = () => void this.#files.set(name, file.buffer.subarray(0, file.bytes));
    const hasRoom = async () => {
      await this.#hanging?.promise;
      return !this.isFull;
    };
    return {
      get bytes() {
        return file.bytes;
      },
      async append(chunks) {
        if (!(await hasRoom())) return 'full';
        for (const chunk of chunks) add(file, chunk);
        keep();
        return 'kept';
      },
      repeat: async () => {},
      async truncate(bytes) {
        file.bytes = bytes;
        keep();
      },
      close: async () => {},
    };
  }

  #bytesOf(name: string): Uint8Array {
    const bytes = this.#files.get(name);
    if (!bytes) throw Object.assign(new Error(`no file ${name}`), { code: 'ENOENT' });
    return bytes;
  }
}

/** Room grows by doubling. */
function add(file: { buffer: Uint8Array; bytes: number }, chunk: Uint8Array): void {
  const needed = file.bytes + chunk.length;
  if (needed > file.buffer.length) {
    const grown = new Uint8Array(2 * needed);
    grown.set(file.buffer.subarray(0, file.bytes));
    file.buffer = grown;
  }
  file.buffer.set(chunk, file.bytes);
  file.bytes = needed;
}
