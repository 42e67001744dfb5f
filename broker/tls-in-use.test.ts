import { expect, test, vi } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { Authority } from './authority.test-support.ts';
import { stoppedClock } from './broker.test-support.ts';
import { tlsFolder } from './tls-folder.test-support.ts';
import { TlsInUse } from './tls-in-use.ts';

const disk = vi.hoisted(() => ({ failsFor: '' }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const readFile = (async (path: string, encoding: 'utf8') => {
    if (path === disk.failsFor) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
    return real.readFile(path, encoding);
  }) as typeof real.readFile;
  return { ...real, readFile };
});

async function files() {
  const [authority, folder] = [await Authority.make(), tlsFolder()];
  folder.install(await authority.issue({ dns: ['localhost'] }));
  const metrics = createMetrics();
  const said = vi.fn();
  const log = { ...silentLog, error: said };
  const parts = { files: folder.files, keysFolder: folder.folder, clock: stoppedClock(), log, metrics };
  const refused = async () => (await metrics.tlsFilesRefused.get()).values[0]?.value;
  return { authority, folder, refused, said, open: () => TlsInUse.open(parts) };
}

test('a new certificate that could not be read in passing is read the next time, and the log says it once', async () => {
  const { authority, folder, refused, said, open } = await files();
  const inUse = await open();
  const renewed = await authority.issue({ dns: ['localhost'], days: 30 });
  folder.install(renewed);
  disk.failsFor = folder.path('broker.key');
  expect([await inUse.follow(), await inUse.follow(), await refused()]).toEqual([false, false, 1]);
  expect(said).toHaveBeenCalledTimes(1);
  disk.failsFor = '';
  expect([await inUse.follow(), await refused(), await inUse.follow()]).toEqual([true, 0, false]);
  expect(String(inUse.material().contents.certificate)).toBe(renewed.cert);
});

test('a start while the files could not be read goes on with the copy, and with the files when they can', async () => {
  const { authority, folder, refused, said, open } = await files();
  await open();
  const renewed = await authority.issue({ dns: ['localhost'], days: 30 });
  folder.install(renewed);
  disk.failsFor = folder.path('broker.pem');
  const inUse = await open();
  expect([await inUse.follow(), await refused()]).toEqual([false, 1]);
  expect(said).toHaveBeenCalledTimes(1);
  disk.failsFor = '';
  expect([await inUse.follow(), await refused()]).toEqual([true, 0]);
  expect(String(inUse.material().contents.certificate)).toBe(renewed.cert);
});
