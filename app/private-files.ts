import { open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Files that one account alone may read. */
export const privateFiles = {
  read: (path: string): Promise<Uint8Array> => readFile(path),

  /** Makes a new file, and is done when it would survive a power cut. Errors: there is one already; nothing is left of half a file. */
  async create(path: string, text: string | Uint8Array): Promise<void> {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } catch (error) {
      await rm(path);
      throw error;
    } finally {
      await file.close();
    }
    const folder = await open(dirname(path));
    await folder.sync().finally(() => folder.close());
  },

  remove: (path: string): Promise<void> => rm(path),
};

/** Why a file could not be read or made. */
export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
