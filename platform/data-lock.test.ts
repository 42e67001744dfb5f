import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDataFolder } from './data-lock.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a second start names the holder and does not begin; once the first has ended it does', () => {
  const lock = lockDataFolder(folder);
  expect(() => lockDataFolder(folder)).toThrow(
    expect.objectContaining({
      code: 'DATA_FOLDER_LOCKED',
      message: expect.stringContaining(`process ${process.pid} on`),
    }),
  );
  lock.release();
  lockDataFolder(folder).release();
});

test('a holder that was killed leaves nothing in the way', async () => {
  const { child, said } = await holder();
  expect(said).toBe('locked');
  expect(() => lockDataFolder(folder)).toThrow(
    expect.objectContaining({ message: expect.stringContaining(`process ${child.pid} on`) }),
  );
  child.kill('SIGKILL');
  await once(child, 'exit');
  lockDataFolder(folder).release();
});

test('of several that start in the same instant, one has it', async () => {
  const started = await Promise.all(Array.from({ length: 4 }, holder));
  expect(started.map(({ said }) => said).sort()).toEqual([
    'DATA_FOLDER_LOCKED',
    'DATA_FOLDER_LOCKED',
    'DATA_FOLDER_LOCKED',
    'locked',
  ]);
  for (const { child } of started) child.kill('SIGKILL');
  await Promise.all(started.map(({ child }) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
});

/** A process that tries to lock the folder, says how it went, and stays when it has the lock. */
async function holder() {
  const script = `
    import { lockDataFolder } from '${join(import.meta.dirname, 'data-lock.ts')}';
    try { lockDataFolder('${folder}'); console.log('locked'); setInterval(() => {}, 1000); }
    catch ({ code }) { console.log(code); }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [bytes] = await once(child.stdout, 'data');
  return { child, said: String(bytes).trim() };
}
