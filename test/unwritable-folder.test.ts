import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startSystem, temporaryFolder, until } from '../bench/system.ts';
import { mountSmallDisk, whyNoSmallDisk } from './small-disk.test-support.ts';

// As root, who may write everywhere, the system runs as nobody; else it is our own folder that we close.

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;
const runAs = isRoot ? { uid: nobody, gid: nobody } : {};

/** Starts on a folder that `make` prepared, and answers how that ended. */
async function startOn(make: (folder: string) => void) {
  const { folder, remove } = temporaryFolder('unwritable');
  make(folder);
  const system = await startSystem({ dataFolder: folder, runAs });
  try {
    await until('its end', async () => system.process.exitCode !== null, 15_000);
    return { code: system.process.exitCode, output: system.output(), folder };
  } finally {
    await system.killAll();
    chmodSync(folder, 0o700);
    remove();
  }
}

const hint = 'must belong to the account that runs the system, on a disk that is not read-only';

test('a data folder that belongs to somebody else ends the start, with what to do about it', async () => {
  const { code, output, folder } = await startOn((folder) => chmodSync(folder, isRoot ? 0o755 : 0o500));
  expect(code).toBe(73);
  expect(output).toContain(`cannot write to the data folder (${folder}`);
  expect(output).toContain(hint);
  expect(output).not.toMatch(/started again|\n\s+at /);
});

test('so does a journal in it that an earlier start as root left behind', async () => {
  const { code, output, folder } = await startOn((folder) => {
    if (isRoot) chownSync(folder, nobody, nobody);
    mkdirSync(join(folder, 'journal'), { mode: isRoot ? 0o755 : 0o500 });
  });
  expect(code).toBe(73);
  expect(output).toContain(`${folder}/journal/`);
  expect(output).toContain(hint);
  expect(output).not.toMatch(/started again|\n\s+at /);
});

const why = whyNoSmallDisk();
test.skipIf(why !== undefined)(`so does a disk that is read-only${why ? ` (SKIPPED: ${why})` : ''}`, async () => {
  const { folder, remove } = temporaryFolder('read-only');
  const disk = mountSmallDisk(folder);
  disk.makeReadOnly();
  const system = await startSystem({ dataFolder: folder });
  try {
    await until('its end', async () => system.process.exitCode !== null, 15_000);
    expect(system.process.exitCode).toBe(73);
    expect(system.output()).toContain(hint);
  } finally {
    await system.killAll();
    disk.unmount();
    remove();
  }
});
