import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A new folder, and files in it, that their owner alone may read; undefined: it is there already, or cannot be made. */
export async function personFiles(folder: string) {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch {
    return undefined;
  }
  const options = { mode: 0o600 };
  return {
    write: (name: string, text: string): Promise<void> => writeFile(join(folder, name), text, options),
    append: (name: string, text: string): Promise<void> => appendFile(join(folder, name), text, options),
  };
}
