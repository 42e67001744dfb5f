import { spawnSync } from 'node:child_process';
import { mkdirSync, statfsSync } from 'node:fs';
import { temporaryFolder } from '../bench/system.ts';

/** Why no small disk can be made here; undefined when one can. */
export function whyNoSmallDisk(): string | undefined {
  const { folder, remove } = temporaryFolder('mount');
  try {
    mountSmallDisk(folder).unmount();
    return undefined;
  } catch {
    return 'only root may mount a small disk; try: unshare -rm npx vitest run -t disk test/disk-full.test.ts test/unwritable-folder.test.ts';
  } finally {
    remove();
  }
}

/** A disk in memory over that folder, whose size the test moves: what is full there leaves the machine alone. */
export function mountSmallDisk(folder: string): SmallDisk {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  mount('-t', 'tmpfs', '-o', `mode=0700,size=${500 * megabyte}`, 'steppewatch-test', folder);
  // Without the options of before: among them is an owner, whom a namespace of users does not know.
  const remount = (option: string) => mount('--options-mode', 'ignore', '-o', `remount,${option}`, folder);
  return {
    leaveFree(bytes) {
      // What is written meanwhile may make the new size too small for what is there.
      for (let attempt = 1; ; attempt++) {
        const { blocks, bfree, bsize } = statfsSync(folder);
        try {
          return remount(`size=${(blocks - bfree) * bsize + bytes}`);
        } catch (error) {
          if (attempt === 20) throw error;
        }
      }
    },
    makeReadOnly: () => remount('ro'),
    unmount() {
      // Lazily: a process that was killed a moment ago may still be there.
      spawnSync('umount', ['--lazy', folder]);
    },
  };
}

export type SmallDisk = { leaveFree(bytes: number): void; makeReadOnly(): void; unmount(): void };

export const megabyte = 1024 * 1024;

function mount(...args: string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr}`);
}
